/* thanks - does a mail say thank you and nothing else?
 *
 * A reply that only thanks should not wake a ticket up again. Wrong in one direction costs a click, in the other a
 * customer: so every word of the mail has to be known here, and one of them has to be thanks. What is not the
 * writer's own is left out: quoted lines, what stands below a signature mark or a line that introduces a quote, and
 * his name.
 *
 * Words of English, German, French, Spanish and Italian, folded as Unicode says. A question mark or a digit is never
 * only thanks.
 * Pure.
 */
#include <assert.h>
#include <string.h>

#include "desk/words.h"

enum { MOST_WORDS = 30 };

static const char *const THANKS[] = {
    "thank",   "thanks",  "thx",    "ty",      "cheers",   "danke",    "dank",  "dankeschön",
    "besten",  "merci",   "grazie", "gracias", "bravo",    "super",    "prima", "klasse",
    "perfekt", "perfect", "great",  "parfait", "perfecto", "perfetto", NULL,
};

static const char *const BESIDE[] = {
    /* English */
    "a",
    "again",
    "all",
    "and",
    "awesome",
    "best",
    "bye",
    "day",
    "dear",
    "everything",
    "excellent",
    "fine",
    "for",
    "good",
    "have",
    "hello",
    "help",
    "helping",
    "hi",
    "in",
    "it",
    "kind",
    "lot",
    "many",
    "much",
    "nice",
    "ok",
    "okay",
    "quick",
    "regards",
    "so",
    "support",
    "team",
    "the",
    "very",
    "weekend",
    "wonderful",
    "works",
    "now",
    "you",
    "your",
    "that",
    "was",
    "fast",
    "response",
    "reply",
    "solved",
    "resolved",
    "problem",
    "is",
    /* German */
    "abend",
    "alles",
    "alle",
    "an",
    "beste",
    "bis",
    "das",
    "die",
    "den",
    "dir",
    "euch",
    "freundliche",
    "freundlichen",
    "für",
    "geht",
    "gruß",
    "grüße",
    "grüßen",
    "gruss",
    "grüsse",
    "grüssen",
    "gut",
    "gute",
    "guten",
    "hallo",
    "herzliche",
    "herzlichen",
    "hilfe",
    "hat",
    "geklappt",
    "funktioniert",
    "wieder",
    "jetzt",
    "ihnen",
    "ihre",
    "lg",
    "liebe",
    "lieben",
    "lieber",
    "mfg",
    "mit",
    "morgen",
    "nochmal",
    "nochmals",
    "rasche",
    "schnelle",
    "schön",
    "schöne",
    "schönen",
    "sehr",
    "servus",
    "tag",
    "tausend",
    "top",
    "toll",
    "und",
    "unterstützung",
    "viele",
    "vielen",
    "vorab",
    "wochenende",
    "wünsche",
    "ich",
    "ist",
    "erledigt",
    "gelöst",
    "der",
    "auch",
    "tipp",
    /* French */
    "aide",
    "beaucoup",
    "bien",
    "bonjour",
    "bonne",
    "cordialement",
    "et",
    "journée",
    "l",
    "la",
    "le",
    "les",
    "mille",
    "pour",
    "salutations",
    "tout",
    "très",
    "vous",
    "votre",
    "à",
    "de",
    /* Spanish, Italian */
    "ayuda",
    "buenos",
    "ciao",
    "con",
    "cordiali",
    "días",
    "gentile",
    "hola",
    "muchas",
    "muchísimas",
    "muy",
    "por",
    "saludos",
    "saluti",
    "su",
    "tante",
    "todo",
    "tutto",
    "un",
    "per",
    "l'aiuto",
    "aiuto",
    "molte",
    "buongiorno",
    NULL,
};

/* Below it stands what is not said in this mail. */
static bool ends_words(const char *line)
{
    size_t length = strlen(line);

    return strcmp(line, "--") == 0 || g_str_has_prefix(line, "-----") ||
           g_str_has_prefix(line, "_____") || g_str_has_prefix(line, "From:") ||
           g_str_has_prefix(line, "Von:") || g_str_has_prefix(line, "De:") ||
           g_str_has_prefix(line, "Da:") ||
           (length > 0 && line[length - 1] == ':' && strchr("AOLEI", line[0]) != NULL &&
            length > MOST_WORDS / 2); /* "Am … schrieb …:", "On … wrote:" */
}

/* The writer's own words, folded; own. */
static GPtrArray *own_words(const char *text, bool *is_plain_out)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    *is_plain_out = true;
    for (char **line = lines; *line != NULL && words->len <= MOST_WORDS; line++) {
        g_strstrip(*line);
        if (ends_words(*line)) {
            break;
        }
        if ((*line)[0] == '>') {
            continue;
        }
        *is_plain_out &= strpbrk(*line, "?0123456789#@") == NULL && strstr(*line, "://") == NULL;
        g_autofree char *composed = g_utf8_normalize(*line, -1, G_NORMALIZE_ALL_COMPOSE);
        g_autofree char *folded = g_utf8_strdown(composed, -1);
        g_auto(GStrv) parts = g_strsplit_set(folded, " \t,.;:!-()\"'*_", -1);
        for (char **part = parts; *part != NULL; part++) {
            bool has_letter = g_unichar_isalpha(g_utf8_get_char(*part));
            if (has_letter) { /* an emoji says what words say, or less */
                g_ptr_array_add(words, g_strdup(*part));
            }
        }
    }
    return words;
}

static bool is_of_name(const char *word, const struct address *from)
{
    if (from == NULL) {
        return false;
    }
    g_autofree char *composed = g_utf8_normalize(from->name, -1, G_NORMALIZE_ALL_COMPOSE);
    assert(composed != NULL); /* facts are UTF-8 */
    g_autofree char *folded = g_utf8_strdown(composed, -1);
    g_auto(GStrv) parts = g_strsplit_set(folded, " \t,.-\"'()", -1);

    return g_strv_contains((const char *const *)parts, word);
}

bool words_is_thanks(const struct facts *facts)
{
    bool is_plain = true;
    bool has_thanks = false;
    g_autoptr(GPtrArray) words = own_words(facts->text, &is_plain);

    if (!is_plain || words->len == 0 || words->len > MOST_WORDS || facts->attachments->len > 0) {
        return false;
    }
    for (guint i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];
        bool is_thanks = g_strv_contains(THANKS, word);
        has_thanks |= is_thanks;
        if (!is_thanks && !g_strv_contains(BESIDE, word) && !is_of_name(word, facts->from)) {
            return false;
        }
    }
    return has_thanks;
}
