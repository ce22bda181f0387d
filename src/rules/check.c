/* check - do the words of the rules exist, and do they fit?
 *
 * The parser knows how rules look, this module what they mean: fields of the table, words of the program and of the desk,
 * types of values, patterns. Everything is checked, whatever was wrong before it, and every unknown word comes with the
 * nearest known one. What is checked is completed on the way: fields get their row of the table and a slot for their
 * value, values become numbers or lose their case, patterns are compiled and give their words to the prefilter.
 *
 * What only the desk knows comes with struct rule_names; where that has no list, any word will do.
 *
 * Actions are checked in check_action.c, tests in check_test.c.
 * Pure: no I/O.
 */
#include "rules/check.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rules/literal.h"
#include "rules/parser.h"

/* ---- words ------------------------------------------------------------------------------------ */

static GPtrArray *list_of(const char *const *words, const GPtrArray *more)
{
    GPtrArray *list = g_ptr_array_new();

    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        g_ptr_array_add(list, (char *)words[i]);
    }
    for (guint i = 0; more != NULL && i < more->len; i++) {
        g_ptr_array_add(list, more->pdata[i]);
    }
    return list;
}

static bool is_same_word(const char *a, const char *b)
{
    g_autofree char *first = g_utf8_casefold(a, -1);
    g_autofree char *second = g_utf8_casefold(b, -1);

    return strcmp(first, second) == 0;
}

/* "open, pending, resolved, closed": for a message. */
static char *join_words(const GPtrArray *list)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const guint most = 8;

    for (guint i = 0; i < list->len && i < most; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (const char *)list->pdata[i]);
    }
    if (list->len > most) {
        g_string_append(text, ", …");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

bool check_word(struct rule_build *build, struct rule_literal *literal, const char *what,
                const char *const *words, const GPtrArray *more)
{
    g_autoptr(GPtrArray) list = list_of(words, more);

    for (guint i = 0; i < list->len; i++) {
        if (is_same_word(list->pdata[i], literal->text)) {
            g_free(literal->text);
            literal->text = g_strdup(list->pdata[i]);
            return true;
        }
    }
    if (list->len == 0) {
        rule_complain(build, &literal->at, "unknown %s \"%s\", expected one, but the desk has none",
                      what, literal->text);
        return false;
    }
    g_autofree char *hint = parser_did_you_mean(literal->text, (const char *const *)list->pdata,
                                                list->len);
    g_autofree char *known = join_words(list);
    rule_complain(build, &literal->at, "unknown %s \"%s\", expected one of %s%s", what,
                  literal->text, known, hint);
    return false;
}

bool check_name(struct rule_build *build, struct rule_literal *literal, const char *what,
                const GPtrArray *known)
{
    return known == NULL || check_word(build, literal, what, NULL, known);
}

bool check_address(struct rule_build *build, const struct rule_literal *literal)
{
    if (literal_is_address(literal->text)) {
        return true;
    }
    rule_complain(build, &literal->at,
                  "\"%s\" is no address, expected such as \"anna@acme.example\"", literal->text);
    return false;
}

bool check_person(struct rule_build *build, struct rule_literal *literal)
{
    return check_address(build, literal) &&
           check_name(build, literal, "technician",
                      build->names != NULL ? build->names->people : NULL);
}

/* ---- fields ----------------------------------------------------------------------------------- */

static unsigned slot_of(struct rule_build *build, enum rule_field field, const char *key)
{
    g_autofree char *name = g_strdup_printf("%d %s", field, key != NULL ? key : "");
    gpointer known = g_hash_table_lookup(build->slots, name);

    if (known != NULL) {
        return GPOINTER_TO_UINT(known) - 1;
    }
    struct rule_slot *slot = g_new(struct rule_slot, 1);
    *slot = (struct rule_slot){.field = field, .key = g_strdup(key)};
    g_ptr_array_add(build->rules->slots, slot);
    g_hash_table_insert(build->slots, g_steal_pointer(&name),
                        GUINT_TO_POINTER(build->rules->slots->len));
    return build->rules->slots->len - 1;
}

static bool check_custom_field(struct rule_build *build, struct rule_field_ref *field)
{
    const GPtrArray *fields = build->names != NULL ? build->names->fields : NULL;
    g_autoptr(GPtrArray) known = g_ptr_array_new();

    assert(field->key != NULL);
    field->is_unchecked = fields == NULL;
    for (guint i = 0; fields != NULL && i < fields->len; i++) {
        const struct rule_custom_field *custom = fields->pdata[i];
        if (strcmp(custom->name, field->key) == 0) {
            field->type = custom->type;
            field->choices = custom->choices;
            return true;
        }
        g_ptr_array_add(known, custom->name);
    }
    if (fields == NULL) {
        return true;
    }
    g_autofree char *hint = parser_did_you_mean(field->key, (const char *const *)known->pdata,
                                                known->len);
    rule_complain(build, &field->at, "the desk has no field \"%s\", expected one of its own%s",
                  field->key, hint);
    return false;
}

static bool find_field(struct rule_field_ref *field, const struct rule_field_info *fields,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(fields[i].name);
        bool is_prefix = fields[i].name[length - 1] == '.';
        if (is_prefix && g_ascii_strncasecmp(field->word, fields[i].name, length) == 0) {
            field->key = fields[i].field == RULE_MAIL_HEADER
                             ? g_ascii_strdown(field->word + length, -1)
                             : g_strdup(field->word + length);
        } else if (is_prefix || g_ascii_strcasecmp(field->word, fields[i].name) != 0) {
            continue;
        }
        field->info = &fields[i];
        field->type = fields[i].type;
        return true;
    }
    return false;
}

