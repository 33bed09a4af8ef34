-- A row for each record that differs from its campaign, and for each that has no campaign to take from.
--   records    id, campaign_id, current   (map: field -> value in Eloqua)
--   campaigns  id, is_deleted, wanted     (map: field -> value from Salesforce, written as Eloqua writes it)
--   chosen     id                         (campaigns that meet campaigns_where; all, where there is none)
WITH compared AS (
    SELECT
        records.id AS key,
        records.campaign_id,
        records.current,
        regexp_full_match(records.campaign_id, '701[A-Za-z0-9]{12}([A-Za-z0-9]{3})?') AS is_campaign_id,
        CASE
            WHEN records.campaign_id = '' THEN 'the record has no campaign id'
            WHEN NOT is_campaign_id
                THEN 'the record''s campaign id is none of Salesforce''s'
            WHEN campaigns.id IS NULL THEN 'Salesforce has no such campaign'
            WHEN campaigns.is_deleted THEN 'the campaign is deleted in Salesforce'
            WHEN chosen.id IS NULL THEN 'the campaign is outside campaigns_where'
        END AS obstacle,
        list_filter(
            map_entries(campaigns.wanted),
            lambda entry: entry.value <> records.current[entry.key]
                AND NOT ($keep_when_blank AND entry.value = '')
        ) AS differing
    FROM records
    -- The first 15 characters of an id are the id; the last three are a check that some sources leave out.
    LEFT JOIN campaigns ON left(records.campaign_id, 15) = left(campaigns.id, 15)
    LEFT JOIN chosen ON left(records.campaign_id, 15) = left(chosen.id, 15)
)

SELECT
    'eloqua' AS system,
    $object AS object,
    CASE WHEN obstacle IS NULL THEN 'update' ELSE 'skip' END AS operation,
    key,
    CASE WHEN obstacle IS NULL THEN map_from_entries(
        list_transform(differing, lambda entry: {'key': entry.key, 'value': current[entry.key]})
    ) END AS before,
    CASE WHEN obstacle IS NULL THEN map_from_entries(differing) END AS after,
    CASE
        WHEN obstacle IS NOT NULL THEN obstacle
        WHEN len(list_filter(map_values(current), lambda value: value <> '')) > 0
            THEN 'the record differs from its campaign'
        ELSE 'the record lacks campaign data'
    END AS reason,
    CASE WHEN is_campaign_id THEN 'Campaign ' || campaign_id ELSE '' END AS evidence
FROM compared
WHERE obstacle IS NOT NULL OR len(differing) > 0
ORDER BY system, object, operation, key
