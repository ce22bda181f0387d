/* The words of a notice, from what is stored with it. Pure. */
#ifndef GATEWAY_NOTICE_WORDS_H
#define GATEWAY_NOTICE_WORDS_H

#include <stdbool.h>

#include "core/err.h"
#include "desk/token.h"
#include "store/outbound_due.h"

/* What a reply to it will do; without a token the recipient is a contact. */
enum token_purpose notice_purpose(const struct outbound_due *due);

/* Is it one that only technicians get? */
bool notice_is_technicians(enum token_purpose purpose);

/* May the author be named to the recipient? A technician's name is a field that an admin can hide from contacts. */
bool notice_shows_author(const struct outbound_due *due);

/* A template, and the language that it is written in; all borrowed. */
struct notice_template {
    const char *language;
    const char *name; /* in errors */
    const char *contents;
};

/* Subject and body. tells: the words of its comment stand in it.
 *
 * ST_INVALID  the template is wrong */
MUST_CHECK enum status notice_words_render(const struct outbound_due *due, bool tells,
                                           const struct notice_template *source, char **subject_out,
                                           char **body_out, struct err *err);

/* Can the template be rendered, with every value and with none? */
MUST_CHECK enum status notice_words_check(const char *file, const char *contents, struct err *err);

#endif
