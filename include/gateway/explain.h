/* What would become of a mail: a file decided against the desk as it is now, with nothing changed. */
#ifndef GATEWAY_EXPLAIN_H
#define GATEWAY_EXPLAIN_H

#include <glib.h>

#include "db/conn.h"
#include "desk/plan.h"
#include "desk/records.h"
#include "gateway/rule_book.h"
#include "message/facts.h"

struct explanation {
    char *refusal;           /* own: why the parser would not read it; NULL: it did */
    struct facts *facts;     /* own: NULL with a refusal */
    struct records *records; /* own: NULL with a refusal */
    struct plan *plan;       /* own: never NULL */
    struct rule_book *book;  /* own: the rules that it was decided by */
    GPtrArray *trace;        /* own: char *: what rules saw and did; NULL: nobody wanted it */
    mail_id already;         /* the same mail is filed as this one; 0: it is not */
};
void explanation_free(struct explanation *explanation);
DEFINE_OWNED(explanation, explanation_free)

/* Decide raw as if it came through mailbox now (0: the desk's first): parsed in the jail, read in a READ ONLY
 * transaction; its own fingerprint and Message-ID are ignored.
 *
 * ST_NOT_FOUND  no such mailbox, or none at all */
MUST_CHECK enum status explain_file(struct conn *conn, GBytes *raw, mailbox_id mailbox,
                                    struct explanation **explanation_out, struct err *err);

/* The same by other rules (*rules is consumed; NULL: the live ones), with a trace of what they saw and did. */
MUST_CHECK enum status explain_try(struct conn *conn, GBytes *raw, mailbox_id mailbox,
                                   struct rules **rules, struct explanation **explanation_out,
                                   struct err *err);

#endif
