SELECT
    'EmailOpen' AS type,
    happened_after(sent_at, 3, roll(i, 'opened at')) AS "createdAt",
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
    ip_address(i) AS "IpAddress"
FROM mailing
WHERE is_opened
ORDER BY i
