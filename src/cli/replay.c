/* replay - postdesk replay: stored mail decided again under other rules or settings
 *
 * For whoever wants to know what a change would do before it is live: every mail of the last so many days is decided
 * by what is live and by what is thought of, against what the desk knew when the mail came. Only what differs is
 * printed, mail by mail; nothing is printed where nothing would change.
 *
 * Settings come one by one (--setting) or as a file with one "NAME VALUE" a line (--config), in the form of the config
 * file. While it works, a terminal shows how far it is.
 * I/O: the folder, the file, the database (reading), the jail, stdout and stderr.
 */
#include "gateway/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/rules_files.h"
#include "cli/view.h"
#include "core/clock.h"
#include "core/lexer.h"
#include "core/text.h"
#include "desk/settings.h"
#include "gateway/plan_text.h"

#define SINCE         "30d"
#define SHOWN_CHARS   60
#define MAX_FILE_SIZE 1048576

/* ---- what is wished ---------------------------------------------------------------------------- */

static enum status add_setting(GPtrArray *settings, const char *name, const char *value,
                               struct err *err)
{
    struct settings scratch = settings_default();
    enum status status = settings_set(&scratch, name, value, err);

    if (status == ST_OK) {
        g_ptr_array_add(settings, g_strdup(name));
        g_ptr_array_add(settings, g_strdup(value));
    }
    return status;
}

static enum status add_flags(GPtrArray *settings, const struct args *args, struct err *err)
{
    g_autoptr(GPtrArray) values = args_values(args, "setting");
    enum status status = ST_OK;

    for (guint i = 0; i < values->len && status == ST_OK; i++) {
        const char *value = g_ptr_array_index(values, i);
        const char *equals = strchr(value, '=');
        if (equals == NULL) {
            return err_set(err, ST_INVALID, "\"%s\" is not NAME=VALUE", value);
        }
        g_autofree char *name = g_strndup(value, (gsize)(equals - value));
        status = add_setting(settings, name, equals + 1, err);
    }
    return status;
}

/* The words of one line behind its first, with a blank between them ("30 min"). */
static char *value_of_line(const GPtrArray *tokens, guint *at)
{
    GString *value = g_string_new(NULL);

    for (; *at < tokens->len; (*at)++) {
        const struct lexer_token *token = g_ptr_array_index(tokens, *at);
        if (token->kind == LEXER_NEWLINE || token->kind == LEXER_END) {
            break;
        }
        g_string_append_printf(value, "%s%s", value->len == 0 ? "" : " ", token->text);
    }
    return g_string_free(value, FALSE);
}

static enum status add_file(GPtrArray *settings, const char *path, struct err *err)
{
    g_autofree char *text = NULL;
    gsize length = 0;

    if (!g_file_get_contents(path, &text, &length, NULL) || length > MAX_FILE_SIZE) {
        return err_set(err, ST_NOT_FOUND, "could not read \"%s\"", path);
    }
    OWNED(lexer) lexer = lexer_new(path, text, length);
    struct err complaint = {.status = ST_OK};
    for (guint i = 0; i < lexer->tokens->len; i++) {
        const struct lexer_token *name = g_ptr_array_index(lexer->tokens, i);
        if (name->kind == LEXER_NEWLINE || name->kind == LEXER_END) {
            continue;
        }
        i++;
        g_autofree char *value = value_of_line(lexer->tokens, &i);
        if (add_setting(settings, name->text, value, &complaint) != ST_OK) {
            lexer_complain(lexer, name, "%s", complaint.text);
        }
    }
    enum status status = lexer_verdict(lexer, err);
    if (status == ST_FATAL) { /* of a config file it would be */
        err->status = status = ST_INVALID;
    }
    return status;
}

static enum status read_since(const struct args *args, int64_t *seconds, struct err *err)
{
    const char *since = args_value(args, "since");
    int64_t us = 0;
    enum status status = ST_OK;

    if (g_strcmp0(since, "all") != 0) {
        status = text_parse_duration(since == NULL ? SINCE : since, &us, err);
    }
    *seconds = us == 0 ? 0 : MAX(us / G_USEC_PER_SEC, 1);
    return status;
}

/* ---- telling ----------------------------------------------------------------------------------- */

struct telling {
    bool is_json;
    bool has_bar;
    json_t *array; /* own: of the differences, for programs */
    int64_t begun_us;
    int64_t drawn_us;
};

static void clear_bar(const struct telling *telling)
{
    if (telling->has_bar) {
        fputs("\r\033[K", stderr);
    }
}

static void draw_bar(void *arg, const struct replay_counts *counts)
{
    struct telling *telling = arg;
    int64_t now_us = clock_monotonic_us(clock_real());
    double seconds = (double)(now_us - telling->begun_us) / G_USEC_PER_SEC;

    if (!telling->has_bar || now_us - telling->drawn_us < G_USEC_PER_SEC / 10) {
        return;
    }
    telling->drawn_us = now_us;
    clear_bar(telling);
    fprintf(stderr, "%" PRId64 " of %" PRId64 " mails, %.0f a second, %" PRId64 " differ",
            counts->done, counts->total, seconds > 0 ? (double)counts->done / seconds : 0,
            counts->different);
    fflush(stderr);
}

static json_t *lines_of(const GPtrArray *lines)
{
    json_t *texts = json_array();

    for (guint i = 0; i < lines->len; i++) {
        const struct plan_line *line = g_ptr_array_index(lines, i);
        json_array_append_new(texts, json_string(line->text));
    }
    return texts;
}

