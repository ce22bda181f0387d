-- Large mails that wait: an intake takes one only while no other of its host has one (store/inbound.c).
CREATE INDEX inbound_mail_large ON inbound_mail (id) WHERE state = 'received' AND bytes > 4194304;
