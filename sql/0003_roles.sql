-- Who may do what with the command line: three roles of the database, so that PostgreSQL itself refuses.
--
-- postdesk_viewer reads everything but secrets, postdesk_operator works on tickets and held mail, postdesk_admin changes
-- everything. An admin lets a login in by GRANT postdesk_operator TO somebody. The owner of the tables
-- (the daemon's login) needs none of them.
--
-- What a role gets is computed from the tables as they are, by postdesk_grant(), which `postdesk migrate` calls after
-- each run: new tables and columns are seen by viewers and changed by admins without a word about them.
-- A later migration only has to say two things, by rows of the tables below: what is a secret, and what operators
-- may write.

-- Columns that viewers never see; a table is one whose columns are all named.
CREATE TABLE secret_column (
    table_name  text NOT NULL,
    column_name text NOT NULL,
    PRIMARY KEY (table_name, column_name)
);
-- Who knows a token can use it, and who knows a nonce and a key can make one. Message-IDs of ours are tokens.
INSERT INTO secret_column (table_name, column_name)
VALUES ('token_key', 'slot'), ('token_key', 'secret'), ('token_key', 'created_at'),
       ('ticket', 'nonce'), ('inbound_mail', 'nonce'),
       ('outbound_mail', 'nonce'), ('outbound_mail', 'message_id'), ('outbound_mail', 'reply_token'),
       ('outbound_mail', 'bounce_token');

-- What operators may write, besides reading all: mails that they cause have to be signed.
CREATE TABLE operator_right (
    object     text PRIMARY KEY, -- "ticket", "SEQUENCE ticket_id"
    privileges text NOT NULL
);
INSERT INTO operator_right (object, privileges)
VALUES ('ticket', 'INSERT, UPDATE'), ('participant', 'INSERT, UPDATE, DELETE'),
       ('ticket_link', 'INSERT, UPDATE, DELETE'), ('comment', 'INSERT'), ('attachment', 'INSERT'),
       ('blob', 'INSERT'), ('blob_chunk', 'INSERT'), ('thread_key', 'INSERT, UPDATE'),
       ('outbound_mail', 'INSERT, UPDATE'), ('activity', 'INSERT'), ('inbound_mail', 'UPDATE'),
       ('change_log', 'INSERT (actor, object, object_id, what, field, old_value, new_value)'),
       ('SEQUENCE ticket_id', 'USAGE'), ('SEQUENCE comment_id', 'USAGE'),
       ('SEQUENCE outbound_mail_id', 'USAGE');

-- What nobody but the owner changes, and history, to which one only adds. when and role of the log of changes
-- are the database's word: nobody may insert them.
CREATE TABLE admin_limit (
    table_name text PRIMARY KEY,
    privileges text NOT NULL -- instead of all; '': none but SELECT
);
INSERT INTO admin_limit (table_name, privileges)
VALUES ('schema_migration', ''), ('secret_column', ''), ('operator_right', ''), ('admin_limit', ''),
       ('activity', 'INSERT'),
       ('change_log', 'INSERT (actor, object, object_id, what, field, old_value, new_value)');

-- Make the roles that are missing, and grant. Gives back the names of those that could not be made.
CREATE FUNCTION postdesk_grant() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    home    text := current_schema();
    wanted  text;
    item    record;
    missing text[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(7021, 3); -- two at once would change the same rows of the catalogue

    FOREACH wanted IN ARRAY ARRAY['postdesk_viewer', 'postdesk_operator', 'postdesk_admin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN %s', wanted,
                               CASE wanted WHEN 'postdesk_operator' THEN 'IN ROLE postdesk_viewer'
                                           WHEN 'postdesk_admin' THEN 'IN ROLE postdesk_operator'
                                           ELSE '' END);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL; -- the desk of another database was faster
                WHEN insufficient_privilege OR undefined_object THEN missing := missing || wanted;
            END;
        END IF;
    END LOOP;
    IF missing = '{}' AND NOT (pg_has_role('postdesk_admin', 'postdesk_operator', 'USAGE')
                               AND pg_has_role('postdesk_operator', 'postdesk_viewer', 'USAGE')) THEN
        BEGIN -- somebody made them by hand
            GRANT postdesk_viewer TO postdesk_operator;
            GRANT postdesk_operator TO postdesk_admin;
        EXCEPTION
            WHEN insufficient_privilege THEN missing := '{postdesk_operator,postdesk_admin}';
        END;
    END IF;
    IF missing <> '{}' THEN
        RETURN missing; -- the roles are for nobody until all are there
    END IF;

    EXECUTE format('GRANT USAGE ON SCHEMA %I TO postdesk_viewer', home);
    -- viewers: every column that is no secret
    FOR item IN
        SELECT c.relname, count(s.column_name) AS secrets,
               string_agg(quote_ident(a.attname), ', ') FILTER (WHERE s.column_name IS NULL) AS columns
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN secret_column s ON s.table_name = c.relname AND s.column_name = a.attname
        WHERE c.relnamespace = home::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
        GROUP BY c.relname
    LOOP
        IF item.secrets = 0 THEN
            EXECUTE format('GRANT SELECT ON %I.%I TO postdesk_viewer', home, item.relname);
        ELSE
            EXECUTE format('REVOKE SELECT ON %I.%I FROM postdesk_viewer', home, item.relname);
            IF item.columns IS NOT NULL THEN
                EXECUTE format('GRANT SELECT (%s) ON %I.%I TO postdesk_viewer', item.columns, home, item.relname);
            END IF;
            EXECUTE format('GRANT SELECT ON %I.%I TO postdesk_operator', home, item.relname);
        END IF;
    END LOOP;
    FOR item IN SELECT * FROM operator_right LOOP
        EXECUTE format('GRANT %s ON %s TO postdesk_operator', item.privileges, item.object);
    END LOOP;
    -- admins: everything
    FOR item IN
        SELECT c.relname, coalesce(l.privileges, 'INSERT, UPDATE, DELETE') AS privileges
        FROM pg_class c LEFT JOIN admin_limit l ON l.table_name = c.relname
        WHERE c.relnamespace = home::regnamespace AND c.relkind IN ('r', 'p')
    LOOP
        IF item.privileges <> '' THEN
            EXECUTE format('GRANT %s ON %I.%I TO postdesk_admin', item.privileges, home, item.relname);
        END IF;
    END LOOP;
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO postdesk_admin', home);
    RETURN missing;
END $$;
REVOKE EXECUTE ON FUNCTION postdesk_grant() FROM PUBLIC;

DO $$ BEGIN PERFORM postdesk_grant(); END $$;