static void complain_of_field(struct rule_build *build, const struct rule_field_ref *field,
                              const struct rule_field_info *fields, size_t count)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *lower = g_ascii_strdown(field->word, -1);

    for (size_t i = 0; i < count; i++) {
        const char *dot = strchr(fields[i].name, '.');
        if (strcmp(dot + 1, lower) == 0) { /* "subject" is nearer to mail.subject than any other */
            rule_complain(build, &field->at, "unknown field \"%s\", expected \"%s\"", field->word,
                          fields[i].name);
            return;
        }
        g_ptr_array_add(names, (char *)fields[i].name);
    }
    g_autofree char *hint = parser_did_you_mean(lower, (const char *const *)names->pdata,
                                                names->len);
    rule_complain(build, &field->at, "unknown field \"%s\", expected such as ticket.status%s",
                  field->word, hint);
}

bool check_field(struct rule_build *build, struct rule_field_ref *field)
{
    size_t count = 0;
    const struct rule_field_info *fields = rule_field_list(&count);

    if (!find_field(field, fields, count)) {
        complain_of_field(build, field, fields, count);
        return false;
    }
    if (field->key != NULL && field->key[0] == '\0') {
        rule_complain(build, &field->at, "\"%s\" lacks a name, expected such as %s", field->word,
                      field->info->field == RULE_CUSTOM ? "field.order"
                                                        : "mail.header.x-spam-flag");
        field->info = NULL;
        return false;
    }
    if (field->info->field == RULE_CUSTOM && !check_custom_field(build, field)) {
        field->info = NULL;
        return false;
    }
    field->slot = slot_of(build, field->info->field, field->key);
    return true;
}

/* ---- values ----------------------------------------------------------------------------------- */

static const char *words_name(enum rule_words words)
{
    switch (words) {
    case WORDS_KIND:
        return "kind of mail";
    case WORDS_ROLE:
        return "role";
    case WORDS_STATUS:
        return "status";
    case WORDS_TYPE:
        return "type";
    case WORDS_PRIORITY:
        return "priority";
    case WORDS_IMPACT:
        return "impact";
    case WORDS_ACTIVITY:
        return "activity status";
    case WORDS_SOURCE:
        return "source";
    case WORDS_GROUP:
        return "group";
    case WORDS_WEEKDAY:
        return "weekday";
    case WORDS_CHOICE:
        return "choice";
    case WORDS_LANGUAGE:
        return "language";
    case WORDS_ANY:
    case WORDS_ADDRESS:
        break;
    }
    return "word";
}

static bool check_text(struct rule_build *build, const struct rule_field_ref *field,
                       struct rule_literal *literal)
{
    enum rule_words words = field->info->words;
    const char *what = words_name(words);
    const struct rule_names *names = build->names;
    bool is_fine = true;

    switch (words) {
    case WORDS_ANY:
        break;
    case WORDS_ADDRESS:
        is_fine = check_address(build, literal);
        break;
    case WORDS_GROUP:
        is_fine = check_name(build, literal, what, names != NULL ? names->groups : NULL);
        break;
    case WORDS_CHOICE:
        is_fine = check_name(build, literal, what, field->choices);
        break;
    case WORDS_STATUS:
        is_fine = names == NULL || names->statuses == NULL ||
                  check_word(build, literal, what, rule_words_list(words), names->statuses);
        break;
    case WORDS_KIND:
    case WORDS_ROLE:
    case WORDS_TYPE:
    case WORDS_PRIORITY:
    case WORDS_IMPACT:
    case WORDS_ACTIVITY:
    case WORDS_SOURCE:
    case WORDS_WEEKDAY:
    case WORDS_LANGUAGE:
        is_fine = check_word(build, literal, what, rule_words_list(words), NULL);
        literal->number = rule_word_index(rule_words_list(words), literal->text);
        literal->has_number = is_fine;
        break;
    }
    if (is_fine && field->info->field == RULE_MAIL_FROM_DOMAIN &&
        strchr(literal->text, '@') != NULL) {
        rule_complain(build, &literal->at, "\"%s\" is no domain, expected what stands behind the @",
                      literal->text);
        is_fine = false;
    }
    return is_fine;
}

