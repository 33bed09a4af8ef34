SELECT
    id_of_opportunity(o + 1) AS "Id",
    left(company.brand || ' - ' || word('theme', roll(o, 'theme')), 120) AS "Name",
    id_of_account(drawn.a + 1) AS "AccountId",
    word('stage', roll(o, 'stage')) AS "StageName",
    (getvariable('as_of') - to_days((roll(o, 'close') % 700 - 180)::INTEGER))::DATE AS "CloseDate",
    (roll(o, 'amount') % 900 * 250 + 1000)::DOUBLE AS "Amount",
    CASE "StageName"
        WHEN 'Closed Won' THEN 100.0
        WHEN 'Closed Lost' THEN 0.0
        WHEN 'Prospecting' THEN 10.0
        WHEN 'Qualification' THEN 10.0
        WHEN 'Needs Analysis' THEN 20.0
        WHEN 'Value Proposition' THEN 50.0
        WHEN 'Proposal/Price Quote' THEN 75.0
        ELSE 90.0
    END AS "Probability",
    pick(['Existing Business', 'New Business'], roll(o, 'type')) AS "Type",
    CASE WHEN roll(o, 'has campaign') % 100 < 45
        THEN id_of_campaign(1 + live_campaign(roll(o, 'campaign')))
    END AS "CampaignId",
    owner_id(o, 'opportunity owner') AS "OwnerId",
    moment_before(700, roll(o, 'opportunity created')) AS "CreatedDate",
    "CreatedDate" AS "LastModifiedDate",
    "CreatedDate" AS "SystemModstamp"
FROM (
    SELECT o, roll(o, 'account') % getvariable('companies') AS a
    FROM range(getvariable('opportunities')) AS r (o)
) AS drawn
JOIN company USING (a)
ORDER BY o
