/* What is common to all mails of a moment: settings, token keys, mailboxes, the database's clock. */
#ifndef STORE_DESK_H
#define STORE_DESK_H

#include "db/tx.h"
#include "desk/records.h"
#include "desk/settings.h"
#include "desk/token.h"

/* How to reach a mailbox: for fetch, send and the command line. All strings own; security is the text of the
 * schema ("tls", "starttls", "insecure"). */
struct mailbox_account {
    mailbox_id id;
    char *address;
    char *imap_host;
    int imap_port;
    char *imap_user;
    char *imap_security;
    char *smtp_host;
    int smtp_port;
    char *smtp_user; /* NULL: no login */
    char *smtp_security;
    char *secret;
    int64_t taken_from_us; /* 0: everything is taken */
    bool is_enabled;
    bool keeps_mail;        /* it stays in INBOX, nothing is moved */
    char *processed_folder; /* where it goes else */
    char *oversize_folder;
    char *imap_pin; /* NULL: any key */
    char *smtp_pin;
};
void account_free(struct mailbox_account *account);
bool account_equal(const struct mailbox_account *a, const struct mailbox_account *b);

/* ST_NOT_FOUND  no such mailbox */
MUST_CHECK enum status desk_store_account(struct tx *tx, mailbox_id mailbox,
                                          struct mailbox_account **account_out, struct err *err);

/* The ids of the mailboxes that are enabled: GArray of mailbox_id, sorted. */
MUST_CHECK enum status desk_store_enabled(struct tx *tx, GArray **mailboxes_out, struct err *err);

/* The queries of one batch, and what they gave. */
struct desk_rows {
    struct rows *now;
    struct rows *settings;
    struct rows *keys;
    struct rows *mailboxes;
    struct rows *calendar;
};
void desk_store_queue(struct tx *tx, struct desk_rows *rows_out);
void desk_rows_clear(struct desk_rows *rows);

int64_t desk_store_now(const struct desk_rows *rows);

/* ST_INVALID  a setting in the database is wrong: the text says which */
MUST_CHECK enum status desk_store_settings(const struct desk_rows *rows,
                                           struct settings *settings_out, struct err *err);
void desk_store_keys(const struct desk_rows *rows, struct token_keys *keys_out);

/* Fill the record of the calendar, which calendar_init made. */
void desk_store_calendar(const struct desk_rows *rows, struct calendar_record *calendar);

/* Fill the record of a mailbox; false if it is not there. */
bool desk_store_mailbox(const struct desk_rows *rows, mailbox_id mailbox,
                        struct mailbox_record *out);

/* The address keys of all mailboxes and their aliases: own, char *. */
GPtrArray *desk_store_own_addresses(const struct desk_rows *rows);

#endif
