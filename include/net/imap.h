/* One IMAP session to one mailbox: for the role fetch and for `postdesk audit --imap`.
 *
 * Folder names are UTF-8 here and modified UTF-7 on the wire. A session works until something other
 * than an ordinary NO happens; from then on every call gives ST_TEMPFAIL at once (imapbox_is_broken),
 * and the caller opens a new one. UIDs that were not asked for are never given back.
 *
 * Statuses of all functions that talk to the server:
 * ST_TEMPFAIL  network, time, a server that is shutting down or talks nonsense, or a NO without a
 *              meaning of its own
 * ST_DENIED    the server says that we may not
 * ST_FATAL     certificate, TLS or options: the text names the exact cause
 */
#ifndef NET_IMAP_H
#define NET_IMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"
#include "net/stream.h"

struct imapbox;

struct imapbox_options {
    const char *host;
    uint16_t port;
    enum stream_security security;
    const char *user;
    const char *password;
    const char *ca_file; /* NULL: the system's CAs */
    const char *pin;     /* as in stream_options */
    int wake_fd; /* readable: the command under way fails and the session is broken; -1: none */
    int64_t timeout_ms; /* of one command; 0: LIMIT_COMMAND_MS */
};

/* Connect, verify TLS, log in. User and password may hold printable ASCII only.
 *
 * ST_DENIED  user name or password refused, with a hint */
MUST_CHECK enum status imapbox_open(const struct imapbox_options *options, struct imapbox **box_out,
                                    struct err *err);

/* Say LOGOUT (at most LIMIT_LOGOUT_MS) and free; NULL is fine. */
void imapbox_close(struct imapbox *box);
DEFINE_OWNED(imapbox, imapbox_close)

bool imapbox_is_broken(const struct imapbox *box);

/* When the certificate of the server ends, in microseconds since 1970; 0: it has none. */
int64_t imapbox_certificate_until_us(const struct imapbox *box);

/* What the server can do, as it said after the login. */
struct imapbox_abilities {
    bool has_move;        /* RFC 6851 */
    bool has_uidplus;     /* RFC 4315 */
    bool has_idle;        /* RFC 2177 */
    bool has_special_use; /* RFC 6154 */
};
const struct imapbox_abilities *imapbox_abilities(const struct imapbox *box);

/* A folder as SELECT showed it. */
struct imapbox_folder {
    uint32_t uidvalidity;
    uint32_t uidnext; /* 0: the server did not say */
    uint32_t exists;
    bool is_read_only;
};

/* Open a folder to work in it, or only to look (EXAMINE changes nothing, not even \Recent).
 *
 * ST_NOT_FOUND  there is no such folder; the session goes on */
MUST_CHECK enum status imapbox_select(struct imapbox *box, const char *folder,
                                      struct imapbox_folder *folder_out, struct err *err);
MUST_CHECK enum status imapbox_examine(struct imapbox *box, const char *folder,
                                       struct imapbox_folder *folder_out, struct err *err);

/* Make a folder unless there is one. Does not change which folder is open. */
MUST_CHECK enum status imapbox_ensure_folder(struct imapbox *box, const char *folder,
                                             struct err *err);

/* The folder that the server marks with a special use such as "\\Junk" (RFC 6154).
 *
 * ST_NOT_FOUND  none is marked, or the server has no such marks */
MUST_CHECK enum status imapbox_find_special(struct imapbox *box, const char *use, char **folder_out,
                                            struct err *err);

/* A mail of the open folder. */
struct imapbox_mail {
    uint32_t uid;
    uint32_t size;           /* RFC822.SIZE, as announced */
    int64_t internal_date_s; /* INTERNALDATE, seconds since 1970 UTC; 0: the server did not say */
};

/* The mails with first_uid <= uid <= last_uid (UINT32_MAX: to the end), by rising UID: an array of
 * struct imapbox_mail. Large folders are asked for in windows. */
MUST_CHECK enum status imapbox_list(struct imapbox *box, uint32_t first_uid, uint32_t last_uid,
                                    GArray **mails_out, struct err *err);

/* The whole text of mails from imapbox_list: bodies_out[i] is that of mails[i], owned by the caller,
 * or NULL if the mail is gone. One command; so at most LIMIT_BATCH_MAILS mails, and of about
 * LIMIT_BATCH_BYTES together, or one mail of any size. Sets no \Seen. */
MUST_CHECK enum status imapbox_fetch_bodies(struct imapbox *box, const struct imapbox_mail *mails,
                                            size_t count, GBytes **bodies_out, struct err *err);

/* The same for the header block only, with the empty line at its end, and of it the first max_bytes: one that has so
 * many is probably longer. */
MUST_CHECK enum status imapbox_fetch_headers(struct imapbox *box, const struct imapbox_mail *mails,
                                             size_t count, uint32_t max_bytes, GBytes **headers_out,
                                             struct err *err);

/* The first max_bytes of one mail.
 *
 * ST_NOT_FOUND  the mail is gone */
MUST_CHECK enum status imapbox_fetch_head(struct imapbox *box, uint32_t uid, uint32_t max_bytes,
                                          GBytes **head_out, struct err *err);

/* Where moved mails went. */
struct imapbox_moved {
    uint32_t uidvalidity; /* of the target; 0: the server does not say (no UIDPLUS) */
    uint32_t *new_uids;   /* borrowed: from the caller, one for each mail moved; 0: unknown */
};

/* Move mails of the open folder (uids rising, at most LIMIT_MOVE_MAILS; those that are gone are passed
 * over). Without MOVE they are copied and expunged, which needs UIDPLUS: a plain EXPUNGE would remove
 * what others have marked as deleted.
 *
 * ST_NOT_FOUND  there is no such folder
 * ST_FATAL      the server has neither MOVE nor UIDPLUS */
MUST_CHECK enum status imapbox_move(struct imapbox *box, const uint32_t *uids, size_t count,
                                    const char *folder, struct imapbox_moved *moved,
                                    struct err *err);

/* Remove mails of the open folder for good: just these, and none that others have marked as deleted.
 *
 * ST_FATAL  the server lacks UIDPLUS */
MUST_CHECK enum status imapbox_expunge(struct imapbox *box, const uint32_t *uids, size_t count,
                                       struct err *err);

/* How many mails are in the open folder now (NOOP). */
MUST_CHECK enum status imapbox_noop(struct imapbox *box, uint32_t *exists_out, struct err *err);

enum imapbox_news { IMAPBOX_NOTHING, IMAPBOX_NEWS, IMAPBOX_WOKEN };

struct imapbox_wait {
    int64_t max_ms;  /* how long to wait */
    int64_t poll_ms; /* ask with NOOP this often as well; 0: never, but each second without IDLE */
    int wake_fd;     /* readable: come back, the session stays usable; -1: none */
};

/* Wait until the open folder may hold something new. IDLE where the server has it and poll_ms is not
 * below a second; some servers batch what IDLE tells (Dovecot: half a second), NOOP is answered at
 * once. IMAPBOX_NEWS may be said for nothing: look, then wait again. */
MUST_CHECK enum status imapbox_wait(struct imapbox *box, const struct imapbox_wait *wait,
                                    enum imapbox_news *news_out, struct err *err);

#endif
