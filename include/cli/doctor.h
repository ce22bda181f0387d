/* What the files of postdesk doctor share: an examination, and its checks. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/troubles.h"

/* One examination. */
struct doctor {
    struct cli *cli;         /* borrowed */
    const struct args *args; /* borrowed */
    char *via_host;          /* own; NULL */
    int64_t via_port;
    int64_t wait_s;
    json_t *checks; /* own */
    bool has_fault;
    const char *subject; /* borrowed: the mailbox that is examined; NULL: the desk */
};

/* Write a check down. hint "": there is nothing to do. */
void doctor_add(struct doctor *doctor, const char *what, enum gravity result, const char *hint,
                const char *format, ...) PRINTF_LIKE(5, 6);

/* A status as a check, a fault unless it is ST_OK; true if it is. */
bool doctor_add_status(struct doctor *doctor, const char *what, enum status status,
                       const struct err *err, const char *well);

/* A certificate that ends then (microseconds since 1970; 0: there is none, and nothing is said). */
void doctor_add_certificate(struct doctor *doctor, const char *what, int64_t until_us);

/* Database, roles, clock, disk, web hooks, and what the daemon's roles say (in doctor_desk.c). */
MUST_CHECK enum status doctor_examine_desk(struct doctor *doctor, struct err *err);

#endif
