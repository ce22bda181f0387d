/* rule_records - what rules have to know of the desk
 *
 * Groups and the desk's own statuses are few and go with every mail. Customers, tickets and everybody's load are looked
 * for only where a rule that fires asks for them (plan's wants), and what was looked for in vain is remembered, so
 * that the next round does not ask again.
 * Pure.
 */
#include "desk/rule_records.h"

enum { MOST_STATUS = 3 }; /* TICKET_CLOSED */

static void group_free(void *pointer)
{
    struct group_record *group = pointer;

    g_free(group->name);
    g_free(group);
}

static void status_free(void *pointer)
{
    struct status_record *status = pointer;

    g_free(status->name);
    g_free(status);
}

static void customer_free(void *pointer)
{
    struct customer_name_record *customer = pointer;

    g_free(customer->name);
    g_free(customer);
}

void rule_records_init(struct rule_records *records)
{
    *records = (struct rule_records){
        .version = -1,
        .groups = g_ptr_array_new_with_free_func(group_free),
        .statuses = g_ptr_array_new_with_free_func(status_free),
        .customers = g_ptr_array_new_with_free_func(customer_free),
        .tickets = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .loads = g_array_new(FALSE, FALSE, sizeof(struct load_record)),
    };
}

void rule_records_done(struct rule_records *records)
{
    g_ptr_array_unref(records->groups);
    g_ptr_array_unref(records->statuses);
    g_ptr_array_unref(records->customers);
    g_array_unref(records->tickets);
    g_array_unref(records->loads);
}

void rule_records_add_group(struct rule_records *records, int64_t id, const char *name,
                            int64_t last_pick)
{
    struct group_record *group = g_new0(struct group_record, 1);

    *group = (struct group_record){.id = id, .name = g_strdup(name), .last_pick = last_pick};
    g_ptr_array_add(records->groups, group);
}

void rule_records_add_status(struct rule_records *records, const char *name, int maps_to)
{
    struct status_record *status = g_new0(struct status_record, 1);

    *status = (struct status_record){.name = g_strdup(name), .maps_to = maps_to};
    g_ptr_array_add(records->statuses, status);
}

void rule_records_add_customer(struct rule_records *records, const char *name, int64_t id)
{
    struct customer_name_record *customer = g_new0(struct customer_name_record, 1);

    *customer = (struct customer_name_record){.name = g_strdup(name), .id = id};
    g_ptr_array_add(records->customers, customer);
}

static bool is_same_name(const char *left, const char *right)
{
    g_autofree char *a = g_utf8_casefold(left, -1);
    g_autofree char *b = g_utf8_casefold(right, -1);

    return g_str_equal(a, b);
}

const struct group_record *rule_records_group(const struct rule_records *records, int64_t id)
{
    for (guint i = 0; i < records->groups->len; i++) {
        const struct group_record *group = records->groups->pdata[i];
        if (group->id == id) {
            return group;
        }
    }
    return NULL;
}

const struct group_record *rule_records_group_named(const struct rule_records *records,
                                                    const char *name)
{
    for (guint i = 0; i < records->groups->len; i++) {
        const struct group_record *group = records->groups->pdata[i];
        if (is_same_name(group->name, name)) {
            return group;
        }
    }
    return NULL;
}

const struct status_record *rule_records_status_named(const struct rule_records *records,
                                                      const char *name)
{
    for (guint i = 0; i < records->statuses->len; i++) {
        const struct status_record *status = records->statuses->pdata[i];
        if (is_same_name(status->name, name)) {
            return status;
        }
    }
    return NULL;
}

const struct customer_name_record *rule_records_customer_named(const struct rule_records *records,
                                                               const char *name)
{
    for (guint i = 0; i < records->customers->len; i++) {
        const struct customer_name_record *customer = records->customers->pdata[i];
        if (is_same_name(customer->name, name)) {
            return customer;
        }
    }
    return NULL;
}

