/* A role's hold on a lease: taken, renewed in time, taken over from the dead, let go. */
#ifndef GATEWAY_TENURE_H
#define GATEWAY_TENURE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "db/conn.h"

struct tenure {
    char *name;      /* own: of the lease */
    char *holder;    /* own: this process, unlike any other */
    int64_t epoch;   /* 0: not held */
    int64_t next_us; /* when to renew, monotonic */
};
void tenure_init(struct tenure *tenure, const char *name);
void tenure_done(struct tenure *tenure);

/* Take it, or renew it if it is time to; costs nothing before. Call it between any two steps.
 *
 * ST_NOT_FOUND  somebody else has it: do not do, or stop, what it is for
 * others        the database's; the hold is as before */
MUST_CHECK enum status tenure_keep(struct tenure *tenure, struct conn *conn, struct err *err);

/* Milliseconds until the next renewal. */
int64_t tenure_left_ms(const struct tenure *tenure);

/* Let it go, as far as that works: otherwise it runs out. */
void tenure_end(struct tenure *tenure, struct conn *conn);

/* The name of this process for leases, own: "HOST/BOOT/NAMESPACE/PID/START". */
char *tenure_process(void) MUST_CHECK;

/* Was this a process of this machine, and is it certain that it does not live? */
bool tenure_is_dead(const char *holder);

#endif
