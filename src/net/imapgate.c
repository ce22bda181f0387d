/* imapgate - stands between the server and libetpan's parser
 *
 * libetpan 1.9.4 dies of several ordinary-looking answers (an ALERT without text, nested
 * PERMANENTFLAGS, deep BODYSTRUCTURE), falls out of step on answers that it does not know, reads
 * numbers modulo 2^32 and copies each mail three times. So it never sees what the server said, only
 * this, which it reads well:
 *
 *     response = "* " number SP ("EXISTS" / "RECENT" / "EXPUNGE" / "FETCH" data)
 *              / "* " ("CAPABILITY" / "SEARCH" / "LIST") data
 *              / ("*" / tag) SP ("OK" / "NO" / "BAD" / "BYE" / "PREAUTH") [code] " ok"
 *              / "+ ok"
 *     code     = " [" ("UIDVALIDITY" / "UIDNEXT" / "READ-ONLY" / "READ-WRITE" / "COPYUID") … "]"
 *
 * Other untagged responses are dropped with their literals; other codes and all human-readable text
 * are taken out of the way, and kept for our own messages (imapgate_answer). In data, parentheses do
 * not nest deeper than LIMIT_IMAP_NESTING, numbers fit 32 bits and control characters are errors.
 *
 * A literal is found by its {count} at the end of a data line; a status line has none, whatever its
 * text ends with. In a FETCH of bodies, literals go from the network straight into a block of their own
 * size; libetpan reads the quoted string <SOH>NUMBER instead, which no server can forge, because
 * control characters do not pass.
 *
 * Not here: what the answers mean (net/imap); how much may come in all (net/stream).
 * Pure: no I/O.
 */
#include "net/imapgate.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"

enum { CHUNK_BYTES = 32768, MARK = 0x01 };

enum gate_state {
    GATE_LINE,    /* in a line; it is judged when its end is there */
    GATE_LITERAL, /* in a literal */
};

/* What happens to the rest of the response whose line was judged. */
enum gate_fate { FATE_PASS, FATE_DROP };

struct imapgate {
    enum gate_state state;
    enum gate_fate fate;
    bool is_continued; /* the line at hand goes on with a response after a literal */
    unsigned nesting;  /* of the response at hand */
    bool
        has_free_numbers; /* the response at hand may hold numbers of any size, as parts of words */
    size_t max_literal;
    size_t literal_left;
    size_t literal_size;
    char *literal;       /* own: being filled; NULL: passes or is dropped */
    GPtrArray *literals; /* own: GBytes; NULL once stolen */
    GByteArray *line;    /* own */
    GByteArray *out;     /* own */
    size_t out_read;
    struct imapgate_answer answer;
    const char *failure; /* static text */
    char chunk[CHUNK_BYTES];
};

static void free_literal(void *literal)
{
    if (literal) {
        g_bytes_unref(literal);
    }
}

struct imapgate *imapgate_new(void)
{
    struct imapgate *gate = g_new0(struct imapgate, 1);
    gate->literals = g_ptr_array_new_with_free_func(free_literal);
    gate->line = g_byte_array_new();
    gate->out = g_byte_array_new();
    return gate;
}

void imapgate_free(struct imapgate *gate)
{
    if (!gate) {
        return;
    }
    g_free(gate->literal);
    g_ptr_array_unref(gate->literals);
    g_byte_array_unref(gate->line);
    g_byte_array_unref(gate->out);
    g_free(gate);
}

void imapgate_begin(struct imapgate *gate, size_t max_literal)
{
    gate->max_literal = max_literal;
    gate->answer = (struct imapgate_answer){.kind = IMAPGATE_NONE};
    g_ptr_array_set_size(gate->literals, 0);
}

const char *imapgate_failure(const struct imapgate *gate)
{
    return gate->failure;
}

const struct imapgate_answer *imapgate_answer(const struct imapgate *gate)
{
    return &gate->answer;
}

