/* person_set - postdesk contact and postdesk technician: set, address
 *
 * Both nouns change the same row; each only what belongs to it (a technician's groups, a contact's customer)
 * and only somebody who is one. All options of a call are one transaction: either everything that was
 * asked for is so now, or nothing.
 *
 * What a change would break is the store's to say (store/person_change): nobody takes the main contact away
 * from a customer who depends on him.
 * I/O: the database, stdout.
 */
#include "cli/person_set.h"

#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "core/limits.h"
#include "store/customer.h"
#include "store/person.h"
#include "store/person_change.h"
#include "store/technician_group.h"

enum { COLUMN_ID, COLUMN_NAME, IS_CONTACT = 6, IS_TECHNICIAN = 9 };

/* One call; the body may run again. */
struct setting {
    const struct args *args; /* borrowed */
    bool is_technician;
    const char *actor; /* borrowed */
    char *key;         /* own: whom */
    struct person_change change;
    struct person_details details;
    char *new_name;  /* own; NULL */
    char *first_day; /* own; NULL: of an absence */
    char *last_day;
    char *deputy;         /* own; NULL: the key of his address, or his number */
    GPtrArray *uncovered; /* own; NULL: groups in which the deputy is not */
    char *address;        /* own; NULL: of "address" */
    char *address_key;
    bool is_added;
    char *name; /* own: as he is called */
};

static void setting_clear(struct setting *setting)
{
    g_free(setting->key);
    g_free(setting->new_name);
    g_free(setting->first_day);
    g_free(setting->last_day);
    g_free(setting->deputy);
    g_clear_pointer(&setting->uncovered, g_ptr_array_unref);
    person_details_clear(&setting->details);
    g_free(setting->address);
    g_free(setting->address_key);
    g_free(setting->name);
}

static enum status find(struct tx *tx, struct setting *setting, struct person_target *target,
                        struct err *err)
{
    OWNED(rows) rows = NULL;
    const char *role = setting->is_technician ? "technician" : "contact";
    enum status status = person_store_find(tx, setting->key, &rows, err);

    if (status != ST_OK) {
        return status;
    }
    if (!row_bool(rows, 0, setting->is_technician ? IS_TECHNICIAN : IS_CONTACT)) {
        return err_set(err, ST_NOT_FOUND, "\"%s\" is no %s", row_text(rows, 0, COLUMN_NAME), role);
    }
    *target = (struct person_target){.actor = setting->actor,
                                     .object = role,
                                     .person = row_int64(rows, 0, COLUMN_ID)};
    g_free(setting->name);
    setting->name = g_strdup(row_text(rows, 0, COLUMN_NAME));
    return ST_OK;
}

/* ---- set ---- */

static enum status find_customer(struct tx *tx, struct setting *setting, struct err *err)
{
    OWNED(rows) rows = NULL;
    const char *word = args_value(setting->args, "customer");

    setting->change.moves = word != NULL;
    setting->change.customer = 0;
    if (word == NULL || strcmp(word, "none") == 0) {
        return ST_OK;
    }
    enum status status = customer_store_find(tx, word, &rows, err);
    if (status == ST_OK) {
        setting->change.customer = row_int64(rows, 0, 0);
    }
    return status;
}

typedef enum status (*group_change)(struct tx *tx, const char *actor, int64_t group,
                                    person_id technician, struct err *err);

static enum status change_groups(struct tx *tx, const struct setting *setting, const char *option,
                                 group_change change, person_id technician, struct err *err)
{
    g_autoptr(GPtrArray) names = args_values(setting->args, option);
    enum status status = ST_OK;

    for (size_t i = 0; i < names->len && status == ST_OK; i++) {
        OWNED(rows) group = NULL;
        status = group_store_find(tx, g_ptr_array_index(names, i), &group, err);
        if (status == ST_OK) {
            status = change(tx, setting->actor, row_int64(group, 0, 0), technician, err);
        }
    }
    return status;
}

static enum status find_deputy(struct tx *tx, const struct setting *setting, person_id *deputy_out,
                               struct err *err)
{
    OWNED(rows) rows = NULL;

    if (setting->deputy == NULL) {
        return ST_OK;
    }
    enum status status = person_store_find(tx, setting->deputy, &rows, err);
    if (status == ST_OK) {
        *deputy_out = row_int64(rows, 0, COLUMN_ID);
    }
    return status;
}

