SELECT
    id_of_account(a + 1) AS "Id",
    name AS "Name",
    pick(['Prospect', 'Customer - Direct', 'Customer - Channel', 'Channel Partner / Reseller'], roll(a, 'type'))
        AS "Type",
    CASE WHEN a >= 20 AND roll(a, 'has parent') % 100 < 8
        THEN id_of_account(1 + roll(a, 'parent') % (a // 2))
    END AS "ParentId",
    split_part(place, ';', 1) AS "BillingCity",
    nullif(split_part(place, ';', 2), '') AS "BillingState",
    nullif(split_part(place, ';', 3), '') AS "BillingPostalCode",
    country AS "BillingCountry",
    phone AS "Phone",
    'https://www.' || domain AS "Website",
    industry AS "Industry",
    employees::INTEGER AS "NumberOfEmployees",
    employees * 150000 AS "AnnualRevenue",
    owner_id(a, 'account owner') AS "OwnerId",
    roll(a, 'account deleted') % 1000 < 5 AND a >= 20 AS "IsDeleted",
    created AS "CreatedDate",
    created AS "LastModifiedDate",
    created AS "SystemModstamp"
FROM company
ORDER BY a
