/* ticket_field - the fields of a ticket that people, rules and commands change
 *
 * Names and words stand here once, for the command line, the rules and the history of a ticket. Which words a
 * status or a field of the desk's own may have is in the database; who may change a field is asked of
 * desk/permission; the change itself is made by store/ticket_change.
 * Pure: no I/O.
 */
#include "desk/ticket_field.h"

#include <string.h>

#include "core/text.h"

static const char *const STATUSES[] = {"open", "pending", "resolved", "closed", NULL};
static const char *const TYPES[] = {"incident", "problem", "request", "change", NULL};
static const char *const PRIORITIES[] = {"low", "medium", "high", "critical", NULL};
static const char *const IMPACTS[] = {"minor", "moderate", "major", "extensive", NULL};

static const struct {
    const char *name;
    const char *const *words;
} FIELDS[TICKET_FIELD_COUNT] = {
    [TICKET_FIELD_STATUS] = {"status", STATUSES},
    [TICKET_FIELD_TYPE] = {"type", TYPES},
    [TICKET_FIELD_PRIORITY] = {"priority", PRIORITIES},
    [TICKET_FIELD_IMPACT] = {"impact", IMPACTS},
    [TICKET_FIELD_PRODUCT] = {"product", NULL},
    [TICKET_FIELD_TAG] = {"tag", NULL},
    [TICKET_FIELD_GROUP] = {"group", NULL},
    [TICKET_FIELD_TITLE] = {"title", NULL},
    [TICKET_FIELD_ASSIGNEE] = {"assignee", NULL},
    [TICKET_FIELD_REQUESTER] = {"requester", NULL},
    [TICKET_FIELD_CUSTOMER] = {"customer", NULL},
    [TICKET_FIELD_CUSTOM] = {"field", NULL},
};

const char *ticket_field_name(enum ticket_field field)
{
    return FIELDS[field].name;
}

enum status ticket_field_parse(const char *name, enum ticket_field *field_out, struct err *err)
{
    const char *names[TICKET_FIELD_CUSTOM + 1] = {NULL};

    for (enum ticket_field field = 0; field < TICKET_FIELD_CUSTOM; field++) {
        if (strcmp(name, FIELDS[field].name) == 0) {
            *field_out = field;
            return ST_OK;
        }
        names[field] = FIELDS[field].name;
    }
    (void)err_set(err, ST_NOT_FOUND, "a ticket has no field \"%s\"", name);
    const char *nearest = text_nearest(name, names, TICKET_FIELD_CUSTOM);
    return nearest == NULL ? ST_NOT_FOUND : err_hint(err, "did you mean \"%s\"?", nearest);
}

const char *const *ticket_field_words(enum ticket_field field)
{
    return FIELDS[field].words;
}
