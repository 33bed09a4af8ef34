SELECT
    'FormSubmit' AS type,
    created AS "createdAt",
    i + 1 AS "contactId",
    'Form' AS "assetType",
    1 + roll(i, 'form') % len(getvariable('form_asset')) AS "assetId",
    word('form_asset', roll(i, 'form')) AS "assetName",
    1 + roll(i, 'mailing campaign') % 40 AS "campaignId",
    'emailAddress=' || url_encode(email) || '&firstName=' || url_encode(first_name) || '&lastName='
        || url_encode(last_name) || '&country=' || url_encode(country) AS "RawData"
FROM contact
WHERE percent(i, 'form') < 30
ORDER BY i
