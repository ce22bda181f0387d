/* forward - whose mail is passed on in this one
 *
 * "A technician forwards a customer's mail" makes a ticket of the customer. So the sender of the forwarded mail
 * is looked for, in the two forms in which mail programs pass mail on: attached as message/rfc822, or
 * in the text, below a line that says so or with the header that Outlook puts there:
 *
 *     block   = marker *3empty 1*field           ; Gmail, Thunderbird, Apple Mail: the marker decides
 *             / ( start / empty / rule ) 1*field  ; Outlook, Roundcube: From, date and subject. A reply has
 *                                                 ; the same, so the mail's own subject must say "FW:"
 *     marker  = 2*"-" words 2*"-" / words [":"]
 *     field   = ["*"] name [blank] ":" ["*"] value ; names of five languages
 *
 * It has to be one mail, or it is none: two attached mails, two markers, a From that is not exactly one
 * address, an attached mail and a text that name two people. What stands quoted deeper, or below Outlook's
 * first header, is the history of the mail that was passed on. Where the text is of a marker without a
 * readable header, nobody is named rather than the next best.
 *
 * It is a fact about the text, which anybody can write: what it is worth depends on who sent the mail.
 * Linear: each line is looked at once, and at most BLOCK_LINES below a marker. Pure.
 */
#include "message/forward.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/mailbox.h"
#include "message/rfc2047.h"

#define BLOCK_LINES 24
#define EMPTY_LINES 3
#define NAME_BYTES  40
#define LINE_BYTES  1000 /* longer ones are no header: what is behind is not looked at */

enum field { FIELD_NONE, FIELD_FROM, FIELD_DATE, FIELD_SUBJECT, FIELD_OTHER, FIELD_COUNT };

static const struct {
    const char *name;
    enum field field;
} FIELDS[] = {
    {"from", FIELD_FROM},
    {"von", FIELD_FROM},
    {"de", FIELD_FROM},
    {"da", FIELD_FROM},
    {"date", FIELD_DATE},
    {"sent", FIELD_DATE},
    {"datum", FIELD_DATE},
    {"gesendet", FIELD_DATE},
    {"gesendet am", FIELD_DATE},
    {"envoyé", FIELD_DATE},
    {"envoyé le", FIELD_DATE},
    {"enviado", FIELD_DATE},
    {"enviado el", FIELD_DATE},
    {"fecha", FIELD_DATE},
    {"inviato", FIELD_DATE},
    {"data", FIELD_DATE},
    {"subject", FIELD_SUBJECT},
    {"betreff", FIELD_SUBJECT},
    {"objet", FIELD_SUBJECT},
    {"sujet", FIELD_SUBJECT},
    {"asunto", FIELD_SUBJECT},
    {"oggetto", FIELD_SUBJECT},
    {"to", FIELD_OTHER},
    {"an", FIELD_OTHER},
    {"à", FIELD_OTHER},
    {"pour", FIELD_OTHER},
    {"para", FIELD_OTHER},
    {"a", FIELD_OTHER},
    {"per", FIELD_OTHER},
    {"cc", FIELD_OTHER},
    {"kopie", FIELD_OTHER},
    {"kopie (cc)", FIELD_OTHER},
    {"copie à", FIELD_OTHER},
    {"reply-to", FIELD_OTHER},
    {"antwort an", FIELD_OTHER},
    {"répondre à", FIELD_OTHER},
    {"responder a", FIELD_OTHER},
    {"rispondi a", FIELD_OTHER},
    {"importance", FIELD_OTHER},
    {"wichtigkeit", FIELD_OTHER},
    {"attachments", FIELD_OTHER},
    {"anlagen", FIELD_OTHER},
    {"pièces jointes", FIELD_OTHER},
};

/* Between dashes. */
static const char *const RULED[] = {
    "forwarded message",
    "weitergeleitete nachricht",
    "weitergeleitete e-mail",
    "message transféré",
    "mensaje reenviado",
    "messaggio inoltrato",
    NULL,
};

/* The same, but Outlook of old writes that above what it answers as well. */
static const char *const ORIGINAL[] = {
    "original message",
    "ursprüngliche nachricht",
    "message original",
    "message d'origine",
    "mensaje original",
    "messaggio originale",
    NULL,
};

