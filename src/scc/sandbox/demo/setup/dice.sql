-- Chance without a state: a value is a hash of what it is for, of which record, and of the seed. So a record is
-- the same whatever else is made, in whatever order, and on any number of threads.

-- The outer hash is needed: hash(i, 'a') and hash(i, 'b') alone differ by a constant pattern of bits.
CREATE MACRO roll(i, what) AS (hash(hash(i, what, getvariable('seed'))) >> 1)::BIGINT;
CREATE MACRO percent(i, what) AS roll(i, what) % 10000 / 100.0;
CREATE MACRO pick(list, key) AS list[1 + key % len(list)];
CREATE MACRO word(list, key) AS pick(getvariable(list), key);

-- The place in the list of locales, by weight.
CREATE MACRO spin(key) AS pick(getvariable('wheel'), key);

-- A moment up to `days` days before the day that the data stands for.
CREATE MACRO moment_before(days, key) AS getvariable('as_of') - to_seconds(key % (days * 86400));

-- The way people type: in capitals, without any, with blanks that they don't see (160 is the no-break space).
CREATE MACRO typed(text, key) AS CASE
    WHEN key % 40 = 0 THEN upper(text)
    WHEN key % 40 <= 2 THEN lower(text)
    WHEN key % 40 = 3 THEN text || ' '
    WHEN key % 40 = 4 THEN ' ' || text
    WHEN key % 80 = 5 THEN text || chr(160)
    WHEN key % 80 = 45 THEN replace(text, ' ', '  ')
    WHEN key % 320 = 6 THEN text || chr(9)
    ELSE text
END;

-- The way a broken form or import leaves text: as HTML, or as UTF-8 read for Latin 1.
CREATE MACRO mangled(text, key) AS CASE
    WHEN key % 250 = 0 THEN replace(replace(replace(text, '&', '&amp;'), '''', '&#39;'), 'é', '&eacute;')
    WHEN key % 250 = 1 THEN replace(replace(replace(replace(text, 'ü', 'Ã¼'), 'é', 'Ã©'), 'ö', 'Ã¶'), 'í', 'Ã­')
    ELSE text
END;

CREATE MACRO phone(locale, i, what) AS replace(replace(replace(
    pick(getvariable('phones')[locale], roll(i, what || ' form')),
    '{a}', (200 + roll(i, what || ' a') % 800)::VARCHAR),
    '{n}', lpad((roll(i, what || ' n') % 100)::VARCHAR, 2, '0')),
    '{m}', lpad((roll(i, what || ' m') % 100)::VARCHAR, 2, '0'));

CREATE MACRO happened_after(moment, days, key) AS
    least(moment + to_seconds(20 + key % (days * 86400)), getvariable('as_of'));
CREATE MACRO ip_address(i) AS
    pick(['192.0.2.', '198.51.100.', '203.0.113.'], roll(i, 'net')) || (1 + roll(i, 'host') % 254);
CREATE MACRO web_link(asset) AS 'https://www.acme.example/e/es?m=' || asset;
CREATE MACRO page_url(key) AS 'https://www.acme.example/' || word('page', key);
