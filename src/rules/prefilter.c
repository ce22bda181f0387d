/* prefilter - which patterns cannot match a text, told by one pass over it
 *
 * Most patterns of a desk look for words ("drucker|printer"). A thousand of them, one after the other, would read a mail a
 * thousand times. So each pattern is asked once which words stand in everything that it matches; all words of all
 * patterns become one automaton (Aho and Corasick, 1975); it reads a text once and leaves a set of the words that stand
 * in it. A pattern none of whose words is there cannot match, and pcre2 is not asked.
 *
 * The reading of patterns is careful: what it does not know makes it give up ("any text may match"), an item that may be
 * absent is no word. Words are ASCII and compared without case, which can only find too much. Two letters have a third
 * form outside of ASCII (the Kelvin sign and the long s); a text that has one of these is "may match" for all.
 *
 *     words  = of its alternatives, if each has some: all of them
 *     of an alternative: of its items the one whose shortest word is longest
 *     item   = run of plain letters / group that is not optional
 *
 * Pure: no I/O. What is wrong in a pattern is pcre2's to say.
 */
#include "rules/prefilter.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"

#define WORD_MIN  2
#define WORD_MAX  8
#define WORDS_MAX 32 /* of one pattern */

/* ---- words of a pattern ----------------------------------------------------------------------- */

struct reader {
    const char *at;
    bool has_given_up;
};

static GPtrArray *read_alternatives(struct reader *reader, unsigned depth);

static size_t shortest(const GPtrArray *words)
{
    size_t length = SIZE_MAX;

    for (guint i = 0; i < words->len; i++) {
        length = MIN(length, strlen(words->pdata[i]));
    }
    return length;
}

/* What is known of one alternative so far. */
struct sequence {
    GPtrArray *best; /* own: char *; NULL: nothing */
    GString *run;    /* own: plain letters, one after the other */
    bool is_in_run;  /* the last item is the run's last letter */
};

static void offer(struct sequence *sequence, GPtrArray *words)
{
    if (words->len > WORDS_MAX ||
        (sequence->best != NULL && shortest(sequence->best) >= shortest(words))) {
        g_ptr_array_unref(words);
        return;
    }
    g_clear_pointer(&sequence->best, g_ptr_array_unref);
    sequence->best = words;
}

static void end_run(struct sequence *sequence)
{
    if (sequence->run->len >= WORD_MIN) {
        GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(words, g_strndup(sequence->run->str, MIN(sequence->run->len, WORD_MAX)));
        offer(sequence, words);
    }
    g_string_truncate(sequence->run, 0);
    sequence->is_in_run = false;
}

/* "?", "*", "+", "{…}" after an item, and what makes them lazy or possessive; true: the item may be absent. */
static bool read_quantifier(struct reader *reader, bool *is_there_out)
{
    bool may_be_absent = false;

    *is_there_out = false;
    while (*reader->at != '\0' && strchr("?*+{", *reader->at) != NULL) {
        char c = *reader->at++;
        may_be_absent = may_be_absent || c != '+';
        *is_there_out = true;
        size_t inside = c == '{' ? strspn(reader->at, "0123456789,") : 0;
        reader->at += inside > 0 && reader->at[inside] == '}' ? inside + 1 : 0;
    }
    return may_be_absent;
}

static void read_quantifier_of_letter(struct reader *reader, struct sequence *sequence)
{
    bool is_there = false;
    bool may_be_absent = read_quantifier(reader, &is_there);

    if (may_be_absent && sequence->is_in_run) {
        g_string_truncate(sequence->run, sequence->run->len - 1);
    }
    if (is_there) {
        end_run(sequence);
    }
}