/* With a colon behind them. */
static const char *const BEGINS[] = {
    "begin forwarded message",
    "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail",
    "début du message réexpédié",
    "début du message transféré",
    "inicio del mensaje reenviado",
    "inizio messaggio inoltrato",
    NULL,
};

static const char *const PREFIXES[] = {"fw", "fwd", "wg", "tr", "rv", "i", NULL};

/* ---- lines ------------------------------------------------------------------------------------- */

struct line {
    char *text;     /* own: without quote marks, hard blanks made soft, trimmed */
    unsigned depth; /* quote marks */
};

/* The text, line by line; at is what is left. */
struct lines {
    const char *at;
};

static void line_clear(struct line *line)
{
    g_clear_pointer(&line->text, g_free);
}

/* Hard blanks and hard hyphens, which programs put around colons and into words. */
static char *soften(const char *text, size_t length)
{
    static const struct {
        const char *hard;
        char soft;
    } HARD[] = {{"\xC2\xA0", ' '}, {"\xE2\x80\xAF", ' '}, {"\xE2\x80\x91", '-'}};
    g_autoptr(GString) soft = g_string_sized_new(length);

    for (size_t i = 0; i < length;) {
        size_t taken = 0;

        for (size_t j = 0; j < G_N_ELEMENTS(HARD) && taken == 0; j++) {
            size_t bytes = strlen(HARD[j].hard);

            if (length - i >= bytes && memcmp(text + i, HARD[j].hard, bytes) == 0) {
                g_string_append_c(soft, HARD[j].soft);
                taken = bytes;
            }
        }
        if (taken == 0) {
            g_string_append_c(soft, text[i]);
            taken = 1;
        }
        i += taken;
    }
    return g_strstrip(g_strdup(soft->str));
}

static bool next_line(struct lines *lines, struct line *line)
{
    const char *at = lines->at;
    const char *end = strchrnul(at, '\n');

    line_clear(line);
    line->depth = 0;
    if (*at == '\0') {
        return false;
    }
    lines->at = *end == '\n' ? end + 1 : end;
    for (; at < end && (*at == '>' || *at == ' '); at++) {
        line->depth += *at == '>';
    }
    line->text = soften(at, MIN((size_t)(end - at), LINE_BYTES));
    return true;
}

/* ---- fields ------------------------------------------------------------------------------------ */

/* Lower case, without the stars of bold text. */
static char *fold(const char *text, size_t length)
{
    g_autofree char *word = g_strndup(text, length);

    g_strdelimit(word, "*", ' ');
    return g_utf8_strdown(g_strstrip(word), -1);
}

/* Which field the line is, and its value (own). */
static enum field read_field(const char *line, char **value_out)
{
    const char *colon = strchr(line, ':');

    if (colon == NULL || colon - line > NAME_BYTES) {
        return FIELD_NONE;
    }
    g_autofree char *name = fold(line, (size_t)(colon - line));

    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        if (strcmp(name, FIELDS[i].name) == 0) {
            const char *value = colon + 1 + strspn(colon + 1, "* \t");
            *value_out = g_strdup(value);
            return FIELDS[i].field;
        }
    }
    return FIELD_NONE;
}

/* Is there a field on one of the next lines of the same paragraph? Then a long value was wrapped. */
static bool is_wrapped(struct lines ahead)
{
    struct line line = {NULL};
    bool is_found = false;

    for (int i = 0; i < 3 && !is_found && next_line(&ahead, &line) && line.text[0] != '\0'; i++) {
        g_autofree char *value = NULL;
        is_found = read_field(line.text, &value) != FIELD_NONE;
    }
    line_clear(&line);
    return is_found;
}

struct block {
    unsigned count[FIELD_COUNT];
    enum field first;
    char *from;    /* own: as it stands there; NULL */
    char *subject; /* own; NULL */
};

static void block_clear(struct block *block)
{
    g_free(block->from);
    g_free(block->subject);
}

static void keep_field(struct block *block, enum field field, char *value)
{
    char **member = field == FIELD_FROM ? &block->from : &block->subject;

    block->first = block->first == FIELD_NONE ? field : block->first;
    if (block->count[field]++ == 0 && (field == FIELD_FROM || field == FIELD_SUBJECT)) {
        *member = value;
    } else {
        g_free(value);
    }
}

