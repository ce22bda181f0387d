-- Rules and notices by version: what was live when and who made it, what rules did, and the calls that they make.

-- ---- versions -------------------------------------------------------------------------------

-- A version never changes. Where there is none, the program's own rules are live: version 0, which has no row.
CREATE TABLE rule_version (
    id       bigint PRIMARY KEY CHECK (id > 0), -- 1, 2, 3, … without gaps
    made_at  timestamptz NOT NULL DEFAULT now(),
    made_by  text NOT NULL,
    why      text NOT NULL DEFAULT '',
    restores bigint CHECK (restores < id), -- the version whose content it has, 0 as well; NULL: new content
    is_live  boolean NOT NULL
);
CREATE UNIQUE INDEX rule_version_live ON rule_version (is_live) WHERE is_live;

-- Rule files ("NAME.rules") and notices ("notices/LANGUAGE/NAME.txt") together: they are live together.
CREATE TABLE rule_file (
    version bigint NOT NULL REFERENCES rule_version,
    name    text NOT NULL CHECK (name ~ '^([a-z0-9][a-z0-9_-]*[.]rules|notices/[a-z]{2}/[a-z0-9][a-z0-9-]*[.]txt)$'),
    content text NOT NULL,
    PRIMARY KEY (version, name)
);
INSERT INTO admin_limit (table_name, privileges)
VALUES ('rule_version', 'INSERT, UPDATE (is_live)'), ('rule_file', 'INSERT');

-- ---- what rules did -------------------------------------------------------------------------

-- Each process adds to rows of its own, so that nobody waits for anybody; readers sum them up.
CREATE TABLE rule_stat (
    version    bigint NOT NULL,
    rule       text NOT NULL,
    worker     text NOT NULL, -- a process by its place: "HOST intake 1"
    fired      bigint NOT NULL DEFAULT 0,
    faults     bigint NOT NULL DEFAULT 0,
    cost_us    bigint NOT NULL DEFAULT 0,
    runs       bigint NOT NULL DEFAULT 0, -- how often its conditions were asked
    last_at    timestamptz, -- it fired last
    fault_at   timestamptz,
    last_fault text,
    PRIMARY KEY (version, rule, worker)
) WITH (fillfactor = 50);

-- Rules of the time fire once a ticket, until their condition has been false.
CREATE TABLE rule_fired (
    ticket   bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    rule     text NOT NULL,
    fired_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ticket, rule)
);
CREATE INDEX rule_fired_rule ON rule_fired (rule);

-- ---- web hooks ------------------------------------------------------------------------------

CREATE TABLE web_hook_call (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket       bigint REFERENCES ticket ON DELETE SET NULL,
    mail         bigint REFERENCES inbound_mail,
    rule         text NOT NULL,
    event        text NOT NULL,
    url          text NOT NULL,
    body         jsonb NOT NULL, -- never a token, a nonce or the text of a note
    queued_at    timestamptz NOT NULL DEFAULT now(),
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    attempt      integer NOT NULL DEFAULT 0,
    tried_from   timestamptz NOT NULL DEFAULT now(), -- it is given up some time after this
    next_try_at  timestamptz NOT NULL DEFAULT now(),
    lease_holder text,
    lease_until  timestamptz,
    lease_epoch  bigint NOT NULL DEFAULT 0,
    answer       text, -- the last, one line
    ended_at     timestamptz,
    CHECK ((state = 'queued') = (ended_at IS NULL))
) WITH (fillfactor = 50);
CREATE INDEX web_hook_call_waiting ON web_hook_call (next_try_at, id) WHERE state = 'queued';
CREATE INDEX web_hook_call_ticket ON web_hook_call (ticket, id);

-- What an operator does by hand fires rules as well.
INSERT INTO operator_right (object, privileges)
VALUES ('web_hook_call', 'INSERT'), ('rule_stat', 'INSERT, UPDATE');
