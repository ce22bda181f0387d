/* What the files of gateway/fetch share. Nobody else includes this. */
#ifndef GATEWAY_FETCH_SESSION_H
#define GATEWAY_FETCH_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"
#include "db/conn.h"
#include "db/tx.h"
#include "desk/records.h"
#include "gateway/fetch.h"
#include "gateway/health.h"
#include "gateway/outage.h"
#include "gateway/tenure.h"
#include "net/imap.h"
#include "store/desk.h"
#include "store/inbound.h"

/* Who caused the failure that is being handed up. */
enum fetch_culprit { FETCH_IMAP, FETCH_DATABASE };

struct fetch {
    const struct config *config; /* borrowed */
    mailbox_id mailbox;
    struct conn *conn;               /* own */
    struct mailbox_account *account; /* own: NULL without a session */
    struct imapbox *box;             /* own: the session; NULL: none */
    struct tenure tenure;
    struct outage database;
    struct outage imap;
    struct outage moving; /* mail comes in, but the server does not move it */
    struct health imap_health;
    struct health move_health;
    struct health database_health;
    enum fetch_culprit culprit;
    bool is_standing_by; /* somebody else reads the mailbox, and that was logged */

    /* The folder, as this session sees it. */
    struct inbound_folder folder;
    int64_t next_uid;         /* the first that was not looked at */
    int64_t refused_uid;      /* the lowest that the server would not give; 0: none */
    int64_t refused_until_us; /* monotonic: when to ask for it again */
    bool has_unmoved;         /* there may be rows that wait for their move */
    int64_t move_after_us;    /* monotonic: not before */

    /* The folder marked Junk. */
    char *junk;               /* own: its name; NULL: there is none, or it cannot be read */
    int64_t junk_uidvalidity; /* when it was open last */
    int64_t junk_after_us;    /* monotonic: when to look at it */
    bool awaits_verdicts;     /* headers of it are not judged yet */

    int64_t clean_after_us; /* monotonic: when to remove what was processed long ago */
};

/* A transaction of fetch: tx_run, and the database is to blame for its failure. */
MUST_CHECK enum status fetch_tx(struct fetch *fetch, tx_body body, void *arg, struct err *err);

/* Between two steps: renew the lease if it is time to. ST_NOT_FOUND  it is lost */
MUST_CHECK enum status fetch_keep_lease(struct fetch *fetch, struct err *err);

/* Take everything that is new in the folder (in fetch_take.c). Comes back
 * early when a stop is requested. */
MUST_CHECK enum status fetch_take(struct fetch *fetch, struct err *err);

/* Take the listed mails of the folder, which is looked at up to last_uid then (in fetch_take.c). */
MUST_CHECK enum status fetch_take_these(struct fetch *fetch, const GArray *mails, int64_t last_uid,
                                        struct err *err);

/* Take those out of the list that are from before the moment from which mail is taken. */
void fetch_leave_old_alone(const struct fetch *fetch, GArray *mails);

/* Move every mail that has its row out of the folder (in fetch_move.c). A server that will not move is
 * logged and no failure: mail must go on coming in. */
MUST_CHECK enum status fetch_move(struct fetch *fetch, struct err *err);

/* Mails whose rows wait for a move but that are gone from the folder: look for them among the newest of
 * `folder` (in fetch_locate.c). gone: GArray of struct unmoved_mail; those that are found leave it and
 * come to moved (GArray of struct moved_mail), which holds what is known already. The session's
 * folder is open again afterwards. */
MUST_CHECK enum status fetch_locate(struct fetch *fetch, const char *folder, GArray *gone,
                                    GArray *moved, struct err *err);

/* Which folder is the one marked Junk, if any (in fetch_junk.c). */
MUST_CHECK enum status fetch_find_junk(struct fetch *fetch, struct err *err);

/* Look at Junk, if it is time to: then the session's folder was left and opened again. */
MUST_CHECK enum status fetch_junk(struct fetch *fetch, bool *has_visited_out, struct err *err);

/* Remove mail that was processed long ago, if it is time to and the server can remove just that (in
 * fetch_clean.c): then the session's folder was left and opened again. */
MUST_CHECK enum status fetch_clean(struct fetch *fetch, bool *has_visited_out, struct err *err);

/* Read what the database knows of fetch->folder as it is numbered now (in fetch.c). */
MUST_CHECK enum status fetch_begin_folder(struct fetch *fetch, struct err *err);

/* Open the session's folder; ST_TEMPFAIL if it is not the one it was (in fetch.c). */
MUST_CHECK enum status fetch_reopen_folder(struct fetch *fetch, struct err *err);

#endif
