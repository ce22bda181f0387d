-- Who may do what: groups of technicians, customers' rules, held mail that lives by mail, the log of changes.

-- ---- groups ---------------------------------------------------------------------------------

-- A ticket of a group is worked on by its members, by leads, and by its assignee.
CREATE TABLE technician_group (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX technician_group_name ON technician_group (lower(name));

CREATE TABLE group_member (
    technician_group bigint NOT NULL REFERENCES technician_group ON DELETE CASCADE,
    technician       bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    since            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (technician_group, technician)
);
CREATE INDEX group_member_technician ON group_member (technician);

ALTER TABLE ticket ADD technician_group bigint REFERENCES technician_group; -- NULL: of all

-- ---- customers' rules -----------------------------------------------------------------------

-- Only the main contact opens tickets by mail; who else writes is held until he admits it.
ALTER TABLE customer ADD is_main_contact_only boolean NOT NULL DEFAULT false;
-- Whether a contact takes part in the tickets of his colleagues; NULL: as the desk's setting says.
ALTER TABLE customer ADD colleagues_take_part boolean;
-- A contact may be one who makes no tickets by mail (a device, somebody who is to telephone).
ALTER TABLE person ADD opens_tickets boolean NOT NULL DEFAULT true;

-- ---- held mail ------------------------------------------------------------------------------

-- Tokens about a held mail are bound to its nonce. Why it is held decides who hears of it and who may decide.
ALTER TABLE inbound_mail
    ADD nonce      bigint,
    ADD held_for   text CHECK (held_for IN ('claim', 'forged', 'shape', 'sender', 'flood', 'main-contact', 'parser')),
    ADD held_customer bigint REFERENCES customer, -- whose ticket it would be
    ADD held_until timestamptz, -- then it is rejected; NULL: it waits for a person
    ADD is_spam    boolean NOT NULL DEFAULT false, -- a person said so
    ADD is_trusted boolean NOT NULL DEFAULT false, -- a person said that its sender is who he says
    ADD digest_at  timestamptz; -- when a digest named it last
CREATE INDEX inbound_mail_held_until ON inbound_mail (held_until) WHERE state = 'held' AND held_until IS NOT NULL;
-- floods are counted from this
CREATE INDEX inbound_mail_opened ON inbound_mail (sender, decided_at) WHERE outcome = 'new';
CREATE INDEX inbound_mail_strangers ON inbound_mail (decided_at)
    WHERE outcome = 'new' AND role IN ('unknown', 'stranger');

-- What tend does once in a while for the whole desk.
CREATE TABLE chore (
    name    text PRIMARY KEY,
    done_at timestamptz NOT NULL
);

-- ---- fields ---------------------------------------------------------------------------------

-- What contacts see of a ticket's fields; one that has no row is hidden.
CREATE TABLE field (
    name     text PRIMARY KEY,
    contacts text NOT NULL CHECK (contacts IN ('hidden', 'shown', 'editable'))
);
INSERT INTO field (name, contacts)
VALUES ('status', 'shown'), ('participants', 'shown'), ('technician', 'shown'), ('type', 'hidden'),
       ('group', 'hidden'), ('customer', 'hidden');

-- ---- who changed what -----------------------------------------------------------------------

-- One row a change that a person made with the command line or by mail, and that is no ticket's history.
CREATE TABLE change_log (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    role      text NOT NULL DEFAULT session_user, -- the database's
    actor     text NOT NULL,                      -- the user at the host, or an address
    object    text NOT NULL,                      -- customer, contact, technician, mailbox, setting, …
    object_id text NOT NULL,                      -- its number or name
    what      text NOT NULL,                      -- added, changed, removed, …
    field     text,
    old_value text, -- never a secret
    new_value text
);
CREATE INDEX change_log_object ON change_log (object, object_id, id);
