/* What is too large: for a comment, to come in, to go out. The one place that estimates a mail of ours, for what is
 * planned and for what is written. Pure. */
#ifndef DESK_OUTSIZE_H
#define DESK_OUTSIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desk/records.h"
#include "message/facts.h"

/* "attachments left out: a.pdf, b.zip, and more, about 30 MB"; own, "" when nothing was. */
char *outsize_left_out(const struct facts *facts, const struct records *records);

/* The names of the files that were seen, "a.pdf, b.zip"; own, "" of none. */
char *outsize_names(const struct facts *facts);

/* Its size, for people. */
uint64_t outsize_megabytes(const struct records *records);

/* The comment: the mail's words, and what of it is not there; own. *is_cut_out: not all words are there. */
char *outsize_comment(const struct facts *facts, const struct records *records, bool *is_cut_out);

/* What a mail may have: our own limit, or the server's if that is smaller (0: it states none). */
int64_t outsize_limit(int64_t server_bytes);

/* What is left of it for files, after the header and a text of so many bytes. */
int64_t outsize_room(int64_t limit, size_t text_bytes);

/* What a file takes of it, encoded and with its part's header. Never less than it will be. */
int64_t outsize_of_file(uint64_t bytes);

/* The files of a mail that must go so that what is left can be passed on within the limit: the largest first, no more
 * than needed, as "b.zip (12.0 MB), c.iso (8.0 MB)"; own, "" where all of it fits. */
char *outsize_files_to_drop(const struct facts *facts, int64_t limit);

#endif
