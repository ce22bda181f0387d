/* ids - Message-IDs and dates
 *
 * Threading compares ids byte by byte, so all that matters is that the same id is always read the same,
 * and that nothing unfit is stored or written into a header again. What stands between "<" and ">" is
 * the id; RFC 5322 section 3.6.4 asks for more, mail programs do not care. In-Reply-To fields of old
 * programs hold phrases ("Your message of Monday <x@y>"), some write ids without brackets.
 *
 *     date = [day ","] day month year hour ":" minute [":" second] [zone]    ; comments anywhere
 *
 * Old years have two or three digits (section 4.3), the zone is "+hhmm" or a name. Pure.
 */
#include "message/ids.h"

#include <string.h>

#include "core/limits.h"
#include "message/scan.h"

bool ids_is_usable(const char *id, size_t length)
{
    if (length == 0 || length > LIMIT_MESSAGE_ID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (id[i] <= ' ' || id[i] > '~' || id[i] == '<' || id[i] == '>') {
            return false;
        }
    }
    return true;
}

/* The id between brackets, folding removed; NULL if it is unusable. */
static char *bracketed(const char *from, const char *to)
{
    g_autoptr(GString) id = g_string_sized_new((gsize)(to - from) + 1);

    for (; from < to; from++) {
        if (!scan_is_space(*from)) {
            g_string_append_c(id, *from);
        }
    }
    return ids_is_usable(id->str, id->len) ? g_strdup(id->str) : NULL;
}

/* Words with an "@" in them, of a value without brackets; a single word counts without one too. */
static void read_bare(const char *value, GPtrArray *ids)
{
    g_auto(GStrv) words = g_strsplit_set(value, " \t\r\n,;", -1);
    guint count = 0;
    const char *only = NULL;

    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0') {
            continue;
        }
        count++;
        only = *word;
        if (strchr(*word, '@') != NULL && ids_is_usable(*word, strlen(*word))) {
            g_ptr_array_add(ids, g_strdup(*word));
        }
    }
    if (count == 1 && ids->len == 0 && ids_is_usable(only, strlen(only))) {
        g_ptr_array_add(ids, g_strdup(only));
    }
}

GPtrArray *ids_read(const char *value)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    const char *at = value;

    while ((at = strchr(at, '<')) != NULL) {
        const char *close = at + 1 + strcspn(at + 1, "<>");

        if (*close == '>') {
            char *id = bracketed(at + 1, close);

            if (id != NULL) {
                g_ptr_array_add(ids, id);
            }
            close++;
        }
        at = close;
    }
    if (strchr(value, '<') == NULL) {
        g_autofree char *bare = g_strdup(value);

        g_strdelimit(bare, "<>", ' ');
        read_bare(bare, ids);
    }
    return ids;
}

/* ---- dates ------------------------------------------------------------------------------------- */

/* A run of digits of at most max, or -1. */
static int take_number(struct scan *scan, size_t max)
{
    int number = 0;
    size_t digits = 0;

    scan_cfws(scan, NULL);
    while (digits < max && g_ascii_isdigit(scan_peek(scan))) {
        number = number * 10 + (*scan->at++ - '0');
        digits++;
    }
    return digits == 0 ? -1 : number;
}

static int take_month(struct scan *scan)
{
    static const char NAMES[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    g_autoptr(GString) word = g_string_new(NULL);
    g_autofree char *lower = NULL;
    const char *found = NULL;

    scan_cfws(scan, NULL);
    scan_take(scan, '-');
    while (g_ascii_isalpha(scan_peek(scan))) {
        g_string_append_c(word, *scan->at++);
    }
    scan_take(scan, '.');
    scan_take(scan, '-');
    if (word->len < 3) {
        return -1;
    }
    lower = g_ascii_strdown(word->str, 3);
    found = strstr(NAMES, lower);
    return found == NULL || (found - NAMES) % 3 != 0 ? -1 : (int)(found - NAMES) / 3 + 1;
}

/* Minutes east of Greenwich; 0 for what is unknown (RFC 5322 section 4.3). */
static int take_zone(struct scan *scan)
{
    static const struct {
        const char *name;
        int minutes;
    } ZONES[] = {{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300},
                 {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}};
    bool is_west = false;

    scan_cfws(scan, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(ZONES); i++) {
        if (scan->end - scan->at >= 3 && g_ascii_strncasecmp(scan->at, ZONES[i].name, 3) == 0) {
            return ZONES[i].minutes;
        }
    }
    is_west = scan_peek(scan) == '-';
    if (!is_west && scan_peek(scan) != '+') {
        return 0;
    }
    scan->at++;

    int zone = take_number(scan, 4);
    int minutes = zone < 0 ? 0 : zone / 100 * 60 + zone % 100;

    return is_west ? -minutes : minutes;
}

static int take_year(struct scan *scan)
{
    int year = take_number(scan, 4);

    if (year < 0) {
        return -1;
    }
    return year < 50 ? year + 2000 : year < 1000 ? year + 1900 : year;
}

int64_t ids_read_date(const char *value)
{
    struct scan scan = scan_of(value);

    scan_cfws(&scan, NULL);
    while (g_ascii_isalpha(scan_peek(&scan)) || scan_peek(&scan) == '.') {
        scan.at++;
    }
    scan_cfws(&scan, NULL);
    scan_take(&scan, ',');

    int day = take_number(&scan, 2);
    int month = take_month(&scan);
    int year = take_year(&scan);
    int hour = take_number(&scan, 2);
    bool has_minute = scan_take(&scan, ':') || scan_take(&scan, '.');
    int minute = take_number(&scan, 2);
    int second = scan_take(&scan, ':') || scan_take(&scan, '.') ? take_number(&scan, 2) : 0;

    if (day < 1 || month < 1 || year < 1970 || !has_minute || second < 0) {
        return 0;
    }

    g_autoptr(GDateTime)
        date = g_date_time_new_utc(year, month, day, hour, minute, MIN(second, 59));

    if (date == NULL) {
        return 0;
    }

    int64_t seconds = g_date_time_to_unix(date) - (int64_t)take_zone(&scan) * 60;

    return seconds < 0 ? 0 : seconds * G_USEC_PER_SEC;
}
