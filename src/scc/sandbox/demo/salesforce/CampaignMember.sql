-- The members behind Eloqua's records, where Salesforce has both the person and the campaign, and one campaign each
-- for those whom only Salesforce knows.
WITH named AS (
    SELECT i, k, min(r) AS r FROM membership WHERE state IN ('lacking', 'filled', 'stale') GROUP BY i, k
    UNION ALL
    SELECT i, live_campaign(roll(i, 'only campaign')) AS k, getvariable('records') + i AS r
    FROM range(getvariable('contacts'), getvariable('people')) AS r (i)
),
found AS (
    SELECT named.*, campaign."Id" AS campaign_id, campaign."Type" AS type, lead_id, contact_id, updated
    FROM named
    JOIN mailbox ON named.i = mailbox.i AND mailbox.in_salesforce
    JOIN campaign ON campaign.k = named.k
)
SELECT
    id_of_member(r + 1) AS "Id",
    campaign_id AS "CampaignId",
    lead_id AS "LeadId",
    contact_id AS "ContactId",
    member_status(r, type) AS "Status",
    CASE WHEN has_responded(r) THEN updated::DATE END AS "FirstRespondedDate",
    roll(r, 'member deleted') % 200 < 1 AS "IsDeleted",
    date_trunc('second', updated) AS "CreatedDate",
    date_trunc('second', updated) AS "LastModifiedDate",
    date_trunc('second', updated) AS "SystemModstamp"
FROM found
ORDER BY r