/* "[…]": to its end. */
static void skip_class(struct reader *reader)
{
    reader->at++;
    reader->at += *reader->at == '^' ? 1 : 0;
    reader->at += *reader->at == ']' ? 1 : 0;
    while (*reader->at != '\0' && *reader->at != ']') {
        if (*reader->at == '\\' && (reader->at[1] == 'Q' || reader->at[1] == '\0')) {
            reader->has_given_up = true;
            return;
        }
        if (*reader->at == '[' && reader->at[1] != '\0' && strchr(":.=", reader->at[1]) != NULL) {
            const char close[] = {reader->at[1], ']', '\0'};
            const char *end = strstr(reader->at + 2, close);
            reader->at = end != NULL ? end + 2 : reader->at + 1;
            continue;
        }
        reader->at += *reader->at == '\\' ? 2 : 1;
    }
    if (*reader->at == '\0') {
        reader->has_given_up = true;
        return;
    }
    reader->at++;
}

static void add_letter(struct sequence *sequence, char c)
{
    g_string_append_c(sequence->run, g_ascii_tolower(c));
    sequence->is_in_run = true;
}

static void read_escape(struct reader *reader, struct sequence *sequence)
{
    char c = reader->at[1];

    if (c == '\0' || (g_ascii_isalnum(c) && strchr("dDwWsSbBAzZhHvVRntrfae", c) == NULL)) {
        reader->has_given_up = true;
        return;
    }
    reader->at += 2;
    if (g_ascii_isalnum(c) || (unsigned char)c >= 0x80) {
        end_run(sequence);
    } else {
        add_letter(sequence, c);
    }
}

enum group_kind { GROUP_PLAIN, GROUP_ASIDE, GROUP_UNKNOWN };

/* "(…", up to where what it holds begins. */
static enum group_kind open_group(struct reader *reader)
{
    static const struct {
        const char *opening;
        enum group_kind kind;
        char name_end; /* a name follows, up to this */
    } OPENINGS[] = {
        {"(?:", GROUP_PLAIN, 0},    {"(?>", GROUP_PLAIN, 0},   {"(?=", GROUP_ASIDE, 0},
        {"(?!", GROUP_ASIDE, 0},    {"(?<=", GROUP_ASIDE, 0},  {"(?<!", GROUP_ASIDE, 0},
        {"(?P<", GROUP_PLAIN, '>'}, {"(?<", GROUP_PLAIN, '>'}, {"(?'", GROUP_PLAIN, '\''},
        {"(?", GROUP_UNKNOWN, 0},   {"(*", GROUP_UNKNOWN, 0},  {"(", GROUP_PLAIN, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(OPENINGS); i++) {
        if (!g_str_has_prefix(reader->at, OPENINGS[i].opening)) {
            continue;
        }
        reader->at += strlen(OPENINGS[i].opening);
        if (OPENINGS[i].name_end != 0) {
            const char *end = strchr(reader->at, OPENINGS[i].name_end);
            if (end == NULL) {
                return GROUP_UNKNOWN;
            }
            reader->at = end + 1;
        }
        return OPENINGS[i].kind;
    }
    return GROUP_UNKNOWN;
}

static void read_group(struct reader *reader, struct sequence *sequence, unsigned depth)
{
    enum group_kind kind = open_group(reader);
    bool is_there = false;

    end_run(sequence);
    if (kind == GROUP_UNKNOWN || depth >= LIMIT_PATTERN_NESTING) {
        reader->has_given_up = true;
        return;
    }
    g_autoptr(GPtrArray) words = read_alternatives(reader, depth + 1);
    if (*reader->at != ')') {
        reader->has_given_up = true;
    }
    if (reader->has_given_up) {
        return;
    }
    reader->at++;
    bool may_be_absent = read_quantifier(reader, &is_there);
    if (kind == GROUP_PLAIN && !may_be_absent && words != NULL) {
        offer(sequence, g_steal_pointer(&words));
    }
}

static void read_item(struct reader *reader, struct sequence *sequence, unsigned depth)
{
    char c = *reader->at;

    if (c == '(') {
        read_group(reader, sequence, depth);
        return;
    }
    if (c == '\\') {
        read_escape(reader, sequence);
    } else if (c == '[') {
        end_run(sequence);
        skip_class(reader);
    } else if (strchr("^$.", c) != NULL || (unsigned char)c >= 0x80) {
        end_run(sequence);
        reader->at = g_utf8_next_char(reader->at);
    } else {
        add_letter(sequence, c);
        reader->at++;
    }
    read_quantifier_of_letter(reader, sequence);
}

/* One alternative, up to "|", ")" or the end; NULL: no words. */
static GPtrArray *read_sequence(struct reader *reader, unsigned depth)
{
    g_autoptr(GString) run = g_string_new(NULL);
    struct sequence sequence = {.run = run};

    while (!reader->has_given_up && *reader->at != '\0' && *reader->at != '|' &&
           *reader->at != ')') {
        read_item(reader, &sequence, depth);
    }
    end_run(&sequence);
    return sequence.best;
}

static GPtrArray *read_alternatives(struct reader *reader, unsigned depth)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    bool is_known = true;

