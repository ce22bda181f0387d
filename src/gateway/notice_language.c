/* notice_language - the words of a notice that stand in no template
 *
 * A template says all that can be said in whole sentences. What comes out of the database comes in one language: states
 * and types of a ticket, what became of a held mail, a moment, a size. Here they get the recipient's.
 *
 * The tables are ours and not the system's, so that a mail that is sent again is the same mail, whatever locales a host
 * has. Words that stand in no table stay English, which is better than nothing: they are either new here or an admin's
 * own, such as a custom status.
 *
 * Not here: what rules of the desk say; that comes in its own words.
 * Pure, but for zones.
 */
#include "gateway/notice_language.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/calendar.h"

enum { DAYS_A_WEEK = 7, MONTHS_A_YEAR = 12 };
enum date_form { DATE_IN_FIGURES, DATE_ENGLISH, DATE_GERMAN };

struct word {
    const char *english;
    const char *own;
};

struct notice_language {
    const char *code;
    const char *days[DAYS_A_WEEK];
    const char *months[MONTHS_A_YEAR];
    enum date_form date;
    const char *and;
    const char *more;         /* behind a number */
    char point;               /* before the decimals */
    const struct word *words; /* the last has no English; NULL: it has none */
};

static const struct word GERMAN[] = {
    {"(no subject)", "(kein Betreff)"},
    {"open", "offen"},
    {"pending", "wartend"},
    {"resolved", "gelöst"},
    {"closed", "geschlossen"},
    {"incident", "Störung"},
    {"problem", "Problem"},
    {"request", "Anfrage"},
    {"change", "Änderung"},
    {"bytes", "Bytes"},
    {"filed", "angenommen"},
    {"rejected", "abgewiesen"},
    {"duplicate", "ein Duplikat"},
    {"held", "zurückgehalten"},
    {"released", "freigegeben"},
    {"dropped", "verworfen"},
    {"dropped as spam", "als unerwünscht verworfen"},
    {"released, and its sender is confirmed", "freigegeben, und der Absender ist bestätigt"},
    {"only a technician with the lead flag, or whoever has the ticket, decides on it",
     "darüber entscheidet ein leitender Techniker oder wer das Ticket hat"},
    {"the first line of your mail was none of these words",
     "die erste Zeile Ihrer E-Mail war keines dieser Wörter"},
    /* why a mail is held (desk/authority) */
    {"it has passed too many servers: it may be in a loop",
     "sie ist durch zu viele Server gegangen: vielleicht kreist sie"},
    {"two readers could read it differently", "zwei Programme könnten sie verschieden lesen"},
    {"nobody can be told from its From field", "aus ihrem Absenderfeld geht niemand hervor"},
    {"it says that it is from our own address", "sie gibt unsere eigene Adresse als Absender an"},
    {"its sender was disabled", "ihr Absender ist gesperrt"},
    {"it says that a technician wrote it, and his domain says that it is forged",
     "sie gibt einen Techniker als Absender an, und dessen Domain sagt, dass sie gefälscht ist"},
    {"the domain of its sender says that it is forged",
     "die Domain ihres Absenders sagt, dass sie gefälscht ist"},
    {"a technician who may not work on this ticket",
     "ein Techniker, der an diesem Ticket nicht arbeiten darf"},
    {"a machine wrote it in a technician's name",
     "ein Programm hat sie im Namen eines Technikers geschrieben"},
    {"it says that a technician wrote it, and nothing authenticates him",
     "sie gibt einen Techniker als Absender an, und nichts belegt das"},
    {"too many tickets were opened lately by this sender, or by strangers",
     "dieser Absender oder Unbekannte haben zuletzt zu viele Tickets eröffnet"},
    {"mail of unknown senders is held here",
     "E-Mails unbekannter Absender werden hier zurückgehalten"},
    {"only the main contact of this customer opens tickets by mail",
     "bei diesem Kunden eröffnet nur der Hauptkontakt Tickets per E-Mail"},
    {"this contact makes no tickets by mail", "dieser Kontakt eröffnet keine Tickets per E-Mail"},
    {NULL, NULL},
};

static const struct notice_language LANGUAGES[] = {
    {"en",
     {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
     {"January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December"},
     DATE_ENGLISH,
     " and ",
     " more",
     '.',
     NULL},
    {"de",
     {"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"},
     {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
      "November", "Dezember"},
     DATE_GERMAN,
     " und ",
     " weitere",
     ',',
     GERMAN},
    {.code = "", .and = " and ", .more = " more", .point = '.'}, /* every other */
};

const struct notice_language *notice_language_find(const char *code)
{
    const struct notice_language *language = LANGUAGES;

    while (*language->code != '\0' && strcmp(language->code, code) != 0) {
        language++;
    }
    return language;
}

const char *notice_language_word(const struct notice_language *language, const char *english)
{
    for (const struct word *word = language->words; word != NULL && word->english != NULL; word++) {
        if (strcmp(word->english, english) == 0) {
            return word->own;
        }
    }
    return english;
}

char *notice_language_date(const struct notice_language *language, const char *zone, int64_t us)
{
    g_autoptr(GDateTime) local = calendar_local(zone, us);
    g_autofree char *time = g_date_time_format(local, "%H:%M");
    const char *name = g_date_time_get_timezone_abbreviation(local);
    const char *weekday = language->days[g_date_time_get_day_of_week(local) - 1];
    const char *month = language->months[g_date_time_get_month(local) - 1];
    int day = g_date_time_get_day_of_month(local);
    int year = g_date_time_get_year(local);

    switch (language->date) {
    case DATE_ENGLISH:
        return g_strdup_printf("%s, %d %s %d, %s (%s)", weekday, day, month, year, time, name);
    case DATE_GERMAN:
        return g_strdup_printf("%s, %d. %s %d, %s Uhr (%s)", weekday, day, month, year, time, name);
    case DATE_IN_FIGURES:
        break;
    }
    return g_date_time_format(local, "%Y-%m-%d %H:%M (%Z)");
}

char *notice_language_size(const struct notice_language *language, uint64_t bytes)
{
    g_autofree char *size = text_bytes(bytes);
    char *unit = strchr(size, ' ');
    char *point = strchr(size, '.');

    if (point != NULL) {
        *point = language->point;
    }
    *unit++ = '\0';
    return g_strconcat(size, " ", notice_language_word(language, unit), NULL);
}

char *notice_language_list(const struct notice_language *language, const GPtrArray *names)
{
    g_autoptr(GString) list = g_string_new(NULL);
    guint shown = MIN(names->len, LIMIT_OTHERS);

    for (guint i = 0; i < shown; i++) {
        g_autofree char *name = text_one_line(g_ptr_array_index(names, i), LIMIT_NAME_CHARS);
        bool is_last = i + 1 == names->len;

        g_string_append_printf(list, "%s%s", i == 0 ? "" : (is_last ? language->and : ", "), name);
    }
    if (names->len > shown) {
        g_string_append_printf(list, "%s%u%s", language->and, names->len - shown, language->more);
    }
    return g_string_free(g_steal_pointer(&list), FALSE);
}