/* ---- storing ----------------------------------------------------------------------------------- */

static void put_words(GVariantBuilder *builder, const struct rule_records *records)
{
    g_variant_builder_open(builder, G_VARIANT_TYPE("a(xsx)"));
    for (guint i = 0; i < records->groups->len; i++) {
        const struct group_record *group = records->groups->pdata[i];
        g_variant_builder_add(builder, "(xsx)", (gint64)group->id, group->name,
                              (gint64)group->last_pick);
    }
    g_variant_builder_close(builder);
    g_variant_builder_open(builder, G_VARIANT_TYPE("a(si)"));
    for (guint i = 0; i < records->statuses->len; i++) {
        const struct status_record *status = records->statuses->pdata[i];
        g_variant_builder_add(builder, "(si)", status->name, (gint32)status->maps_to);
    }
    g_variant_builder_close(builder);
    g_variant_builder_open(builder, G_VARIANT_TYPE("a(sx)"));
    for (guint i = 0; i < records->customers->len; i++) {
        const struct customer_name_record *customer = records->customers->pdata[i];
        g_variant_builder_add(builder, "(sx)", customer->name, (gint64)customer->id);
    }
    g_variant_builder_close(builder);
}

GVariant *rule_records_to_variant(const struct rule_records *records)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE(RULE_RECORDS_TYPE));
    g_variant_builder_add(&builder, "x", (gint64)records->version);
    put_words(&builder, records);
    g_variant_builder_open(&builder, G_VARIANT_TYPE("ax"));
    for (guint i = 0; i < records->tickets->len; i++) {
        g_variant_builder_add(&builder, "x", (gint64)g_array_index(records->tickets, int64_t, i));
    }
    g_variant_builder_close(&builder);
    g_variant_builder_add(&builder, "b", (gboolean)records->has_loads);
    g_variant_builder_open(&builder, G_VARIANT_TYPE("a(xx)"));
    for (guint i = 0; i < records->loads->len; i++) {
        const struct load_record *load = &g_array_index(records->loads, struct load_record, i);
        g_variant_builder_add(&builder, "(xx)", (gint64)load->person, (gint64)load->tickets);
    }
    g_variant_builder_close(&builder);
    return g_variant_builder_end(&builder);
}

bool rule_records_read(GVariant *value, struct rule_records *records)
{
    g_autoptr(GVariantIter) groups = NULL;
    g_autoptr(GVariantIter) statuses = NULL;
    g_autoptr(GVariantIter) customers = NULL;
    g_autoptr(GVariantIter) tickets = NULL;
    g_autoptr(GVariantIter) loads = NULL;
    gint64 version = 0;
    gint64 number = 0;
    gint64 other = 0;
    gint32 maps_to = 0;
    gboolean has_loads = FALSE;
    bool is_known = true;
    const char *name = NULL;

    g_variant_get(value, RULE_RECORDS_TYPE, &version, &groups, &statuses, &customers, &tickets,
                  &has_loads, &loads);
    records->version = version;
    records->has_loads = has_loads;
    while (g_variant_iter_next(groups, "(x&sx)", &number, &name, &other)) {
        rule_records_add_group(records, number, name, other);
    }
    while (g_variant_iter_next(statuses, "(&si)", &name, &maps_to)) {
        rule_records_add_status(records, name, maps_to);
        is_known &= maps_to >= 0 && maps_to <= MOST_STATUS;
    }
    while (g_variant_iter_next(customers, "(&sx)", &name, &number)) {
        rule_records_add_customer(records, name, number);
    }
    while (g_variant_iter_next(tickets, "x", &number)) {
        int64_t ticket = number;
        g_array_append_val(records->tickets, ticket);
    }
    while (g_variant_iter_next(loads, "(xx)", &number, &other)) {
        struct load_record load = {.person = number, .tickets = other};
        g_array_append_val(records->loads, load);
    }
    return is_known;
}
