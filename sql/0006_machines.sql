-- Tickets that machines opened lately: those of senders whom nobody knows count for floods like a stranger's.
CREATE INDEX inbound_mail_machines ON inbound_mail (decided_at) WHERE outcome = 'new' AND role = 'machine';
