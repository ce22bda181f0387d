/* import_columns - the columns of customers' and contacts' files
 *
 * Each column has one function's worth of meaning: a detail (desk/detail), a list, yes or no. What a cell says is brought
 * into the form in which it is stored; all faults of a row are said, not only the first.
 *
 *     list of domains, addresses    separated by blanks, commas, semicolons or line ends
 *     list of phones                separated by semicolons or line ends: numbers have blanks
 *     yes or no                     yes, no, true, false in any letter case; empty is not said
 *
 * A text that is empty is entered as empty: in an update the file says what is. A list is all that there is.
 * Pure.
 */
#include "cli/import_columns.h"

#include <string.h>

#include "cli/entry.h"
#include "core/limits.h"
#include "core/text.h"
#include "desk/domain.h"

/* ---- the columns ---- */

enum {
    SHEET_NAME,
    SHEET_DETAILS, /* and the others of enum customer_detail */
    SHEET_DOMAINS = SHEET_DETAILS + CUSTOMER_DETAILS,
    SHEET_ONLY,
    SHEET_COLLEAGUES,
    SHEET_CUSTOMER_COLUMNS,
};

static const struct sheet_column CUSTOMER_SHEET[] = {
    [SHEET_NAME] = {"name", "Acme GmbH", true},
    [SHEET_DETAILS + CUSTOMER_NUMBER] = {"number", "K-1001", false},
    [SHEET_DETAILS + CUSTOMER_RANK] = {"rank", "gold", false},
    [SHEET_DETAILS + CUSTOMER_PHONE] = {"phone", "+49 89 123456", false},
    [SHEET_DETAILS + CUSTOMER_FAX] = {"fax", "+49 89 123457", false},
    [SHEET_DETAILS + CUSTOMER_ADDRESS] = {"address", "Hauptstr. 1", false},
    [SHEET_DETAILS + CUSTOMER_POSTCODE] = {"postcode", "80331", false},
    [SHEET_DETAILS + CUSTOMER_CITY] = {"city", "München", false},
    [SHEET_DETAILS + CUSTOMER_STATE] = {"state", "Bayern", false},
    [SHEET_DETAILS + CUSTOMER_COUNTRY] = {"country", "DE", false},
    [SHEET_DETAILS + CUSTOMER_LANGUAGE] = {"language", "de", false},
    [SHEET_DETAILS + CUSTOMER_NOTES] = {"notes", "", false},
    [SHEET_DOMAINS] = {"domains", "acme.example *.acme.example", false},
    [SHEET_ONLY] = {"main-contact-only", "no", false},
    [SHEET_COLLEAGUES] = {"colleagues", "default", false},
};

enum {
    SHEET_ADDRESS,
    SHEET_OTHER_ADDRESSES,
    SHEET_PERSON_NAME,
    SHEET_PERSON_DETAILS, /* and the others of enum person_detail */
    SHEET_PHONES = SHEET_PERSON_DETAILS + PERSON_FILE_DETAILS,
    SHEET_CUSTOMER,
    SHEET_MAIN,
    SHEET_OPENS,
    SHEET_CONFIRMED,
    SHEET_DISABLED,
    SHEET_CONTACT_COLUMNS,
};

static const struct sheet_column CONTACT_SHEET[] = {
    [SHEET_ADDRESS] = {"address", "anna@acme.example", true},
    [SHEET_OTHER_ADDRESSES] = {"other-addresses", "a.meyer@acme.example", false},
    [SHEET_PERSON_NAME] = {"name", "Anna Meyer", false},
    [SHEET_PERSON_DETAILS + PERSON_FIRST_NAME] = {"first-name", "Anna", false},
    [SHEET_PERSON_DETAILS + PERSON_LAST_NAME] = {"last-name", "Meyer", false},
    [SHEET_PERSON_DETAILS + PERSON_JOB_TITLE] = {"job-title", "Head of IT", false},
    [SHEET_PERSON_DETAILS + PERSON_LANGUAGE] = {"language", "de", false},
    [SHEET_PERSON_DETAILS + PERSON_NOTES] = {"notes", "", false},
    [SHEET_PHONES] = {"phones", "+49 89 123456-1; +49 170 1234567", false},
    [SHEET_CUSTOMER] = {"customer", "Acme GmbH", false},
    [SHEET_MAIN] = {"main-contact", "yes", false},
    [SHEET_OPENS] = {"opens-tickets", "yes", false},
    [SHEET_CONFIRMED] = {"confirmed", "no", false},
    [SHEET_DISABLED] = {"disabled", "no", false},
};

