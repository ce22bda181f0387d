/* What is said between the intake, the warmed parent and its children: the kinds of frames and the type of
 * each one's payload. Private to the jail. */
#ifndef JAIL_WIRE_H
#define JAIL_WIRE_H

#include "message/facts.h"

enum wire_kind {
    WIRE_READY = 1, /* parent or child → intake: set up, waiting */
    WIRE_FAILED,    /* parent → intake: could not be set up, and why */
    WIRE_FORK,      /* intake → parent: make a child; the child's socket goes with it */
    WIRE_END,       /* intake → parent: kill the child */
    WIRE_ENDED,     /* parent → intake: wait status, errno of the fork if it failed */
    WIRE_MAIL,      /* intake → child: is_cut; the mail's memfd goes with it */
    WIRE_FACTS, /* child → intake: the answer to the oldest mail; its attachments' octets follow */
    WIRE_CHUNK,     /* child → intake: the next octets of the attachments, in their order */
    WIRE_REFUSED,   /* child → intake: the answer to the oldest mail, no: why */
    WIRE_NO_MEMORY, /* child → intake: last words */
};

#define WIRE_READY_TYPE     "()"
#define WIRE_FAILED_TYPE    "s"
#define WIRE_FORK_TYPE      "()"
#define WIRE_END_TYPE       "()"
#define WIRE_ENDED_TYPE     "(ii)"
#define WIRE_MAIL_TYPE      "b"
#define WIRE_FACTS_TYPE     FACTS_TYPE
#define WIRE_REFUSED_TYPE   "s"
#define WIRE_NO_MEMORY_TYPE "()"

/* Frames to the parent and the children are never longer than this. */
#define WIRE_SMALL_BYTES 1024

#endif
