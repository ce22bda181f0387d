-- How the things that a desk needs are doing, as the roles that use them say; and mails out that a person holds back.

-- A thing of a mailbox, kept by whoever uses it: logging in and reading, moving what was read, sending, and the
-- database as the reader of this mailbox finds it.
CREATE TABLE health (
    mailbox           bigint NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    thing             text NOT NULL CHECK (thing IN ('imap', 'move', 'smtp', 'database')),
    state             text NOT NULL CHECK (state IN ('well', 'passing', 'lasting')), -- lasting: a person must mend it
    says              text NOT NULL DEFAULT '', -- what failed; never a secret
    hint              text NOT NULL DEFAULT '',
    since             timestamptz NOT NULL DEFAULT now(), -- it is well, or not
    said_at           timestamptz NOT NULL DEFAULT now(),
    host              text NOT NULL DEFAULT '',
    skew_us           bigint NOT NULL DEFAULT 0, -- how far that host's clock is before the database's
    certificate_until timestamptz, -- of the server; NULL: there is none, or it was not seen
    PRIMARY KEY (mailbox, thing)
) WITH (fillfactor = 50);

-- What is counted apart, by tend: "unaccounted", and decisions up to a mail.
CREATE TABLE measure (
    name  text PRIMARY KEY,
    value bigint NOT NULL,
    at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Since when a folder is numbered like this; NULL: before this was kept.
ALTER TABLE mailbox_folder ADD first_at timestamptz;
ALTER TABLE mailbox_folder ALTER first_at SET DEFAULT now();

ALTER TABLE outbound_mail
    ADD stopped_by text,       -- a person holds it back; next_try_at is infinity then
    ADD tried_from timestamptz, -- it is given up some time after this; NULL: queued_at
    ADD CHECK ((stopped_by IS NOT NULL AND state = 'queued') = (next_try_at = 'infinity'));

-- for those who look after the queues: these are few
CREATE INDEX outbound_mail_failed ON outbound_mail (ended_at) WHERE state = 'failed';
CREATE INDEX outbound_mail_suppressed ON outbound_mail (queued_at) WHERE state = 'suppressed';
CREATE INDEX web_hook_call_ended ON web_hook_call (ended_at) WHERE state <> 'queued';
CREATE INDEX person_address_dead ON person_address (person) WHERE is_dead;
