/* The parser process and the pipe to it: bytes of strangers in, facts out, whatever happens to the parser.
 *
 * jail_open() starts a warmed parent; each jail_parse() makes it fork one fresh child, which closes
 * the jail behind it (seccomp, no files, no network, memory and CPU bounded) and parses the batch.
 * When the child dies or stalls, the mails that it had not answered are parsed once more, one a child.
 */
#ifndef JAIL_JAIL_H
#define JAIL_JAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

#include "core/err.h"
#include "message/facts.h"

struct jail;

enum jail_result {
    JAIL_PARSED,
    JAIL_REFUSED, /* the parser read it and said no: above a limit, or no mail at all */
    JAIL_DIED,    /* it killed its own child, alone (signal, memory, forbidden system call) */
    JAIL_STALLED, /* its own child, alone, used up its time */
};
const char *jail_result_name(enum jail_result result);

/* One mail of a batch: all zero but for the first four members. */
struct jail_mail {
    GBytes *raw; /* borrowed, or own: gives_raw */
    bool
        gives_raw; /* jail_parse lets go of raw as soon as the parser has it, and sets it to NULL */
    bool is_cut;   /* see parse_mail */
    bool wants_own_child; /* never shares a child: it bears a technician's token */
    enum jail_result result;
    struct facts *facts; /* own: JAIL_PARSED; the attachments' content filled in */
    char *reason;        /* own: for people, of the other results */
};
void jail_mail_clear(struct jail_mail *mail);

/* What one child may use. */
struct jail_limits {
    int64_t memory_bytes; /* address space; not enforced in sanitizer builds */
    int64_t cpu_seconds;  /* of the whole child */
    int64_t wall_ms;      /* a mail, on our clock */
};

/* LIMIT_PARSER_MEMORY_BYTES and its kin. */
struct jail_limits jail_default_limits(void);

/* Start the warmed parent. Call it before anything is opened that a parser must never inherit (it closes
 * every descriptor but its own all the same).
 *
 * ST_TEMPFAIL  no process could be made */
MUST_CHECK enum status jail_open(struct jail **jail_out, struct err *err);

/* The same with other limits (tests). */
MUST_CHECK enum status jail_open_limited(const struct jail_limits *limits, struct jail **jail_out,
                                         struct err *err);

/* The warmed parent's process id, for logs and tests. */
pid_t jail_parent_pid(const struct jail *jail);

/* End the parent and any child. */
void jail_close(struct jail *jail);
DEFINE_OWNED(jail, jail_close)

/* Parse count mails; fills result and facts or reason of each.
 *
 * ST_TEMPFAIL  the parent itself is gone (killed from outside, no memory for a fork): no mail is to
 *              blame, nothing is filled in, open a new jail */
MUST_CHECK enum status jail_parse(struct jail *jail, struct jail_mail *mails, size_t count,
                                  struct err *err);

#endif
