/* Mailboxes, as the command line enters and lists them. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

/* Columns: id, address, name, imap_host, imap_port, imap_user, imap_security, smtp_host, smtp_port, smtp_user,
 * smtp_security, secret, trust, authserv_id, own_hosts (text[]), technician_proof, has_subaddresses,
 * taken_from, is_enabled, created_at, aliases (text[]), after_fetch, processed_folder, oversize_folder, imap_pin,
 * smtp_pin. By address. */
MUST_CHECK enum status account_store_list(struct tx *tx, struct rows **rows_out, struct err *err);

/* The mailbox with that address (its key) or number; the same columns.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status account_store_find(struct tx *tx, const char *address_or_id,
                                          struct rows **rows_out, struct err *err);

/* What fetch has taken. Columns: folder, uidvalidity, last_uid, fetched. */
MUST_CHECK enum status account_store_folders(struct tx *tx, mailbox_id mailbox,
                                             struct rows **rows_out, struct err *err);

/* What of a mailbox is a text. */
enum account_text {
    ACCOUNT_NAME,
    ACCOUNT_IMAP_HOST,
    ACCOUNT_IMAP_PORT,
    ACCOUNT_IMAP_USER,
    ACCOUNT_IMAP_SECURITY,
    ACCOUNT_SMTP_HOST,
    ACCOUNT_SMTP_PORT,
    ACCOUNT_SMTP_USER, /* "": no login */
    ACCOUNT_SMTP_SECURITY,
    ACCOUNT_SECRET,
    ACCOUNT_PROOF,       /* "auth", "token" */
    ACCOUNT_AFTER_FETCH, /* "move", "keep" */
    ACCOUNT_PROCESSED,
    ACCOUNT_OVERSIZE,
    ACCOUNT_IMAP_PIN, /* "": any key */
    ACCOUNT_SMTP_PIN,
    ACCOUNT_SUBADDRESSES, /* "yes", "no" */
    ACCOUNT_ENABLED,      /* "yes", "no" */
    ACCOUNT_TEXTS,
};

/* A mailbox to be entered; everything borrowed. */
struct mailbox_entry {
    const char *address; /* as a key */
    const char *texts[ACCOUNT_TEXTS];
    const char *trust;          /* "none", "authserv-id", "google", "microsoft365" */
    const char *authserv_id;    /* NULL */
    const GPtrArray *own_hosts; /* const char * */
    const GPtrArray *aliases;   /* const char *, as keys */
    bool takes_existing;        /* else mail that arrived before now is left alone */
};

/* actor, here and below, is who does it, for the log of changes. Roles are told at once.
 *
 * ST_INVALID  there is a mailbox with that address or alias */
MUST_CHECK enum status account_store_add(struct tx *tx, const char *actor,
                                         const struct mailbox_entry *entry, mailbox_id *mailbox_out,
                                         struct err *err);

/* What is to be another; borrowed; a member that is NULL stays as it is. */
struct mailbox_change {
    const char *texts[ACCOUNT_TEXTS];
    const char *trust; /* with authserv_id, which is NULL for all but "authserv-id" */
    const char *authserv_id;
    const GPtrArray *own_hosts; /* const char * */
    const GPtrArray *aliases;   /* const char *, as keys */
};

/* ST_INVALID    an alias is the address of another mailbox
 * ST_NOT_FOUND  there is no such mailbox */
MUST_CHECK enum status account_store_change(struct tx *tx, const char *actor, mailbox_id mailbox,
                                            const struct mailbox_change *change, struct err *err);

#endif
