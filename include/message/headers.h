/* A header block cut into its fields, as raw bytes: of a mail, of a MIME part, of a delivery report's
 * group. Nothing is decoded here. Pure. */
#ifndef MESSAGE_HEADERS_H
#define MESSAGE_HEADERS_H

#include <stdbool.h>

#include <glib.h>

#include "core/err.h"

/* One field; all borrowed from the bytes that were scanned. */
struct header {
    const char *name; /* not terminated */
    size_t name_length;
    const char *value; /* from behind the colon, folding and all, without the last line end */
    size_t value_length;
    bool is_odd; /* white space in or behind the name: "From :", "From\r\n :" */
};

struct headers {
    GArray *fields;     /* own: struct header, in order */
    size_t body_at;     /* offset of the first byte behind the block and its empty line */
    bool is_ended;      /* the block ends with an empty line (or with a line that is no field) */
    const char *oddity; /* static text: why readers could see other fields here; NULL */
};

/* Scan the block at the start of bytes. A leading mbox line ("From anna Mon Jan …") is skipped. A line
 * that is no field is taken for a broken continuation if fields follow, else for the body's first line.
 *
 * ST_INVALID  above a limit of core/limits.h; nothing to clear */
MUST_CHECK enum status headers_scan(const char *bytes, size_t length, struct headers *headers_out,
                                    struct err *err);
void headers_clear(struct headers *headers);

/* Is this the field's name? Case does not matter. */
bool header_is(const struct header *header, const char *name);

/* The index-th field of a name (from 0), or NULL; borrowed. */
const struct header *headers_get(const struct headers *headers, const char *name, unsigned index);

/* Its value on one line: line ends removed (RFC 5322 section 2.2.3), CR, LF and NUL that are left become
 * blanks, trimmed. Bytes otherwise as they came. */
char *header_unfold(const struct header *header) MUST_CHECK;

/* The unfolded value of the first field of a name, or NULL. */
char *headers_text(const struct headers *headers, const char *name) MUST_CHECK;

/* Does the value hold a NUL or a CR that ends no line? */
bool header_has_stray_byte(const struct header *header);

#endif
