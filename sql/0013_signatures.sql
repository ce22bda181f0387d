-- Where people are, for the dates that they read, and how technicians sign.

-- A zone is a name of the IANA list ("Europe/Berlin"), checked by the program; empty: that of the calendar.
ALTER TABLE person
    ADD zone      text NOT NULL DEFAULT '',
    ADD signature text NOT NULL DEFAULT '' CHECK (char_length(signature) <= 1000);
