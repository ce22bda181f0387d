/* Statuses and error texts: what every layer of postdesk returns and how it says what went wrong. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#define MUST_CHECK                       __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define CLEANUP(function)                __attribute__((cleanup(function)))

/* g_autoptr for our structs, which have no typedef. A header says DEFINE_OWNED(facts, facts_free); a
 * local that owns one is then declared as OWNED(facts) facts = NULL. */
#define DEFINE_OWNED(name, free_function)                \
 static inline void name##_cleanup_(struct name **owned) \
 {                                                       \
  if (*owned) {                                          \
   free_function(*owned);                                \
  }                                                      \
 }
#define OWNED(name) CLEANUP(name##_cleanup_) struct name *

/* A status says what the caller should do next, not which library failed. */
enum status {
    ST_OK,
    ST_NOT_FOUND, /* looked, not there: a normal answer */
    ST_INVALID,   /* wrong, and will stay wrong: hold the mail, go on */
    ST_CONFLICT,  /* lost a race: run the transaction again */
    ST_TEMPFAIL,  /* the world is broken for a while: leave it, back off */
    ST_UNCERTAIN, /* COMMIT sent, answer lost: do it again, it is idempotent */
    ST_DENIED,    /* not allowed: refuse, say so, record it */
    ST_FATAL,     /* misconfigured: exit, the supervisor restarts */
};

/* Lives on the caller's stack; never NULL when it is passed. hint is what the CLI prints as "hint:". */
struct err {
    enum status status;
    char text[512];
    char hint[256];
};

/* "ok", "not found", …: for logs and test messages. */
const char *status_name(enum status status);

/* The exit code of the CLI for a status (sysexits where they fit): 0, 1, 65, 75, 77 or 78. */
int status_exit_code(enum status status);

/* Set the status and the text ("could not …" may work later, "cannot …" never will); clears the
 * hint; gives back status, so that a function can end with `return err_set(…)`. */
enum status err_set(struct err *err, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Say what the reader can do about it. Keeps status and text; gives back the status. */
enum status err_hint(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Put "PREFIX: " in front of the text, where it adds data. Keeps and gives back the status. */
enum status err_wrap(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