G_STATIC_ASSERT(G_N_ELEMENTS(CUSTOMER_SHEET) == SHEET_CUSTOMER_COLUMNS);
G_STATIC_ASSERT(G_N_ELEMENTS(CONTACT_SHEET) == SHEET_CONTACT_COLUMNS);

const struct sheet_column *import_columns(enum import_kind kind, size_t *count_out)
{
    bool is_customers = kind == IMPORT_CUSTOMERS;

    *count_out = is_customers ? G_N_ELEMENTS(CUSTOMER_SHEET) : G_N_ELEMENTS(CONTACT_SHEET);
    return is_customers ? CUSTOMER_SHEET : CONTACT_SHEET;
}

/* ---- one row ---- */

/* A row that is being read. */
struct reading {
    const struct sheet *sheet;        /* borrowed */
    struct faults *faults;            /* borrowed */
    char *texts[IMPORT_MOST_COLUMNS]; /* own until they are in the batch */
};

static void refuse(struct reading *reading, const struct err *err)
{
    faults_add(reading->faults, sheet_line(reading->sheet), "%s", err->text);
}

/* The cell, unless the file has no such column or nothing stands in it. */
static const char *said(const struct reading *reading, size_t column)
{
    const char *cell = sheet_cell(reading->sheet, column);

    return cell != NULL && cell[strspn(cell, " \t\r\n")] != '\0' ? cell : NULL;
}

static void read_detail(struct reading *reading, size_t column, const struct detail_info *info,
                        size_t place)
{
    struct err err = {.status = ST_OK};
    const char *cell = sheet_cell(reading->sheet, column);

    if (cell != NULL && detail_read(info, cell, &reading->texts[place], &err) != ST_OK) {
        refuse(reading, &err);
    }
}

static void read_name(struct reading *reading, size_t column, size_t place)
{
    struct err err = {.status = ST_OK};
    const char *cell = said(reading, column);

    if (cell != NULL && entry_name(cell, &reading->texts[place], &err) != ST_OK) {
        refuse(reading, &err);
        reading->texts[place] = text_one_line(cell, LIMIT_NAME_CHARS); /* to compare it by */
    }
}

/* One of the words, which stand in pairs: as it may be written, as it is stored. */
static void read_word(struct reading *reading, size_t column, size_t place, bool takes_default)
{
    static const char *const WORDS[][2] = {{"yes", "yes"},
                                           {"no", "no"},
                                           {"true", "yes"},
                                           {"false", "no"},
                                           {"default", "default"}};
    const char *cell = said(reading, column);
    size_t count = takes_default ? G_N_ELEMENTS(WORDS) : G_N_ELEMENTS(WORDS) - 1;

    if (cell == NULL) {
        return;
    }
    g_autofree char *word = g_strstrip(g_ascii_strdown(cell, -1));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, WORDS[i][0]) == 0) {
            reading->texts[place] = g_strdup(WORDS[i][1]);
            return;
        }
    }
    faults_add(reading->faults, sheet_line(reading->sheet), "%s is yes or no%s, not \"%.40s\"",
               reading->sheet->columns[column].name, takes_default ? " or default" : "", cell);
}

