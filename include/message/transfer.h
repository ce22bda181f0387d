/* Content-Transfer-Encodings to bytes, as far as they can be read: what is broken loses as little as
 * possible and never makes an error. Pure. */
#ifndef MESSAGE_TRANSFER_H
#define MESSAGE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "core/err.h"

enum transfer { TRANSFER_NONE, TRANSFER_BASE64, TRANSFER_QP, TRANSFER_UUENCODE };

/* The encoding that a Content-Transfer-Encoding value names; anything unknown is TRANSFER_NONE. */
enum transfer transfer_of(const char *value);

/* Decode. Base64 begins anew behind a padding in the middle and skips what is not base64. */
GByteArray *transfer_decode(enum transfer transfer, const char *bytes, size_t length) MUST_CHECK;

/* A uuencoded file inside of text. */
struct uuencoded {
    size_t from;         /* offset of its "begin" line */
    size_t to;           /* offset behind its "end" line */
    char *name;          /* own */
    GByteArray *content; /* own */
};

void uuencoded_clear(struct uuencoded *found);

/* Find the first one at or behind an offset. */
bool transfer_find_uuencoded(const char *bytes, size_t length, size_t at,
                             struct uuencoded *found_out);

#endif
