/* Notices: what the desk writes, made to bytes when it is sent (DESIGN 8). Pure. */
#ifndef GATEWAY_NOTICE_H
#define GATEWAY_NOTICE_H

#include <stdbool.h>

#include <glib.h>

#include "core/err.h"
#include "gateway/rule_book.h"
#include "store/outbound_due.h"

struct notice_mail {
    char *mail_from; /* own: the envelope's sender, with the bounce token */
    GBytes *bytes;   /* own */
};
void notice_mail_clear(struct notice_mail *mail);

/* Does the notice carry the files of the comment that it tells? Then load those that notice_fits() wants. */
bool notice_carries_files(const char *notice);

/* Is it somebody's own message to its recipient (and not news about one)? Then its author has to know when
 * it does not arrive. */
bool notice_is_personal(const char *notice);

/* Which of the mail's attachments travel: the first that fit together into the send limit, in order; the
 * others are listed in its text. A bool each; own. */
bool *notice_fitting_files(const struct outbound_due *due);

/* Write the mail, by the notices of the book (NULL: the program's own). The same input gives the same bytes. Attachments without content are named as left out.
 *
 * ST_INVALID  it cannot be sent, ever: an unknown notice, a note or an unverified text on the way to
 *             somebody who must not have it, an address that is none */
MUST_CHECK enum status notice_render(const struct outbound_due *due, const struct rule_book *book,
                                     struct notice_mail *mail_out, struct err *err);

/* May a rule send the notice or template of this name as an answer? Those may that tell nobody else's words and need no
 * more than a ticket. notice_answers: those of the program; char *, own. */
bool notice_can_answer(const char *notice);
GPtrArray *notice_answers(void);

/* The program's own notices: their names ("en/receipt.txt"; char *, own), and the text of one. */
GPtrArray *notice_own_files(void);
const char *notice_own_text(const char *name);

/* Every template once, with every value there and every value absent; for the tests.
 *
 * ST_INVALID  the text says which template is wrong, and where */
MUST_CHECK enum status notice_check_templates(struct err *err);

#endif