static bool contains(const GPtrArray *list, const char *text)
{
    for (guint i = 0; i < list->len; i++) {
        if (strcmp(list->pdata[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* Lines of one text. Own. */
static char *join(const GPtrArray *list)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : "\n", (const char *)list->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- customers ---- */

static void read_domain(struct reading *reading, const char *word, GPtrArray *domains)
{
    struct err err = {.status = ST_OK};
    g_autofree char *domain = NULL;

    enum status status = domain_normalise(word, true, &domain, &err);
    if (status == ST_OK) {
        status = domain_check_mappable(domain, &err);
    }
    if (status != ST_OK) {
        refuse(reading, &err);
    } else if (!contains(domains, domain)) {
        g_ptr_array_add(domains, g_steal_pointer(&domain));
    }
}

static void read_domains(struct reading *reading)
{
    const char *cell = sheet_cell(reading->sheet, SHEET_DOMAINS);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);

    if (cell == NULL) {
        return;
    }
    g_auto(GStrv) words = g_strsplit_set(cell, " ,;\t\r\n", -1);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '\0') {
            read_domain(reading, words[i], domains);
        }
    }
    if (domains->len > LIMIT_CUSTOMER_DOMAINS) {
        faults_add(reading->faults, sheet_line(reading->sheet), "it has more than %d domains",
                   LIMIT_CUSTOMER_DOMAINS);
    }
    reading->texts[CUSTOMER_COLUMN_DOMAINS] = join(domains);
}

static void read_customer(struct reading *reading)
{
    if (said(reading, SHEET_NAME) == NULL) {
        faults_add(reading->faults, sheet_line(reading->sheet), "the name is missing");
    }
    read_name(reading, SHEET_NAME, CUSTOMER_COLUMN_NAME);
    for (int i = 0; i < CUSTOMER_DETAILS; i++) {
        read_detail(reading, (size_t)SHEET_DETAILS + i, detail_of_customer((enum customer_detail)i),
                    (size_t)CUSTOMER_COLUMN_DETAILS + i);
    }
    read_domains(reading);
    read_word(reading, SHEET_ONLY, CUSTOMER_COLUMN_ONLY, false);
    read_word(reading, SHEET_COLLEAGUES, CUSTOMER_COLUMN_COLLEAGUES, true);
}

/* ---- contacts ---- */

/* Lists of addresses and of their keys, side by side. */
struct addresses {
    GPtrArray *texts; /* own: char *, own */
    GPtrArray *keys;  /* own: char *, own */
};

static void read_address(struct reading *reading, const char *word, struct addresses *addresses)
{
    struct err err = {.status = ST_OK};
    char *address = NULL;
    char *key = NULL;

    if (entry_address(word, &address, &key, &err) != ST_OK) {
        refuse(reading, &err);
        return;
    }
    if (contains(addresses->keys, key)) {
        g_free(address);
        g_free(key);
        return;
    }
    g_ptr_array_add(addresses->texts, address);
    g_ptr_array_add(addresses->keys, key);
}

static void read_other_addresses(struct reading *reading, struct addresses *addresses)
{
    const char *cell = sheet_cell(reading->sheet, SHEET_OTHER_ADDRESSES);

    if (cell == NULL) {
        return;
    }
    g_auto(GStrv) words = g_strsplit_set(cell, " ,;\t\r\n", -1);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '\0') {
            read_address(reading, words[i], addresses);
        }
    }
    if (addresses->keys->len > LIMIT_PERSON_ADDRESSES) {
        faults_add(reading->faults, sheet_line(reading->sheet), "it has more than %d addresses",
                   LIMIT_PERSON_ADDRESSES);
    }
    reading->texts[CONTACT_COLUMN_ALL] = g_strdup("yes");
}

static void read_addresses(struct reading *reading)
{
    struct addresses addresses = {.texts = g_ptr_array_new_with_free_func(g_free),
                                  .keys = g_ptr_array_new_with_free_func(g_free)};
    const char *cell = said(reading, SHEET_ADDRESS);

    if (cell == NULL) {
        faults_add(reading->faults, sheet_line(reading->sheet), "the address is missing");
    } else {
        g_autofree char *word = g_strstrip(g_strdup(cell));
        read_address(reading, word, &addresses);
    }
    read_other_addresses(reading, &addresses);
    if (addresses.keys->len > 0) {
        const char *at = strrchr(addresses.keys->pdata[0], '@');
        g_autoptr(GPtrArray) lookups = domain_lookups(at == NULL ? "" : at + 1);
        reading->texts[CONTACT_COLUMN_LOOKUPS] = join(lookups);
    }
    reading->texts[CONTACT_COLUMN_ADDRESSES] = join(addresses.texts);
    reading->texts[CONTACT_COLUMN_KEYS] = join(addresses.keys);
    g_ptr_array_unref(addresses.texts);
    g_ptr_array_unref(addresses.keys);
}

