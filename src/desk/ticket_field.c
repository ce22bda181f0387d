/* ticket_field - the fields of a ticket that people, rules and commands change
 *
 * Names stand here once, for the command line, the rules and the history of a ticket; words are those of rules/field. Which a
 * status or a field of the desk's own may have is in the database; who may change a field is asked of
 * desk/permission; the change itself is made by store/ticket_change.
 * Pure: no I/O.
 */
#include "desk/ticket_field.h"

#include <string.h>

#include "core/text.h"
#include "rules/field.h"

static const struct {
    const char *name;
    enum rule_words words;
} FIELDS[TICKET_FIELD_COUNT] = {
    [TICKET_FIELD_STATUS] = {"status", WORDS_STATUS},
    [TICKET_FIELD_TYPE] = {"type", WORDS_TYPE},
    [TICKET_FIELD_PRIORITY] = {"priority", WORDS_PRIORITY},
    [TICKET_FIELD_IMPACT] = {"impact", WORDS_IMPACT},
    [TICKET_FIELD_PRODUCT] = {"product", WORDS_ANY},
    [TICKET_FIELD_TAG] = {"tag", WORDS_ANY},
    [TICKET_FIELD_GROUP] = {"group", WORDS_ANY},
    [TICKET_FIELD_TITLE] = {"title", WORDS_ANY},
    [TICKET_FIELD_ASSIGNEE] = {"assignee", WORDS_ANY},
    [TICKET_FIELD_REQUESTER] = {"requester", WORDS_ANY},
    [TICKET_FIELD_CUSTOMER] = {"customer", WORDS_ANY},
    [TICKET_FIELD_CUSTOM] = {"field", WORDS_ANY},
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
    return rule_words_list(FIELDS[field].words);
}
