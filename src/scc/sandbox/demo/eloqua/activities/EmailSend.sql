SELECT
    'EmailSend' AS type,
    sent_at AS "createdAt",
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
    asset * 1000 + campaign AS "EmailDeploymentId"
FROM mailing
ORDER BY i