static bool refuse(struct imapgate *gate, const char *why)
{
    if (!gate->failure) {
        gate->failure = why;
    }
    return false;
}

static void emit(struct imapgate *gate, const void *bytes, size_t length)
{
    g_byte_array_append(gate->out, bytes, (guint)length);
}

static void emit_text(struct imapgate *gate, const char *text)
{
    emit(gate, text, strlen(text));
}

/* A piece of a line; not terminated. */
struct span {
    const char *at;
    size_t length;
};

static bool span_is(struct span span, const char *word)
{
    return span.length == strlen(word) && g_ascii_strncasecmp(span.at, word, span.length) == 0;
}

/* Cut the first word off; blanks around it go. */
static struct span next_word(struct span *rest)
{
    size_t i = 0;
    while (rest->length > 0 && *rest->at == ' ') {
        rest->at++;
        rest->length--;
    }
    while (i < rest->length && rest->at[i] != ' ') {
        i++;
    }
    struct span word = {rest->at, i};
    rest->at += i;
    rest->length -= i;
    return word;
}

static bool is_number(struct span span)
{
    guint64 value = 0;
    for (size_t i = 0; i < span.length; i++) {
        if (!g_ascii_isdigit(span.at[i])) {
            return false;
        }
        value = value * 10 + (guint64)(span.at[i] - '0');
        if (value > UINT32_MAX) {
            return false;
        }
    }
    return span.length > 0;
}

/* Codes that libetpan may see, with what may follow them. */
static const struct {
    const char *name;
    const char *argument; /* characters that it is made of; "": there is none */
} CODES[] = {
    {"UIDVALIDITY", "0123456789"}, {"UIDNEXT", "0123456789"}, {"READ-ONLY", ""}, {"READ-WRITE", ""},
    {"COPYUID", "0123456789:, "},
};

static bool consists_of(struct span span, const char *set)
{
    for (size_t i = 0; i < span.length; i++) {
        if (!strchr(set, span.at[i])) {
            return false;
        }
    }
    return true;
}

/* Every run of digits in a code's argument must fit 32 bits. */
static bool has_small_numbers(struct span span)
{
    for (size_t i = 0; i < span.length;) {
        size_t end = i;
        while (end < span.length && g_ascii_isdigit(span.at[end])) {
            end++;
        }
        if (end > i && !is_number((struct span){span.at + i, end - i})) {
            return false;
        }
        i = end + 1;
    }
    return true;
}

static bool is_code_wanted(struct span name, struct span argument)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CODES); i++) {
        if (span_is(name, CODES[i].name)) {
            bool wants_argument = CODES[i].argument[0] != '\0';
            return wants_argument == (argument.length > 0) &&
                   consists_of(argument, CODES[i].argument) && has_small_numbers(argument);
        }
    }
    return false;
}

static void keep_answer(struct imapgate *gate, struct span kind, struct span code, struct span text)
{
    struct imapgate_answer *answer = &gate->answer;
    g_autofree char *scrubbed = text_scrub(text.at, (gssize)text.length);
    g_autofree char *line = text_one_line(scrubbed, sizeof answer->text / 4);

    if (span_is(kind, "BYE")) {
        answer->is_bye = true;
    } else {
        answer->kind = span_is(kind, "OK")   ? IMAPGATE_OK
                       : span_is(kind, "NO") ? IMAPGATE_NO
                                             : IMAPGATE_BAD;
    }
    g_strlcpy(answer->text, line, sizeof answer->text);
    answer->code[0] = '\0';
    if (code.length < sizeof answer->code) {
        for (size_t i = 0; i < code.length; i++) {
            answer->code[i] = g_ascii_isgraph(code.at[i]) ? g_ascii_toupper(code.at[i]) : '?';
        }
        answer->code[code.length] = '\0';
    }
}

