-- What mail servers differ in, and what a mailbox is called besides its address.
ALTER TABLE mailbox
    ADD aliases          text[] COLLATE "C" NOT NULL DEFAULT '{}', -- keys: mail to them is mail to the mailbox
    ADD after_fetch      text NOT NULL DEFAULT 'move' CHECK (after_fetch IN ('move', 'keep')),
    ADD processed_folder text NOT NULL DEFAULT 'Processed' CHECK (processed_folder <> ''),
    ADD oversize_folder  text NOT NULL DEFAULT 'Oversize' CHECK (oversize_folder <> ''),
    ADD imap_pin         text, -- SHA-256 of the server's public key, in base64; NULL: any
    ADD smtp_pin         text,
    ADD CHECK (processed_folder <> oversize_folder);

-- Of the folder of processed mail: the first mail, by its id, that may not be removed from there yet.
ALTER TABLE mailbox_folder ADD kept_from bigint;
