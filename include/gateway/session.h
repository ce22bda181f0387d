/* SMTP sessions of a sender: one a mailbox, kept open, and left alone for a while when its server is away. */
#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/config.h"
#include "core/err.h"
#include "db/conn.h"
#include "net/smtp.h"
#include "store/outbound_due.h"

struct sessions;
struct session;

/* config is borrowed for as long as the sessions live. */
struct sessions *sessions_new(const struct config *config);
void sessions_free(struct sessions *sessions);
DEFINE_OWNED(sessions, sessions_free)

/* The mailboxes whose server is away and not to be tried yet: mailbox_id; own. */
GArray *sessions_away(const struct sessions *sessions);

/* The session of a mailbox; made where there is none, made anew when its account has changed. Never NULL. */
struct session *sessions_find(struct sessions *sessions, const struct due_mailbox *mailbox);

/* Send one mail to one recipient; statuses are those of submit_send(). What is the server's or the network's
 * fault (ST_TEMPFAIL, ST_DENIED, ST_FATAL) begins or goes on with an outage: logged once, when it begins and when
 * it is over. A mail that the hook has stopped, which sets *is_stopped, is nobody's fault. */
MUST_CHECK enum status session_send(struct session *session, const struct submit_mail *mail,
                                    const bool *is_stopped, struct submit_result *result,
                                    struct err *err);

/* Say in the database how its server does (gateway/health), if it was tried. */
void session_tell(struct session *session, struct conn *conn);

bool session_is_away(const struct session *session);

/* The largest mail that the server takes, as it said last; 0: it named no limit, or was not asked yet. */
int64_t session_server_bytes(const struct session *session);

/* How long the server took lately at its slowest to answer the end of a mail. */
int64_t session_slowest_us(const struct session *session);

#endif