/* What a value of a type looks like. */
static const char *type_example(const struct rule_field_ref *field)
{
    switch (field->type) {
    case RULE_NUMBER:
        return field->info->field == RULE_MAIL_SIZE ? "a size, such as 20MB" : "a whole number";
    case RULE_BOOL:
        return "yes or no";
    case RULE_TIME:
        return "a day, such as \"2026-11-23\"";
    case RULE_DURATION:
        return field->info->field == RULE_TIME_OF_DAY ? "a time, such as 08:30"
                                                      : "a duration, such as 30m, 2h or 1d";
    case RULE_NOTHING:
    case RULE_TEXT:
    case RULE_TEXTS:
        break;
    }
    return "a text";
}

static bool read_number(const struct rule_field_ref *field, const char *text, int64_t *number)
{
    switch (field->type) {
    case RULE_NUMBER:
        return field->info->field == RULE_MAIL_SIZE ? literal_size(text, number)
                                                    : literal_number(text, number);
    case RULE_BOOL:
        return literal_bool(text, number);
    case RULE_TIME:
        return literal_time(text, number);
    case RULE_DURATION:
        return field->info->field == RULE_TIME_OF_DAY ? literal_time_of_day(text, number)
                                                      : literal_duration(text, number);
    case RULE_NOTHING:
    case RULE_TEXT:
    case RULE_TEXTS:
        break;
    }
    return false;
}

bool check_value(struct rule_build *build, const struct rule_field_ref *field,
                 struct rule_literal *literal)
{
    if (literal->is_none) {
        return true;
    }
    if (field->is_unchecked) { /* the world knows its type */
        literal->has_number = literal_number(literal->text, &literal->number) ||
                              literal_time(literal->text, &literal->number);
    } else if (field->type == RULE_TEXT || field->type == RULE_TEXTS) {
        if (!check_text(build, field, literal)) {
            return false;
        }
    } else {
        literal->has_number = read_number(field, literal->text, &literal->number);
        if (!literal->has_number) {
            rule_complain(build, &literal->at, "\"%s\" does not fit \"%s\", expected %s",
                          literal->text, field->word, type_example(field));
            return false;
        }
    }
    g_free(literal->folded);
    literal->folded = g_utf8_casefold(literal->text, -1);
    return true;
}

/* ---- patterns --------------------------------------------------------------------------------- */

struct pattern *check_pattern(struct rule_build *build, const struct rule_at *at, const char *text,
                              const char *flags)
{
    OWNED(pattern) pattern = NULL;
    struct err err = {.status = ST_OK};
    size_t offset = 0;

    if (pattern_new(text, flags, &pattern, &offset, &err) != ST_OK) {
        g_autofree char *before = g_strndup(text, offset);
        g_autofree char *scrubbed = text_scrub(before, -1);
        struct rule_at place = *at;
        place.column += 1 + (unsigned)text_chars(scrubbed);
        rule_complain(build, &place, "this is no pattern: %s", err.text);
        return NULL;
    }
    g_autoptr(GPtrArray) words = prefilter_words_of(text, flags);
    if (words != NULL) {
        GArray *numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
        for (guint i = 0; i < words->len; i++) {
            unsigned number = prefilter_add(build->rules->prefilter, words->pdata[i]);
            g_array_append_val(numbers, number);
        }
        pattern_set_words(pattern, numbers);
    }
    return g_steal_pointer(&pattern);
}

/* ---- conditions ------------------------------------------------------------------------------- */

static bool is_text(const struct rule_field_ref *field)
{
    return field->type == RULE_TEXT || field->type == RULE_TEXTS;
}

static bool is_ordered(const struct rule_field_ref *field)
{
    return field->is_unchecked || !is_text(field)
               ? field->type != RULE_BOOL
               : field->info->words == WORDS_PRIORITY || field->info->words == WORDS_IMPACT;
}

static void check_values(struct rule_build *build, const struct rule_field_ref *field,
                         const GPtrArray *values)
{
    for (guint i = 0; values != NULL && i < values->len; i++) {
        (void)check_value(build, field, values->pdata[i]);
    }
}

static void check_order(struct rule_build *build, const struct rule_condition *condition)
{
    const struct rule_literal *value = condition->values->pdata[0];

    if (condition->comparison == COMPARE_EQUAL) {
        return;
    }
    if (!is_ordered(&condition->field)) {
        rule_complain(build, &condition->at,
                      "\"%s\" has no order, expected \"=\", \"!=\" or \"in\"",
                      condition->field.word);
    } else if (value->is_none) {
        rule_complain(build, &value->at,
                      "nothing is less or more than none, expected = or != none");
    }
}

