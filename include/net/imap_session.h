/* What the files of net/imap share. Nobody else includes this: it names libetpan's types. */
#ifndef NET_IMAP_SESSION_H
#define NET_IMAP_SESSION_H

#include <libetpan/libetpan.h>

#include "net/imap.h"
#include "net/imapgate.h"

struct imapbox {
    struct stream *stream; /* own */
    struct imapgate *gate; /* own */
    mailimap *etpan;       /* own; not to be touched but by *_free unless is_connected */
    char *host;            /* own */
    int64_t timeout_ms;
    struct imapbox_abilities abilities;
    bool is_connected; /* the greeting was read */
    bool is_broken;
};

/* Before every command: how many bytes its answer may have, and what a literal in it may (0: literals
 * are no mail). ST_TEMPFAIL if the session is broken. */
struct imapbox_budget {
    uint64_t max_bytes;
    size_t max_literal;
};
MUST_CHECK enum status imapbox_begin(struct imapbox *box, const struct imapbox_budget *budget,
                                     struct err *err);

/* After it: what libetpan's result means. doing completes "could not …"; if_no is what a NO without a
 * code of its own means here. Anything but OK and NO breaks the session. */
MUST_CHECK enum status imapbox_judge(struct imapbox *box, int result, enum status if_no,
                                     const char *doing, struct err *err);

/* Break the session because of what an answer said, with err's text. */
enum status imapbox_break(struct imapbox *box, struct err *err);

/* Has the server spoken of new mail since the folder was last listed? */
bool imapbox_has_news(const struct imapbox *box);
void imapbox_forget_news(struct imapbox *box);

/* Rising UIDs as the ranges that cover just them; owned by the caller. */
struct mailimap_set *imapbox_uid_set(const uint32_t *uids, size_t count);

/* An arbitrary string may be sent to the server as a command's argument: no CR, LF, NUL, 8-bit. */
MUST_CHECK enum status imapbox_check_text(const char *what, const char *text, struct err *err);

#endif
