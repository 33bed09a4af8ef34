-- Which contacts go, in the order of the priority, and which of those stay because something protects them.
--   contacts           id, address, plain (lower case, trimmed), created_at, is_bounced, is_opted_out, sf_contact, sf_lead, sf_account,
--                      malformed, junk, role (the number of the rule that the address breaks, or null)
--   activity           contact_id, happened_at             the latest in Eloqua, of those that count
--   bounces            contact_id, plain, happened_at, rule (by which it is hard, or null), codes
--   sf_contacts        id, account, plain, active_on          Salesforce ids have 15 characters here
--   sf_leads           id, plain, active_on
--   opportunities      id, account                open ones
--   roles              contact, opportunity       contact roles in open ones
--   customer_accounts  id
--   customers          contact_id                 whom customers_where holds for
--   members            list, contact_id           who is on a protected list
-- Parameters: now, inactive_days, young_days, keep_opted_out, needed (how many must go), history_start,
--   malformed, junk, role, bounced, inactive (each kind's place in the priority, null for none), kinds, rules (names, JSON).
WITH open_business AS (
    SELECT id, min(opportunity) AS opportunity FROM (
        SELECT contact AS id, opportunity FROM roles
        UNION ALL
        SELECT sf_contacts.id, opportunities.id FROM sf_contacts JOIN opportunities ON sf_contacts.account = opportunities.account
    ) GROUP BY id
),
protecting AS (
    SELECT sf_contacts.id, sf_contacts.plain, 1 AS shield, 'Opportunity ' || opportunity AS evidence
    FROM sf_contacts JOIN open_business ON sf_contacts.id = open_business.id
    UNION ALL
    SELECT sf_contacts.id, sf_contacts.plain, 2, 'Account ' || customer_accounts.id
    FROM sf_contacts JOIN customer_accounts ON sf_contacts.account = customer_accounts.id
),
-- The first named protection of each contact: 1 open opportunity, 2 customer, 3 protected list.
shields AS MATERIALIZED (
    SELECT id, min({'shield': shield, 'evidence': evidence}) AS found FROM (
        SELECT contacts.id, shield, evidence FROM contacts JOIN protecting ON contacts.sf_contact = protecting.id
        UNION ALL
        SELECT contacts.id, shield, evidence FROM contacts JOIN protecting ON contacts.plain = protecting.plain
        UNION ALL
        SELECT contacts.id, 1, 'Opportunity ' || opportunities.id FROM contacts JOIN opportunities ON contacts.sf_account = opportunities.account
        UNION ALL
        SELECT contacts.id, 2, 'Account ' || customer_accounts.id FROM contacts JOIN customer_accounts ON contacts.sf_account = customer_accounts.id
        UNION ALL
        SELECT contact_id, 2, 'customers_where' FROM customers
        UNION ALL
        SELECT contact_id, 3, 'list ' || list FROM members
    ) GROUP BY id
),
in_touch AS (
    SELECT id, plain, active_on FROM sf_contacts WHERE active_on IS NOT NULL
    UNION ALL
    SELECT id, plain, active_on FROM sf_leads WHERE active_on IS NOT NULL
),
crm AS (
    SELECT id, max(active_on) AS active_on FROM (
        SELECT contacts.id, active_on FROM contacts JOIN in_touch ON contacts.sf_contact = in_touch.id
        UNION ALL
        SELECT contacts.id, active_on FROM contacts JOIN in_touch ON contacts.sf_lead = in_touch.id
        UNION ALL
        SELECT contacts.id, active_on FROM contacts JOIN in_touch ON contacts.plain = in_touch.plain
    ) GROUP BY id
),
-- The latest hard bounce of a contact's present address.
bounced AS MATERIALIZED (
    SELECT contacts.id, max({'happened_at': happened_at, 'rule': rule, 'codes': codes}) AS last
    FROM bounces JOIN contacts ON bounces.contact_id = contacts.id AND bounces.plain = contacts.plain
    WHERE rule IS NOT NULL
    GROUP BY contacts.id
),
judged AS (
    SELECT
        contacts.id, contacts.created_at, greatest(activity.happened_at, crm.active_on) AS seen, malformed, junk, role,
        (is_bounced OR bounced.id IS NOT NULL) AND NOT coalesce(activity.happened_at > bounced.last.happened_at, false) AS is_hard,
        coalesce(greatest(activity.happened_at, crm.active_on, contacts.created_at) < CAST($now AS TIMESTAMP) - to_days($inactive_days), false) AS is_inactive,
        CASE
            WHEN shields.id IS NOT NULL THEN shields.found.shield
            WHEN coalesce(contacts.created_at > CAST($now AS TIMESTAMP) - to_days($young_days), true) THEN 4
            WHEN $keep_opted_out AND is_opted_out THEN 5
            WHEN contacts.plain = '' THEN 6
        END AS shield
    FROM contacts
    LEFT JOIN activity ON contacts.id = activity.contact_id
    LEFT JOIN crm ON contacts.id = crm.id
    LEFT JOIN bounced ON contacts.id = bounced.id
    LEFT JOIN shields ON contacts.id = shields.id
),
candidates AS MATERIALIZED (
    SELECT
        id, created_at, seen, shield, coalesce(malformed, junk, role) AS any_rule,
        least(
            CASE WHEN malformed IS NOT NULL THEN $malformed END,
            CASE WHEN junk IS NOT NULL THEN $junk END,
            CASE WHEN role IS NOT NULL THEN $role END,
            CASE WHEN is_hard THEN $bounced END,
            CASE WHEN is_inactive THEN $inactive END
        ) AS place,
        CASE place WHEN $malformed THEN malformed WHEN $junk THEN junk WHEN $role THEN role END AS rule
    FROM judged
    WHERE place IS NOT NULL
),
chosen AS (
    SELECT id, place, rule, seen, created_at, NULL AS shield FROM candidates WHERE shield IS NULL
    ORDER BY place, seen NULLS FIRST, created_at, id LIMIT $needed
),
-- Those that would have been chosen if nothing protected anybody.
kept AS (
    SELECT id, place, rule, seen, created_at, shield FROM (
        SELECT * FROM candidates ORDER BY place, seen NULLS FIRST, created_at, id LIMIT $needed
    ) WHERE shield IS NOT NULL
),
told AS (
    SELECT
        picked.*, contacts.address, bounced.last, shields.found.evidence AS evidence,
        from_json($kinds, '["VARCHAR"]')[place] AS kind,
        CASE kind
            WHEN 'hard bounced' THEN coalesce(bounced.last.rule, 'marked so in Eloqua')
            WHEN 'inactive' THEN 'no activity for ' || $inactive_days || ' days'
            ELSE from_json($rules, '["VARCHAR"]')[rule]
        END AS why
    FROM (SELECT * FROM chosen UNION ALL SELECT * FROM kept) AS picked
    JOIN contacts ON picked.id = contacts.id
    LEFT JOIN bounced ON picked.id = bounced.id
    LEFT JOIN shields ON picked.id = shields.id
)

SELECT
    'eloqua' AS system,
    'contact' AS object,
    CASE WHEN shield IS NULL THEN 'delete' ELSE 'skip' END AS operation,
    CAST(id AS VARCHAR) AS key,
    CASE WHEN shield IS NULL THEN MAP {'C_EmailAddress': address} END AS before,
    NULL::MAP(VARCHAR, VARCHAR) AS after,
    CASE shield
        WHEN 1 THEN 'protected, open opportunity; otherwise '
        WHEN 2 THEN 'protected, customer; otherwise '
        WHEN 3 THEN 'protected, on a protected list; otherwise '
        WHEN 4 THEN 'protected, younger than ' || $young_days || ' days; otherwise '
        WHEN 5 THEN 'protected, opted out and kept for suppression; otherwise '
        WHEN 6 THEN 'protected, has no address to come back by; otherwise '
        ELSE ''
    END || kind || ': ' || why AS reason,
    CASE
        WHEN shield <= 3 THEN evidence
        WHEN shield = 4 THEN coalesce('created ' || CAST(created_at AS DATE), 'created at an unknown time')
        WHEN kind = 'hard bounced' THEN coalesce(strftime(last.happened_at, 'Bounceback of %Y-%m-%d %H:%M') || coalesce(', ' || last.codes, ''), '')
        WHEN kind = 'malformed' THEN 'for good: Eloqua may refuse to make such an address again'
        WHEN kind = 'inactive' THEN coalesce('last activity ' || CAST(CAST(seen AS DATE) AS VARCHAR), 'none since ' || $history_start)
        ELSE ''
    END AS evidence
FROM told
ORDER BY system, object, operation, key
