SELECT
    'WebVisit' AS type,
    greatest(created, moment_before(180, roll(i, 'visited at'))) AS "createdAt",
    i + 1 AS "contactId",
    100000 + i AS "visitorId",
    md5('visitor ' || i || ' ' || getvariable('seed'))::UUID::VARCHAR AS "visitorExternalId",
    ip_address(i) AS "IpAddress",
    pick(['', 'https://search.example/', 'https://news.example/today'], roll(i, 'referrer')) AS "ReferrerUrl",
    1 + roll(i, 'pages') % 12 AS "NumberOfPages",
    page_url(roll(i, 'page')) AS "FirstPageViewUrl",
    roll(i, 'duration') % 1800 AS "Duration"
FROM contact
WHERE percent(i, 'visit') < 25
ORDER BY i
