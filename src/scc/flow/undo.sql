-- Follows "WITH current AS (...),": object, key, now (map: field -> value in the system as it is now).
-- plan and receipt are those of the run that is taken back; archived is what brings back the contacts that it
-- deleted (contact_id, address, object, operation, key, after), addresses who has an address by now. <read_at> is
-- when the run read, in UTC and to the second: what it made is younger.
written AS (
    SELECT plan.system, plan.object, plan.operation, plan.key, plan.before, plan.after, plan.evidence
    FROM plan JOIN receipt USING (change)
    WHERE receipt.outcome = 'applied' AND NOT starts_with(plan.key, 'erased/')
),
compared AS (
    SELECT
        written.*,
        current.key IS NOT NULL AS is_there,
        list_filter(
            map_entries(written.after),
            -- One moment may be written in two ways.
            lambda entry: current.now[entry.key] = entry.value
                OR try_cast(current.now[entry.key] AS TIMESTAMPTZ) = try_cast(entry.value AS TIMESTAMPTZ)
        ) AS untouched
    FROM written LEFT JOIN current ON written.object = current.object AND written.key = current.key
    WHERE written.operation IN ('update', 'fill')
),
-- Contacts that the run made, who have an id of Eloqua's choice and are known by their address.
made AS (
    SELECT
        written.*,
        current.key AS made_key,
        current.now['C_EmailAddress'] AS address,
        current.now['CreatedAt'] >= <read_at> AS is_younger,
        -- A field that the run left blank must be blank still.
        len(list_filter(
            map_entries(current.now),
            lambda entry: entry.key <> 'CreatedAt'
                AND entry.value <> coalesce(written.after[entry.key], '')
                AND coalesce(try_cast(entry.value AS TIMESTAMPTZ) <> try_cast(written.after[entry.key] AS TIMESTAMPTZ), true)
        )) = 0 AS is_untouched
    FROM written
    LEFT JOIN current
        ON current.object = 'contact'
        AND lower(trim(current.now['C_EmailAddress'])) = lower(trim(written.after['C_EmailAddress']))
    WHERE written.object = 'contact' AND written.operation = 'create'
)

SELECT
    system,
    object,
    CASE WHEN len(untouched) > 0 THEN 'update' ELSE 'skip' END AS operation,
    key,
    CASE WHEN len(untouched) > 0 THEN map_from_entries(untouched) END AS before,
    CASE WHEN len(untouched) > 0 THEN map_from_entries(
        list_transform(untouched, lambda entry: {'key': entry.key, 'value': before[entry.key]})
    ) END AS after,
    CASE
        WHEN NOT is_there THEN 'the record is gone since'
        WHEN len(untouched) = 0 THEN 'all that the run wrote has changed again since'
        WHEN len(untouched) < len(map_keys(after)) THEN 'back to what it was; fields that changed again since are left alone'
        ELSE 'back to what it was'
    END AS reason,
    evidence
FROM compared

UNION ALL
SELECT
    system,
    object,
    CASE operation WHEN 'list-add' THEN 'list-remove' ELSE 'list-add' END,
    key,
    NULL,
    NULL,
    CASE operation WHEN 'list-add' THEN 'off the list again' ELSE 'on the list again' END,
    evidence
FROM written
-- Named by its address is who was made again: off the list with the contact, or left alone with it.
WHERE operation IN ('list-add', 'list-remove') AND after['C_EmailAddress'] IS NULL

UNION ALL
SELECT
    system,
    object,
    CASE WHEN is_younger AND is_untouched THEN 'delete' ELSE 'skip' END,
    CASE WHEN is_younger AND is_untouched THEN made_key ELSE key END,
    CASE WHEN is_younger AND is_untouched THEN map {'C_EmailAddress': address} END,
    NULL,
    CASE
        WHEN made_key IS NULL THEN 'nobody with the address that the run made is there any more'
        WHEN NOT is_younger THEN 'the contact was there before the run, and is left alone'
        WHEN NOT is_untouched THEN 'the contact that the run made has changed since, and is left alone'
        ELSE 'gone again: the run had made it'
    END,
    evidence
FROM made

UNION ALL
SELECT
    written.system,
    CASE WHEN is_taken THEN written.object ELSE archived.object END,
    CASE WHEN is_taken THEN 'skip' ELSE archived.operation END,
    CASE WHEN is_taken THEN written.key ELSE archived.key END,
    NULL,
    CASE WHEN NOT is_taken THEN archived.after END,
    CASE
        WHEN is_taken THEN 'somebody with this address is there again, and left alone'
        WHEN archived.object = 'contact' AND archived.operation = 'link' THEN 'linked to its account again'
        WHEN archived.object = 'contact' THEN 'made again as it was'
        WHEN archived.operation = 'list-add' THEN 'on the list again'
        WHEN archived.operation = 'skip' THEN 'Eloqua has the custom object no more'
        WHEN archived.operation = 'link' THEN 'hangs on its contact again'
        ELSE 'made again with its contact'
    END,
    written.evidence
FROM written
JOIN (
    SELECT *, lower(trim(address)) IN (SELECT lower(trim(address)) FROM addresses WHERE address IS NOT NULL) AS is_taken
    FROM archived
) AS archived ON archived.contact_id = written.key
WHERE written.operation = 'delete' AND (NOT is_taken OR (archived.object = 'contact' AND archived.operation = 'create'))

UNION ALL
SELECT
    written.system, written.object, 'skip', written.key, NULL, NULL,
    'the archive does not have the contact (any more): nothing is known to bring back', written.evidence
FROM written ANTI JOIN archived ON archived.contact_id = written.key
WHERE written.operation = 'delete'

UNION ALL
SELECT
    plan.system, plan.object, 'skip', plan.key, NULL, NULL,
    'the person was erased since (scc forget): nothing is known to take back', ''
FROM plan JOIN receipt USING (change)
WHERE receipt.outcome = 'applied' AND starts_with(plan.key, 'erased/')
ORDER BY system, object, operation, key
