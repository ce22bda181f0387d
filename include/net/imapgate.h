/* What a server says, tamed before libetpan reads it. Pure: bytes in, bytes out. */
#ifndef NET_IMAPGATE_H
#define NET_IMAPGATE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct imapgate;

/* The last tagged answer, as the server gave it. */
struct imapgate_answer {
    enum { IMAPGATE_NONE, IMAPGATE_OK, IMAPGATE_NO, IMAPGATE_BAD } kind;
    char code[32];  /* "AUTHENTICATIONFAILED"; "": none */
    char text[512]; /* scrubbed, on one line */
    bool is_bye;    /* the server said BYE; text is what it said with it */
};

struct imapgate *imapgate_new(void);
void imapgate_free(struct imapgate *gate);

/* Before each command: forget the last answer and all captured literals. max_literal above 0 makes
 * the gate keep literals of up to that many bytes for imapgate_steal; libetpan then reads a short
 * quoted string in their place. 0: literals (of folder names) pass, if they are short. */
void imapgate_begin(struct imapgate *gate, size_t max_literal);

/* Where the next bytes from the network go, and how many fit; then how many came.
 * imapgate_accept is false when this is no IMAP or more than it may be: imapgate_failure says why. */
void *imapgate_space(struct imapgate *gate, size_t *size_out);
bool imapgate_accept(struct imapgate *gate, size_t count);
const char *imapgate_failure(const struct imapgate *gate);

/* Take up to size tamed bytes; 0: the gate needs more from the network first. */
size_t imapgate_read(struct imapgate *gate, void *buffer, size_t size);

/* Does it hold bytes that nobody has read, a part of a line included? */
bool imapgate_holds(const struct imapgate *gate);

/* The captured literal that libetpan saw as text; owned by the caller. NULL: text is none. */
GBytes *imapgate_steal(struct imapgate *gate, const char *text, size_t length);

const struct imapgate_answer *imapgate_answer(const struct imapgate *gate);

#endif