/* "* OK [CODE argument] text" and its tagged kin. */
static bool pass_status(struct imapgate *gate, struct span tag, struct span kind, struct span rest)
{
    struct span code = {rest.at, 0};
    struct span argument = code;

    while (rest.length > 0 && *rest.at == ' ') {
        rest.at++;
        rest.length--;
    }
    const char *end = rest.length > 0 && *rest.at == '[' ? memchr(rest.at, ']', rest.length) : NULL;
    if (end) {
        argument = (struct span){rest.at + 1, (size_t)(end - rest.at) - 1};
        code = next_word(&argument);
        while (argument.length > 0 && *argument.at == ' ') {
            argument.at++;
            argument.length--;
        }
        rest.length -= (size_t)(end + 1 - rest.at);
        rest.at = end + 1;
    }
    bool is_tagged = !span_is(tag, "*");
    if (is_tagged || span_is(kind, "BYE")) {
        keep_answer(gate, kind, code, rest);
    }
    emit(gate, tag.at, tag.length);
    emit_text(gate, " ");
    emit(gate, kind.at, kind.length);
    if (is_code_wanted(code, argument)) {
        emit_text(gate, " [");
        emit(gate, code.at, code.length);
        emit_text(gate, argument.length > 0 ? " " : "");
        emit(gate, argument.at, argument.length);
        emit_text(gate, "]");
    }
    emit_text(gate, " ok\r\n");
    return true;
}

/* Where a data line stands while it is looked through. */
struct scan {
    bool is_quoted;
    bool is_escaped;
    guint64 number; /* of the run of digits; where any size will do it may wrap */
    unsigned nesting;
};

static bool scan_char(struct imapgate *gate, struct scan *scan, unsigned char c)
{
    if ((c < 0x20 && c != '\t') || c == 0x7f) {
        return refuse(gate, "the server's answer has control characters in it");
    }
    if (scan->is_quoted) {
        if (!scan->is_escaped && c == '"') {
            scan->is_quoted = false;
        }
        scan->is_escaped = !scan->is_escaped && c == '\\';
        return true;
    }
    scan->number = g_ascii_isdigit(c) ? scan->number * 10 + (guint64)(c - '0') : 0;
    if (scan->number > UINT32_MAX && !gate->has_free_numbers) {
        return refuse(gate, "the server's answer has a number in it that is too large");
    }
    if (c == '"') {
        scan->is_quoted = true;
    } else if (c == '(' && ++scan->nesting > LIMIT_IMAP_NESTING) {
        return refuse(gate, "the server's answer is nested too deeply");
    } else if (c == ')' && scan->nesting-- == 0) {
        return refuse(gate, "the server's answer has a parenthesis too many");
    }
    return true;
}

/* The count of a literal at the end of a line; its "{" goes to *brace_out. */
static bool ends_in_literal(struct span line, size_t *brace_out, size_t *count_out)
{
    size_t i = line.length;

    if (i < 3 || line.at[i - 1] != '}') {
        return false;
    }
    for (i--; i > 0 && g_ascii_isdigit(line.at[i - 1]); i--) {
    }
    if (i == 0 || line.at[i - 1] != '{' ||
        !is_number((struct span){line.at + i, line.length - 1 - i})) {
        return false;
    }
    *brace_out = i - 1;
    *count_out = 0;
    for (; line.at[i] != '}'; i++) {
        *count_out = *count_out * 10 + (size_t)(line.at[i] - '0');
    }
    return true;
}

static bool begin_literal(struct imapgate *gate, size_t count)
{
    bool is_kept = gate->fate == FATE_PASS && gate->max_literal > 0;

    if (count > (is_kept ? gate->max_literal : LIMIT_IMAP_LINE_BYTES)) {
        return refuse(gate, "the server's answer is longer than it said before");
    }
    if (gate->literals->len >= LIMIT_IMAP_LITERALS) {
        return refuse(gate, "the server's answer has too many parts");
    }
    if (is_kept) {
        g_autofree char *mark = g_strdup_printf("\"%c%u\"", MARK, gate->literals->len);
        emit_text(gate, mark);
        gate->literal = g_malloc(MAX(count, 1));
    } else if (gate->fate == FATE_PASS) {
        g_autofree char *head = g_strdup_printf("{%zu}\r\n", count);
        emit_text(gate, head);
    }
    gate->literal_size = count;
    gate->literal_left = count;
    gate->is_continued = true;
    gate->state = GATE_LITERAL;
    return true;
}

