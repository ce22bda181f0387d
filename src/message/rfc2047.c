/* rfc2047 - encoded words and raw bytes in header texts to UTF-8
 *
 *     word = "=?" charset ["*" language] "?" ("B" / "Q") "?" text "?="
 *
 * Words that follow each other with nothing but white space between them are joined (section 6.2), and
 * those of one charset are joined as bytes, because mail programs split a character over two words
 * in spite of section 5. Each word is decoded on its own first: a padding ends only its word.
 *
 * More liberties that mail in use needs: a word may touch its neighbours, stand in a quoted string, be
 * longer than 75 characters, and a Q text may hold blanks. A word with an unknown charset is decoded
 * like raw bytes. Raw bytes are UTF-8, or what the caller thinks (message/charset).
 *
 * It is never used on addresses: a word in an addr-spec is no address (message/address).
 * Linear but for the search of a word's end, which is bounded. Pure.
 */
#include "message/rfc2047.h"

#include <string.h>

#include <glib.h>

#include "message/charset.h"
#include "message/transfer.h"

#define WORD_BYTES    4096
#define CHARSET_BYTES 60

struct word {
    const char *charset;
    size_t charset_length;
    char encoding; /* 'B' or 'Q' */
    const char *text;
    size_t text_length;
};

/* The end of a word's text: its "?=". A "?=" inside of a Q text is not the end if it cannot be: "=?"
 * was "…?=XX" with an encoded byte directly behind the encoding. */
static const char *text_end(const char *text, size_t left, char encoding)
{
    const char *at = text;

    while ((at = g_strstr_len(at, (gssize)left - (at - text), "?=")) != NULL) {
        if (encoding == 'Q' && at == text && left > 4 && g_ascii_isxdigit(at[2]) &&
            g_ascii_isxdigit(at[3])) {
            at++;
            continue;
        }
        return at;
    }
    return NULL;
}

/* Read the word at the start of text; its length, or 0 if there is none. */
static size_t read_word(const char *text, struct word *word_out)
{
    if (text[0] != '=' || text[1] != '?') {
        return 0;
    }

    size_t left = strnlen(text, WORD_BYTES);
    const char *question = memchr(text + 2, '?', MIN(left - 2, CHARSET_BYTES));

    if (question == NULL || question == text + 2 || question[1] == '\0' || question[2] != '?') {
        return 0;
    }
    word_out->charset = text + 2;
    word_out->charset_length = (size_t)(question - text - 2);
    word_out->encoding = g_ascii_toupper(question[1]);
    word_out->text = question + 3;
    if (word_out->encoding != 'B' && word_out->encoding != 'Q') {
        return 0;
    }

    const char *end = text_end(question + 3, left - (size_t)(question + 3 - text),
                               word_out->encoding);

    if (end == NULL) {
        return 0;
    }
    word_out->text_length = (size_t)(end - word_out->text);
    return (size_t)(end + 2 - text);
}

bool rfc2047_has_word(const char *text, size_t length)
{
    const char *from = g_strstr_len(text, (gssize)length, "=?");

    return from != NULL && g_strstr_len(from + 2, (gssize)length - (from + 2 - text), "?=") != NULL;
}

char *rfc2047_charset(const char *text)
{
    struct word word;

    for (; *text != '\0'; text++) {
        if (read_word(text, &word) > 0) {
            return g_strndup(word.charset, strcspn(word.charset, "*?"));
        }
    }
    return NULL;
}

static void decode_word(const struct word *word, GByteArray *bytes)
{
    if (word->encoding == 'B') {
        g_autoptr(GByteArray)
            decoded = transfer_decode(TRANSFER_BASE64, word->text, word->text_length);

        g_byte_array_append(bytes, decoded->data, decoded->len);
        return;
    }

    g_autofree char *spaced = g_strndup(word->text, word->text_length);
    size_t length = strlen(spaced);

    g_strdelimit(spaced, "_", ' ');

    g_autoptr(GByteArray) decoded = transfer_decode(TRANSFER_QP, spaced, length);

    g_byte_array_append(bytes, decoded->data, decoded->len);
}

static bool is_same_charset(const struct word *a, const struct word *b)
{
    return a->charset_length == b->charset_length &&
           g_ascii_strncasecmp(a->charset, b->charset, a->charset_length) == 0;
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Decode the words at `at` that belong together; returns what follows them. Blanks between two words are
 * no text. */
static const char *decode_run(const char *at, const char *charset, GString *out)
{
    struct word word;
    size_t length = read_word(at, &word);

    while (length > 0) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autofree char *label = g_strndup(word.charset, word.charset_length);
        struct word next = word;
        const char *ahead = at;

        do {
            decode_word(&next, bytes);
            at = ahead + length;
            ahead = skip_space(at);
            length = read_word(ahead, &next);
        } while (length > 0 && is_same_charset(&word, &next));

        g_autofree char *utf8 = charset_to_utf8(
            label, charset, bytes->len == 0 ? "" : (const char *)bytes->data, bytes->len);

        g_string_append(out, utf8);
        if (length > 0) {
            at = ahead;
            word = next;
        }
    }
    return at;
}

char *rfc2047_decode(const char *text, const char *charset)
{
    g_autoptr(GString) out = g_string_sized_new(strlen(text) + 1);
    const char *at = text;

    while (*at != '\0') {
        const char *from = at;
        struct word word;
        size_t length = 0;

        while (*at != '\0' && (length = read_word(at, &word)) == 0) {
            at++;
        }

        g_autofree char *raw = charset_to_utf8(NULL, charset, from, (size_t)(at - from));

        g_string_append(out, raw);
        if (length > 0) {
            at = decode_run(at, charset, out);
        }
    }
    return g_strdup(out->str);
}
