SELECT
    'Unsubscribe' AS type,
    happened_after(sent_at, 5, roll(i, 'unsubscribed at')) AS "createdAt",
    email AS "EmailAddress",
    contact AS "contactId",
    recipient AS "EmailRecipientId",
    'Email' AS "assetType",
    asset AS "assetId",
    asset_name AS "assetName",
    campaign AS "campaignId"
FROM mailing
WHERE is_unsubscribed
ORDER BY i