/* A line of data, or what follows a literal in it. */
static bool pass_data(struct imapgate *gate, struct span line)
{
    struct scan scan = {.nesting = gate->nesting};
    size_t brace = 0;
    size_t count = 0;
    bool has_literal = ends_in_literal(line, &brace, &count);
    size_t length = has_literal ? brace : line.length;

    if (gate->fate == FATE_DROP) {
        gate->is_continued = false;
        return has_literal ? begin_literal(gate, count) : true;
    }
    for (size_t i = 0; i < line.length; i++) {
        if (!scan_char(gate, &scan, (unsigned char)line.at[i])) {
            return false;
        }
    }
    if (scan.is_quoted) {
        return refuse(gate, "the server's answer ends inside a quoted string");
    }
    gate->nesting = scan.nesting;
    emit(gate, line.at, length);
    if (has_literal) {
        return begin_literal(gate, count);
    }
    if (scan.nesting > 0) {
        return refuse(gate, "the server's answer lacks a parenthesis");
    }
    emit_text(gate, "\r\n");
    gate->is_continued = false;
    return true;
}

static bool is_any_of(struct span word, const char *const *list)
{
    for (; *list; list++) {
        if (span_is(word, *list)) {
            return true;
        }
    }
    return false;
}

static const char *const STATUS_WORDS[] = {"OK", "NO", "BAD", "BYE", "PREAUTH", NULL};
static const char *const TAGGED_WORDS[] = {"OK", "NO", "BAD", NULL};
static const char *const DATA_WORDS[] = {"CAPABILITY", "SEARCH", "LIST", NULL};
static const char *const NUMBERED_WORDS[] = {"EXISTS", "RECENT", "EXPUNGE", "FETCH", NULL};

/* The first line of a response. */
static bool judge(struct imapgate *gate, struct span line)
{
    struct span rest = line;
    struct span tag = next_word(&rest);
    struct span word = next_word(&rest);

    gate->nesting = 0;
    gate->fate = FATE_PASS;
    if (line.length == 0) {
        return true;
    }
    if (line.at[0] == '+') {
        emit_text(gate, "+ ok\r\n");
        return true;
    }
    if (!span_is(tag, "*")) {
        if (!is_any_of(word, TAGGED_WORDS)) {
            return refuse(gate, "the server does not speak IMAP");
        }
        for (size_t i = 0; i < tag.length; i++) {
            if (!g_ascii_isalnum(tag.at[i])) {
                return refuse(gate, "the server answers a command that we did not give");
            }
        }
        return pass_status(gate, tag, word, rest);
    }
    if (is_any_of(word, STATUS_WORDS)) {
        return pass_status(gate, tag, word, rest);
    }
    bool is_wanted = is_any_of(word, DATA_WORDS) ||
                     (is_number(word) && is_any_of(next_word(&rest), NUMBERED_WORDS));
    gate->fate = is_wanted ? FATE_PASS : FATE_DROP;
    gate->has_free_numbers = span_is(word, "CAPABILITY") || span_is(word, "LIST");
    return pass_data(gate, line);
}

static bool end_line(struct imapgate *gate)
{
    struct span line = {(const char *)gate->line->data, gate->line->len};

    if (line.length > 0 && line.at[line.length - 1] == '\r') {
        line.length--;
    }
    bool is_good = gate->is_continued ? pass_data(gate, line) : judge(gate, line);
    g_byte_array_set_size(gate->line, 0);
    return is_good;
}

