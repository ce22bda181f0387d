/* test_world - what a test gives, and what it leaves to be as usual
 *
 * A test should say only what its rule looks at. So the world begins as an ordinary one: a person who is a confirmed
 * contact of a customer without a name writes a verified mail on a Monday at ten; the ticket that comes of it is open, of
 * medium priority, with nobody's name on it. What the test gives replaces that, and what follows from it follows: the
 * domain from the address, the ticket's title from the subject, the requester and the contact from the sender, hours and
 * weekday from the time. Working hours are Monday to Friday, 08:00 to 17:00; there are no holidays but given ones.
 *
 * Without a mail (a test "on status-changed" that gives none, or "on every") the fields of the mail are nothing.
 * Pure: no I/O.
 */
#include "rules/test_world.h"

#include <string.h>

#define HOUR_US (3600LL * G_USEC_PER_SEC)
#define DAY_US  (24 * HOUR_US)

struct test_world {
    GHashTable *values; /* own: "FIELD KEY" → struct kept_value */
    GHashTable *before; /* own: the same: what was before the event */
    bool has_mail;
};

static void value_destroy(void *pointer)
{
    kept_value_free(pointer);
}

static char *name_of(enum rule_field field, const char *key)
{
    return g_strdup_printf("%d %s", field, key != NULL ? key : "");
}

struct kept_value *test_world_value(const struct test_world *world, enum rule_field field,
                                    const char *key)
{
    g_autofree char *name = name_of(field, key);

    return g_hash_table_lookup(world->values, name);
}

static void put(GHashTable *values, enum rule_field field, const char *key,
                const struct rule_value *value)
{
    g_hash_table_replace(values, name_of(field, key), kept_value_new(value));
}

static void put_text(struct test_world *world, enum rule_field field, const char *text)
{
    put(world->values, field, NULL, &(struct rule_value){.type = RULE_TEXT, .text = text});
}

static void put_texts(struct test_world *world, enum rule_field field, const char *text)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();

    if (text != NULL) {
        g_ptr_array_add(texts, (char *)text);
    }
    put(world->values, field, NULL, &(struct rule_value){.type = RULE_TEXTS, .texts = texts});
}

static void put_number(struct test_world *world, enum rule_field field, int64_t number)
{
    put(world->values, field, NULL,
        &(struct rule_value){.type = rule_field_info(field)->type, .number = number});
}

/* ---- what is given ---------------------------------------------------------------------------- */

static void give_none(GHashTable *values, const struct rule_given *given)
{
    put(values, given->field.info->field, given->field.key,
        &(struct rule_value){.type = RULE_NOTHING});
}

static void give_texts(GHashTable *values, const struct rule_given *given)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();

    for (guint i = 0; i < given->values->len; i++) {
        const struct rule_literal *literal = given->values->pdata[i];
        g_ptr_array_add(texts, literal->text);
    }
    put(values, given->field.info->field, given->field.key,
        &(struct rule_value){.type = RULE_TEXTS, .texts = texts});
}

static void give_value(GHashTable *values, const struct rule_given *given)
{
    const struct rule_literal *literal = given->values->pdata[0];
    const struct rule_field_ref *field = &given->field;
    enum rule_type type = field->type;

    if (literal->is_none) {
        give_none(values, given);
    } else if (type == RULE_TEXTS) {
        give_texts(values, given);
    } else {
        if (field->is_unchecked) {
            type = literal->has_number && !literal->is_quoted ? RULE_NUMBER : RULE_TEXT;
        }
        put(values, field->info->field, field->key,
            &(struct rule_value){.type = type, .text = literal->text, .number = literal->number});
    }
}

static void give_attachment(struct test_world *world, const struct rule_given *given)
{
    static const enum rule_field LISTS[] = {RULE_MAIL_ATTACHMENT_NAMES, RULE_MAIL_ATTACHMENT_TYPES};
    guint count = 0;

    for (guint i = 0; i < G_N_ELEMENTS(LISTS); i++) {
        const struct rule_literal *literal = given->values->pdata[i];
        struct kept_value *list = test_world_value(world, LISTS[i], NULL);
        g_ptr_array_add(list->texts, g_strdup(literal->text));
        count = list->texts->len;
    }
    put_number(world, RULE_MAIL_ATTACHMENTS, count);
}

