-- Fields of tickets: built in and the desk's own, statuses of the desk's own, one function that changes them, who has
-- the next word, and the words for the search.

-- ---- what there is --------------------------------------------------------------------------

-- Statuses of the desk's own; each maps to one of the four, and that is what the program goes by.
CREATE TABLE ticket_status (
    name       text PRIMARY KEY
               CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$' AND name NOT IN ('open', 'pending', 'resolved', 'closed', 'none')),
    maps_to    text NOT NULL CHECK (maps_to IN ('open', 'pending', 'resolved', 'closed')),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Every field of a ticket has a row now; those of the desk's own hold their values in ticket.custom.
ALTER TABLE field
    ADD kind        text NOT NULL DEFAULT 'built-in' CHECK (kind IN ('built-in', 'text', 'choice', 'number', 'date')),
    ADD choices     text[] NOT NULL DEFAULT '{}',
    ADD is_required boolean NOT NULL DEFAULT false, -- before a ticket is resolved or closed
    ADD created_at  timestamptz NOT NULL DEFAULT now(),
    ADD CHECK ((kind = 'choice') = (choices <> '{}')),
    ADD CHECK (kind = 'built-in' OR name ~ '^[a-z][a-z0-9-]{0,39}$'),
    ADD CHECK (kind = 'built-in' OR name NOT IN ('tag', 'assignee', 'field', 'activity', 'source'));
INSERT INTO field (name, contacts)
VALUES ('priority', 'hidden'), ('impact', 'hidden'), ('product', 'hidden'), ('tags', 'hidden'), ('title', 'shown'),
       ('requester', 'shown');

ALTER TABLE ticket
    ADD priority           text NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    ADD impact             text NOT NULL DEFAULT 'minor' CHECK (impact IN ('minor', 'moderate', 'major', 'extensive')),
    ADD product            text NOT NULL DEFAULT '' CHECK (char_length(product) <= 255),
    ADD tags               text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 100),
    ADD custom             jsonb NOT NULL DEFAULT '{}', -- name: canonical text
    ADD status_name        text REFERENCES ticket_status, -- NULL: status says all
    ADD activity_status    text NOT NULL DEFAULT 'unread'
                           CHECK (activity_status IN ('unread', 'read', 'awaiting-contact', 'awaiting-technician')),
    ADD source             text NOT NULL DEFAULT 'mail' CHECK (source IN ('mail', 'cli')),
    ADD contact_word_at    timestamptz, -- the last that a side said to the other; NULL: nothing yet
    ADD technician_word_at timestamptz,
    ADD comments           integer NOT NULL DEFAULT 0;

-- What the tickets of today say about it.
UPDATE ticket t SET source = CASE WHEN t.opened_by IS NULL THEN 'cli' ELSE 'mail' END, comments = s.comments,
    contact_word_at = s.contact_word_at, technician_word_at = s.technician_word_at,
    activity_status = CASE WHEN s.technician_word_at > s.contact_word_at OR s.contact_word_at IS NULL
                           THEN 'awaiting-contact' ELSE 'awaiting-technician' END
FROM (SELECT c.ticket, count(*) AS comments,
             max(c.created_at) FILTER (WHERE c.kind = 'public' AND NOT p.is_technician) AS contact_word_at,
             max(c.created_at) FILTER (WHERE c.kind = 'public' AND p.is_technician) AS technician_word_at,
             bool_or(p.is_technician) AS is_read
      FROM comment c JOIN person p ON p.id = c.author GROUP BY c.ticket) s
WHERE s.ticket = t.id AND s.is_read;
UPDATE ticket t SET source = CASE WHEN t.opened_by IS NULL THEN 'cli' ELSE 'mail' END, comments = s.comments,
    contact_word_at = s.contact_word_at, activity_status = CASE WHEN t.assignee IS NULL THEN 'unread' ELSE 'read' END
FROM (SELECT c.ticket, count(*) AS comments, max(c.created_at) FILTER (WHERE c.kind = 'public') AS contact_word_at
      FROM comment c JOIN person p ON p.id = c.author GROUP BY c.ticket HAVING NOT bool_or(p.is_technician)) s
WHERE s.ticket = t.id;

-- lists, and who has least to do
CREATE INDEX ticket_assigned ON ticket (assignee, id)
    WHERE assignee IS NOT NULL AND status IN ('open', 'pending');
