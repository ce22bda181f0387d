/* Do a mailbox's trust profile, its Message-IDs and its sub-addresses hold? Mails that we send to it ourselves: a
 * genuine one, one to a sub-address, one forged. */
#ifndef GATEWAY_PROBE_H
#define GATEWAY_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/config.h"
#include "core/err.h"
#include "db/conn.h"
#include "desk/auth.h"
#include "desk/records.h"
#include "net/imap.h"
#include "net/smtp.h"
#include "store/desk.h"

enum probe_kind {
    PROBE_GENUINE,
    PROBE_DETAIL, /* genuine, to user+TOKEN@…; only where the mailbox has sub-addresses */
    PROBE_FORGED,
    PROBE_KINDS
};

/* What became of one. */
enum probe_fate {
    PROBE_NOT_SENT, /* nobody wanted it */
    PROBE_LOST,     /* it did not come in within the time */
    PROBE_REFUSED,  /* the server did not take it: detail says with what words */
    PROBE_JUDGED,   /* it came in; auth says what the profile makes of it */
};

struct probe_result {
    enum probe_fate fate;
    enum auth auth;
    bool is_renamed;   /* it came in, with another Message-ID than it was sent with */
    char *detail;      /* own: the reasons of the judgement, or of the refusal; "" */
    char *folder;      /* own: where it was found; "" when the daemon had taken it */
    char *became;      /* own: what the daemon made of it ("event"); "" */
    GPtrArray *stamps; /* own: char *, the Authentication-Results fields of it, newest first */
};
void probe_result_clear(struct probe_result *result);

struct probe_options {
    const struct config *config;
    const struct mailbox_account *account;
    const char *
        via_host; /* where the forged one is handed over, without login; NULL: the mailbox's SMTP */
    uint16_t via_port;
    int64_t wait_ms;
    bool is_forging; /* send the forged one, too */
};

/* Send, wait, judge, clear up. results: PROBE_KINDS of them, always filled; call probe_result_clear for each.
 *
 * Statuses as of the database, the IMAP and the SMTP server */
MUST_CHECK enum status probe_run(struct conn *conn, const struct probe_options *options,
                                 struct probe_result *results, struct err *err);

/* What the SMTP server says of itself; 0: it did not. */
struct probe_server {
    int64_t certificate_until_us;
    int64_t most_bytes; /* of a mail */
};

/* Connect to the mailbox's SMTP server, log in, offer a mail to the mailbox itself, and break off before it
 * exists. server_out may be NULL; is set whenever the server was reached. */
MUST_CHECK enum status probe_try_smtp(const struct config *config,
                                      const struct mailbox_account *account,
                                      struct probe_server *server_out, struct err *err);

/* The subject of a probe, which no other mail has: by it one is found over whose Message-ID somebody has written. Own. */
char *probe_mail_subject(enum probe_kind kind, outbound_id id);

/* The bytes of a probe (in probe_mail.c). message_id without brackets.
 *
 * ST_INVALID  an address that cannot be sent */
struct probe_mail {
    enum probe_kind kind;
    const struct mailbox_record *mailbox;
    const char *from;
    outbound_id id;
    const char *message_id;
    int64_t now_us;
};
MUST_CHECK enum status probe_mail_make(const struct probe_mail *mail, GBytes **bytes_out,
                                       struct err *err);

#endif