static void check_changed(struct rule_build *build, const struct rule *rule,
                          const struct rule_condition *condition)
{
    enum rule_field field = condition->field.info->field;
    bool can_change = condition->field.info->can_be_set || field == RULE_TICKET_TAGS ||
                      field == RULE_TICKET_ASSIGNEE || field == RULE_TICKET_ACTIVITY;

    if (!can_change) {
        rule_complain(
            build, &condition->at,
            "\"%s\" never changes, expected a field that can be set, such as ticket.status",
            condition->field.word);
    }
    if (rule->every_us != 0 || rule->events == 1U << EVENT_MAIL_RECEIVED) {
        rule_complain(
            build, &condition->at,
            "nothing has changed here, expected \"on\" an event that is a change, such as "
            "status-changed");
    }
    check_values(build, &condition->field, condition->values);
    check_values(build, &condition->field, condition->to_values);
}

static void check_match(struct rule_build *build, struct rule_condition *condition)
{
    if (!is_text(&condition->field) && !condition->field.is_unchecked) {
        rule_complain(build, &condition->at, "\"%s\" is no text, expected a text before \"~\"",
                      condition->field.word);
    }
    condition->pattern = check_pattern(build, &condition->pattern_at, condition->pattern_text,
                                       condition->pattern_flags);
}

/* What is said of a field that is known. */
static void check_said(struct rule_build *build, const struct rule *rule,
                       struct rule_condition *condition)
{
    switch (condition->kind) {
    case CONDITION_COMPARE:
        check_order(build, condition);
        check_values(build, &condition->field, condition->values);
        break;
    case CONDITION_IN:
        check_values(build, &condition->field, condition->values);
        break;
    case CONDITION_MATCH:
        check_match(build, condition);
        break;
    case CONDITION_CHANGED:
        check_changed(build, rule, condition);
        break;
    case CONDITION_IS:
        if (condition->field.type != RULE_BOOL) {
            rule_complain(build, &condition->at,
                          "\"%s\" is not yes or no, expected a comparison such as \"=\" or \"~\"",
                          condition->field.word);
        }
        break;
    case CONDITION_AND:
    case CONDITION_OR:
    case CONDITION_NOT:
        break;
    }
}

static void check_condition(struct rule_build *build, const struct rule *rule,
                            struct rule_condition *condition)
{
    for (guint i = 0; i < condition->parts->len; i++) {
        check_condition(build, rule, condition->parts->pdata[i]);
    }
    if (condition->parts->len > 0) {
        return;
    }
    if (!check_field(build, &condition->field)) {
        if (condition->pattern_text != NULL) {
            condition->pattern = check_pattern(build, &condition->pattern_at,
                                               condition->pattern_text, condition->pattern_flags);
        }
        return;
    }
    if (rule->every_us != 0 && condition->field.info->field <= RULE_MAIL_ROLE) {
        rule_complain(
            build, &condition->at,
            "there is no mail where the time is the cause, expected a field of the ticket "
            "instead of \"%s\"",
            condition->field.word);
    }
    check_said(build, rule, condition);
}

/* ---- rules ------------------------------------------------------------------------------------ */

static void check_rule(struct rule_build *build, struct rule *rule, GHashTable *names)
{
    const struct rule *other = g_hash_table_lookup(names, rule->name);

    if (other != NULL) {
        rule_complain(build, &rule->at, "there is a rule \"%s\" in %s, expected a name of its own",
                      rule->name, other->place);
    } else {
        g_hash_table_insert(names, rule->name, rule);
    }
    if (rule->every_us != 0 && !rule->has_condition) {
        rule_complain(build, &rule->every_at,
                      "\"every\" without a condition is of every ticket there is, expected \"if\"");
    }
    if (rule->condition != NULL) {
        check_condition(build, rule, rule->condition);
    }
    check_actions(build, rule);
}

static void check_test_name(struct rule_build *build, struct rule_test *test, GHashTable *names)
{
    const struct rule_test *other = g_hash_table_lookup(names, test->name);

    if (other != NULL) {
        rule_complain(build, &test->at, "there is a test \"%s\" in %s, expected a name of its own",
                      test->name, other->place);
    } else {
        g_hash_table_insert(names, test->name, test);
    }
}

void check_rules(struct rule_build *build)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) tests = g_hash_table_new(g_str_hash, g_str_equal);
    struct rules *rules = build->rules;

    for (guint i = 0; i < rules->list->len; i++) {
        check_rule(build, rules->list->pdata[i], names);
    }
    for (guint i = 0; i < rules->tests->len; i++) {
        check_test_name(build, rules->tests->pdata[i], tests);
        check_test(build, rules->tests->pdata[i]);
    }
}