static void put_time(struct test_world *world, int64_t now_us)
{
    static const int THURSDAY = 3; /* 1970-01-01 */
    const int64_t of_day_us = now_us % DAY_US;
    const int weekday = (int)((now_us / DAY_US + THURSDAY) % 7);
    bool is_working = weekday < 5 && of_day_us >= 8 * HOUR_US && of_day_us < 17 * HOUR_US;

    put_text(world, RULE_TIME_WEEKDAY, rule_words_list(WORDS_WEEKDAY)[weekday]);
    put_number(world, RULE_TIME_OF_DAY, of_day_us);
    put_number(world, RULE_TIME_IS_WORKING, is_working ? 1 : 0);
    put_number(world, RULE_TIME_IS_HOLIDAY, 0);
}

static void give(struct test_world *world, const struct rule_given *given)
{
    if (given->is_before) {
        give_value(world->before, given);
    } else if (given->is_attachments) {
        give_attachment(world, given);
    } else if (!given->is_time) {
        give_value(world->values, given);
    }
}

/* ---- what is as usual ------------------------------------------------------------------------- */

static bool gives(const struct rule_test *test, enum rule_field field)
{
    for (guint i = 0; i < test->givens->len; i++) {
        const struct rule_given *given = test->givens->pdata[i];
        if (given->field.info->field == field && !given->is_before) {
            return true;
        }
    }
    return false;
}

static bool is_mail_given(const struct rule_test *test)
{
    const unsigned of_mail = 1U << EVENT_MAIL_RECEIVED | 1U << EVENT_REQUESTER_REPLIED |
                             1U << EVENT_CONTACT_REPLIED | 1U << EVENT_CUSTOMER_REPLIED |
                             1U << EVENT_TECHNICIAN_REPLIED;

    if (!test->has_events || (test->events & of_mail) != 0) {
        return true;
    }
    for (guint i = 0; i < test->givens->len; i++) {
        const struct rule_given *given = test->givens->pdata[i];
        if (given->field.info->field <= RULE_MAIL_ROLE) {
            return true;
        }
    }
    return false;
}

static void put_mail(struct test_world *world, bool is_of_technician)
{
    put_text(world, RULE_MAIL_FROM,
             is_of_technician ? "technician@desk.example" : "someone@customer.example");
    put_text(world, RULE_MAIL_FROM_NAME, "");
    put_texts(world, RULE_MAIL_TO, "support@desk.example");
    put_texts(world, RULE_MAIL_CC, NULL);
    put_texts(world, RULE_MAIL_REPLY_TO, NULL);
    put_text(world, RULE_MAIL_SUBJECT, "");
    put_text(world, RULE_MAIL_BODY, "");
    put_number(world, RULE_MAIL_SIZE, 4096);
    put_number(world, RULE_MAIL_ATTACHMENTS, 0);
    put_texts(world, RULE_MAIL_ATTACHMENT_NAMES, NULL);
    put_texts(world, RULE_MAIL_ATTACHMENT_TYPES, NULL);
    put_text(world, RULE_MAIL_KIND, "person");
    put_number(world, RULE_MAIL_IS_VERIFIED, 1);
    put_number(world, RULE_MAIL_IS_THANKS, 0);
    put_text(world, RULE_MAIL_MAILBOX, "support@desk.example");
    put_text(world, RULE_MAIL_ROLE, is_of_technician ? "technician" : "contact");
}

static void put_ticket(struct test_world *world)
{
    put_number(world, RULE_TICKET_NUMBER, 1);
    put_texts(world, RULE_TICKET_STATUS, "open");
    put_text(world, RULE_TICKET_TYPE, "incident");
    put_text(world, RULE_TICKET_PRIORITY, "medium");
    put_text(world, RULE_TICKET_IMPACT, "minor");
    put_texts(world, RULE_TICKET_TAGS, NULL);
    put_text(world, RULE_TICKET_TITLE, "");
    put_text(world, RULE_TICKET_REQUESTER, "someone@customer.example");
    put_number(world, RULE_TICKET_ASSIGNEE_IS_DISABLED, 0);
    put_text(world, RULE_TICKET_ACTIVITY, "unread");
    put_text(world, RULE_TICKET_SOURCE, "mail");
    put_number(world, RULE_TICKET_AGE, 0);
    put_number(world, RULE_TICKET_SINCE_CONTACT, 0);
    put_number(world, RULE_TICKET_SINCE_CHANGE, 0);
    put_number(world, RULE_TICKET_COMMENTS, 1);
    put_text(world, RULE_CONTACT_ADDRESS, "someone@customer.example");
    put_text(world, RULE_CONTACT_NAME, "");
    put_text(world, RULE_CONTACT_LANGUAGE, "en");
    put_number(world, RULE_CONTACT_IS_MAIN_CONTACT, 0);
    put_number(world, RULE_CONTACT_IS_CONFIRMED, 1);
}