static enum status change_absence(struct tx *tx, struct setting *setting,
                                  const struct person_target *target, struct err *err)
{
    person_id deputy = 0;

    if (args_has(setting->args, "present")) {
        return person_store_clear_absence(tx, target, err);
    }
    if (setting->first_day == NULL) {
        return ST_OK;
    }
    enum status status = find_deputy(tx, setting, &deputy, err);
    if (status == ST_OK) {
        status = person_store_set_absence(tx, target, setting->first_day, setting->last_day, deputy,
                                          err);
    }
    if (status == ST_OK && deputy != 0) {
        g_clear_pointer(&setting->uncovered, g_ptr_array_unref);
        status = person_store_uncovered(tx, target->person, deputy, &setting->uncovered, err);
    }
    return status;
}

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    struct setting *setting = arg;
    struct person_target target = {NULL};
    enum status status = find(tx, setting, &target, err);

    if (status == ST_OK) {
        status = find_customer(tx, setting, err);
    }
    if (status == ST_OK) {
        status = person_store_change(tx, &target, &setting->change, err);
    }
    if (status == ST_OK) {
        status = change_groups(tx, setting, "group", group_store_add_member, target.person, err);
    }
    if (status == ST_OK) {
        status = change_groups(tx, setting, "not-group", group_store_remove_member, target.person,
                               err);
    }
    if (status == ST_OK) {
        status = change_absence(tx, setting, &target, err);
    }
    return status;
}

static enum status read_toggle(const struct args *args, const char *option, enum toggle *toggle,
                               struct err *err)
{
    const char *value = args_value(args, option);
    bool is_on = false;

    if (value == NULL) {
        return ST_OK;
    }
    enum status status = entry_yes_no(option, value, &is_on, err);
    if (status == ST_OK) {
        *toggle = is_on ? TOGGLE_YES : TOGGLE_NO;
    }
    return status;
}

enum status person_details_read(const struct args *args, struct person_details *details,
                                struct err *err)
{
    g_autoptr(GPtrArray) phones = args_values(args, detail_of_phone()->name);
    enum status status = ST_OK;

    for (int i = 0; i < PERSON_DETAILS && status == ST_OK; i++) {
        const struct detail_info *info = detail_of_person((enum person_detail)i);
        if (args_has(args, info->name)) {
            status = detail_read(info, args_value(args, info->name), &details->texts[i], err);
        }
    }
    if (phones->len > LIMIT_PHONES) {
        return err_set(err, ST_INVALID, "a person has at most %d telephone numbers", LIMIT_PHONES);
    }
    if (phones->len > 0) {
        details->phones = g_ptr_array_new_with_free_func(g_free);
    }
    for (guint i = 0; i < phones->len && status == ST_OK; i++) {
        g_autofree char *phone = NULL;
        status = detail_read(detail_of_phone(), phones->pdata[i], &phone, err);
        if (status == ST_OK && phone[0] != '\0') {
            g_ptr_array_add(details->phones, g_steal_pointer(&phone));
        }
    }
    return status;
}

void person_details_clear(struct person_details *details)
{
    for (int i = 0; i < PERSON_DETAILS; i++) {
        g_clear_pointer(&details->texts[i], g_free);
    }
    g_clear_pointer(&details->phones, g_ptr_array_unref);
}

void person_details_give(const struct person_details *details, struct person_change *change)
{
    for (int i = 0; i < PERSON_DETAILS; i++) {
        change->details[i] = details->texts[i];
    }
    change->phones = details->phones;
}

/* "2026-12-01..2026-12-14", or one day. */
static enum status read_absence(struct setting *setting, struct err *err)
{
    const char *value = args_value(setting->args, "absent");
    const char *deputy = args_value(setting->args, "deputy");

    if (value == NULL && deputy != NULL) {
        (void)err_set(err, ST_INVALID, "a deputy stands in for somebody who is absent");
        return err_hint(err, "--absent FIRST..LAST --deputy ADDRESS");
    }
    if (value == NULL) {
        return ST_OK;
    }
    if (args_has(setting->args, "present")) {
        return err_set(err, ST_INVALID, "either --absent or --present");
    }
    g_auto(GStrv) days = g_strsplit(value, "..", 2);
    enum status status = entry_day(days[0] == NULL ? "" : days[0], &setting->first_day, err);
    if (status == ST_OK && days[1] == NULL) {
        setting->last_day = g_strdup(setting->first_day);
    } else if (status == ST_OK) {
        status = entry_day(days[1], &setting->last_day, err);
    }
    if (status == ST_OK && strcmp(setting->first_day, setting->last_day) > 0) {
        return err_set(err, ST_INVALID, "the absence ends before it begins");
    }
    setting->deputy = deputy == NULL ? NULL : entry_key(deputy);
    return status;
}

static enum status read_change(struct setting *setting, struct err *err)
{
    struct person_change *change = &setting->change;
    const struct args *args = setting->args;
    const struct {
        const char *option;
        enum toggle *toggle;
    } toggles[] = {{"main-contact", &change->is_main_contact},
                   {"opens-tickets", &change->opens_tickets},
                   {"confirmed", &change->is_confirmed},
                   {"lead", &change->is_lead}};
    enum status status = ST_OK;

