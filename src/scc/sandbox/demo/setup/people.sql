-- A table of its own, since DuckDB reads range() on one thread only.
CREATE OR REPLACE TABLE number AS SELECT i FROM range(getvariable('first'), getvariable('last')) AS r (i);

-- People number `first` to `last`, as they filled in a form. `i` is the address, `human` the person behind it: every
-- 25th address is the second one of the person before. `email` is unlike every other.
CREATE OR REPLACE TABLE person AS
WITH drawn AS (
    SELECT
        i,
        CASE WHEN i % 25 = 24 THEN i - 1 ELSE i END AS human,
        roll(i, 'kind') % 1000 AS kind_roll,
        CASE
            WHEN kind_roll < 12 THEN 'junk'
            WHEN kind_roll < 27 THEN 'role'
            WHEN kind_roll < 42 THEN 'disposable'
            WHEN kind_roll < 50 THEN 'invalid'
            ELSE 'person'
        END AS kind,
        CASE WHEN percent(human, 'private') >= 15
            THEN least(
                roll(human, 'company 1') % getvariable('companies'),
                roll(human, 'company 2') % getvariable('companies')
            )
        END AS a
    FROM number
),
placed AS (
    SELECT
        drawn.*,
        coalesce(company.locale, spin(roll(human, 'locale'))) AS locale,
        coalesce(company.brand, '') AS brand,
        coalesce(company.name, '') AS company,
        CASE WHEN a IS NULL OR i % 25 = 24
            THEN word('consumer_domain', roll(human, 'domain'))
            ELSE company.domain
        END AS domain,
        coalesce(company.industry, '') AS industry,
        company.employees,
        roll(human, 'given') AS given_key,
        roll(human, 'surname') AS surname_key
    FROM drawn LEFT JOIN company USING (a)
),
named AS (
    SELECT
        *,
        pick(getvariable('given_written')[locale], given_key) AS given,
        pick(getvariable('surname_written')[locale], surname_key) AS surname,
        pick(getvariable('given_latin')[locale], given_key) AS given_latin,
        pick(getvariable('surname_latin')[locale], surname_key) AS surname_latin,
        pick(getvariable('places')[locale], roll(human, 'place')) AS place,
        CASE WHEN percent(i, 'canonical') < 55 THEN 0 ELSE roll(i, 'spelling') END AS spelling
    FROM placed
),
written AS (
    SELECT
        *,
        pick(getvariable('spellings')[locale], spelling) AS country,
        CASE kind
            WHEN 'junk' THEN word('junk', roll(i, 'junk given'))
            WHEN 'role' THEN ''
            ELSE given
        END AS first_name,
        CASE kind
            WHEN 'junk' THEN word('junk', roll(i, 'junk surname'))
            WHEN 'role' THEN CASE WHEN i % 2 = 0 THEN '' ELSE brand END
            ELSE surname
        END AS last_name,
        CASE kind
            WHEN 'role' THEN word('mailbox', i) || '@s' || i || '.' || domain
            WHEN 'junk' THEN pick(['asdf', 'test', 'aaa', 'qwerty', 'noname'], i) || i || '@' || domain
            WHEN 'disposable' THEN given_latin || i || '@' || word('disposable_domain', i)
            WHEN 'invalid' THEN pick(
                [
                    given_latin || i || '@@' || domain,
                    given_latin || i || '.' || domain,
                    given_latin || ' ' || surname_latin || i || '@' || domain,
                    given_latin || '..' || surname_latin || i || '@' || domain,
                    given_latin || i || '@example',
                    given_latin || i || '@' || domain || ',' || domain
                ], i)
            ELSE CASE roll(coalesce(a, human), 'style') % 4
                WHEN 0 THEN given_latin || '.' || surname_latin
                WHEN 1 THEN left(given_latin, 1) || surname_latin
                WHEN 2 THEN given_latin || '_' || surname_latin
                ELSE surname_latin || '.' || given_latin
            END || i || '@' || domain
        END AS address
    FROM named
)
SELECT
    i,
    human,
    kind,
    a,
    locale,
    brand,
    company,
    domain,
    industry,
    employees,
    first_name,
    last_name,
    place,
    country,
    address,
    CASE roll(i, 'email case') % 30
        WHEN 0 THEN upper(address)
        WHEN 1 THEN upper(left(address, 1)) || substr(address, 2)
        ELSE address
    END AS email,
    CASE
        WHEN percent(human, 'has phone') < 35 THEN ''
        WHEN percent(human, 'has phone') < 37 THEN pick(['n/a', '000000', '123', '-', 'none', '+1'], human)
        ELSE phone(locale, human, 'phone')
    END AS phone,
    CASE WHEN percent(human, 'has mobile') < 80 THEN '' ELSE phone(locale, human, 'mobile') END AS mobile,
    CASE WHEN percent(human, 'has title') < 20 THEN '' ELSE word('title', roll(human, 'title')) END AS title,
    CASE WHEN percent(human, 'salutation') < 70 THEN '' ELSE word('salutation', roll(human, 'salutation')) END
        AS salutation,
    moment_before(1500, roll(i, 'created')) AS created,
    created + to_seconds(roll(i, 'updated') % (1 + date_diff('second', created, getvariable('as_of'))))
        AS updated,
    -- Six in ten contacts are in Salesforce too, and everybody is who is not in Eloqua.
    kind <> 'invalid' AND (percent(i, 'in Salesforce') < 60 OR i >= getvariable('contacts')) AS in_salesforce,
    CASE
        WHEN NOT in_salesforce THEN ''
        WHEN a IS NULL OR percent(i, 'as') < 55 THEN 'lead'
        WHEN percent(i, 'as') < 65 THEN 'converted'
        ELSE 'contact'
    END AS salesforce_as,
    CASE WHEN salesforce_as IN ('lead', 'converted') THEN id_of_lead(i + 1) END AS lead_id,
    CASE WHEN salesforce_as IN ('contact', 'converted') THEN id_of_contact(i + 1) END AS contact_id,
    CASE WHEN contact_id IS NOT NULL THEN id_of_account(a + 1) END AS account_id,
    percent(i, 'bounced') < CASE kind WHEN 'person' THEN 3 WHEN 'disposable' THEN 40 ELSE 15 END AS is_bounced,
    percent(i, 'unsubscribed') < 6 AS is_unsubscribed
