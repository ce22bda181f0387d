-- The desk: mailboxes, people, tickets, mail in, mail out.
--
-- Words are those of the README. What must never be broken stands here as a constraint, whatever the
-- program does. Times are the database's. Ids of persons fit 4 bytes and those of tickets and mails 5,
-- because tokens carry them.

-- ---- the desk itself ------------------------------------------------------------------------

CREATE TABLE setting (
    name       text PRIMARY KEY,
    value      text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Two live keys at most: the newest signs, all of them verify. Never shown.
CREATE TABLE token_key (
    slot       smallint PRIMARY KEY CHECK (slot BETWEEN 0 AND 15),
    secret     bytea NOT NULL CHECK (octet_length(secret) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO token_key (slot, secret)
VALUES (0, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- Who reads a mailbox or tends. The epoch grows with each new holder.
CREATE TABLE lease (
    name   text PRIMARY KEY,
    holder text NOT NULL,
    until  timestamptz NOT NULL,
    epoch  bigint NOT NULL DEFAULT 1
);

CREATE TABLE mailbox (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address          text COLLATE "C" NOT NULL UNIQUE, -- as a key: in lower case
    name             text NOT NULL,
    imap_host        text NOT NULL,
    imap_port        integer NOT NULL CHECK (imap_port BETWEEN 1 AND 65535),
    imap_user        text NOT NULL,
    imap_security    text NOT NULL CHECK (imap_security IN ('tls', 'starttls', 'insecure')),
    smtp_host        text NOT NULL,
    smtp_port        integer NOT NULL CHECK (smtp_port BETWEEN 1 AND 65535),
    smtp_user        text, -- NULL: no login
    smtp_security    text NOT NULL CHECK (smtp_security IN ('tls', 'starttls', 'insecure')),
    secret           text NOT NULL, -- the name of the host's secret file with the password
    trust            text NOT NULL DEFAULT 'none'
                     CHECK (trust IN ('none', 'authserv-id', 'google', 'microsoft365')),
    authserv_id      text,
    own_hosts        text[] NOT NULL DEFAULT '{}', -- whose Received lines are ours
    technician_proof text NOT NULL DEFAULT 'auth' CHECK (technician_proof IN ('auth', 'token')),
    has_subaddresses boolean NOT NULL DEFAULT true,
    taken_from       timestamptz, -- mail that arrived earlier is left alone; NULL: everything is taken
    is_enabled       boolean NOT NULL DEFAULT true,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CHECK (trust <> 'authserv-id' OR authserv_id IS NOT NULL)
);

-- What fetch has taken, counted apart from the rows of inbound_mail, so that the two can disagree.
CREATE TABLE mailbox_folder (
    mailbox     bigint NOT NULL REFERENCES mailbox,
    folder      text NOT NULL,
    uidvalidity bigint NOT NULL,
    last_uid    bigint NOT NULL DEFAULT 0, -- every UID up to it was looked at
    fetched     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (mailbox, folder, uidvalidity)
);

-- ---- people ---------------------------------------------------------------------------------

CREATE TABLE customer (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX customer_name ON customer (lower(name));

-- A-labels in lower case, compared byte by byte; "*.acme.example" means its sub-domains.
CREATE TABLE customer_domain (
    domain   text COLLATE "C" PRIMARY KEY,
    customer bigint NOT NULL REFERENCES customer
);
CREATE INDEX customer_domain_customer ON customer_domain (customer);

CREATE TABLE person (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY CHECK (id < 4294967296),
    name            text NOT NULL,
    language        text NOT NULL DEFAULT 'en',
    is_contact      boolean NOT NULL DEFAULT false,
    customer        bigint REFERENCES customer,
    is_confirmed    boolean NOT NULL DEFAULT false,
    is_main_contact boolean NOT NULL DEFAULT false,
    is_technician   boolean NOT NULL DEFAULT false,
    is_lead         boolean NOT NULL DEFAULT false,
    is_disabled     boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CHECK (is_contact OR is_technician),
    CHECK (is_contact OR (customer IS NULL AND NOT is_confirmed)),
    CHECK (NOT is_main_contact OR customer IS NOT NULL)
);
CREATE UNIQUE INDEX person_main_contact ON person (customer) WHERE is_main_contact;
CREATE INDEX person_customer ON person (customer);
CREATE INDEX person_technicians ON person (id) WHERE is_technician AND NOT is_disabled;

CREATE TABLE person_address (
    address_key text COLLATE "C" PRIMARY KEY, -- in lower case
    address     text NOT NULL,                -- as it is written to
    person      bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    position    integer NOT NULL DEFAULT 1,    -- 1: where notices go
    is_dead     boolean NOT NULL DEFAULT false -- bounced for good
);
CREATE INDEX person_address_person ON person_address (person, position);

-- ---- mail in --------------------------------------------------------------------------------

CREATE SEQUENCE inbound_mail_id AS bigint;
CREATE TABLE inbound_mail (
    id             bigint PRIMARY KEY DEFAULT nextval('inbound_mail_id')
                   CHECK (id > 0 AND id < 1099511627776),
    mailbox        bigint NOT NULL REFERENCES mailbox,
    folder         text NOT NULL,
    uidvalidity    bigint NOT NULL,
    uid            bigint NOT NULL,
    fingerprint    bytea NOT NULL CHECK (octet_length(fingerprint) = 33), -- version, SHA-256
    bytes          bigint NOT NULL,               -- as the server says, whole
    raw_complete   boolean NOT NULL DEFAULT true, -- false: the head of an oversize mail
    raw            bytea COMPRESSION lz4,         -- NULL: in inbound_chunk
    arrived_at     timestamptz NOT NULL,          -- INTERNALDATE
    received_at    timestamptz NOT NULL DEFAULT now(),
    state          text NOT NULL DEFAULT 'received'
                   CHECK (state IN ('received', 'filed', 'event', 'held', 'rejected', 'duplicate')),

    -- the claim of an intake
    attempt        integer NOT NULL DEFAULT 0, -- claims so far
    solo_attempts  integer NOT NULL DEFAULT 0, -- of them, alone and without a result
    parser_deaths  integer NOT NULL DEFAULT 0,
    lease_holder   text,
    lease_until    timestamptz,

    -- where it is at the IMAP server now
    moved_at          timestamptz,
    moved_folder      text,
    moved_uidvalidity bigint,
    moved_uid         bigint,

    -- the decision
    decided_at     timestamptz,
    role           text, -- technician, contact, stranger, machine, unknown
    outcome        text, -- technician, public, note, unverified, new, held, rejected, event, duplicate
    from_address   text,
    from_text      text,
    subject        text,
    message_id     text,
    parties        text[], -- keys of From, To and Cc: who took part in this mail
    is_auth_failed boolean NOT NULL DEFAULT false,
    where_reasons  text[],
    who_reasons    text[],
    may_reasons    text[],
    ticket         bigint,
    comment        bigint,
    sender         bigint REFERENCES person,
    duplicate_of   bigint REFERENCES inbound_mail,
    records        bytea COMPRESSION lz4, -- what decide read
    released_by    text,                  -- a person released it from being held
    dropped_by     text,                  -- a person dropped it
    handled_at     timestamptz,           -- when one of them did
    UNIQUE (mailbox, folder, uidvalidity, uid),
    CHECK (state <> 'filed' OR ticket IS NOT NULL),
    CHECK ((state = 'duplicate') = (duplicate_of IS NOT NULL)),
    CHECK ((state = 'received') = (decided_at IS NULL))
);
CREATE INDEX inbound_mail_waiting ON inbound_mail (id) WHERE state = 'received';
CREATE INDEX inbound_mail_unmoved ON inbound_mail (mailbox, folder, uidvalidity, uid)
    WHERE moved_at IS NULL;
CREATE INDEX inbound_mail_held ON inbound_mail (id) WHERE state = 'held';
CREATE INDEX inbound_mail_fingerprint ON inbound_mail (fingerprint);
CREATE INDEX inbound_mail_ticket ON inbound_mail (ticket) WHERE ticket IS NOT NULL;

-- Raw mail above 256 KiB.
CREATE TABLE inbound_chunk (
    mail     bigint NOT NULL REFERENCES inbound_mail ON DELETE CASCADE,
    position integer NOT NULL,
    chunk    bytea COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (mail, position)
);

-- ---- tickets --------------------------------------------------------------------------------

CREATE SEQUENCE ticket_id AS bigint;
CREATE TABLE ticket (
    id          bigint PRIMARY KEY DEFAULT nextval('ticket_id') CHECK (id > 0 AND id < 1099511627776),
    nonce       bigint NOT NULL, -- in every token of this ticket, never sent
    mailbox     bigint NOT NULL REFERENCES mailbox,
    customer    bigint REFERENCES customer,
    requester   bigint NOT NULL REFERENCES person,
    assignee    bigint REFERENCES person,
    subject     text NOT NULL CHECK (char_length(subject) <= 255),
    status      text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'pending', 'resolved', 'closed')),
    type        text NOT NULL DEFAULT 'incident'
                CHECK (type IN ('incident', 'problem', 'request', 'change')),
    merged_into bigint REFERENCES ticket,
    opened_by   bigint REFERENCES inbound_mail, -- NULL: not by mail
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    closed_at   timestamptz,
    CHECK (merged_into <> id),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL))
);
-- one mail opens one ticket, however often it is taken
CREATE UNIQUE INDEX ticket_opened_by ON ticket (opened_by) WHERE opened_by IS NOT NULL;
CREATE INDEX ticket_requester ON ticket (requester);

CREATE TABLE participant (
    ticket bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    person bigint NOT NULL REFERENCES person,
    since  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ticket, person)
);

