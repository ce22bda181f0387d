/* token - what a reply carries back to prove which object it means and to whom we gave it
 *
 * A token rides in the Reply-To address and in the Message-ID of everything that we send. It is the only
 * thing in a mail that its sender cannot make up: the tag is an HMAC over all fields and over the nonce
 * of the object's row, which never leaves the database. A token given to a person for a purpose is good
 * for nothing else; what it allows is desk/authority's decision, which also asks who sent the mail.
 *
 *     token  = 47 base32 characters                      ; RFC 4648 section 6, any letter case
 *     bytes  = version/slot purpose/kind object(5) person(4) expiry(2) tag(16)    ; big-endian
 *     id     = token "." outbound "@" domain             ; the Message-ID of what we send
 *
 * 47 characters hold 235 bits, three more than the 29 bytes: they must be 0, or one token would have
 * eight spellings (RFC 4648 section 3.5). Letter case is ignored because some mail programs fold the case
 * of addresses.
 * Not here: keys and nonces come from the caller (store), places in a mail are found by desk/need.
 * Pure: no I/O, no chance. Keys never reach an error text.
 */
#include "desk/token.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/text.h"

#define VERSION      1
#define SIGNED_BYTES 13 /* everything before the tag */
#define TAG_BYTES    16
#define MAX_OBJECT   ((INT64_C(1) << 40) - 1)
#define MAX_PERSON   ((INT64_C(1) << 32) - 1)
#define DAY_US       (INT64_C(86400) * 1000000)

static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";

static bool is_purpose(unsigned purpose)
{
    return purpose >= TOKEN_CONTACT_REPLY && purpose <= TOKEN_HELD;
}

static bool is_object(unsigned kind)
{
    return kind >= TOKEN_TICKET && kind <= TOKEN_OUTBOUND;
}

const char *token_purpose_name(enum token_purpose purpose)
{
    switch (purpose) {
    case TOKEN_CONTACT_REPLY:
        return "contact's reply";
    case TOKEN_TECHNICIAN_REPLY:
        return "technician's reply";
    case TOKEN_TECHNICIAN_NOTE:
        return "technician's note";
    case TOKEN_BOUNCE:
        return "bounce";
    case TOKEN_CONFIRM:
        return "confirm";
    case TOKEN_UNDO:
        return "undo";
    case TOKEN_HELD:
        return "held mail";
    }
    return "?";
}

/* ---- bytes ------------------------------------------------------------------------------------- */

static void put_number(uint8_t *bytes, size_t count, uint64_t number)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(number >> 8 * (count - 1 - i));
    }
}

static uint64_t get_number(const uint8_t *bytes, size_t count)
{
    uint64_t number = 0;

    for (size_t i = 0; i < count; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

/* Everything but the tag. */
static void put_fields(const struct token *token, uint8_t bytes[SIGNED_BYTES])
{
    bytes[0] = (uint8_t)(VERSION << 4 | token->key_slot);
    bytes[1] = (uint8_t)((unsigned)token->purpose << 3 | (unsigned)token->object_kind);
    put_number(bytes + 2, 5, (uint64_t)token->object);
    put_number(bytes + 7, 4, (uint64_t)token->person);
    put_number(bytes + 11, 2, token->expiry_day);
}

static void make_tag(const uint8_t secret[TOKEN_SECRET_BYTES], const uint8_t fields[SIGNED_BYTES],
                     int64_t nonce, uint8_t tag_out[TAG_BYTES])
{
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, secret, TOKEN_SECRET_BYTES);
    uint8_t nonce_bytes[8];
    uint8_t digest[32];
    gsize length = sizeof digest;

    put_number(nonce_bytes, sizeof nonce_bytes, (uint64_t)nonce);
    g_hmac_update(hmac, fields, SIGNED_BYTES);
    g_hmac_update(hmac, nonce_bytes, sizeof nonce_bytes);
    g_hmac_get_digest(hmac, digest, &length);
    memcpy(tag_out, digest, TAG_BYTES);
}

/* ---- base32 ------------------------------------------------------------------------------------ */

static void base32_write(const uint8_t bytes[TOKEN_BYTES], char text_out[TOKEN_CHARS + 1])
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t at = 0;

    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        bits = bits << 8 | bytes[i];
        count += 8;
        while (count >= 5) {
            count -= 5;
            text_out[at++] = ALPHABET[bits >> count & 31];
        }
    }
    text_out[at++] = ALPHABET[bits << (5 - count) & 31]; /* 29 bytes leave two bits over */
    text_out[at] = '\0';
    assert(at == TOKEN_CHARS);
}