FROM written
ORDER BY i;

-- What is kept of all people, for records that point at them.
CREATE TABLE IF NOT EXISTS mailbox (
    i BIGINT, email VARCHAR, in_salesforce BOOLEAN, lead_id VARCHAR, contact_id VARCHAR, updated TIMESTAMP
);
INSERT INTO mailbox SELECT i, email, in_salesforce, lead_id, contact_id, updated FROM person ORDER BY i;

-- Those of them who are in Eloqua.
CREATE OR REPLACE VIEW contact AS FROM person WHERE i < getvariable('contacts');

-- One e-mail for each contact that got any: it may bounce, be opened, clicked, answered with "unsubscribe".
CREATE OR REPLACE TABLE mailing AS
SELECT
    i,
    i + 1 AS contact,
    email,
    is_bounced,
    is_unsubscribed,
    1 + roll(i, 'asset') % len(getvariable('email_asset')) AS asset,
    pick(getvariable('email_asset'), asset - 1) AS asset_name,
    1 + roll(i, 'mailing campaign') % 40 AS campaign,
    greatest(created, moment_before(365, roll(i, 'sent at'))) AS sent_at,
    md5(i || ' ' || getvariable('seed'))::UUID::VARCHAR AS recipient,
    percent(i, 'opened') < 35 AND NOT is_bounced AS is_opened
FROM contact
WHERE percent(i, 'mailed') < 80 OR is_bounced OR is_unsubscribed
ORDER BY i;