CREATE TABLE ticket_link (
    ticket bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    other  bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    why    text NOT NULL,
    PRIMARY KEY (ticket, other)
);

CREATE SEQUENCE comment_id AS bigint;
CREATE TABLE comment (
    id         bigint PRIMARY KEY DEFAULT nextval('comment_id'),
    ticket     bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    kind       text NOT NULL CHECK (kind IN ('public', 'note', 'unverified')),
    author     bigint NOT NULL REFERENCES person,
    mail       bigint REFERENCES inbound_mail, -- NULL: not by mail
    body       text NOT NULL CHECK (char_length(body) <= 65536),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comment_ticket ON comment (ticket, id);
-- one mail makes one comment, however often it is taken
CREATE UNIQUE INDEX comment_mail ON comment (mail) WHERE mail IS NOT NULL;

-- Contents, once each.
CREATE TABLE blob (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    bytes  bigint NOT NULL
);
CREATE TABLE blob_chunk (
    sha256   bytea NOT NULL REFERENCES blob ON DELETE CASCADE,
    position integer NOT NULL,
    chunk    bytea COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (sha256, position)
);
CREATE TABLE attachment (
    comment     bigint NOT NULL REFERENCES comment ON DELETE CASCADE,
    position    integer NOT NULL,
    sha256      bytea NOT NULL REFERENCES blob,
    bytes       bigint NOT NULL,
    name        text NOT NULL,
    stated_name text NOT NULL,
    type        text NOT NULL,
    content_id  text NOT NULL,
    is_inline   boolean NOT NULL,
    PRIMARY KEY (comment, position)
);

-- Which ticket a Message-ID means: a mail's own (is_own), or one that a mail refers to and that has
-- not come yet. Never an id of ours: those carry tokens.
CREATE TABLE thread_key (
    key    bytea PRIMARY KEY CHECK (octet_length(key) = 32), -- SHA-256 of the id without brackets
    ticket bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    mail   bigint NOT NULL REFERENCES inbound_mail,
    is_own boolean NOT NULL
);

-- ---- mail out -------------------------------------------------------------------------------

CREATE SEQUENCE outbound_mail_id AS bigint;
CREATE TABLE outbound_mail (
    id            bigint PRIMARY KEY DEFAULT nextval('outbound_mail_id')
                  CHECK (id > 0 AND id < 1099511627776),
    nonce         bigint NOT NULL,
    mailbox       bigint NOT NULL REFERENCES mailbox,
    ticket        bigint REFERENCES ticket,
    comment       bigint REFERENCES comment,      -- what it tells
    cause         bigint REFERENCES inbound_mail, -- NULL: not because of a mail
    notice        text NOT NULL,
    parameters    jsonb NOT NULL DEFAULT '{}',
    recipient     bigint REFERENCES person,
    address       text NOT NULL,
    address_key   text COLLATE "C" NOT NULL,
    domain        text COLLATE "C" NOT NULL,
    is_automatic  boolean NOT NULL, -- bound by the governor
    is_stranger   boolean NOT NULL, -- the stranger's fixed acknowledgement
    message_id    text NOT NULL UNIQUE,
    reply_token   text,
    bounce_token  text,
    queued_at     timestamptz NOT NULL DEFAULT now(), -- its Date
    reason        text NOT NULL,
    state         text NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'sent', 'failed', 'suppressed')),
    suppressed_by text, -- the budget or rule that stopped it
    attempt       integer NOT NULL DEFAULT 0,
    next_try_at   timestamptz NOT NULL DEFAULT now(),
    lease_holder  text,
    lease_until   timestamptz,
    lease_epoch   bigint NOT NULL DEFAULT 0,
    answer        text, -- the server's last, one line
    ended_at      timestamptz,
    CHECK ((state = 'suppressed') = (suppressed_by IS NOT NULL)),
    CHECK ((state IN ('sent', 'failed')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 50); -- room for the claim's version beside the row: no index changes then
-- a sender takes what is due mailbox by mailbox
CREATE INDEX outbound_mail_waiting ON outbound_mail (mailbox, next_try_at, id) WHERE state = 'queued';
CREATE INDEX outbound_mail_ticket ON outbound_mail (ticket, id);
CREATE INDEX outbound_mail_cause ON outbound_mail (cause) WHERE cause IS NOT NULL;
-- the governor counts from these
CREATE INDEX outbound_mail_to_address ON outbound_mail (address_key, queued_at) WHERE is_automatic;
CREATE INDEX outbound_mail_to_domain ON outbound_mail (domain, queued_at) WHERE is_automatic;
CREATE INDEX outbound_mail_to_strangers ON outbound_mail (queued_at) WHERE is_stranger;

-- ---- history --------------------------------------------------------------------------------

CREATE TABLE activity (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket     bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    at         timestamptz NOT NULL DEFAULT now(),
    what       text NOT NULL, -- opened, commented, assigned, joined, linked, undelivered, …
    from_value text,
    to_value   text,
    person     bigint REFERENCES person, -- who; NULL: the desk, or actor
    actor      text,                     -- a user of the command line
    mail       bigint REFERENCES inbound_mail,
    outbound   bigint REFERENCES outbound_mail
);
CREATE INDEX activity_ticket ON activity (ticket, id);