static json_t *difference_of(const struct replay_difference *difference)
{
    json_t *rules = json_array();

    for (guint i = 0; i < difference->rules->len; i++) {
        json_array_append_new(rules, json_string(g_ptr_array_index(difference->rules, i)));
    }
    return json_pack("{s:I, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "mail",
                     (json_int_t)difference->mail, "ticket",
                     difference->ticket == 0 ? json_null() : json_integer(difference->ticket),
                     "from_address", difference->from_address, "subject", difference->subject,
                     "decided_at", view_time(difference->decided_us), "was",
                     lines_of(difference->was), "would_be", lines_of(difference->would), "rules",
                     rules);
}

static void print_lines(const GPtrArray *lines, char sign)
{
    for (guint i = 0; i < lines->len; i++) {
        const struct plan_line *line = g_ptr_array_index(lines, i);
        g_autofree char *text = text_one_line(line->text, SIZE_MAX);
        printf("  %c %s", sign, text);
        if (line->rule != NULL && strstr(line->text, line->rule) == NULL) {
            g_autofree char *rule = text_one_line(line->rule, SIZE_MAX);
            printf("  (rule \"%s\")", rule);
        }
        putchar('\n');
    }
}

static void tell(void *arg, const struct replay_difference *difference)
{
    struct telling *telling = arg;
    g_autofree char *subject = text_one_line(difference->subject, SHOWN_CHARS);
    g_autofree char *from = text_one_line(difference->from_address, SHOWN_CHARS);

    if (telling->is_json) {
        json_array_append_new(telling->array, difference_of(difference));
        return;
    }
    clear_bar(telling);
    printf("mail %" PRId64, difference->mail);
    if (difference->ticket != 0) {
        printf(", ticket #%" PRId64, difference->ticket);
    }
    printf(": %s: %s\n", from, subject);
    print_lines(difference->was, '-');
    print_lines(difference->would, '+');
}

static void say_counts(const struct telling *telling, const struct replay_counts *counts)
{
    int64_t us = MAX(clock_monotonic_us(clock_real()) - telling->begun_us, 1);

    if (telling->is_json) {
        json_t *object = json_pack(
            "{s:I, s:I, s:I, s:I, s:I, s:O, s:o}", "mails", (json_int_t)counts->done, "different",
            (json_int_t)counts->different, "without_records", (json_int_t)counts->without, "unread",
            (json_int_t)counts->unread, "faults", (json_int_t)counts->faults, "differences",
            telling->array, "milliseconds", json_integer(us / 1000));
        view_print_json(object);
        json_decref(object);
        return;
    }
    clear_bar(telling);
    fprintf(stderr, "%" PRId64 " mails decided again in %.1f s, %" PRId64 " differ\n", counts->done,
            (double)us / G_USEC_PER_SEC, counts->different);
    if (counts->without > 0) {
        fprintf(stderr, "%" PRId64 " more have no records that this program can read\n",
                counts->without);
    }
    if (counts->faults > 0) {
        g_autofree char *fault = text_one_line(counts->first_fault, SIZE_MAX);
        fprintf(stderr, "%" PRId64 " times a rule failed, first: %s\n", counts->faults, fault);
    }
}

/* ---- the command ------------------------------------------------------------------------------- */

static enum status read_wish(struct cli *cli, const struct args *args, GPtrArray *settings,
                             struct rules **rules_out, int64_t *seconds, struct err *err)
{
    const char *folder = args_value(args, "rules");
    const char *file = args_value(args, "settings");

    enum status status = read_since(args, seconds, err);
    if (status == ST_OK && file != NULL) {
        status = add_file(settings, file, err);
    }
    if (status == ST_OK) {
        status = add_flags(settings, args, err);
    }
    if (status == ST_OK && folder == NULL && settings->len == 0) {
        (void)err_set(err, ST_INVALID, "say what would be other: rules or settings");
        return err_hint(err, "--rules DIR, --setting NAME=VALUE or --settings FILE");
    }
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK && folder != NULL) {
        status = rules_load(cli, folder, NULL, rules_out, err);
    }
    return status;
}

static enum status run_replay(struct cli *cli, const struct args *args, struct err *err)
{
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(g_free);
    OWNED(rules) rules = NULL;
    struct replay_counts counts = {0};
    struct replay_wish wish = {.settings = settings};
    struct telling telling = {.is_json = cli->is_json,
                              .has_bar = !cli->is_json && isatty(STDERR_FILENO) == 1};
    struct replay_listener listener = {.different = tell, .progress = draw_bar, .arg = &telling};

    enum status status = read_wish(cli, args, settings, &rules, &wish.seconds, err);
    if (status != ST_OK) {
        return status;
    }
    wish.rules = rules;
    telling.array = json_array();
    telling.begun_us = clock_monotonic_us(clock_real());
    status = replay_run(cli->conn, &wish, &listener, &counts, err);
    if (status == ST_OK) {
        say_counts(&telling, &counts);
    }
    replay_counts_clear(&counts);
    json_decref(telling.array);
    return status;
}

static const struct flag FLAGS[] = {
    {"rules", "DIR", "by the rules of this folder, instead of the live ones", false, false},
    {"setting", "NAME=VALUE", "with this setting; may be given more than once", false, true},
    {"settings", "FILE", "with these settings: one NAME VALUE a line", false, false},
    {"since", "DURATION", "mails decided in the last 7d, 12h, …, or all (" SINCE ")", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.words = "",
     .help = "what would other rules or settings have made of the mail of the last days?",
     .more =
         "Each mail is decided twice against what the desk knew when it came: by what is live, and by\n"
         "what you name. Only what differs is printed, with the rule that it comes from. Nothing is\n"
         "changed. What only the new rules name (an address, a customer) is looked up as it is today;\n"
         "how much mail had gone out then was counted up to the limits of then.",
     .flags = FLAGS,
     .run = run_replay},
    {.run = NULL},
};

const struct noun NOUN_REPLAY = {"replay", "what other rules or settings would have done", VERBS};