/* The header that begins within the next lines. */
static struct block read_block(struct lines ahead)
{
    struct block block = {.first = FIELD_NONE};
    struct line line = {NULL};
    unsigned empty = 0;

    for (unsigned i = 0; i < BLOCK_LINES && next_line(&ahead, &line); i++) {
        char *value = NULL;
        enum field field = read_field(line.text, &value);

        if (field != FIELD_NONE) {
            keep_field(&block, field, value);
        } else if (line.text[0] == '\0') {
            if (block.first != FIELD_NONE || ++empty > EMPTY_LINES) {
                break;
            }
        } else if (block.first == FIELD_NONE || !is_wrapped(ahead)) {
            break;
        }
    }
    line_clear(&line);
    return block;
}

/* ---- the text ---------------------------------------------------------------------------------- */

/* Words between dashes, not quoted. */
static bool is_ruled(const struct line *line, const char *const *words)
{
    size_t end = strlen(line->text);
    size_t dashes = strspn(line->text, "-");

    if (dashes < 2 || line->depth > 0 || end > 2 * NAME_BYTES + dashes) {
        return false;
    }
    while (end > dashes && line->text[end - 1] == '-') {
        end--;
    }
    g_autofree char *between = fold(line->text + dashes, end - dashes);

    return line->text[end] == '-' && g_strv_contains(words, between);
}

static bool is_marker(const struct line *line)
{
    size_t length = strlen(line->text);

    if (is_ruled(line, RULED)) {
        return true;
    }
    if (length > 2 * NAME_BYTES || line->depth > 1) {
        return false;
    }
    g_autofree char *words = fold(line->text, length);

    g_strstrip(g_strdelimit(words, ":", ' '));
    return g_strv_contains(BEGINS, words);
}

/* "FW: …": only a subject like that tells Outlook's forward from its answer. */
static bool says_forward(const char *subject)
{
    const char *colon = strchr(subject, ':');

    if (colon == NULL || colon - subject > 4) {
        return false;
    }
    g_autofree char *prefix = fold(subject, (size_t)(colon - subject));

    return g_strv_contains(PREFIXES, prefix);
}

/* "________", "-----Original Message-----": what may stand above Outlook's header, or nothing. */
static bool is_rule(const char *line)
{
    return line[0] == '\0' || g_str_has_prefix(line, "____") || g_str_has_prefix(line, "----");
}

/* What was seen of the text so far. */
struct search {
    struct block block; /* own: the first one */
    unsigned blocks;
    bool is_forward; /* the mail's subject says so */
    bool is_html;    /* such a text has no empty lines between paragraphs */
    bool is_start;   /* the next line could begin Outlook's header */
};

/* Outlook's header: from here on, or below the line "Original Message". What comes later is history. */
static void look_for_header(struct search *search, const struct line *line, struct lines here,
                            struct lines below)
{
    bool is_below = is_ruled(line, ORIGINAL);

    if (!search->is_forward || search->blocks > 0 || line->depth > 0 ||
        !(search->is_start || is_below)) {
        return;
    }
    struct block block = read_block(is_below ? below : here);

    if ((is_below || block.first == FIELD_FROM) && block.count[FIELD_FROM] == 1 &&
        block.count[FIELD_DATE] == 1 && block.count[FIELD_SUBJECT] == 1) {
        search->block = block;
        search->blocks++;
    } else {
        block_clear(&block);
    }
}

/* Go through the text. Its block counts if it is the only one. */
static struct search search_text(const struct facts *facts)
{
    struct search search = {
        .is_forward = says_forward(facts->subject),
        .is_html = facts->text_source == TEXT_HTML,
        .is_start = true,
    };
    struct lines lines = {.at = facts->text};
    struct line line = {NULL};

    for (struct lines here = lines; next_line(&lines, &line); here = lines) {
        if (!is_marker(&line)) {
            look_for_header(&search, &line, here, lines);
        } else if (search.blocks++ == 0) {
            search.block = read_block(lines);
        }
        search.is_start = search.is_html || is_rule(line.text);
    }
    line_clear(&line);
    return search;
}

