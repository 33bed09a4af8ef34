-- A row for each contact that comes back, and one for each entry of the archive that it came back from.
--   contacts  id, current (map: field -> value now, of the fields that may come back)
--   archived  id (of the contact that came back), entry (the archived contact's id), run, archived_at, fields
WITH offered AS (
    SELECT id, field.key AS name, arg_max(field.value, (archived_at, run, entry)) AS value
    FROM (SELECT id, entry, run, archived_at, unnest(map_entries(fields)) AS field FROM archived)
    WHERE trim(field.value) <> ''
    GROUP BY id, name
),
missing AS (
    SELECT id, map_from_entries(list({'key': name, 'value': value} ORDER BY name)) AS wanted
    FROM offered JOIN contacts USING (id)
    -- Not in the map: the field may not come back, or Eloqua has it no more.
    WHERE contacts.current[name] = ''
    GROUP BY id
),
entries AS (
    SELECT id, string_agg(DISTINCT entry, ', ' ORDER BY entry) AS names FROM archived GROUP BY id
),
changes AS (
    SELECT
        'eloqua' AS system,
        'contact' AS object,
        CASE WHEN missing.id IS NULL THEN 'skip' ELSE 'fill' END AS operation,
        entries.id AS key,
        map_from_entries(list_transform(map_entries(wanted), lambda field: {'key': field.key, 'value': ''})) AS before,
        wanted AS after,
        CASE
            WHEN missing.id IS NULL THEN 'came back, and nothing is blank that the archive could fill'
            ELSE 'came back: blank fields as they were'
        END AS reason,
        'archived contact ' || names AS evidence
    FROM entries LEFT JOIN missing USING (id)

    UNION ALL
    SELECT
        'store', 'archive', 'update', entry,
        map {'restored_to': ''},
        map {'restored_to': string_agg(DISTINCT id, ',' ORDER BY id)},
        'its contact came back',
        'contact ' || string_agg(DISTINCT id, ', ' ORDER BY id)
    FROM archived SEMI JOIN missing USING (id)
    GROUP BY entry
)

SELECT system, object, operation, key, before, after, reason, evidence
FROM changes
ORDER BY system, object, operation, key