/* -1: not of the alphabet. */
static int base32_value(char c)
{
    if (c >= '2' && c <= '7') {
        return c - '2' + 26;
    }
    return g_ascii_isalpha(c) ? g_ascii_tolower(c) - 'a' : -1;
}

/* Reads TOKEN_CHARS characters, whatever follows. False: a foreign character, or bits behind the end. */
static bool base32_read(const char *text, uint8_t bytes_out[TOKEN_BYTES])
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t at = 0;

    for (size_t i = 0; i < TOKEN_CHARS; i++) {
        int value = base32_value(text[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 5 | (uint32_t)value;
        count += 5;
        if (count >= 8) {
            count -= 8;
            bytes_out[at++] = (uint8_t)(bits >> count);
        }
    }
    return (bits & ((1U << count) - 1)) == 0;
}

/* ---- tokens ------------------------------------------------------------------------------------ */

void token_write(const struct token_keys *keys, const struct token *token, int64_t nonce,
                 char text_out[TOKEN_CHARS + 1])
{
    struct token signing = *token;
    uint8_t bytes[TOKEN_BYTES];

    assert(keys->signing_slot < TOKEN_KEYS && keys->is_live[keys->signing_slot]);
    assert(is_purpose(token->purpose) && is_object(token->object_kind));
    assert(token->object > 0 && token->object <= MAX_OBJECT);
    assert(token->person >= 0 && token->person <= MAX_PERSON);
    assert(token->expiry_day <= UINT16_MAX);

    signing.key_slot = keys->signing_slot;
    put_fields(&signing, bytes);
    make_tag(keys->secret[signing.key_slot], bytes, nonce, bytes + SIGNED_BYTES);
    base32_write(bytes, text_out);
}

/* The fields of the first TOKEN_CHARS characters; false if they are no token. */
static bool read_fields(const char *text, struct token *token_out)
{
    uint8_t bytes[TOKEN_BYTES];

    if (!base32_read(text, bytes) || bytes[0] >> 4 != VERSION || !is_purpose(bytes[1] >> 3) ||
        !is_object(bytes[1] & 7) || get_number(bytes + 2, 5) == 0) {
        return false;
    }
    *token_out = (struct token){
        .key_slot = bytes[0] & 15,
        .purpose = (enum token_purpose)(bytes[1] >> 3),
        .object_kind = (enum token_object)(bytes[1] & 7),
        .object = (int64_t)get_number(bytes + 2, 5),
        .person = (int64_t)get_number(bytes + 7, 4),
        .expiry_day = (unsigned)get_number(bytes + 11, 2),
    };
    memcpy(token_out->tag, bytes + SIGNED_BYTES, TAG_BYTES);
    return true;
}

enum status token_read(const char *text, struct token *token_out, struct err *err)
{
    /* The text stays out of the error: it may be a token after all, cut by a mail program. */
    if (strnlen(text, TOKEN_CHARS + 1) != TOKEN_CHARS) {
        return err_set(err, ST_INVALID, "a token has %d characters", TOKEN_CHARS);
    }
    if (!read_fields(text, token_out)) {
        return err_set(err, ST_INVALID, "it has no token's form");
    }
    return ST_OK;
}

bool token_fits(const struct token_keys *keys, const struct token *token, int64_t nonce)
{
    uint8_t fields[SIGNED_BYTES];
    uint8_t tag[TAG_BYTES];
    volatile uint8_t difference = 0; /* volatile: no compiler may leave the loop early */

    if (token->key_slot >= TOKEN_KEYS || !keys->is_live[token->key_slot]) {
        return false;
    }
    put_fields(token, fields);
    make_tag(keys->secret[token->key_slot], fields, nonce, tag);
    for (size_t i = 0; i < TAG_BYTES; i++) {
        difference = (uint8_t)(difference | (tag[i] ^ token->tag[i]));
    }
    return difference == 0;
}

bool token_is_expired(const struct token *token, int64_t now_us)
{
    return token->expiry_day != 0 && now_us / DAY_US > (int64_t)token->expiry_day;
}

unsigned token_expiry_day(int64_t now_us, int64_t days)
{
    return days == 0 ? 0 : (unsigned)MIN(now_us / DAY_US + days, UINT16_MAX);
}

bool token_is_technicians(const struct token *token)
{
    switch (token->purpose) {
    case TOKEN_TECHNICIAN_REPLY:
    case TOKEN_TECHNICIAN_NOTE:
    case TOKEN_UNDO:
    case TOKEN_HELD:
        return true;
    case TOKEN_CONTACT_REPLY:
    case TOKEN_BOUNCE:
    case TOKEN_CONFIRM:
        return false;
    }
    return false;
}

/* ---- where a token rides ----------------------------------------------------------------------- */

char *token_message_id(const char *token_text, int64_t outbound, const char *domain)
{
    return g_strdup_printf("%s.%" PRId64 "@%s", token_text, outbound, domain);
}

enum status token_from_message_id(const char *message_id, struct token_sighting *out,
                                  struct err *err)
{
    struct token_sighting sighting = {0};
    size_t token_length = strcspn(message_id, ".");
    const char *at = strchr(message_id, '@');

    if (token_length != TOKEN_CHARS || at == NULL || at[1] == '\0' ||
        !read_fields(message_id, &sighting.token)) { /* no "@" is in there */
        return err_set(err, ST_INVALID, "the Message-ID is not one of ours");
    }

    const char *digits = message_id + token_length + 1;
    g_autofree char *number = g_strndup(digits, (gsize)(at - digits));

    if (number[0] == '0' ||
        text_parse_int64(number, 1, MAX_OBJECT, &sighting.outbound, err) != ST_OK) {
        return err_set(err, ST_INVALID, "the Message-ID has no number of a mail of ours");
    }
    *out = sighting;
    return ST_OK;
}

char *token_address(const char *mailbox_address, const char *token_text)
{
    const char *at = strrchr(mailbox_address, '@');

    assert(at != NULL);
    return g_strdup_printf("%.*s+%s%s", (int)(at - mailbox_address), mailbox_address, token_text,
                           at);
}

/* How many characters of the alphabet stand at text. */
static size_t base32_run(const char *text)
{
    size_t length = 0;

    while (base32_value(text[length]) >= 0) {
        length++;
    }
    return length;
}

char *token_remove_all(const char *text)
{
    g_autoptr(GString) kept = g_string_sized_new(strlen(text));
    const char *removed_to = text; /* behind the last token that was found */

    for (size_t run = base32_run(text); *text != '\0'; run = run > 0 ? run - 1 : base32_run(text)) {
        struct token token;

        /* A token may stand in the middle of a run ("support%2BTOKEN" is one), also in what looks like another. */
        if (run >= TOKEN_CHARS && read_fields(text, &token)) {
            g_string_append(kept, text >= removed_to ? "…" : "");
            removed_to = text + TOKEN_CHARS;
        }
        if (text >= removed_to) {
            g_string_append_c(kept, *text);
        }
        text++;
    }
    return g_string_free(g_steal_pointer(&kept), FALSE);
}

/* The bytes of a soft line break (RFC 2045 section 6.7) at at; blanks may have come behind its sign on the way. */
static size_t soft_break_length(const char *at, const char *end)
{
    const char *from = at;

    if (at == end || *at != '=') {
        return 0;
    }
    do {
        at++;
    } while (at < end && (*at == ' ' || *at == '\t'));
    at += at < end && *at == '\r';
    return at < end && *at == '\n' ? (size_t)(at + 1 - from) : 0;
}

/* The bytes between two characters of a token at at: NULs of a wide encoding, or soft line breaks. */
static size_t gap_length(const char *at, const char *end)
{
    static const char WIDE[3] = {0};
    const char *from = at;

    if ((size_t)(end - at) >= sizeof WIDE && memcmp(at, WIDE, sizeof WIDE) == 0) {
        return sizeof WIDE;
    }
    if (*at == '\0') {
        return 1;
    }
    for (size_t step = soft_break_length(at, end); step > 0; step = soft_break_length(at, end)) {
        at += step;
    }
    return (size_t)(at - from);
}

/* How many bytes a token takes there; 0: there is none. */
static size_t token_span(const char *bytes, const char *end)
{
    char text[TOKEN_CHARS];
    struct token token;
    const char *at = bytes;
    size_t count = 0;

    while (at < end && count < TOKEN_CHARS) {
        at += count > 0 && base32_value(*at) < 0 ? gap_length(at, end) : 0;
        if (at == end || base32_value(*at) < 0) {
            return 0;
        }
        text[count++] = *at++;
    }
    return count == TOKEN_CHARS && read_fields(text, &token) ? (size_t)(at - bytes) : 0;
}

bool token_mask(char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *masked_to = bytes; /* behind the last token that was found */

    /* What looks like a token may overlap a real one: of neither a character stays. */
    for (char *at = bytes; at < end; at++) {
        bool may_begin = base32_value(*at) >> 1 == VERSION; /* its four bits and one more */
        size_t span = may_begin ? token_span(at, end) : 0;

        masked_to = span > 0 ? at + span : masked_to;
        if (at < masked_to && base32_value(*at) >= 0) {
            *at = '*';
        }
    }
    return masked_to > bytes;
}