    for (;;) {
        g_autoptr(GPtrArray) of_one = read_sequence(reader, depth);
        is_known = is_known && of_one != NULL;
        if (is_known) {
            g_ptr_array_extend_and_steal(words, g_steal_pointer(&of_one));
        }
        if (reader->has_given_up || *reader->at != '|') {
            break;
        }
        reader->at++;
    }
    return is_known && !reader->has_given_up ? g_steal_pointer(&words) : NULL;
}

GPtrArray *prefilter_words_of(const char *pattern, const char *flags)
{
    struct reader reader = {.at = pattern};

    if (strchr(flags, 'x') != NULL || !g_utf8_validate(pattern, -1, NULL)) {
        return NULL;
    }
    g_autoptr(GPtrArray) words = read_alternatives(&reader, 0);
    bool is_told = words != NULL && words->len <= WORDS_MAX && *reader.at == '\0';
    return is_told ? g_steal_pointer(&words) : NULL;
}

/* ---- all words -------------------------------------------------------------------------------- */

#define NO_WORD UINT32_MAX

struct prefilter {
    GHashTable *numbers;  /* own: char * → number + 1 */
    GPtrArray *words;     /* own: char * */
    uint8_t classes[256]; /* of a byte in lower case; 0: in no word */
    unsigned class_count;
    uint16_t *next;    /* own: [state * class_count + class] */
    uint32_t *ends;    /* own: of a state: the word that ends there */
    uint16_t *shorter; /* own: of a state: the next one, behind it, where a word ends; 0: none */
    unsigned states;
    bool is_blind; /* too many words: every pattern may match */
};

struct prefilter *prefilter_new(void)
{
    struct prefilter *prefilter = g_new(struct prefilter, 1);

    *prefilter = (struct prefilter){
        .numbers = g_hash_table_new(g_str_hash, g_str_equal),
        .words = g_ptr_array_new_with_free_func(g_free),
        .class_count = 1,
    };
    return prefilter;
}

void prefilter_free(struct prefilter *prefilter)
{
    if (prefilter == NULL) {
        return;
    }
    g_hash_table_unref(prefilter->numbers);
    g_ptr_array_unref(prefilter->words);
    g_free(prefilter->next);
    g_free(prefilter->ends);
    g_free(prefilter->shorter);
    g_free(prefilter);
}

unsigned prefilter_add(struct prefilter *prefilter, const char *word)
{
    gpointer known = g_hash_table_lookup(prefilter->numbers, word);

    if (known != NULL) {
        return GPOINTER_TO_UINT(known) - 1;
    }
    char *own = g_strdup(word);
    g_ptr_array_add(prefilter->words, own);
    g_hash_table_insert(prefilter->numbers, own, GUINT_TO_POINTER(prefilter->words->len));
    return prefilter->words->len - 1;
}

/* Give each byte of the words its class; how many states there can be. */
static size_t count_classes(struct prefilter *prefilter)
{
    size_t states = 1;

    for (guint i = 0; i < prefilter->words->len; i++) {
        for (const unsigned char *at = prefilter->words->pdata[i]; *at != '\0'; at++) {
            if (prefilter->classes[*at] == 0) {
                prefilter->classes[*at] = (uint8_t)prefilter->class_count++;
            }
            states++;
        }
    }
    for (int c = 'A'; c <= 'Z'; c++) {
        prefilter->classes[c] = prefilter->classes[c - 'A' + 'a'];
    }
    return states;
}

