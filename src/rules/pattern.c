/* pattern - regular expressions of an admin on texts of strangers, within bounds
 *
 * pcre2 backtracks, and its match limit does not bound scanning: `\w+\d` on 64 KiB of one letter takes 45 seconds under
 * a limit of 100,000. What holds is a clock: every pattern is compiled with a call-out before each of its items, and
 * each CALLS_A_LOOK of them the time is looked at. The time is this thread's share of the processor, not the wall's: a
 * machine that is busy must not turn an innocent pattern into an error. The wall's clock, which is cheaper to read, says
 * when to ask for it; nobody reads a clock before the first look, so that the usual match costs none.
 *
 * Bounds: one condition, all its texts together, LIMIT_PATTERN_MS; all conditions of a run LIMIT_PATTERNS_MS, so that a
 * thousand bad rules cost no more than a few; a text is cut to LIMIT_PATTERN_SUBJECT_BYTES, between characters; memory by
 * the heap limit. The interpreter alone: the unit forbids memory that is writable and executable.
 *
 * A match that was given up is a fault, never a match and never none: an error must not lift what a rule holds back.
 *
 * Letters are Unicode's (UCP): "\w" knows "ü". "\C" is refused; a pattern cannot raise the limits.
 * Only user of pcre2. I/O: the clocks.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "rules/pattern.h"

#include <assert.h>
#include <string.h>

#include <pcre2.h>

#include "core/clock.h"
#include "core/limits.h"

#define CALLS_A_LOOK 16
#define MS_US        1000

struct pattern {
    pcre2_code *code;  /* own */
    GPtrArray *groups; /* own: char * */
    uint32_t captures;
    GArray *words; /* own: unsigned; NULL */
};

struct pattern_runner {
    pcre2_match_context *context; /* own */
    pcre2_match_data *data;       /* own: for at least `captures` groups; NULL at first */
    uint32_t captures;
    unsigned calls;       /* of this match */
    int64_t spent_us;     /* by this condition, in earlier matches */
    int64_t all_spent_us; /* by all conditions */
    int64_t cpu_start_us; /* of this match, at its first look */
    int64_t look_us;      /* when, by the wall, the processor's clock is to be asked */
    bool is_over;
};

static uint32_t options_of(const char *flags, struct err *err)
{
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
                       PCRE2_AUTO_CALLOUT;

    for (const char *flag = flags; *flag != '\0'; flag++) {
        switch (*flag) {
        case 'i':
            options |= PCRE2_CASELESS;
            break;
        case 'm':
            options |= PCRE2_MULTILINE;
            break;
        case 's':
            options |= PCRE2_DOTALL;
            break;
        case 'x':
            options |= PCRE2_EXTENDED;
            break;
        default:
            (void)err_set(err, ST_INVALID,
                          "unknown flag \"%c\" of a pattern, expected i, m, s or x", *flag);
            return 0;
        }
    }
    return options;
}

static void read_groups(struct pattern *pattern)
{
    uint32_t count = 0;
    uint32_t entry_bytes = 0;
    PCRE2_SPTR table = NULL;

    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &table);
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &pattern->captures);
    for (uint32_t i = 0; i < count; i++) {
        g_ptr_array_add(pattern->groups, g_strdup((const char *)(table + i * entry_bytes + 2)));
    }
}

/* The compile context is the same for all patterns. */
static pcre2_compile_context *compile_context(void)
{
    static pcre2_compile_context *context = NULL;

    if (context == NULL) {
        context = pcre2_compile_context_create(NULL);
        assert(context != NULL);
        (void)pcre2_set_max_pattern_length(context, LIMIT_PATTERN_BYTES);
        (void)pcre2_set_parens_nest_limit(context, LIMIT_PATTERN_NESTING);
    }
    return context;
}

enum status pattern_new(const char *text, const char *flags, struct pattern **pattern_out,
                        size_t *offset_out, struct err *err)
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    uint32_t options = options_of(flags, err);

    *offset_out = 0;
    if (options == 0) {
        return ST_INVALID;
    }
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &error,
                                     &offset, compile_context());
    if (code == NULL) {
        char message[200] = "";
        (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof(message));
        *offset_out = MIN(offset, strlen(text));
        return err_set(err, ST_INVALID, "%s", message);
    }

    OWNED(pattern) pattern = g_new(struct pattern, 1);
    *pattern = (struct pattern){.code = code, .groups = g_ptr_array_new_with_free_func(g_free)};
    read_groups(pattern);
    *pattern_out = g_steal_pointer(&pattern);
    return ST_OK;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL) {
        return;
    }
    pcre2_code_free(pattern->code);
    g_ptr_array_unref(pattern->groups);
    g_clear_pointer(&pattern->words, g_array_unref);
    g_free(pattern);
}

const GPtrArray *pattern_groups(const struct pattern *pattern)
{
    return pattern->groups;
}

void pattern_set_words(struct pattern *pattern, GArray *words)
{
    assert(pattern->words == NULL);
    pattern->words = words;
}

const GArray *pattern_words(const struct pattern *pattern)
{
    return pattern->words;
}

