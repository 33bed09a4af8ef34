-- Hard bounces, and what follows from each in both systems.
--   bounces    id, contact_id, address, present (the contact's address now), happened_at, error, status,
--              rule (by which it is hard, or null), current (map: field -> value of the contact when read),
--              left_over (null, or the keys that the last run saw rejected)
--   engaged    contact_id, happened_at     clicks and form submits
--   people     sobject, id, address, current (map: field -> value)
--   members    list, contact_id            who is on which list now
-- Parameters: marks, leads, contacts (JSON: the fields to set), invalid_list, as_moment, as_day (formats).
WITH latest AS (
    -- The latest hard bounce of each contact's address decides.
    SELECT * FROM bounces WHERE rule IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY contact_id, address ORDER BY happened_at DESC, id DESC) = 1
),
hard AS (
    SELECT
        latest.*,
        coalesce(seen.happened_at > latest.happened_at, false) AS is_spared,
        -- A bounce that names no address can't be told from one of the present address.
        address <> '' AND address <> present AS is_elsewhere
    FROM latest LEFT JOIN (
        SELECT contact_id, max(happened_at) AS happened_at FROM engaged
        SEMI JOIN latest USING (contact_id)
        GROUP BY contact_id
    ) AS seen USING (contact_id)
    WHERE contact_id <> ''
),
open AS (SELECT * FROM hard WHERE NOT is_spared),
contacts AS (
    SELECT *, list_filter(map_entries(from_json($marks, '{"map":"MAP(VARCHAR,VARCHAR)"}').map), lambda entry: entry.value <> coalesce(current[entry.key], '')) AS differing
    FROM open WHERE NOT is_elsewhere
    QUALIFY row_number() OVER (PARTITION BY contact_id ORDER BY happened_at DESC, id DESC) = 1
),
wanted AS (
    SELECT 'Lead' AS sobject, unnest(map_entries(from_json($leads, '{"map":"MAP(VARCHAR,VARCHAR)"}').map)) AS field
    UNION ALL
    SELECT 'Contact', unnest(map_entries(from_json($contacts, '{"map":"MAP(VARCHAR,VARCHAR)"}').map))
),
-- The latest bounce of each address in Salesforce, and what it changes.
told AS (
    SELECT people.sobject, people.id AS key, people.current, open.* EXCLUDE (current)
    FROM open JOIN people ON people.address = open.address
    WHERE open.address <> ''
    QUALIFY row_number() OVER (PARTITION BY people.sobject, people.id ORDER BY open.happened_at DESC, open.id DESC) = 1
),
written AS (
    SELECT
        told.sobject, key, told.id, rule, left_over, field.key AS name, current[field.key] AS old,
        CASE field.value
            WHEN '{moment}' THEN strftime(happened_at, $as_moment)
            WHEN '{day}' THEN strftime(happened_at, $as_day)
            WHEN '{reason}' THEN concat_ws(' ', nullif(error, ''), nullif(status, ''), rule)
            ELSE field.value
        END AS new
    FROM told JOIN wanted USING (sobject)
    -- What was told of an earlier bounce stays; a text of the team's own is set wherever another stands.
    WHERE CASE WHEN starts_with(field.value, '{') THEN old = '' ELSE old <> field.value END
),
changes AS (
    SELECT 'eloqua' AS system, 'contact' AS object, 'skip' AS operation, contact_id AS key,
        NULL::MAP(VARCHAR, VARCHAR) AS before, NULL::MAP(VARCHAR, VARCHAR) AS after,
        CASE
            WHEN is_spared THEN 'the contact clicked or submitted a form after the bounce'
            WHEN present = '' THEN 'the contact is gone, or has no address any more'
            ELSE 'the contact has another address than the one that bounced'
        END AS reason, id AS bounce
    FROM hard WHERE contact_id NOT IN (SELECT contact_id FROM contacts)
    QUALIFY row_number() OVER (PARTITION BY contact_id ORDER BY happened_at DESC, id DESC) = 1

    UNION ALL
    SELECT 'eloqua', 'contact', 'update', contact_id,
        map_from_entries(list_transform(differing, lambda entry: {'key': entry.key, 'value': coalesce(current[entry.key], '')})),
        map_from_entries(differing), 'hard bounce: ' || rule, id
    FROM contacts
    -- What a carried bounce tells of its contact is old: only what was rejected then is offered again.
    WHERE len(differing) > 0 AND (left_over IS NULL OR list_contains(string_split(left_over, ','), contact_id))

    UNION ALL
    SELECT 'eloqua', 'contactList/' || $invalid_list, 'list-add', contact_id, NULL, NULL, 'hard bounce: ' || rule, id
    FROM contacts
    WHERE $invalid_list <> '' AND NOT EXISTS (
        SELECT 1 FROM members WHERE members.list = $invalid_list AND members.contact_id = contacts.contact_id
    )

    UNION ALL
    SELECT 'eloqua', 'contactList/' || members.list, 'list-remove', contacts.contact_id, NULL, NULL, 'hard bounce: ' || rule, id
    FROM contacts JOIN members ON members.contact_id = contacts.contact_id AND members.list <> $invalid_list

    UNION ALL
    SELECT 'salesforce', sobject, 'update', key,
        map_from_entries(list({'key': name, 'value': old} ORDER BY name)),
        map_from_entries(list({'key': name, 'value': new} ORDER BY name)),
        'hard bounce: ' || rule, id
    FROM written
    GROUP BY sobject, key, id, rule
)

SELECT system, object, operation, key, before, after, reason, 'Bounceback ' || bounce AS evidence
FROM changes
ORDER BY system, object, operation, key
