-- Follows "WITH deleted AS (...),": contact_id, address, reason of the contacts that the plan deletes.
--   contacts  contact_id, address, fields, lists: as they are now
--   records   contact_id, object, id, fields: what hangs on them
nothing AS (
    SELECT '' AS contact_id, '' AS object, '' AS id, MAP {}::MAP(VARCHAR, VARCHAR) AS fields WHERE false
),
hanging AS (
    SELECT contact_id, list({'object': object, 'id': id, 'fields': fields} ORDER BY object, id) AS records
    FROM <records>
    GROUP BY contact_id
)

SELECT
    <mailbox> AS mailbox_key,
    contacts.address AS address,
    contact_id,
    $run AS run,
    CAST($at AS TIMESTAMP) AS archived_at,
    deleted.reason AS reason,
    contacts.fields AS fields,
    contacts.lists AS lists,
    coalesce(hanging.records, []) AS records
FROM deleted
JOIN contacts USING (contact_id)
LEFT JOIN hanging USING (contact_id)
-- One that has another address now is not the contact that the plan was made for.
WHERE lower(trim(contacts.address)) = lower(trim(deleted.address))
ORDER BY mailbox_key, contact_id
