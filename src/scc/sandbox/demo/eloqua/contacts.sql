-- Contacts as forms, lists and syncs left them.
WITH entered AS (
    SELECT
        *,
        CASE roll(i, 'first name') % 200
            WHEN 0 THEN concat_ws(' ', nullif(first_name, ''), nullif(last_name, ''))
            WHEN 1 THEN last_name
            WHEN 2 THEN 'Dr. ' || first_name
            WHEN 3 THEN ''
            WHEN 4 THEN left(first_name, 1) || '.'
            ELSE first_name
        END AS first_entered,
        CASE roll(i, 'first name') % 200 WHEN 0 THEN '' WHEN 1 THEN first_name ELSE last_name END AS last_entered,
        CASE WHEN roll(i, 'short company') % 3 = 0 THEN brand ELSE company END AS company_entered,
        roll(i, 'mangled') AS mangling,
        percent(i, 'has place') AS has_place,
        percent(i, 'linked') < 95 AS is_linked
    FROM contact
)
SELECT
    i + 1 AS id,
    a + 1 AS "accountId",
    email AS "C_EmailAddress",
    mangled(typed(first_entered, roll(i, 'first name typed')), mangling) AS "C_FirstName",
    mangled(typed(last_entered, roll(i, 'last name typed')), mangling) AS "C_LastName",
    mangled(typed(company_entered, roll(i, 'company typed')), mangling) AS "C_Company",
    CASE WHEN has_place < 40 THEN '' ELSE split_part(place, ';', 1) END AS "C_City",
    CASE WHEN has_place < 50 THEN '' ELSE split_part(place, ';', 2) END AS "C_State_Prov",
    CASE WHEN has_place < 40 THEN '' ELSE split_part(place, ';', 3) END AS "C_Zip_Postal",
    CASE WHEN percent(i, 'has country') < 8 THEN '' ELSE country END AS "C_Country",
    phone AS "C_BusPhone",
    mobile AS "C_MobilePhone",
    typed(title, roll(i, 'title typed')) AS "C_Title",
    salutation AS "C_Salutation",
    CASE WHEN is_linked THEN coalesce(lead_id, '') ELSE '' END AS "C_SFDCLeadID",
    CASE WHEN is_linked THEN coalesce(contact_id, '') ELSE '' END AS "C_SFDCContactID",
    CASE WHEN is_linked THEN coalesce(account_id, '') ELSE '' END AS "C_SFDCAccountID",
    CASE WHEN percent(i, 'has industry') < 30 THEN '' ELSE industry END AS "C_Industry1",
    CASE WHEN percent(i, 'has role') < 60 THEN '' ELSE word('role', roll(i, 'job role')) END AS "C_Job_Role1",
    NOT is_unsubscribed AS "IsSubscribed",
    is_bounced AS "IsBounced",
    created AS "createdAt",
    updated AS "updatedAt"
FROM entered
ORDER BY i
