-- Hard bounces, and what follows from each in both systems.
--   bounces    id, contact_id, address, happened_at, error, status, rule (by which it is hard, or null), current (map: field -> value of the contact when read),
--              left_over (null, or the keys that the last run saw rejected)
--   engaged    contact_id, happened_at     clicks and form submits
--   people     sobject, id, address, bounced_at, reason
--   members    list, contact_id            who is on which list now
-- Parameters: marks (JSON: the contact's fields to set), invalid_list.
WITH hard AS (
    -- The latest hard bounce of each contact decides.
    SELECT * FROM bounces WHERE rule IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY contact_id, lower(address) ORDER BY happened_at DESC, id DESC) = 1
),
spared AS (
    SELECT DISTINCT hard.contact_id FROM hard JOIN engaged ON engaged.contact_id = hard.contact_id AND engaged.happened_at > hard.happened_at
),
open AS (SELECT * FROM hard WHERE contact_id <> '' AND contact_id NOT IN (SELECT contact_id FROM spared)),
contacts AS (
    SELECT *, list_filter(map_entries(from_json($marks, '{"map":"MAP(VARCHAR,VARCHAR)"}').map), lambda entry: entry.value <> coalesce(current[entry.key], '')) AS differing
    FROM open QUALIFY row_number() OVER (PARTITION BY contact_id ORDER BY happened_at DESC, id DESC) = 1
),
changes AS (
    SELECT 'eloqua' AS system, 'contact' AS object, 'skip' AS operation, contact_id AS key,
        NULL::MAP(VARCHAR, VARCHAR) AS before, NULL::MAP(VARCHAR, VARCHAR) AS after,
        'the contact clicked or submitted a form after the bounce' AS reason, id AS bounce
    FROM hard WHERE contact_id IN (SELECT contact_id FROM spared)
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
    SELECT 'salesforce', people.sobject, 'update', people.id,
        map(['EmailBouncedDate', 'EmailBouncedReason'], [coalesce(people.bounced_at, ''), coalesce(people.reason, '')]),
        map(['EmailBouncedDate', 'EmailBouncedReason'], [
            strftime(open.happened_at, '%Y-%m-%dT%H:%M:%S.000Z'),
            concat_ws(' ', nullif(open.error, ''), nullif(open.status, ''), rule)
        ]),
        'hard bounce: ' || rule, open.id
    FROM open JOIN people ON lower(people.address) = lower(open.address)
    WHERE coalesce(people.bounced_at, '') = ''
    QUALIFY row_number() OVER (PARTITION BY people.sobject, people.id ORDER BY open.happened_at DESC, open.id DESC) = 1
)

SELECT system, object, operation, key, before, after, reason, 'Bounceback ' || bounce AS evidence
FROM changes
ORDER BY system, object, operation, key
