-- What the records of people point at: companies, Salesforce's users and campaigns.

-- Companies: 40 * 40 * 16 names; 7919 has no divisor in common with that, so none comes twice.
CREATE TABLE company AS
WITH numbered AS (
    SELECT a, (a * 7919) % 25600 AS k, a // 25600 AS round FROM range(getvariable('companies')) AS r (a)
),
named AS (
    SELECT
        a,
        k,
        spin(roll(a, 'company locale')) AS locale,
        word('company_first', k) || word('company_second', k // 40) AS stem,
        word('company_trade', k // 1600) AS trade,
        CASE WHEN round > 0 THEN (round + 1)::VARCHAR ELSE '' END AS number
    FROM numbered
)
SELECT
    a,
    locale,
    stem || ' ' || trade || CASE WHEN number <> '' THEN ' ' || number ELSE '' END AS brand,
    brand || CASE getvariable('locales')[locale]
        WHEN 'us' THEN word('company_form_us', roll(a, 'form'))
        WHEN 'gb' THEN word('company_form_gb', roll(a, 'form'))
        WHEN 'de' THEN word('company_form_de', roll(a, 'form'))
        ELSE word('company_form_other', roll(a, 'form'))
    END AS name,
    lower(stem || '-' || trade) || number || '.example' AS domain,
    word('industry', roll(a, 'industry')) AS industry,
    (10 + roll(a, 'employees') % 90) * 10 ** (roll(a, 'size') % 4) AS employees,
    pick(getvariable('places')[locale], roll(a, 'place')) AS place,
    getvariable('spellings')[locale][1] AS country,
    phone(locale, a, 'company phone') AS phone,
    moment_before(2000, roll(a, 'company created')) AS created
FROM named
ORDER BY a;

CREATE MACRO owner_id(i, what) AS id_of_user(1000 + roll(i, what) % getvariable('users'));

CREATE TABLE user_record AS
WITH drawn AS (
    SELECT
        u,
        pick([1, 2, 3, 4, 5], roll(u, 'user locale')) AS locale,
        pick(getvariable('given_written')[locale], roll(u, 'user given')) AS "FirstName",
        pick(getvariable('surname_written')[locale], roll(u, 'user surname')) AS "LastName",
        pick(getvariable('given_latin')[locale], roll(u, 'user given')) || u AS login
    FROM range(getvariable('users')) AS r (u)
)
SELECT
    id_of_user(1000 + u) AS "Id",
    login || '@acme.example' AS "Username",
    "FirstName",
    "LastName",
    login || '@acme.example' AS "Email",
    left(login, 8) AS "Alias",
    login AS "CommunityNickname",
    pick(['Marketing', 'Field Marketing', 'Sales', 'Lead Development'], u) AS "Department",
    roll(u, 'active') % 100 >= 15 AS "IsActive",
    true AS "UserPermissionsMarketingUser",
    'America/New_York' AS "TimeZoneSidKey",
    'en_US' AS "LocaleSidKey",
    'UTF-8' AS "EmailEncodingKey",
    'en_US' AS "LanguageLocaleKey",
    moment_before(2000, roll(u, 'user created')) AS "CreatedDate",
    "CreatedDate" AS "LastModifiedDate",
    "CreatedDate" AS "SystemModstamp"
FROM drawn
ORDER BY u;

-- Campaigns: of every twenty, numbers 0 and 10 are programmes that others hang on, and number 13 is deleted.
CREATE TABLE campaign AS
WITH drawn AS (
    SELECT
        k,
        k % 20 = 13 AS is_deleted,
        k % 10 = 0 AS is_program,
        word('campaign_type', roll(k, 'type')) AS type,
        (getvariable('as_of') - to_days((roll(k, 'start') % 900 - 120)::INTEGER))::DATE AS begins,
        begins + CASE WHEN k % 10 = 0 THEN 180 ELSE (roll(k, 'length') % 60)::INTEGER END AS ends
    FROM range(getvariable('campaigns')) AS r (k)
)
SELECT
    k,
    id_of_campaign(k + 1) AS "Id",
    left(CASE WHEN is_program
        THEN year(begins) || ' ' || word('region', roll(k, 'region')) || ' ' || word('theme', roll(k, 'theme'))
        ELSE strftime(begins, '%Y-%m-%d') || ' ' || word('theme', roll(k, 'theme')) || ' ' || type || ' ' || k
    END, 80) AS "Name",
    CASE WHEN roll(k, 'has type') % 100 >= 3 THEN CASE WHEN is_program THEN 'Other' ELSE type END END AS "Type",
    CASE
        WHEN roll(k, 'status') % 100 < 3 THEN NULL
        WHEN roll(k, 'status') % 100 < 8 THEN 'Aborted'
        WHEN ends < getvariable('as_of')::DATE THEN 'Completed'
        WHEN begins > getvariable('as_of')::DATE THEN 'Planned'
        ELSE 'In Progress'
    END AS "Status",
    CASE WHEN roll(k, 'has start') % 100 >= 7 THEN begins END AS "StartDate",
    CASE WHEN roll(k, 'has end') % 100 >= 15 THEN ends END AS "EndDate",
    CASE WHEN NOT is_program AND roll(k, 'has parent') % 100 < 35
        THEN id_of_campaign(1 + 10 * (roll(k, 'parent') % (getvariable('campaigns') // 10)))
    END AS "ParentId",
    coalesce("Status", '') = 'In Progress' AS "IsActive",
    (roll(k, 'budget') % 500 * 100)::DOUBLE AS "BudgetedCost",
    (roll(k, 'sent') % 20000)::DOUBLE AS "NumberSent",
    owner_id(k, 'campaign owner') AS "OwnerId",
    is_deleted AS "IsDeleted",
    least(begins - 30, getvariable('as_of')::DATE - 1)::TIMESTAMP + to_seconds(roll(k, 'second') % 86400)
        AS "CreatedDate",
    "CreatedDate" + to_seconds(
        roll(k, 'modified') % (1 + date_diff('second', "CreatedDate", getvariable('as_of')))
    ) AS "LastModifiedDate",
    "LastModifiedDate" AS "SystemModstamp"
FROM drawn
ORDER BY k;

CREATE MACRO responses(type) AS CASE
    WHEN type IN ('Webinar', 'Conference', 'Trade Show') THEN ['Registered', 'Attended']
    ELSE ['Responded', 'Clicked']
END;

CREATE TABLE campaign_member_status AS
WITH labelled AS (
    SELECT
        "Id" AS "CampaignId",
        unnest(['Sent', 'No Show'] || responses("Type")) AS "Label",
        unnest([1, 2, 3, 4]) AS "SortOrder"
    FROM campaign
)
SELECT
    id_of_status(row_number() OVER (ORDER BY "CampaignId", "SortOrder")) AS "Id",
    "CampaignId",
    "Label",
    "SortOrder",
    "Label" = 'Sent' AS "IsDefault",
    "SortOrder" > 2 AS "HasResponded"
FROM labelled
ORDER BY "CampaignId", "SortOrder";
