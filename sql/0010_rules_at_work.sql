-- What rules leave behind: notes that nobody wrote, and mail that they hold.

-- A note of a rule has no author but the rule.
ALTER TABLE comment
    ALTER author DROP NOT NULL,
    ADD rule text, -- its name
    ADD CHECK (author IS NOT NULL OR (rule IS NOT NULL AND kind = 'note'));

ALTER TABLE inbound_mail
    DROP CONSTRAINT inbound_mail_held_for_check,
    ADD CONSTRAINT inbound_mail_held_for_check
        CHECK (held_for IN ('claim', 'forged', 'shape', 'sender', 'flood', 'main-contact', 'parser', 'rule'));

-- rules of the time ask for these, page by page
CREATE INDEX ticket_not_closed ON ticket (id) WHERE status <> 'closed';
