-- Who touched which campaign, as Eloqua's `Campaign Members` records say it, and in which state the record is.

-- A campaign that is there: those that are deleted (number 13 of every twenty) give way to the next one.
CREATE MACRO live_campaign(key) AS
    CASE WHEN key % getvariable('campaigns') % 20 = 13 THEN key % getvariable('campaigns') + 1
    ELSE key % getvariable('campaigns') END;

CREATE MACRO has_responded(r) AS roll(r, 'responded') % 100 < 40;
CREATE MACRO member_status(r, type) AS CASE
    WHEN has_responded(r) THEN pick(responses(type), roll(r, 'response'))
    ELSE pick(['Sent', 'Sent', 'No Show'], roll(r, 'response'))
END;

-- Record `r`: the contact's number, the campaign's number, and what a pipeline will find: `lacking` campaign data (most
-- of them), `filled` rightly, filled with `stale` values, or a campaign that is `deleted`, `missing` or `blank`.
CREATE TABLE membership AS
SELECT
    r,
    roll(r, 'state') % 1000 AS state_roll,
    CASE
        WHEN state_roll < 20 THEN 'blank'
        WHEN state_roll < 35 THEN 'missing'
        WHEN state_roll < 50 THEN 'deleted'
        WHEN state_roll < 90 THEN 'filled'
        WHEN state_roll < 110 THEN 'stale'
        ELSE 'lacking'
    END AS state,
    roll(r, 'contact') % getvariable('contacts') AS i,
    CASE state
        WHEN 'blank' THEN NULL
        WHEN 'missing' THEN 900000000 + roll(r, 'missing') % 1000000
        WHEN 'deleted' THEN 13 + 20 * (roll(r, 'deleted') % (getvariable('campaigns') // 20))
        ELSE live_campaign(least(
            roll(r, 'campaign 1') % getvariable('campaigns'), roll(r, 'campaign 2') % getvariable('campaigns')
        ))
    END AS k
FROM range(getvariable('records')) AS r (r)
ORDER BY r;

-- A few ids lost their last three characters on the way, a few have a blank behind them.
CREATE MACRO campaign_id_as_kept(k, r) AS CASE
    WHEN k IS NULL THEN ''
    WHEN roll(r, 'id form') % 200 < 3 THEN left(id_of_campaign(k + 1), 15)
    WHEN roll(r, 'id form') % 200 = 3 THEN id_of_campaign(k + 1) || ' '
    ELSE id_of_campaign(k + 1)
END;
