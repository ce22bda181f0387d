/* rules_cost - what a thousand rules cost a mail
 *
 *     rules_cost COUNT FILE…
 *
 * Takes the rules of the files (without their tests), again and again under new names until there are COUNT of them, and
 * lets them work on mails of a help desk: short and long, German and English, of people and machines, some of which many
 * rules concern. "MICROSECONDS WHAT" a mail: the median of the rounds, in processor time; then the worst of them. Exits with 1
 * if that is above 1 ms.
 *
 * Words of a rule stand in all its copies, which is worse than life: a mail about printers meets every copy of the rule.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "core/clock.h"
#include "rules/rules.h"

enum { ROUNDS = 201, TARGET_US = 1000, LONG_REPEATS = 120 };

struct mail {
    const char *what;
    const char *from;
    const char *kind;
    const char *subject;
    char *body; /* own */
};

static const char LETTER[] =
    "Sehr geehrte Damen und Herren,\n\nseit heute Morgen können wir uns an mehreren Arbeitsplätzen im ersten "
    "Stock nicht mehr anmelden. Nach der Eingabe des Benutzernamens erscheint für etwa eine Minute ein blauer "
    "Kreis, danach kommt die Meldung, dass der Anmeldedienst nicht erreichbar ist. Ein Neustart hat nichts "
    "geändert, und auch über das WLAN ist es nicht besser. Die Kollegen im Erdgeschoss arbeiten ganz normal. "
    "Könnten Sie bitte kurz nachsehen, woran das liegt? Ich bin bis 16 Uhr unter der Durchwahl 42 erreichbar.\n\n"
    "Mit freundlichen Grüßen\nAnna Krüger\nBauhof Nord GmbH\nIndustriestraße 7\n12345 Berlin\n";

static char *long_letter(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i < LONG_REPEATS; i++) {
        g_string_append(text, LETTER);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void get(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    const struct mail *mail = of;

    (void)key;
    *out = (struct rule_value){.type = rule_field_info(field)->type, .text = "", .number = 0};
    switch ((int)field) {
    case RULE_MAIL_FROM:
        out->text = mail->from;
        break;
    case RULE_MAIL_KIND:
        out->text = mail->kind;
        break;
    case RULE_MAIL_SUBJECT:
        out->text = mail->subject;
        break;
    case RULE_MAIL_BODY:
        out->text = mail->body;
        break;
    case RULE_TICKET_ASSIGNEE:
    case RULE_TICKET_GROUP:
    case RULE_MAIL_HEADER:
        out->type = RULE_NOTHING;
        break;
    default:
        break;
    }
    if (out->type == RULE_TEXTS) {
        out->texts = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(out->texts, g_strdup("open"));
    }
}

/* The rules of a text under new names, without its tests: blocks begin in the first column. */
static unsigned add_copy(GString *all, const char *text, unsigned from, unsigned most)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned count = 0;
    bool is_rule = false;

    for (guint i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], "rule \"")) {
            if (count == most) {
                break;
            }
            is_rule = true;
            count++;
            g_string_append_printf(all, "rule \"%u\" {\n", from + count);
            continue;
        }
        if (is_rule) {
            g_string_append_printf(all, "%s\n", lines[i]);
        }
        is_rule = is_rule && strcmp(lines[i], "}") != 0;
    }
    return count;
}

static struct rules *compile(unsigned count, char **paths, int files)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    unsigned done = 0;

    while (done < count) {
        unsigned before = done;
        for (int i = 0; i < files && done < count; i++) {
            g_autofree char *text = NULL;
            if (g_file_get_contents(paths[i], &text, NULL, NULL)) {
                done += add_copy(all, text, done, count - done);
            }
        }
        if (done == before) {
            fprintf(stderr, "error: no rules in these files\n");
            return NULL;
        }
    }
    struct rule_file file = {"rules", all->str, all->len};
    struct rules *rules = rules_compile(&file, 1, NULL, errors);
    for (guint i = 0; i < errors->len; i++) {
        fprintf(stderr, "%s\n", (const char *)errors->pdata[i]);
    }
    return rules;
}

static int compare(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;

    return (first > second) - (first < second);
}

/* The median of the rounds, in microseconds; *fired_out: how many rules fired. */
static int64_t measure(const struct rules *rules, const struct mail *mail, guint *fired_out)
{
    static const enum rule_event RECEIVED[] = {EVENT_MAIL_RECEIVED};
    static const enum rule_event CREATED[] = {EVENT_TICKET_CREATED};
    const struct rule_world world = {.of = mail, .get = get};
    int64_t spent_us[ROUNDS] = {0};

    for (int i = 0; i < ROUNDS; i++) {
        int64_t start_us = clock_thread_cpu_us();
        OWNED(rule_run) run = rule_run_new(rules, false);
        rule_run_events(run, RECEIVED, G_N_ELEMENTS(RECEIVED), &world);
        rule_run_events(run, CREATED, G_N_ELEMENTS(CREATED), &world);
        spent_us[i] = clock_thread_cpu_us() - start_us;
        *fired_out = run->fired->len;
    }
    qsort(spent_us, ROUNDS, sizeof spent_us[0], compare);
    return spent_us[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    unsigned count = argc > 2 ? (unsigned)g_ascii_strtoull(argv[1], NULL, 10) : 0;
    int64_t worst_us = 0;

    if (count == 0) {
        fprintf(stderr, "usage: rules_cost COUNT FILE…\n");
        return 64;
    }
    int64_t start_us = clock_thread_cpu_us();
    OWNED(rules) rules = compile(count, argv + 2, argc - 2);
    if (rules == NULL) {
        return 65;
    }
    printf("%8" PRId64 " us to compile %zu rules\n", clock_thread_cpu_us() - start_us,
           rules_count(rules));

    struct mail mails[] = {
        {"a short mail", "anna@acme.example", "person", "Frage",
         g_strdup("Hallo, rufen Sie mich an.")},
        {"a letter", "anna@bauhof-nord.example", "person", "Anmeldung geht nicht",
         g_strdup(LETTER)},
        {"a long letter", "anna@bauhof-nord.example", "person", "Anmeldung", long_letter()},
        {"a printer", "anna@acme.example", "person", "Drucker im 2. OG: Papierstau",
         g_strdup(LETTER)},
        {"an alarm", "alarm@monitor.desk.example", "generated", "PROBLEM: Host srv-dc01 is DOWN",
         g_strdup("Host: srv-dc01\nState: DOWN\n")},
        {"a mail of all words", "kanzlei@weber.example", "person",
         "DATEV VPN Outlook Drucker Telefon Angebot Auftrag B-20417 Kennwort vergessen",
         g_strdup(LETTER)},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
        guint fired = 0;
        int64_t us = measure(rules, &mails[i], &fired);
        printf("%8" PRId64 " us %s (%zu bytes), %u rules fired\n", us, mails[i].what,
               strlen(mails[i].body), fired);
        worst_us = MAX(worst_us, us);
        g_free(mails[i].body);
    }
    printf("%8" PRId64 " us at most, wanted %d\n", worst_us, TARGET_US);
    return worst_us <= TARGET_US ? 0 : 1;
}
