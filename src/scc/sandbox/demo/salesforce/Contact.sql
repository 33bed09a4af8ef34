SELECT
    contact_id AS "Id",
    account_id AS "AccountId",
    CASE WHEN trim(last_name) = '' THEN 'unknown' ELSE last_name END AS "LastName",
    nullif(trim(first_name), '') AS "FirstName",
    nullif(salutation, '') AS "Salutation",
    nullif(title, '') AS "Title",
    lower(address) AS "Email",
    nullif(phone, '') AS "Phone",
    nullif(mobile, '') AS "MobilePhone",
    split_part(place, ';', 1) AS "MailingCity",
    nullif(split_part(place, ';', 2), '') AS "MailingState",
    nullif(split_part(place, ';', 3), '') AS "MailingPostalCode",
    trim(country) AS "MailingCountry",
    word('lead_source', roll(i, 'source')) AS "LeadSource",
    owner_id(i, 'contact owner') AS "OwnerId",
    is_unsubscribed AS "HasOptedOutOfEmail",
    CASE WHEN is_bounced THEN '550 5.1.1 user unknown' END AS "EmailBouncedReason",
    CASE WHEN is_bounced THEN updated END AS "EmailBouncedDate",
    salesforce_as = 'contact' AND roll(i, 'contact deleted') % 200 < 1 AS "IsDeleted",
    date_trunc('second', created) AS "CreatedDate",
    date_trunc('second', updated) AS "LastModifiedDate",
    date_trunc('second', updated) AS "SystemModstamp"
FROM person
WHERE contact_id IS NOT NULL
ORDER BY i
