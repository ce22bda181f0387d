/* One line an event on stderr, "<N>" priority prefix for the journal:
 *
 *     <6>event=mail.filed mail=8112 ticket=41 reason="token"
 *
 * Event names are noun.past_participle. Field names stand in this list and nowhere else, so that a log
 * can be searched for years:
 *
 *     role pid mailbox folder uid uidvalidity mail mails bytes ticket comment person customer
 *     outbound recipient_domain from_domain verdict outcome reason error status attempt seconds
 *     state count child signal host port version key lease epoch name path notice rule hook
 *
 * Bodies, subjects, passwords and tokens are never logged, addresses only as their domain.
 * Only gateway, daemon and cli call this; everything below returns what happened.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* One typed field of a line. Borrowed for the length of the call (or of the scope). */
struct kv {
    const char *key;
    const char *text; /* NULL: number is the value */
    int64_t number;
};

/* A field from a string (NULL is written as "-") or from any integer. */
struct kv kv_text(const char *key, const char *text);
struct kv kv_number(const char *key, int64_t number);
#define kv(key, value) \
 _Generic((value), char * : kv_text, const char * : kv_text, default : kv_number)(key, value)

/* "error", "warning", "info" or "debug". */
MUST_CHECK enum status log_level_parse(const char *name, enum log_level *level_out,
                                       struct err *err);

/* Lines of a level above this are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Write one line: event, the fields, then the fields of the open scopes (inner first). Values are
 * quoted and control characters, bidi marks and newlines escaped here; a value is cut at 256 bytes. */
void log_event(enum log_level level, const char *event, const struct kv *fields, int count);
#define LOG_COUNT_(...) ((int)(sizeof((struct kv[]){__VA_ARGS__}) / sizeof(struct kv)))
#define log_error(event, ...) \
 log_event(LOG_LEVEL_ERROR, event, (struct kv[]){__VA_ARGS__}, LOG_COUNT_(__VA_ARGS__))
#define log_warning(event, ...) \
 log_event(LOG_LEVEL_WARNING, event, (struct kv[]){__VA_ARGS__}, LOG_COUNT_(__VA_ARGS__))
#define log_info(event, ...) \
 log_event(LOG_LEVEL_INFO, event, (struct kv[]){__VA_ARGS__}, LOG_COUNT_(__VA_ARGS__))
#define log_debug(event, ...) \
 log_event(LOG_LEVEL_DEBUG, event, (struct kv[]){__VA_ARGS__}, LOG_COUNT_(__VA_ARGS__))

/* Append a field to every line until the enclosing block ends. The value is borrowed until then. */
struct log_scope {
    struct kv field;
    struct log_scope *outer;
};
void log_scope_push(struct log_scope *scope);
void log_scope_pop(struct log_scope *scope);
#define LOG_SCOPE_NAME2_(line) log_scope_at_##line
#define LOG_SCOPE_NAME_(line)  LOG_SCOPE_NAME2_(line)
#define LOG_SCOPE(f)                                                                 \
 CLEANUP(log_scope_pop) struct log_scope LOG_SCOPE_NAME_(__LINE__) = {.field = (f)}; \
 log_scope_push(&LOG_SCOPE_NAME_(__LINE__))

#endif
