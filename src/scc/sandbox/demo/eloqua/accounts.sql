SELECT
    a + 1 AS id,
    name AS "M_CompanyName",
    country AS "M_Country",
    split_part(place, ';', 1) AS "M_City",
    split_part(place, ';', 2) AS "M_State_Prov",
    split_part(place, ';', 3) AS "M_Zip_Postal",
    phone AS "M_BusPhone",
    industry AS "M_Industry1",
    'https://www.' || domain AS "M_Website1",
    employees::DOUBLE AS "M_Employees1",
    id_of_account(a + 1) AS "M_SFDCAccountID",
    created AS "createdAt",
    created AS "updatedAt"
FROM company
ORDER BY a
