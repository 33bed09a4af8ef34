-- Hard bounces of those whom Eloqua has marked, soft ones of some others; one in twenty lacks a code, as in life.
WITH bounced AS (
    SELECT
        *,
        CASE WHEN is_bounced
            THEN pick(
                [
                    ['550', '5.1.1', 'user unknown'],
                    ['550', '5.1.1', 'recipient address rejected: no such user here'],
                    ['550', '5.1.2', 'bad destination host'],
                    ['551', '5.1.6', 'mailbox has moved'],
                    ['554', '5.4.14', 'hop count exceeded - possible mail loop']
                ], roll(i, 'smtp'))
            ELSE pick(
                [
                    ['452', '4.2.2', 'mailbox full'],
                    ['421', '4.4.2', 'connection dropped, try again later'],
                    ['450', '4.7.1', 'greylisted, please try again'],
                    ['451', '4.3.0', 'temporary server error']
                ], roll(i, 'smtp'))
        END AS smtp,
        roll(i, 'smtp lacks') % 40 AS lacks
    FROM mailing
    WHERE is_bounced OR percent(i, 'soft bounce') < 4
)
SELECT
    'Bounceback' AS type,
    happened_after(sent_at, 2, roll(i, 'bounced at')) AS "createdAt",
    email AS "EmailAddress",
    contact AS "contactId",
    recipient AS "EmailRecipientId",
    'Email' AS "assetType",
    asset AS "assetId",
    asset_name AS "assetName",
    campaign AS "campaignId",
    asset * 1000 + campaign AS "EmailDeploymentId",
    CASE WHEN lacks = 0 THEN '' ELSE smtp[1] END AS "SmtpErrorCode",
    CASE WHEN lacks = 1 THEN '' ELSE smtp[2] END AS "SmtpStatusCode",
    smtp[1] || ' ' || smtp[2] || ' ' || smtp[3] AS "SmtpMessage"
FROM bounced
ORDER BY i
