-- outputs: key (pipeline/run/kind), kind, age_days, bytes, needed (why it must stay, or '')
-- Parameters: exports, plans, receipts (days), days_of (JSON: "pipeline/kind" -> days, for those that have their own).
WITH aged AS (
    SELECT *, age_days > coalesce(
        from_json($days_of, '{"map":"MAP(VARCHAR,BIGINT)"}').map[split_part(key, '/', 1) || '/' || kind],
        CASE kind WHEN 'exports' THEN $exports WHEN 'plans' THEN $plans ELSE $receipts END
    ) AS is_old
    FROM outputs
)

SELECT
    'store' AS system,
    'output' AS object,
    CASE WHEN needed = '' THEN 'delete' ELSE 'skip' END AS operation,
    key,
    map(['bytes'], [bytes::VARCHAR]) AS before,
    CASE WHEN false THEN map([''], ['']) END AS after,
    CASE WHEN needed = '' THEN kind || ' past their time' ELSE 'kept: ' || needed END AS reason,
    '' AS evidence
FROM aged
WHERE is_old
ORDER BY system, object, operation, key
