/* Answers of an SMTP server: RFC 5321 section 4.2, with the codes of RFC 3463. Pure. */
#ifndef NET_REPLY_H
#define NET_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/limits.h"

/* One answer. A zeroed one is empty and ready to be read into. */
struct reply {
    int code;                         /* 200 to 599; 0: none, or none that can be read */
    char enhanced[12];                /* "5.1.1"; "": none */
    char text[LIMIT_REPLY_CHARS * 4]; /* all lines as one, scrubbed: "550 5.1.1 no such user" */
    bool is_complete;                 /* its last line was read */
};

/* Add a line, as it came. Gives back is_complete. After that the next line begins a new answer. */
bool reply_add(struct reply *reply, const char *line, size_t length);

/* The first digit: 2, 3, 4, 5; 0 without a code. */
int reply_class(const struct reply *reply);

#endif