static void read_phones(struct reading *reading)
{
    const char *cell = sheet_cell(reading->sheet, SHEET_PHONES);
    g_autoptr(GPtrArray) phones = g_ptr_array_new_with_free_func(g_free);

    if (cell == NULL) {
        return;
    }
    g_auto(GStrv) words = g_strsplit_set(cell, ";\r\n", -1);
    for (size_t i = 0; words[i] != NULL; i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *phone = NULL;
        if (detail_read(detail_of_phone(), words[i], &phone, &err) != ST_OK) {
            refuse(reading, &err);
        } else if (phone[0] != '\0') {
            g_ptr_array_add(phones, g_steal_pointer(&phone));
        }
    }
    if (phones->len > LIMIT_PHONES) {
        faults_add(reading->faults, sheet_line(reading->sheet), "it has more than %d phones",
                   LIMIT_PHONES);
    }
    reading->texts[CONTACT_COLUMN_PHONES] = join(phones);
}

static void read_contact(struct reading *reading)
{
    read_addresses(reading);
    for (int i = 0; i < PERSON_FILE_DETAILS; i++) {
        read_detail(reading, (size_t)SHEET_PERSON_DETAILS + i,
                    detail_of_person((enum person_detail)i), (size_t)CONTACT_COLUMN_DETAILS + i);
    }
    read_name(reading, SHEET_PERSON_NAME, CONTACT_COLUMN_NAME);
    read_phones(reading);
    read_name(reading, SHEET_CUSTOMER, CONTACT_COLUMN_CUSTOMER);
    read_word(reading, SHEET_MAIN, CONTACT_COLUMN_MAIN, false);
    read_word(reading, SHEET_OPENS, CONTACT_COLUMN_OPENS, false);
    read_word(reading, SHEET_CONFIRMED, CONTACT_COLUMN_CONFIRMED, false);
    read_word(reading, SHEET_DISABLED, CONTACT_COLUMN_DISABLED, false);
}

void import_columns_read(enum import_kind kind, const struct sheet *sheet,
                         struct import_batch *batch, struct faults *faults)
{
    struct reading reading = {.sheet = sheet, .faults = faults};
    int64_t line = sheet_line(sheet);

    if (kind == IMPORT_CUSTOMERS) {
        read_customer(&reading);
    } else {
        read_contact(&reading);
    }
    for (size_t i = 0; i < IMPORT_MOST_COLUMNS; i++) {
        g_ptr_array_add(batch->columns[i], reading.texts[i]);
    }
    g_array_append_val(batch->lines, line);
}

/* ---- writing ---- */

/* Columns of the export that are lists, and what stands between their elements. */
static const char *list_separator(enum import_kind kind, size_t column)
{
    if (kind == IMPORT_CUSTOMERS) {
        return column == SHEET_DOMAINS ? " " : NULL;
    }
    return column == SHEET_OTHER_ADDRESSES ? " " : column == SHEET_PHONES ? "; " : NULL;
}

void import_columns_write(enum import_kind kind, const struct rows *rows, int row, GString *out)
{
    size_t count = 0;

    (void)import_columns(kind, &count);
    for (size_t i = 0; i < count; i++) {
        const char *separator = list_separator(kind, i);
        if (separator == NULL) {
            const char *text = row_text(rows, row, (int)i);
            sheet_add_cell(out, text == NULL ? "" : text, i == 0);
            continue;
        }
        g_autoptr(GPtrArray) list = row_texts(rows, row, (int)i);
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint n = 0; n < list->len; n++) {
            g_string_append_printf(text, "%s%s", n == 0 ? "" : separator,
                                   (const char *)list->pdata[n]);
        }
        sheet_add_cell(out, text->str, i == 0);
    }
    csv_end(out);
}
