SELECT
    lead_id AS "Id",
    CASE WHEN trim(last_name) = '' THEN 'unknown' ELSE last_name END AS "LastName",
    nullif(trim(first_name), '') AS "FirstName",
    nullif(salutation, '') AS "Salutation",
    CASE WHEN company = '' THEN '[not provided]' ELSE company END AS "Company",
    nullif(title, '') AS "Title",
    lower(address) AS "Email",
    nullif(phone, '') AS "Phone",
    nullif(mobile, '') AS "MobilePhone",
    split_part(place, ';', 1) AS "City",
    nullif(split_part(place, ';', 2), '') AS "State",
    nullif(split_part(place, ';', 3), '') AS "PostalCode",
    trim(country) AS "Country",
    word('lead_source', roll(i, 'source')) AS "LeadSource",
    CASE
        WHEN salesforce_as = 'converted' THEN 'Closed - Converted'
        ELSE pick(
            ['Open - Not Contacted', 'Open - Not Contacted', 'Working - Contacted', 'Closed - Not Converted'],
            roll(i, 'lead status')
        )
    END AS "Status",
    nullif(industry, '') AS "Industry",
    CASE WHEN roll(i, 'rated') % 2 = 0 THEN word('rating', roll(i, 'rating')) END AS "Rating",
    employees::INTEGER AS "NumberOfEmployees",
    owner_id(i, 'lead owner') AS "OwnerId",
    salesforce_as = 'converted' AS "IsConverted",
    CASE WHEN salesforce_as = 'converted' THEN updated::DATE END AS "ConvertedDate",
    CASE WHEN salesforce_as = 'converted' THEN account_id END AS "ConvertedAccountId",
    CASE WHEN salesforce_as = 'converted' THEN contact_id END AS "ConvertedContactId",
    is_unsubscribed AS "HasOptedOutOfEmail",
    CASE WHEN is_bounced THEN '550 5.1.1 user unknown' END AS "EmailBouncedReason",
    CASE WHEN is_bounced THEN updated END AS "EmailBouncedDate",
    salesforce_as = 'lead' AND roll(i, 'lead deleted') % 100 < 1 AS "IsDeleted",
    date_trunc('second', created) AS "CreatedDate",
    date_trunc('second', updated) AS "LastModifiedDate",
    date_trunc('second', updated) AS "SystemModstamp"
FROM person
WHERE lead_id IS NOT NULL
ORDER BY i
