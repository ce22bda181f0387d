-- The folder marked Junk: headers wait here until an intake has judged them; and what servers say about themselves.

-- The largest mail that the mailbox's SMTP server takes, as it announced last (RFC 1870); NULL: it names none.
ALTER TABLE mailbox ADD send_bytes bigint CHECK (send_bytes > 0);

-- Of a folder marked Junk only what was wanted has rows; last_uid says how far its headers were looked at.
ALTER TABLE mailbox_folder ADD is_junk boolean NOT NULL DEFAULT false;

-- A mail in a Junk folder from which only the header was read. What is not wanted is counted and forgotten.
CREATE TABLE junk_mail (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mailbox     bigint NOT NULL REFERENCES mailbox,
    folder      text NOT NULL,
    uidvalidity bigint NOT NULL,
    uid         bigint NOT NULL,
    bytes       bigint NOT NULL,         -- RFC822.SIZE
    header      bytea COMPRESSION lz4,   -- NULL: it was judged
    is_wanted   boolean NOT NULL DEFAULT false, -- to be fetched whole
    attempt     integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    seen_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (mailbox, folder, uidvalidity, uid),
    CHECK (is_wanted = (header IS NULL))
);
CREATE INDEX junk_mail_waiting ON junk_mail (id) WHERE NOT is_wanted;
INSERT INTO secret_column (table_name, column_name) VALUES ('junk_mail', 'header');

-- For the digest: how many were left where they are, and how many were taken, by the day of the database.
CREATE TABLE junk_day (
    mailbox bigint NOT NULL REFERENCES mailbox,
    day     date NOT NULL,
    mails_left  bigint NOT NULL DEFAULT 0,
    mails_taken bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (mailbox, day)
);
