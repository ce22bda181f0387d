/* Frames: the messages between our processes. Typed and length-prefixed, over a stream socketpair:
 *
 *     frame  = kind length payload     ; two 32-bit numbers of this machine, then length octets
 *     payload = a GVariant in normal form, of the type that its kind stands for
 *
 * What a peer sends is checked before it is used: the peer may be a parser that a mail has taken over.
 */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include <stdint.h>

#include <glib.h>

#include "core/err.h"

/* For the deadlines below (microseconds of the monotonic clock, as clock_monotonic_us): wait for ever,
 * with nothing but the one blocking system call; or do not wait at all. */
#define FRAME_FOREVER (-1)
#define FRAME_NOW     0

struct frame {
    uint32_t kind;
    GBytes *payload; /* own */
};
void frame_clear(struct frame *frame);

/* Send one frame; value may be floating and is consumed then. passed_fd is a descriptor that goes with
 * it (it stays open here as well), or -1. Never raises SIGPIPE.
 *
 * ST_TEMPFAIL  the peer is gone or does not read: part of a frame may be out, the socket is of no
 *              further use */
MUST_CHECK enum status frame_send(int fd, uint32_t kind, GVariant *value, int passed_fd,
                                  int64_t deadline_us, struct err *err);

/* The same for a payload that is one array of octets ("ay"). */
MUST_CHECK enum status frame_send_bytes(int fd, uint32_t kind, const void *bytes, size_t length,
                                        int64_t deadline_us, struct err *err);

/* Reads frames of at most max_bytes from a socket. */
struct frame_reader;
struct frame_reader *frame_reader_new(int fd, size_t max_bytes);
void frame_reader_free(struct frame_reader *reader); /* does not close fd */
DEFINE_OWNED(frame_reader, frame_reader_free)

/* Take the next frame. What is there of a frame that is not yet whole is kept for the next call.
 *
 * ST_NOT_FOUND  no whole frame before the deadline
 * ST_TEMPFAIL   the peer closed its end
 * ST_INVALID    a frame longer than max_bytes: do not read on */
MUST_CHECK enum status frame_read(struct frame_reader *reader, int64_t deadline_us,
                                  struct frame *frame_out, struct err *err);

/* The descriptor that came with the frames read so far, or -1: now the caller's to close. A second one
 * that arrives before the first was taken is closed. */
int frame_take_fd(struct frame_reader *reader);

/* A frame's payload as a value of the type (full reference).
 *
 * ST_INVALID  it is none, or not in normal form */
MUST_CHECK enum status frame_value(const struct frame *frame, const char *type,
                                   GVariant **value_out, struct err *err);

#endif
