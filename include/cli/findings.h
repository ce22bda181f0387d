/* What an audit has to say: findings, for which somebody must act, and warnings. */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include <jansson.h>

#include "core/err.h"

struct findings {
    json_t *findings; /* own: array of {kind, text} */
    json_t *warnings; /* own: the same */
};

void findings_init(struct findings *findings);
void findings_done(struct findings *findings);

/* Add one. kind is for programs ("row-missing"), the text for people. */
void findings_add(struct findings *findings, const char *kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
void findings_warn(struct findings *findings, const char *kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