static const char *first_text(const struct test_world *world, enum rule_field field)
{
    const struct kept_value *value = test_world_value(world, field, NULL);

    return value != NULL && value->texts->len > 0 ? value->texts->pdata[0] : NULL;
}

/* What follows from what is given, unless it is given itself. */
static void derive(struct test_world *world, const struct rule_test *test, enum rule_field field,
                   const char *text)
{
    if (text != NULL && !gives(test, field)) {
        g_autofree char *copy = g_strdup(text); /* it may be the value that is replaced */
        put_text(world, field, copy);
    }
}

static void derive_all(struct test_world *world, const struct rule_test *test)
{
    const char *from = first_text(world, RULE_MAIL_FROM);
    const char *role = first_text(world, RULE_MAIL_ROLE);
    const char *at = from != NULL ? strrchr(from, '@') : NULL;
    bool is_contact = role != NULL && strcmp(role, "technician") != 0;

    derive(world, test, RULE_MAIL_FROM_DOMAIN, at != NULL ? at + 1 : NULL);
    derive(world, test, RULE_TICKET_TITLE, first_text(world, RULE_MAIL_SUBJECT));
    derive(world, test, RULE_TICKET_REQUESTER, is_contact ? from : NULL);
    derive(world, test, RULE_CONTACT_ADDRESS,
           is_contact ? from : first_text(world, RULE_TICKET_REQUESTER));
    derive(world, test, RULE_CUSTOMER_NAME, first_text(world, RULE_TICKET_CUSTOMER));
    derive(world, test, RULE_TICKET_CUSTOMER, first_text(world, RULE_CUSTOMER_NAME));
    derive(world, test, RULE_TICKET_SOURCE, world->has_mail ? NULL : "cli");
}

static int64_t time_of(const struct rule_test *test, int64_t now_us)
{
    for (guint i = 0; i < test->givens->len; i++) {
        const struct rule_given *given = test->givens->pdata[i];
        if (given->is_time) {
            const struct rule_literal *literal = given->values->pdata[0];
            return literal->number;
        }
    }
    return MAX(now_us, 0);
}

struct test_world *test_world_new(const struct rule_test *test, int64_t now_us)
{
    struct test_world *world = g_new(struct test_world, 1);

    *world = (struct test_world){
        .values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, value_destroy),
        .before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, value_destroy),
        .has_mail = is_mail_given(test),
    };
    if (world->has_mail) {
        put_mail(world, (test->events & 1U << EVENT_TECHNICIAN_REPLIED) != 0);
    }
    put_ticket(world);
    put_time(world, time_of(test, now_us));
    for (guint i = 0; i < test->givens->len; i++) {
        give(world, test->givens->pdata[i]);
    }
    derive_all(world, test);
    return world;
}

void test_world_free(struct test_world *world)
{
    if (world == NULL) {
        return;
    }
    g_hash_table_unref(world->values);
    g_hash_table_unref(world->before);
    g_free(world);
}

bool test_world_has_mail(const struct test_world *world)
{
    return world->has_mail;
}

/* ---- as a world ------------------------------------------------------------------------------- */

static bool lend(GHashTable *values, enum rule_field field, const char *key, struct rule_value *out)
{
    g_autofree char *name = name_of(field, key);
    const struct kept_value *value = g_hash_table_lookup(values, name);

    if (value == NULL) {
        *out = (struct rule_value){.type = RULE_NOTHING};
        return false;
    }
    *out = (struct rule_value){.type = value->type, .number = value->number};
    if (value->type == RULE_TEXT) {
        out->text = value->texts->pdata[0];
    } else if (value->type == RULE_TEXTS) {
        out->texts = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < value->texts->len; i++) {
            g_ptr_array_add(out->texts, g_strdup(value->texts->pdata[i]));
        }
    }
    return true;
}

static void get(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    const struct test_world *world = of;

    (void)lend(world->values, field, key, out);
}

static bool was(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    const struct test_world *world = of;

    return lend(world->before, field, key, out);
}

struct rule_world test_world_of(const struct test_world *world)
{
    return (struct rule_world){.of = world, .get = get, .was = was};
}
