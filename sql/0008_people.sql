-- The whole of a customer and of a person, absences, the desk's calendar.
--
-- Texts that nobody has entered are empty, never NULL: so what was imported and what is exported compare
-- as they are. A language that is empty is that of the customer, then of the desk.

-- ---- customers ------------------------------------------------------------------------------

ALTER TABLE customer
    ADD number   text NOT NULL DEFAULT '', -- the business's own, "K-1001"; never the id
    ADD rank     text NOT NULL DEFAULT '', -- a word of the desk's: "gold"; only rules read it
    ADD phone    text NOT NULL DEFAULT '',
    ADD fax      text NOT NULL DEFAULT '',
    ADD address  text NOT NULL DEFAULT '', -- street and what belongs to it, in lines
    ADD city     text NOT NULL DEFAULT '',
    ADD state    text NOT NULL DEFAULT '',
    ADD postcode text NOT NULL DEFAULT '',
    ADD country  text NOT NULL DEFAULT '',
    ADD language text NOT NULL DEFAULT '' CHECK (language IN ('', 'en', 'de', 'fr', 'es', 'it')),
    ADD notes    text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX customer_number ON customer (lower(number)) WHERE number <> '';

-- ---- people ---------------------------------------------------------------------------------

-- name stays what is shown and written to.
ALTER TABLE person
    ADD first_name text NOT NULL DEFAULT '',
    ADD last_name  text NOT NULL DEFAULT '',
    ADD job_title  text NOT NULL DEFAULT '',
    ADD phones     text[] NOT NULL DEFAULT '{}',
    ADD notes      text NOT NULL DEFAULT '';

-- Nobody could choose a language until now: 'en' was only the default.
ALTER TABLE person ALTER language SET DEFAULT '';
UPDATE person SET language = '' WHERE language = 'en';
ALTER TABLE person ADD CHECK (language IN ('', 'en', 'de', 'fr', 'es', 'it'));

-- Days are those of the calendar's zone; the last is one of them.
CREATE TABLE absence (
    technician bigint PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    first_day  date NOT NULL,
    last_day   date NOT NULL,
    deputy     bigint REFERENCES person ON DELETE SET NULL, -- NULL: nobody
    CHECK (first_day <= last_day),
    CHECK (deputy <> technician)
);
CREATE INDEX absence_deputy ON absence (deputy);

-- ---- the calendar ---------------------------------------------------------------------------

-- One row. The zone is a name of the IANA list ("Europe/Berlin").
CREATE TABLE calendar (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    zone    text NOT NULL DEFAULT 'UTC'
);
INSERT INTO calendar DEFAULT VALUES;

-- When the desk works: spans of a weekday, in minutes since midnight. Those of a day do not overlap (the program
-- writes a day as a whole); 1440 is the end of the day.
CREATE TABLE working_span (
    weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7), -- 1: Monday
    opens   smallint NOT NULL CHECK (opens BETWEEN 0 AND 1439),
    closes  smallint NOT NULL CHECK (closes BETWEEN 1 AND 1440),
    PRIMARY KEY (weekday, opens),
    CHECK (opens < closes)
);
INSERT INTO working_span (weekday, opens, closes)
SELECT weekday, 540, 1020 FROM generate_series(1, 5) AS weekday;

-- A year makes it a holiday once, without one it is one every year.
CREATE TABLE holiday (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    year  smallint CHECK (year BETWEEN 1970 AND 9999),
    month smallint NOT NULL,
    day   smallint NOT NULL,
    name  text NOT NULL CHECK (name <> ''),
    CHECK (make_date(coalesce(year, 2024), month, day) IS NOT NULL) -- 2024 has a 29 February
);
CREATE UNIQUE INDEX holiday_day ON holiday (coalesce(year, 0), month, day);

-- ---- who is away ---------------------------------------------------------------------------

-- Nobody who is away is given a ticket by turns.
CREATE OR REPLACE FUNCTION technician_is_there(wanted bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM person p WHERE p.id = wanted AND p.is_technician AND NOT p.is_disabled
        AND NOT EXISTS (SELECT FROM absence o WHERE o.technician = p.id
            AND (now() AT TIME ZONE (SELECT zone FROM calendar))::date BETWEEN o.first_day AND o.last_day))
$$;

-- ---- what is imported -----------------------------------------------------------------------

-- The row of an import that a change belongs to (a number of this table); NULL: somebody changed just this.
ALTER TABLE change_log ADD import bigint;
UPDATE admin_limit SET privileges = 'INSERT (actor, object, object_id, what, field, old_value, new_value, import)'
WHERE table_name = 'change_log';