    if (args->names->len == 0) {
        (void)err_set(err, ST_INVALID, "nothing is to be changed");
        return err_hint(err, "--help lists what can be");
    }
    if (args_has(args, "disable") && args_has(args, "enable")) {
        return err_set(err, ST_INVALID, "either --disable or --enable");
    }
    if (args_has(args, "disable") || args_has(args, "enable")) {
        change->is_disabled = args_has(args, "disable") ? TOGGLE_YES : TOGGLE_NO;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(toggles) && status == ST_OK; i++) {
        status = read_toggle(args, toggles[i].option, toggles[i].toggle, err);
    }
    if (status == ST_OK && args_has(args, "name")) {
        status = entry_name(args_value(args, "name"), &setting->new_name, err);
        change->name = setting->new_name;
    }
    if (status == ST_OK) {
        status = person_details_read(args, &setting->details, err);
        person_details_give(&setting->details, change);
    }
    return status == ST_OK ? read_absence(setting, err) : status;
}

/* What the deputy cannot do. */
static void say_uncovered(const struct cli *cli, const struct setting *setting)
{
    for (guint i = 0; setting->uncovered != NULL && i < setting->uncovered->len; i++) {
        cli_say(cli,
                "note: the deputy is not in the group \"%s\" and gets nothing of its tickets\n",
                (const char *)setting->uncovered->pdata[i]);
    }
}

static enum status run_set(struct cli *cli, const struct args *args, bool is_technician,
                           struct err *err)
{
    g_autofree char *actor = cli_actor();
    CLEANUP(setting_clear)
    struct setting setting = {.args = args,
                              .is_technician = is_technician,
                              .actor = actor,
                              .key = entry_key(args_word(args, 0))};

    enum status status = read_change(&setting, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set, &setting, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, is_technician ? "technician" : "contact",
                    setting.new_name == NULL ? setting.name : setting.new_name);
        say_uncovered(cli, &setting);
    }
    return status;
}

enum status person_run_contact_set(struct cli *cli, const struct args *args, struct err *err)
{
    return run_set(cli, args, false, err);
}

enum status person_run_technician_set(struct cli *cli, const struct args *args, struct err *err)
{
    return run_set(cli, args, true, err);
}

/* ---- address ---- */

static enum status set_address(struct tx *tx, void *arg, struct err *err)
{
    struct setting *setting = arg;
    struct person_target target = {NULL};
    enum status status = find(tx, setting, &target, err);

    if (status != ST_OK) {
        return status;
    }
    return setting->is_added
               ? person_store_add_address(tx, &target, setting->address, setting->address_key,
                                          args_has(setting->args, "first"), err)
               : person_store_remove_address(tx, &target, setting->address_key, err);
}

static enum status run_address(struct cli *cli, const struct args *args, bool is_technician,
                               struct err *err)
{
    g_autofree char *actor = cli_actor();
    CLEANUP(setting_clear)
    struct setting setting = {.args = args,
                              .is_technician = is_technician,
                              .actor = actor,
                              .key = entry_key(args_word(args, 1))};

    enum status status = cli_add_or_remove(args_word(args, 0), &setting.is_added, err);
    if (status == ST_OK) {
        status = entry_address(args_word(args, 2), &setting.address, &setting.address_key, err);
    }
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set_address, &setting, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, is_technician ? "technician" : "contact", setting.name);
    }
    return status;
}

enum status person_run_contact_address(struct cli *cli, const struct args *args, struct err *err)
{
    return run_address(cli, args, false, err);
}

enum status person_run_technician_address(struct cli *cli, const struct args *args, struct err *err)
{
    return run_address(cli, args, true, err);
}

/* ---- tables ---- */

const struct flag CONTACT_SET_FLAGS[] = {
    {"name", "NAME", "how the contact is called", false, false},
    PERSON_DETAIL_FLAGS,
    {"customer", "NAME|NUMBER|ID|none", "the customer to whom he belongs", false, false},
    {"main-contact", "yes|no", "he is the customer's main contact, instead of who was it", false,
     false},
    {"opens-tickets", "yes|no", "whether a mail of his can open a ticket", false, false},
    {"confirmed", "yes|no", "whether it is known that his addresses are his", false, false},
    {"disable", NULL, "he may do nothing by mail any more", false, false},
    {"enable", NULL, "he may again", false, false},
    {NULL, NULL, NULL, false, false},
};

const struct flag TECHNICIAN_SET_FLAGS[] = {
    {"name", "NAME", "how the technician is called", false, false},
    PERSON_DETAIL_FLAGS,
    {"lead", "yes|no", "whether he may act in all groups", false, false},
    {"group", "NAME|ID", "he joins this group", false, true},
    {"not-group", "NAME|ID", "he leaves this group", false, true},
    {"absent", "FIRST..LAST",
     "he is away from the first to the last of these days: 2026-12-01..2026-12-14", false, false},
    {"deputy", "ADDRESS|ID", "with --absent: who gets his mail as well meanwhile", false, false},
    {"present", NULL, "he is not away: forget what --absent said", false, false},
    {"disable", NULL, "he may do nothing by mail any more, also with tokens that he has", false,
     false},
    {"enable", NULL, "he may again", false, false},
    {NULL, NULL, NULL, false, false},
};

const struct flag PERSON_ADDRESS_FLAGS[] = {
    {"first", NULL, "with add: it becomes the first, where notices go", false, false},
    {NULL, NULL, NULL, false, false},
};