static void end_literal(struct imapgate *gate)
{
    if (gate->literal) {
        g_ptr_array_add(gate->literals,
                        g_bytes_new_take(g_steal_pointer(&gate->literal), gate->literal_size));
    }
    gate->state = GATE_LINE;
}

static size_t line_limit(const struct imapgate *gate)
{
    static const char SEARCH[] = "* SEARCH";
    bool is_search = gate->line->len >= sizeof SEARCH - 1 &&
                     g_ascii_strncasecmp((const char *)gate->line->data, SEARCH,
                                         sizeof SEARCH - 1) == 0;
    return is_search ? LIMIT_COMMAND_BYTES : LIMIT_IMAP_LINE_BYTES;
}

/* Bytes of the chunk; gives back how many were used up. */
static size_t take_line_bytes(struct imapgate *gate, const char *bytes, size_t count)
{
    const char *end = memchr(bytes, '\n', count);
    size_t used = end ? (size_t)(end - bytes) : count;

    g_byte_array_append(gate->line, (const guint8 *)bytes, (guint)used);
    if (gate->line->len > line_limit(gate)) {
        refuse(gate, "the server's answer has a line that is too long");
    } else if (end) {
        used++;
        end_line(gate);
    }
    return used;
}

static size_t take_literal_bytes(struct imapgate *gate, const char *bytes, size_t count)
{
    size_t used = MIN(count, gate->literal_left);

    if (gate->literal) {
        memcpy(gate->literal + gate->literal_size - gate->literal_left, bytes, used);
    } else if (gate->fate == FATE_PASS) {
        emit(gate, bytes, used);
    }
    gate->literal_left -= used;
    return used;
}

void *imapgate_space(struct imapgate *gate, size_t *size_out)
{
    if (gate->state == GATE_LITERAL && gate->literal) {
        *size_out = gate->literal_left;
        return gate->literal + gate->literal_size - gate->literal_left;
    }
    *size_out = sizeof gate->chunk;
    return gate->chunk;
}

bool imapgate_accept(struct imapgate *gate, size_t count)
{
    const char *at = gate->chunk;

    if (gate->state == GATE_LITERAL && gate->literal) {
        assert(count <= gate->literal_left);
        gate->literal_left -= count; /* they are in their place already */
        count = 0;
    }
    for (;;) {
        if (gate->state == GATE_LITERAL && gate->literal_left == 0) {
            end_literal(gate);
        }
        if (count == 0 || gate->failure) {
            return gate->failure == NULL;
        }
        size_t used = gate->state == GATE_LITERAL ? take_literal_bytes(gate, at, count)
                                                  : take_line_bytes(gate, at, count);
        at += used;
        count -= used;
    }
}

size_t imapgate_read(struct imapgate *gate, void *buffer, size_t size)
{
    size_t count = MIN(size, gate->out->len - gate->out_read);

    if (count > 0) {
        memcpy(buffer, gate->out->data + gate->out_read, count);
        gate->out_read += count;
    }
    if (gate->out_read == gate->out->len) {
        g_byte_array_set_size(gate->out, 0);
        gate->out_read = 0;
    }
    return count;
}

bool imapgate_holds(const struct imapgate *gate)
{
    return gate->out->len > gate->out_read || gate->line->len > 0 || gate->state == GATE_LITERAL;
}

GBytes *imapgate_steal(struct imapgate *gate, const char *text, size_t length)
{
    guint index = 0;

    if (length < 2 || text[0] != MARK) {
        return NULL;
    }
    for (size_t i = 1; i < length; i++) {
        if (!g_ascii_isdigit(text[i]) || index > LIMIT_IMAP_LITERALS) {
            return NULL;
        }
        index = index * 10 + (guint)(text[i] - '0');
    }
    if (index >= gate->literals->len) {
        return NULL;
    }
    return g_steal_pointer(&gate->literals->pdata[index]);
}
