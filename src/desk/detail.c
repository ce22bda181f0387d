/* detail - what is known of customers and people besides names and switches
 *
 * Phones, addresses, notes: texts that the desk shows and rules may ask for, and that decide nothing by themselves.
 * They are all treated alike, so they stand in one table; a further one is a row here, a column of its table
 * and of the statements in store/customer or store/person_change.
 *
 * A text that was not entered is empty. What comes from a file or the command line is cleaned of control
 * characters: it is shown on terminals and in mails.
 * Pure.
 */
#include "desk/detail.h"

#include <assert.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/calendar.h"

static const struct detail_info CUSTOMERS[] = {
    [CUSTOMER_NUMBER] = {"number", "Number", "the business's own number for it", DETAIL_LINE},
    [CUSTOMER_RANK] = {"rank", "Rank", "a word of yours that rules can ask for", DETAIL_LINE},
    [CUSTOMER_PHONE] = {"phone", "Phone", "telephone number", DETAIL_LINE},
    [CUSTOMER_FAX] = {"fax", "Fax", "fax number", DETAIL_LINE},
    [CUSTOMER_ADDRESS] = {"address", "Address", "street, and what belongs to it", DETAIL_LINES},
    [CUSTOMER_POSTCODE] = {"postcode", "Postcode", "postcode", DETAIL_LINE},
    [CUSTOMER_CITY] = {"city", "City", "city", DETAIL_LINE},
    [CUSTOMER_STATE] = {"state", "State", "state or province", DETAIL_LINE},
    [CUSTOMER_COUNTRY] = {"country", "Country", "country", DETAIL_LINE},
    [CUSTOMER_LANGUAGE] = {"language", "Language", "in which its people are written to",
                           DETAIL_LANGUAGE},
    [CUSTOMER_NOTES] = {"notes", "Notes", "what else the desk should know", DETAIL_LINES},
};

static const struct detail_info PEOPLE[] = {
    [PERSON_FIRST_NAME] = {"first-name", "First name", "first name", DETAIL_LINE},
    [PERSON_LAST_NAME] = {"last-name", "Last name", "last name", DETAIL_LINE},
    [PERSON_JOB_TITLE] = {"job-title", "Job title", "what he is there", DETAIL_LINE},
    [PERSON_LANGUAGE] = {"language", "Language", "in which he is written to", DETAIL_LANGUAGE},
    [PERSON_NOTES] = {"notes", "Notes", "what else the desk should know", DETAIL_LINES},
    [PERSON_ZONE] = {"zone", "Time zone", "in which he reads dates", DETAIL_ZONE},
    [PERSON_SIGNATURE] = {"signature", "Signature", "what stands below his answers",
                          DETAIL_SIGNATURE},
};

static const struct detail_info PHONE = {"phone", "Phones", "telephone number", DETAIL_PHONE};

static const char *const LANGUAGES[] = {"en", "de", "fr", "es", "it"};

const struct detail_info *detail_of_customer(enum customer_detail detail)
{
    assert(detail < CUSTOMER_DETAILS);
    return &CUSTOMERS[detail];
}

const struct detail_info *detail_of_person(enum person_detail detail)
{
    assert(detail < PERSON_DETAILS);
    return &PEOPLE[detail];
}

const struct detail_info *detail_of_phone(void)
{
    return &PHONE;
}

static enum status read_language(const char *text, char **value_out, struct err *err)
{
    g_autofree char *language = g_ascii_strdown(text, -1);

    for (size_t i = 0; i < G_N_ELEMENTS(LANGUAGES); i++) {
        if (strcmp(language, LANGUAGES[i]) == 0) {
            *value_out = g_steal_pointer(&language);
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "\"%.40s\" is no language that postdesk writes in", text);
    return err_hint(err, "en, de, fr, es or it");
}

static size_t count_lines(const char *text)
{
    size_t lines = 1;

    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

enum status detail_read_signature(const char *text, char **value_out, struct err *err)
{
    if (!g_utf8_validate(text, -1, NULL)) {
        return err_set(err, ST_INVALID, "the signature is no UTF-8");
    }
    g_autofree char *value = text_normalise_lines(text);

    if (text_chars(value) > LIMIT_SIGNATURE_CHARS || count_lines(value) > LIMIT_SIGNATURE_LINES) {
        return err_set(err, ST_INVALID,
                       "a signature has at most %d characters in %d lines, not %zu in %zu",
                       LIMIT_SIGNATURE_CHARS, LIMIT_SIGNATURE_LINES, text_chars(value),
                       count_lines(value));
    }
    *value_out = g_steal_pointer(&value);
    return ST_OK;
}

static enum status read_zone(const char *text, char **value_out, struct err *err)
{
    enum status status = calendar_check_zone(text, err);

    if (status == ST_OK) {
        *value_out = g_strdup(text);
    }
    return status;
}

enum status detail_read(const struct detail_info *info, const char *text, char **value_out,
                        struct err *err)
{
    if (info->kind == DETAIL_SIGNATURE) {
        return detail_read_signature(text, value_out, err);
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        return err_set(err, ST_INVALID, "%s is no UTF-8", info->name);
    }
    bool is_long = info->kind == DETAIL_LINES;
    g_autofree char *value = is_long ? text_normalise_lines(text) : text_one_line(text, SIZE_MAX);
    size_t most = is_long ? LIMIT_DETAIL_LINES_CHARS : LIMIT_DETAIL_CHARS;

    if (text_chars(value) > most) {
        return err_set(err, ST_INVALID, "%s has %zu characters; at most %zu are taken", info->name,
                       text_chars(value), most);
    }
    if (info->kind == DETAIL_LANGUAGE && value[0] != '\0') {
        return read_language(value, value_out, err);
    }
    if (info->kind == DETAIL_ZONE && value[0] != '\0') {
        return read_zone(value, value_out, err);
    }
    if (info->kind == DETAIL_PHONE && strchr(value, ';') != NULL) {
        return err_set(err, ST_INVALID, "\"%.60s\" is no single telephone number", value);
    }
    *value_out = g_steal_pointer(&value);
    return ST_OK;
}

char *detail_whole_name(const char *first_name, const char *last_name)
{
    g_autofree char *both = g_strjoin(" ", first_name, last_name, NULL);

    return g_strdup(g_strstrip(both));
}
