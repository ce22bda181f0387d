/* The end of a role: SIGTERM and SIGINT raise one flag, and a descriptor becomes readable for poll(). */
#ifndef CORE_STOP_H
#define CORE_STOP_H

#include <stdbool.h>

#include "core/err.h"

/* Once in a process, before its main loop: takes over SIGTERM and SIGINT. A second call lowers the flag
 * again (tests).
 *
 * ST_TEMPFAIL  no descriptor could be made */
MUST_CHECK enum status stop_init(struct err *err);

/* Was the process asked to end? Finish or roll back what is under way and return within 8 seconds; after
 * that the supervisor kills. */
bool stop_requested(void);

/* Readable for ever once a stop was requested: add it to every poll(), never read from it.
 * -1 before stop_init(), which poll() passes over. */
int stop_fd(void);

/* Raise the flag without a signal (tests, and roles that end themselves). */
void stop_request(void);

#endif