static void add_to_trie(struct prefilter *prefilter, uint32_t number)
{
    unsigned state = 0;

    for (const unsigned char *at = prefilter->words->pdata[number]; *at != '\0'; at++) {
        uint16_t *next = &prefilter->next[state * prefilter->class_count + prefilter->classes[*at]];
        if (*next == 0) {
            *next = (uint16_t)prefilter->states++;
        }
        state = *next;
    }
    prefilter->ends[state] = number;
}

/* Make the trie an automaton, breadth first: where a state has no way on, it goes on as the longest suffix does. */
static void link_states(struct prefilter *prefilter)
{
    g_autofree uint16_t *queue = g_new0(uint16_t, prefilter->states);
    g_autofree uint16_t *suffix = g_new0(uint16_t, prefilter->states);
    unsigned head = 0;
    unsigned tail = 0;

    queue[tail++] = 0;
    while (head < tail) {
        unsigned state = queue[head++];
        for (unsigned class = 1; class < prefilter->class_count; class ++) {
            uint16_t *next = &prefilter->next[state * prefilter->class_count + class];
            uint16_t behind = state == 0
                                  ? 0
                                  : prefilter->next[suffix[state] * prefilter->class_count + class];
            if (*next == 0) {
                *next = behind;
                continue;
            }
            suffix[*next] = behind;
            prefilter->shorter[*next] = prefilter->ends[behind] != NO_WORD
                                            ? behind
                                            : prefilter->shorter[behind];
            queue[tail++] = *next;
        }
    }
}

void prefilter_build(struct prefilter *prefilter)
{
    size_t states = count_classes(prefilter);

    assert(prefilter->next == NULL);
    if (states > LIMIT_PATTERN_STATES) {
        prefilter->is_blind = true;
        return;
    }
    prefilter->next = g_new0(uint16_t, states * prefilter->class_count);
    prefilter->ends = g_new(uint32_t, states);
    prefilter->shorter = g_new0(uint16_t, states);
    memset(prefilter->ends, 0xFF, states * sizeof(uint32_t));
    prefilter->states = 1;
    for (guint i = 0; i < prefilter->words->len; i++) {
        add_to_trie(prefilter, i);
    }
    link_states(prefilter);
}

size_t prefilter_set_bytes(const struct prefilter *prefilter)
{
    return prefilter->words->len / 8 + 1;
}

/* The Kelvin sign and the long s are "k" and "s" without case. */
static bool has_odd_case(const char *text, size_t length)
{
    return memmem(text, length, "\xE2\x84\xAA", 3) != NULL ||
           memmem(text, length, "\xC5\xBF", 2) != NULL;
}

void prefilter_scan(const struct prefilter *prefilter, const char *text, size_t length,
                    uint8_t *set)
{
    unsigned state = 0;

    if (prefilter->is_blind || has_odd_case(text, length)) {
        memset(set, 0xFF, prefilter_set_bytes(prefilter));
        return;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned class = prefilter->classes[(unsigned char)text[i]];
        state = prefilter->next[state * prefilter->class_count + class];
        unsigned end = prefilter->ends[state] != NO_WORD ? state : prefilter->shorter[state];
        while (end != 0) {
            uint32_t word = prefilter->ends[end];
            set[word / 8] = (uint8_t)(set[word / 8] | 1U << word % 8);
            end = prefilter->shorter[end];
        }
    }
}

bool prefilter_may_match(const GArray *words, const uint8_t *set)
{
    if (words == NULL) {
        return true;
    }
    for (guint i = 0; i < words->len; i++) {
        unsigned word = g_array_index(words, unsigned, i);
        if ((set[word / 8] & 1U << word % 8) != 0) {
            return true;
        }
    }
    return false;
}
