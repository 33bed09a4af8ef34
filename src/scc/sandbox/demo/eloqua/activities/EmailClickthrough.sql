SELECT
    'EmailClickthrough' AS type,
    happened_after(sent_at, 4, roll(i, 'opened at') + 30) AS "createdAt",
    email AS "EmailAddress",
    contact AS "contactId",
    recipient AS "EmailRecipientId",
    'Email' AS "assetType",
    asset AS "assetId",
    asset_name AS "assetName",
    campaign AS "campaignId",
    asset_name AS "SubjectLine",
    web_link(asset) AS "EmailWebLink",
    'Campaign' AS "EmailSendType",
    asset * 1000 + campaign AS "EmailDeploymentId",
    page_url(roll(i, 'clicked')) AS "EmailClickedThruLink",
    ip_address(i) AS "IpAddress"
FROM mailing
WHERE is_opened AND percent(i, 'clicks') < 20
ORDER BY i