CREATE INDEX ticket_custom ON ticket USING gin (custom) WHERE custom <> '{}';
CREATE INDEX ticket_tags ON ticket USING gin (tags) WHERE tags <> '{}';
CREATE INDEX ticket_status_name ON ticket (status_name) WHERE status_name IS NOT NULL;

-- The name of the rule that a change comes from.
ALTER TABLE activity ADD rule text;

-- ---- who takes the next one -----------------------------------------------------------------

-- Whom a group gave a ticket last. Its row is the lock under which the next is chosen.
CREATE TABLE group_turn (
    technician_group bigint PRIMARY KEY REFERENCES technician_group ON DELETE CASCADE,
    technician       bigint NOT NULL DEFAULT 0 -- 0: nobody yet
);
INSERT INTO operator_right (object, privileges) VALUES ('group_turn', 'INSERT, UPDATE');

-- May a ticket be given to him by turns now? (Whoever is absent may not: a later file replaces this.)
CREATE FUNCTION technician_is_there(wanted bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM person p WHERE p.id = wanted AND p.is_technician AND NOT p.is_disabled)
$$;

-- Of the group's members the next in turn, or the one with the fewest tickets to work on; NULL: nobody is there.
CREATE FUNCTION group_pick(wanted bigint, how text, for_ticket bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    previous bigint;
    chosen   bigint;
BEGIN
    INSERT INTO group_turn (technician_group) VALUES (wanted) ON CONFLICT DO NOTHING;
    SELECT g.technician INTO previous FROM group_turn g WHERE g.technician_group = wanted FOR UPDATE;
    SELECT m.technician INTO chosen FROM group_member m
    WHERE m.technician_group = wanted AND technician_is_there(m.technician)
    ORDER BY CASE WHEN how = 'least-loaded'
                  THEN (SELECT count(*) FROM ticket t WHERE t.assignee = m.technician AND t.id <> for_ticket
                        AND t.status IN ('open', 'pending')) END,
             m.technician <= previous, m.technician LIMIT 1;
    IF chosen IS NOT NULL THEN
        UPDATE group_turn g SET technician = chosen WHERE g.technician_group = wanted;
    END IF;
    RETURN chosen;
END $$;

-- ---- the one function that changes a ticket's fields ----------------------------------------

-- Which required fields are empty, as words; NULL: none.
CREATE FUNCTION ticket_missing(t ticket) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(f.name, ', ' ORDER BY f.name) FROM field f
    WHERE f.is_required
    AND CASE f.name WHEN 'product' THEN t.product = '' WHEN 'tags' THEN t.tags = '{}'
                    WHEN 'group' THEN t.technician_group IS NULL WHEN 'technician' THEN t.assignee IS NULL
                    WHEN 'customer' THEN t.customer IS NULL
                    ELSE f.kind <> 'built-in' AND NOT t.custom ? f.name END
$$;

-- Is it a value that the field takes, in its canonical form? (desk/field_value makes that form.)
CREATE FUNCTION field_takes(f field, value text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE f.kind WHEN 'text' THEN value <> '' AND char_length(value) <= 1000
                       WHEN 'choice' THEN value = ANY (f.choices)
                       WHEN 'number' THEN value ~ '^-?(0|[1-9][0-9]{0,14})(\.[0-9]{0,5}[1-9])?$'
                       WHEN 'date' THEN value ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' END
$$;

CREATE PROCEDURE ticket_write(t ticket) LANGUAGE sql AS $$
    UPDATE ticket SET status = t.status, status_name = t.status_name, type = t.type, priority = t.priority,
        impact = t.impact, product = t.product, tags = t.tags, technician_group = t.technician_group,
        subject = t.subject, assignee = t.assignee, requester = t.requester, customer = t.customer,
        custom = t.custom, closed_at = t.closed_at, activity_status = t.activity_status, updated_at = t.updated_at
    WHERE id = t.id
$$;

-- Make the changes in their order; each real one is an activity, and what cannot be is one too ("not-changed"), since a
-- rule's mistake must not keep a mail from being filed. Gives back why what was not possible.
CREATE FUNCTION ticket_change(tickets bigint[], fields text[], names text[], vals text[], ids bigint[],
                              removals boolean[], picks text[], people bigint[], actors text[], mails bigint[],
                              rules text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    t       ticket; -- as it will be
    c       record;
    f       field;
    what    text;   -- the activity
    was     text;
    becomes text;
    why     text;   -- it is not possible
    base    text;
    target  bigint;
    refused text[] := '{}';
BEGIN
    FOR c IN SELECT * FROM unnest(tickets, fields, names, vals, ids, removals, picks, people, actors, mails, rules)
             AS u (ticket, field, name, value, id, is_removed, pick, person, actor, mail, rule) LOOP
        IF t.id IS DISTINCT FROM c.ticket THEN
            IF t.id IS NOT NULL THEN
                CALL ticket_write(t);
            END IF;
            SELECT * INTO t FROM ticket WHERE ticket.id = c.ticket FOR UPDATE;
            CONTINUE WHEN NOT FOUND; -- erased
        END IF;
        what := c.field;
        was := NULL;
        becomes := c.value;
        why := NULL;
        target := NULL;

        -- a technician's first act
        IF t.activity_status = 'unread' AND c.rule IS NULL AND
           (c.actor IS NOT NULL OR EXISTS (SELECT FROM person p WHERE p.id = c.person AND p.is_technician)) THEN
            t.activity_status := 'read';
        END IF;

        CASE c.field
        WHEN 'status' THEN
            was := coalesce(t.status_name, t.status);
            SELECT s.maps_to INTO base FROM ticket_status s WHERE s.name = c.value;
            IF base IS NULL AND c.value IN ('open', 'pending', 'resolved', 'closed') THEN
                base := c.value;
            END IF;
            IF base IS NULL THEN
                why := 'there is no such status';
            ELSIF base IN ('resolved', 'closed') AND t.status NOT IN ('resolved', 'closed')
                  AND ticket_missing(t) IS NOT NULL THEN
                why := 'a required field is empty: ' || ticket_missing(t);
            ELSIF c.value <> was THEN
                t.status_name := CASE WHEN base <> c.value THEN c.value END;
                t.closed_at := CASE WHEN base <> 'closed' THEN NULL ELSE coalesce(t.closed_at, now()) END;
                t.status := base;
            END IF;
        WHEN 'type' THEN
            was := t.type;
            IF c.value IN ('incident', 'problem', 'request', 'change') THEN
                t.type := c.value;
            ELSE
                why := 'there is no such type';
            END IF;
        WHEN 'priority' THEN
            was := t.priority;
            IF c.value IN ('low', 'medium', 'high', 'critical') THEN
                t.priority := c.value;
            ELSE
                why := 'there is no such priority';
            END IF;
        WHEN 'impact' THEN
            was := t.impact;
            IF c.value IN ('minor', 'moderate', 'major', 'extensive') THEN
                t.impact := c.value;
            ELSE
                why := 'there is no such impact';
            END IF;
        WHEN 'product' THEN
            was := nullif(t.product, '');
            becomes := nullif(c.value, '');
            IF char_length(c.value) > 255 THEN
                why := 'it is too long';
            ELSE
                t.product := coalesce(c.value, '');
            END IF;
        WHEN 'tag' THEN
            what := CASE WHEN c.is_removed THEN 'untagged' ELSE 'tagged' END;
            was := CASE WHEN c.value = ANY (t.tags) THEN c.value END;
            becomes := CASE WHEN NOT c.is_removed THEN c.value END;
            IF coalesce(c.value, '') = '' OR char_length(c.value) > 40 THEN
                why := 'it is no tag';
            ELSIF c.is_removed THEN
                t.tags := array_remove(t.tags, c.value);
            ELSIF was IS NULL AND cardinality(t.tags) >= 100 THEN
                why := 'the ticket has 100 tags';
            ELSIF was IS NULL THEN
                t.tags := ARRAY(SELECT tag FROM unnest(t.tags || c.value) AS tag ORDER BY tag COLLATE "C");
            END IF;
        WHEN 'group' THEN
            what := CASE WHEN c.id IS NULL THEN 'ungrouped' ELSE 'grouped' END;
            was := (SELECT g.name FROM technician_group g WHERE g.id = t.technician_group);
            becomes := (SELECT g.name FROM technician_group g WHERE g.id = c.id);
            IF becomes IS NULL AND c.id IS NOT NULL THEN
                why := 'there is no such group';
            ELSE
                t.technician_group := c.id;
            END IF;
        WHEN 'title' THEN
            was := t.subject;
            IF coalesce(c.value, '') = '' OR char_length(c.value) > 255 THEN
                why := 'a title has 1 to 255 characters';
            ELSIF c.value <> was THEN
                t.subject := c.value;
                UPDATE ticket_words w SET is_stale = true WHERE w.ticket = t.id;
            END IF;
        WHEN 'assignee' THEN
            target := CASE WHEN c.pick IS NULL THEN c.id END;
            IF c.pick IS NOT NULL AND EXISTS (SELECT FROM technician_group g WHERE g.id = c.id) THEN
                target := group_pick(c.id, c.pick, t.id);
            END IF;
            what := CASE WHEN target IS NULL THEN 'unassigned' ELSE 'assigned' END;
            was := (SELECT p.name FROM person p WHERE p.id = t.assignee);
            becomes := (SELECT p.name FROM person p WHERE p.id = target AND p.is_technician AND NOT p.is_disabled);
            IF c.pick IS NOT NULL AND target IS NULL THEN
                why := 'nobody of the group is there';
            ELSIF becomes IS NULL AND target IS NOT NULL AND target IS DISTINCT FROM t.assignee THEN
                why := 'he is no technician, or disabled';
            ELSIF target IS NOT DISTINCT FROM t.assignee THEN
                becomes := was;
            ELSIF was = becomes THEN -- of the same name
                was := was || ' (' || t.assignee || ')';
            END IF;
            IF why IS NULL THEN
                t.assignee := target;
            END IF;
        WHEN 'requester' THEN
            was := (SELECT p.name FROM person p WHERE p.id = t.requester);
            becomes := (SELECT p.name FROM person p WHERE p.id = c.id);
            IF becomes IS NULL THEN
                why := 'there is no such person';
            ELSIF c.id <> t.requester AND was = becomes THEN
                was := was || ' (' || t.requester || ')';
            END IF;
            IF why IS NULL THEN
                t.requester := c.id;
            END IF;
        WHEN 'customer' THEN
            was := (SELECT u.name FROM customer u WHERE u.id = t.customer);
            becomes := (SELECT u.name FROM customer u WHERE u.id = c.id);
            IF becomes IS NULL AND c.id IS NOT NULL THEN
                why := 'there is no such customer';
            ELSE
                t.customer := c.id;
            END IF;
        WHEN 'field' THEN
            what := 'field ' || c.name;
            was := t.custom ->> c.name;
            SELECT * INTO f FROM field WHERE field.name = c.name AND field.kind <> 'built-in';
            IF f.name IS NULL THEN
                why := 'there is no such field';
            ELSIF c.value IS NOT NULL AND NOT field_takes(f, c.value) THEN
                why := 'it is no ' || f.kind || ' that the field takes';
            ELSIF c.value IS NULL THEN
                t.custom := t.custom - c.name;
            ELSE
                t.custom := t.custom || jsonb_build_object(c.name, c.value);
            END IF;
        END CASE;

        IF why IS NOT NULL THEN
            becomes := concat_ws(' ', coalesce(c.name, c.field), coalesce(becomes, c.value)) || ': ' || why;
            refused := refused || becomes;
            INSERT INTO activity (ticket, what, to_value, person, actor, mail, rule)
            VALUES (t.id, 'not-changed', becomes, c.person, c.actor, c.mail, c.rule);
        ELSIF was IS DISTINCT FROM becomes THEN
            t.updated_at := now();
            INSERT INTO activity (ticket, what, from_value, to_value, person, actor, mail, rule)
            VALUES (t.id, what, was, becomes, c.person, c.actor, c.mail, c.rule);
        END IF;
    END LOOP;
    IF t.id IS NOT NULL THEN
        CALL ticket_write(t);
    END IF;
    RETURN refused;
END $$;

-- ---- words for the search -------------------------------------------------------------------

-- Filled shortly after by tend, so that the way of a mail pays nothing (store/search).
CREATE TABLE comment_words (
    comment bigint PRIMARY KEY REFERENCES comment ON DELETE CASCADE,
    ticket  bigint NOT NULL,
    words   tsvector NOT NULL
);
CREATE INDEX comment_words_words ON comment_words USING gin (words);
CREATE TABLE ticket_words (
    ticket   bigint PRIMARY KEY REFERENCES ticket ON DELETE CASCADE,
    words    tsvector NOT NULL,
    is_stale boolean NOT NULL DEFAULT false -- the title was changed
);
CREATE INDEX ticket_words_words ON ticket_words USING gin (words);
CREATE INDEX ticket_words_stale ON ticket_words (ticket) WHERE is_stale;
INSERT INTO operator_right (object, privileges) VALUES ('ticket_words', 'UPDATE');

-- How far that is: everything up to these numbers is there, in this language.
CREATE TABLE search_state (
    is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
    language  text NOT NULL,
    comment   bigint NOT NULL DEFAULT 0,
    ticket    bigint NOT NULL DEFAULT 0
);
INSERT INTO search_state (language) VALUES ('simple');
