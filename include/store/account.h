/* Mailboxes, as the command line enters and lists them. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

/* Columns: id, address, name, imap_host, imap_port, imap_user, imap_security, smtp_host, smtp_port, smtp_user,
 * smtp_security, secret, trust, authserv_id, own_hosts (text[]), technician_proof, has_subaddresses,
 * taken_from, is_enabled, created_at. By address. */
MUST_CHECK enum status account_store_list(struct tx *tx, struct rows **rows_out, struct err *err);

/* The mailbox with that address (its key) or number; the same columns.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status account_store_find(struct tx *tx, const char *address_or_id,
                                          struct rows **rows_out, struct err *err);

/* What fetch has taken. Columns: folder, uidvalidity, last_uid, fetched. */
MUST_CHECK enum status account_store_folders(struct tx *tx, mailbox_id mailbox,
                                             struct rows **rows_out, struct err *err);

/* A mailbox to be entered; everything borrowed. */
struct mailbox_entry {
    const char *address; /* as a key */
    const char *name;
    const char *imap_host;
    int imap_port;
    const char *imap_user;
    const char *imap_security; /* "tls", "starttls", "insecure" */
    const char *smtp_host;
    int smtp_port;
    const char *smtp_user; /* NULL: no login */
    const char *smtp_security;
    const char *secret;
    const char *trust;       /* "none", "authserv-id", "google", "microsoft365" */
    const char *authserv_id; /* NULL */
    const char *const *own_hosts;
    size_t own_host_count;
    bool has_subaddresses;
    bool takes_existing; /* else mail that arrived before now is left alone */
};

/* actor, here and below, is who does it, for the log of changes. Roles are told at once.
 *
 * ST_INVALID  there is a mailbox with that address */
MUST_CHECK enum status account_store_add(struct tx *tx, const char *actor,
                                         const struct mailbox_entry *entry, mailbox_id *mailbox_out,
                                         struct err *err);

/* What is to be another; borrowed; a member that is NULL stays as it is. */
struct mailbox_change {
    const char *name;
    const char *trust; /* with authserv_id, which is NULL for all but "authserv-id" */
    const char *authserv_id;
    const GPtrArray *own_hosts;   /* const char * */
    const char *technician_proof; /* "auth", "token" */
    const char *has_subaddresses; /* "yes", "no" */
    const char *is_enabled;       /* "yes", "no" */
};

/* ST_NOT_FOUND  there is no such mailbox */
MUST_CHECK enum status account_store_change(struct tx *tx, const char *actor, mailbox_id mailbox,
                                            const struct mailbox_change *change, struct err *err);

#endif