/* What is left for this match: of the condition's time and of the run's. */
static int64_t left_us(const struct pattern_runner *runner)
{
    return MIN((int64_t)LIMIT_PATTERN_MS * MS_US - runner->spent_us,
               (int64_t)LIMIT_PATTERNS_MS * MS_US - runner->all_spent_us);
}

static int look_at_the_time(pcre2_callout_block *block, void *data)
{
    struct pattern_runner *runner = data;

    (void)block;
    if (++runner->calls % CALLS_A_LOOK != 0) {
        return 0;
    }
    int64_t now_us = clock_monotonic_us(clock_real());
    if (runner->calls == CALLS_A_LOOK) {
        runner->cpu_start_us = clock_thread_cpu_us();
        runner->look_us = now_us + left_us(runner);
        return 0;
    }
    if (now_us < runner->look_us) {
        return 0;
    }
    int64_t more_us = left_us(runner) - (clock_thread_cpu_us() - runner->cpu_start_us);
    if (more_us <= 0) {
        runner->is_over = true;
        return PCRE2_ERROR_CALLOUT;
    }
    runner->look_us = now_us + more_us;
    return 0;
}

struct pattern_runner *pattern_runner_new(void)
{
    struct pattern_runner *runner = g_new(struct pattern_runner, 1);

    *runner = (struct pattern_runner){.context = pcre2_match_context_create(NULL)};
    assert(runner->context != NULL);
    (void)pcre2_set_depth_limit(runner->context, LIMIT_PATTERN_DEPTH);
    (void)pcre2_set_heap_limit(runner->context, LIMIT_PATTERN_HEAP_KIB);
    (void)pcre2_set_callout(runner->context, look_at_the_time, runner);
    return runner;
}

void pattern_runner_free(struct pattern_runner *runner)
{
    if (runner == NULL) {
        return;
    }
    pcre2_match_data_free(runner->data);
    pcre2_match_context_free(runner->context);
    g_free(runner);
}

void pattern_begin(struct pattern_runner *runner)
{
    runner->spent_us = 0;
}

static size_t subject_length(const char *text)
{
    size_t length = strnlen(text, LIMIT_PATTERN_SUBJECT_BYTES + 1);

    if (length <= LIMIT_PATTERN_SUBJECT_BYTES) {
        return length;
    }
    const char *end = g_utf8_find_prev_char(text, text + LIMIT_PATTERN_SUBJECT_BYTES + 1);
    return end == NULL ? LIMIT_PATTERN_SUBJECT_BYTES : (size_t)(end - text);
}

static void take_groups(const struct pattern_runner *runner, const struct pattern *pattern,
                        GHashTable *groups)
{
    for (guint i = 0; i < pattern->groups->len; i++) {
        const char *name = pattern->groups->pdata[i];
        PCRE2_UCHAR *value = NULL;
        PCRE2_SIZE length = 0;
        if (pcre2_substring_get_byname(runner->data, (PCRE2_SPTR)name, &value, &length) != 0) {
            continue;
        }
        g_hash_table_replace(groups, g_strdup(name), g_strndup((const char *)value, length));
        pcre2_substring_free(value);
    }
}

static enum pattern_result say_fault(const struct pattern_runner *runner, int result,
                                     struct err *err)
{
    char message[200] = "";

    if (!runner->is_over) {
        (void)pcre2_get_error_message(result, (PCRE2_UCHAR *)message, sizeof(message));
        (void)err_set(err, ST_INVALID, "the pattern was given up: %s", message);
    } else if (runner->all_spent_us >= (int64_t)LIMIT_PATTERNS_MS * MS_US) {
        (void)err_set(err, ST_INVALID, "the patterns ran longer than %d ms in all",
                      LIMIT_PATTERNS_MS);
    } else {
        (void)err_set(err, ST_INVALID, "the pattern ran longer than %d ms", LIMIT_PATTERN_MS);
    }
    return PATTERN_FAULT;
}

static void make_room(struct pattern_runner *runner, const struct pattern *pattern)
{
    if (runner->data != NULL && runner->captures >= pattern->captures) {
        return;
    }
    pcre2_match_data_free(runner->data);
    runner->captures = MAX(pattern->captures, 15);
    runner->data = pcre2_match_data_create(runner->captures + 1, NULL);
    assert(runner->data != NULL);
}

enum pattern_result pattern_match(struct pattern_runner *runner, const struct pattern *pattern,
                                  const char *text, GHashTable *groups, struct err *err)
{
    runner->calls = 0;
    runner->is_over = left_us(runner) <= 0;
    if (runner->is_over) {
        return say_fault(runner, 0, err);
    }
    make_room(runner, pattern);
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)text, subject_length(text), 0, 0,
                             runner->data, runner->context);
    if (runner->calls >= CALLS_A_LOOK) {
        int64_t spent_us = clock_thread_cpu_us() - runner->cpu_start_us;
        runner->spent_us += spent_us;
        runner->all_spent_us += spent_us;
    }
    if (result == PCRE2_ERROR_NOMATCH) {
        return PATTERN_NO;
    }
    if (result < 0) {
        return say_fault(runner, result, err);
    }
    if (groups != NULL && pattern->groups->len > 0) {
        take_groups(runner, pattern, groups);
    }
    return PATTERN_YES;
}
