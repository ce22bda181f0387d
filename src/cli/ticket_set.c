/* ticket_set - postdesk ticket status, group, assign, participant
 *
 * The ticket's lock is taken as by the intakes, and merges are followed first: what is set here is set on
 * the ticket where the conversation goes on. Who did it stands in the ticket's history.
 * I/O: the database, stdout.
 */
#include "cli/ticket_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/ticket_fields.h"
#include "core/text.h"
#include "desk/need.h"
#include "desk/records.h"
#include "gateway/rule_act.h"
#include "store/field.h"
#include "store/person.h"
#include "store/ticket.h"
#include "store/ticket_change.h"
#include "store/ticket_set.h"

/* One call; the body may run again. */
struct setting {
    ticket_id wanted;
    ticket_id ticket;
    const char *word;  /* borrowed: whom or what, or "none" */
    const char *actor; /* borrowed */
    enum { SET_STATUS, SET_GROUP, SET_ASSIGNEE, SET_PARTICIPANT } what;
    bool is_added; /* of a participant */
};

enum status ticket_read_number(const char *word, int64_t *number_out, struct err *err)
{
    const char *digits = word[0] == '#' ? word + 1 : word;

    if (text_parse_int64(digits, 1, INT64_MAX, number_out, err) != ST_OK) {
        return err_set(err, ST_INVALID, "\"%s\" is not the number of a ticket", word);
    }
    return ST_OK;
}

static enum status check_status(struct tx *tx, const char *word, struct err *err)
{
    OWNED(rows) statuses = NULL;

    field_store_queue_statuses(tx, &statuses);
    enum status status = tx_sync(tx, err);
    return status == ST_OK ? ticket_check_status(statuses, word, err) : status;
}

static enum status find_value(struct tx *tx, const struct setting *setting, int64_t *value_out,
                              struct err *err)
{
    OWNED(rows) rows = NULL;
    g_autofree char *key = entry_key(setting->word);
    enum status status = ST_OK;

    *value_out = 0;
    switch (setting->what) {
    case SET_STATUS:
        return check_status(tx, setting->word, err);
    case SET_GROUP:
        return ticket_find_group(tx, setting->word, value_out, err);
    case SET_ASSIGNEE:
        return ticket_find_person(tx, setting->word, value_out, err);
    case SET_PARTICIPANT:
        break;
    }
    status = person_store_find(tx, key, &rows, err);
    if (status == ST_OK) {
        *value_out = row_int64(rows, 0, 0);
    }
    return status;
}

static enum status set_value(struct tx *tx, const struct setting *setting, int64_t value,
                             struct err *err)
{
    static const enum ticket_field FIELDS[] = {[SET_STATUS] = TICKET_FIELD_STATUS,
                                               [SET_GROUP] = TICKET_FIELD_GROUP,
                                               [SET_ASSIGNEE] = TICKET_FIELD_ASSIGNEE};

    if (setting->what == SET_PARTICIPANT) {
        return ticket_set_participant(tx, setting->ticket, value, setting->is_added, setting->actor,
                                      err);
    }
    struct ticket_change change = {.ticket = setting->ticket,
                                   .field = FIELDS[setting->what],
                                   .value = setting->what == SET_STATUS ? setting->word : NULL,
                                   .id = value,
                                   .actor = setting->actor};
    return rule_act_change(tx, &change, 1, err);
}

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    struct setting *setting = arg;
    int64_t value = 0;

    setting->ticket = setting->wanted;
    enum status status = ticket_set_find(tx, &setting->ticket, err);
    if (status != ST_OK) {
        return status;
    }
    int64_t lock = need_ticket_lock(setting->ticket);
    ticket_store_queue_locks(tx, &lock, 1);
    status = find_value(tx, setting, &value, err);
    return status == ST_OK ? set_value(tx, setting, value, err) : status;
}

static enum status run(struct cli *cli, const char *number, struct setting *setting,
                       struct err *err)
{
    g_autofree char *actor = cli_actor();

    setting->actor = actor;
    enum status status = ticket_read_number(number, &setting->wanted, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set, setting, err);
    }
    if (status == ST_OK) {
        g_autofree char *name = g_strdup_printf("%" PRId64, setting->ticket);
        cli_changed(cli, "ticket", name);
    }
    setting->actor = NULL;
    return status;
}

enum status ticket_run_status(struct cli *cli, const struct args *args, struct err *err)
{
    struct setting setting = {.what = SET_STATUS, .word = args_word(args, 1)};

    return run(cli, args_word(args, 0), &setting, err);
}

enum status ticket_run_group(struct cli *cli, const struct args *args, struct err *err)
{
    struct setting setting = {.what = SET_GROUP, .word = args_word(args, 1)};

    return run(cli, args_word(args, 0), &setting, err);
}

enum status ticket_run_assign(struct cli *cli, const struct args *args, struct err *err)
{
    struct setting setting = {.what = SET_ASSIGNEE, .word = args_word(args, 1)};

    return run(cli, args_word(args, 0), &setting, err);
}

enum status ticket_run_participant(struct cli *cli, const struct args *args, struct err *err)
{
    struct setting setting = {.what = SET_PARTICIPANT, .word = args_word(args, 2)};
    enum status status = cli_add_or_remove(args_word(args, 0), &setting.is_added, err);

    return status == ST_OK ? run(cli, args_word(args, 1), &setting, err) : status;
}
