/* From arrays of structs to array parameters: what every multi-row statement of a store needs. */
#ifndef STORE_ARRAYS_H
#define STORE_ARRAYS_H

#include <stddef.h>

#include <glib.h>

#include "core/limits.h"
#include "db/tx.h"

/* Queue a statement whose only parameter is an array of ids; rows_out as tx_queue's. */
void arrays_queue_by_ids(struct tx *tx, const struct statement *statement, const int64_t *ids,
                         size_t count, struct rows **rows_out);

/* A GArray of int64_t. */
void arrays_add_int64s(struct params *params, const GArray *values);

/* A GPtrArray of char *. */
void arrays_add_texts(struct params *params, const GPtrArray *texts);

/* One member of each of count structs of size bytes that begin at structs: a char *, an int64_t (0 is
 * NULL), or a GPtrArray of char * (its elements become the lines of one text; NULL and empty are NULL). */
void arrays_add_text_members(struct params *params, const void *structs, size_t count, size_t size,
                             size_t offset);
void arrays_add_id_members(struct params *params, const void *structs, size_t count, size_t size,
                           size_t offset);
void arrays_add_line_members(struct params *params, const void *structs, size_t count, size_t size,
                             size_t offset);

/* The same for one type: ADD_TEXT_MEMBERS(params, comments, count, body). */
#define ADD_TEXT_MEMBERS(params, structs, count, member)                \
 arrays_add_text_members(params, (structs), (count), sizeof *(structs), \
                         (size_t)((const char *)&(structs)->member - (const char *)(structs)))
#define ADD_ID_MEMBERS(params, structs, count, member)                \
 arrays_add_id_members(params, (structs), (count), sizeof *(structs), \
                       (size_t)((const char *)&(structs)->member - (const char *)(structs)))
#define ADD_LINE_MEMBERS(params, structs, count, member)                \
 arrays_add_line_members(params, (structs), (count), sizeof *(structs), \
                         (size_t)((const char *)&(structs)->member - (const char *)(structs)))

/* Positions (int4[], from 0) and chunks (bytea[]) of LIMIT_CHUNK_BYTES of the piece that begins at from, a multiple of
 * LIMIT_PIECE_BYTES; returns where the next one begins. A content goes piece by piece, since libpq keeps the memory
 * of the largest statement that ever waited for the server. */
gsize arrays_add_piece(struct params *params, GBytes *bytes, gsize from);

/* How many chunks a piece has. */
#define PIECE_CHUNKS (LIMIT_PIECE_BYTES / LIMIT_CHUNK_BYTES)

/* What a statement gives that reads a piece, a chunk a row: append it. True: more may follow. */
bool arrays_append_piece(GByteArray *content, const struct rows *rows);

#endif