/* "<mailto:…>" behind an address is Outlook's, "[mailto:…]" stands for the brackets. */
static char *mend_from(const char *from)
{
    static const char MAILTO[] = "mailto:";
    g_autoptr(GString) mended = g_string_new(NULL);

    for (const char *at = from; *at != '\0';) {
        bool is_mailto = (*at == '<' || *at == '[') &&
                         g_ascii_strncasecmp(at + 1, MAILTO, strlen(MAILTO)) == 0;
        const char *end = is_mailto ? strpbrk(at + 1, ">]") : NULL;

        if (end == NULL) {
            g_string_append_c(mended, *at++);
            continue;
        }
        if (*at == '[') {
            const char *address = at + 1 + strlen(MAILTO);
            g_string_append_printf(mended, "<%.*s>", (int)(end - address), address);
        }
        at = end + 1;
    }
    return g_strdup(mended->str);
}

/* Read by the rules of a From field; NULL if that finds nobody. */
static struct address *address_of(const char *from)
{
    g_autofree char *mended = mend_from(from);
    g_autofree char *field = g_strdup_printf("From: %s\n\n", mended);
    struct headers headers = {NULL};
    struct address *address = NULL;
    struct err ignored;

    if (headers_scan(field, strlen(field), &headers, &ignored) != ST_OK) {
        return NULL;
    }
    if (originator_from(&headers, "utf-8", &address, &ignored) != ST_OK) {
        address = NULL;
    }
    headers_clear(&headers);
    return address;
}

/* ---- attached ---------------------------------------------------------------------------------- */

/* How many attached mails there are; *last_out is the last of them. */
static unsigned count_attached(const struct part *part, const struct part **last_out)
{
    unsigned count = 0;

    if (part_is(part, "message/rfc822") || part_is(part, "message/global")) {
        *last_out = part;
        return 1;
    }
    for (guint i = 0; i < part->children->len; i++) {
        count += count_attached(g_ptr_array_index(part->children, i), last_out);
    }
    return count;
}

static void read_attached(const struct part *part, struct facts *facts)
{
    g_autoptr(GByteArray) bytes = parts_decode(part);
    const char *data = (const char *)bytes->data;
    size_t skip = 0;
    struct headers headers = {NULL};
    struct err ignored;

    while (skip < bytes->len && (data[skip] == '\r' || data[skip] == '\n')) {
        skip++;
    }
    if (skip == bytes->len ||
        headers_scan(data + skip, bytes->len - skip, &headers, &ignored) != ST_OK) {
        return;
    }
    g_autofree char *subject = headers_text(&headers, "Subject");

    if (headers.oddity == NULL &&
        originator_from(&headers, NULL, &facts->forwarded_from, &ignored) == ST_OK &&
        subject != NULL) {
        g_autofree char *decoded = rfc2047_decode(subject, NULL);
        g_free(facts->forwarded_subject);
        facts->forwarded_subject = text_one_line(decoded, LIMIT_SUBJECT_CHARS);
    }
    headers_clear(&headers);
}

/* ---- both -------------------------------------------------------------------------------------- */

static void forget(struct facts *facts)
{
    g_clear_pointer(&facts->forwarded_from, address_free);
    g_free(facts->forwarded_subject);
    facts->forwarded_subject = g_strdup("");
}

static void read_text(struct facts *facts)
{
    struct search search = search_text(facts);
    const struct block *block = &search.block;
    bool has_header = block->count[FIELD_FROM] == 1 &&
                      block->count[FIELD_DATE] + block->count[FIELD_SUBJECT] > 0;

    if (search.blocks == 1 && has_header) {
        facts->forwarded_from = address_of(block->from);
    }
    if (facts->forwarded_from != NULL && block->subject != NULL) {
        g_free(facts->forwarded_subject);
        facts->forwarded_subject = text_one_line(block->subject, LIMIT_SUBJECT_CHARS);
    }
    block_clear(&search.block);
}

void forward_read(const struct mime *mime, struct facts *facts)
{
    const struct part *attached = NULL;
    unsigned count = count_attached(mime->root, &attached);

    if (count > 1 || mime->parts_left_out > 0) {
        return;
    }
    read_text(facts);
    if (count == 0) {
        return;
    }
    struct address *from = g_steal_pointer(&facts->forwarded_from);

    forget(facts);
    read_attached(attached, facts);
    if (from != NULL && facts->forwarded_from != NULL &&
        g_ascii_strcasecmp(from->address, facts->forwarded_from->address) != 0) {
        forget(facts);
    }
    address_free(from);
}
