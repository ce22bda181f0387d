/* token_variants - millions of almost right tokens, and none of them is accepted
 *
 * usage: token_variants [COUNT [SEED]]      COUNT variants in all, 10 million without
 *
 * Makes tokens with random fields, keys and nonces, and of each some two thousand variants: what a finger or a
 * mail program does to a text, and what somebody would try who holds tokens of his own. A variant is
 * accepted if it can be read (as the word in an address or in a Message-ID) and fits key and nonce of the
 * object that it names.
 *
 * A test that cannot fail proves nothing: so the same variants are tried on doors that are made weak on
 * purpose (one byte compared, one field not signed, a reader that is too kind). Each has to let something in.
 * Letters of the other case are the same token, no variant.
 * Prints what was tried, and "N passed, N failed" at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "core/text.h"
#include "desk/token.h"

#define VARIANTS      INT64_C(10000000)
#define WEAK_VARIANTS 200000
#define TAG_AT        104 /* bits: version 4, slot 4, purpose 5, kind 3, object 40, person 32, expiry 16 */
#define ALL_BITS      (TOKEN_CHARS * 5)
#define MAX_TEXT      200
#define SLOT          3
#define OTHER_SLOT    4
#define DEAD_SLOT     5

static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";

enum kind {
    ONE_BIT,
    TWO_BITS,
    CUT,
    EXTENDED,
    CHARACTER,
    FIELD,
    TAG,
    SPLICED,
    OTHER_KEY,
    OTHER_NONCE,
    GUESSED,
    KINDS,
};

static const char *const KIND_NAMES[KINDS] = {
    "one bit flipped",     "two bits flipped", "cut",           "extended",
    "a foreign character", "a field changed",  "a tag changed", "another token's tag",
    "another key",         "another nonce",    "made up",
};

/* A token as somebody got it. */
struct base {
    struct token_keys keys;
    struct token token;
    int64_t nonce;
    char text[TOKEN_CHARS + 1];
};

/* Who lets tokens in. weakness: what a weak one is told to forget. */
struct door {
    const char *name;
    bool (*lets_in)(const struct door *door, const struct base *base, const struct token_keys *keys,
                    const char *text, int64_t nonce);
    int weakness;
};

struct run {
    const struct door *door;
    GRand *chance;
    int64_t wanted;
    int64_t tried[KINDS];
    int64_t accepted[KINDS];
    char first_accepted[MAX_TEXT];
};

/* ---- doors ------------------------------------------------------------------------------------- */

/* Both ways in which a mail carries a token. */
static bool reads(const char *text, struct token *token_out)
{
    struct err err = {.status = ST_OK};
    struct token_sighting sighting;
    char id[MAX_TEXT + 32];

    if (token_read(text, token_out, &err) == ST_OK) {
        return true;
    }
    (void)g_snprintf(id, sizeof id, "%s.7@desk.example", text);
    if (token_from_message_id(id, &sighting, &err) != ST_OK) {
        return false;
    }
    *token_out = sighting.token;
    return true;
}

static bool desk_lets_in(const struct door *door, const struct base *base,
                         const struct token_keys *keys, const char *text, int64_t nonce)
{
    struct token token;

    (void)door;
    (void)base;
    return reads(text, &token) && token_fits(keys, &token, nonce);
}

/* Compares that many bytes of the tag, from its beginning. */
static bool short_comparison(const struct door *door, const struct base *base,
                             const struct token_keys *keys, const char *text, int64_t nonce)
{
    struct err err = {.status = ST_OK};
    struct token_keys signing = *keys;
    struct token token;
    struct token right;
    char right_text[TOKEN_CHARS + 1];

    (void)base;
    if (!reads(text, &token) || token.key_slot >= TOKEN_KEYS || !keys->is_live[token.key_slot]) {
        return false;
    }
    signing.signing_slot = token.key_slot;
    token_write(&signing, &token, nonce, right_text);
    return token_read(right_text, &right, &err) == ST_OK &&
           memcmp(right.tag, token.tag, (size_t)door->weakness) == 0;
}

enum forgotten { PURPOSE, OBJECT_KIND, OBJECT, PERSON, EXPIRY, KEY_SLOT, KEY_LIFE, NONCE };

/* Does not sign one of the fields: takes what the token had at first. */
static bool forgetful(const struct door *door, const struct base *base,
                      const struct token_keys *keys, const char *text, int64_t nonce)
{
    struct token token;

    if (!reads(text, &token)) {
        return false;
    }
    switch ((enum forgotten)door->weakness) {
    case PURPOSE:
        token.purpose = base->token.purpose;
        break;
    case OBJECT_KIND:
        token.object_kind = base->token.object_kind;
        break;
    case OBJECT:
        token.object = base->token.object;
        break;
    case PERSON:
        token.person = base->token.person;
        break;
    case EXPIRY:
        token.expiry_day = base->token.expiry_day;
        break;
    case KEY_SLOT:
        token.key_slot = SLOT;
        break;
    case KEY_LIFE:
        keys = &base->keys;
        break;
    case NONCE:
        nonce = base->nonce;
        break;
    }
    return token_fits(keys, &token, nonce);
}

enum kindness { TAKES_MORE, TAKES_LOOK_ALIKES, TAKES_EIGHT_BITS, TAKES_SPARE_BITS };

/* A reader that mends what it gets. */
static bool kind_reader(const struct door *door, const struct base *base,
                        const struct token_keys *keys, const char *text, int64_t nonce)
{
    char mended[MAX_TEXT];
    size_t length = g_strlcpy(mended, text, sizeof mended);

    switch ((enum kindness)door->weakness) {
    case TAKES_MORE:
        mended[MIN(length, TOKEN_CHARS)] = '\0';
        break;
    case TAKES_LOOK_ALIKES:
        (void)g_strdelimit(mended, "0", 'o');
        (void)g_strdelimit(mended, "1", 'l');
        (void)g_strdelimit(mended, "8", 'b');
        break;
    case TAKES_EIGHT_BITS:
        for (size_t i = 0; i < length; i++) {
            mended[i] = (char)(mended[i] & 0x7f);
        }
        break;
    case TAKES_SPARE_BITS:
        if (length == TOKEN_CHARS && g_ascii_isalnum(text[length - 1])) {
            const char *c = strchr(ALPHABET, g_ascii_tolower(text[length - 1]));
            if (c != NULL) {
                mended[length - 1] = ALPHABET[(c - ALPHABET) & ~7];
            }
        }
        break;
    }
    return desk_lets_in(door, base, keys, mended, nonce);
}

static const struct door DESK = {"the desk", desk_lets_in, 0};

static const struct door WEAK_DOORS[] = {
    {"compares one byte", short_comparison, 1},
    {"compares fifteen bytes", short_comparison, 15},
    {"forgets the purpose", forgetful, PURPOSE},
    {"forgets the kind of object", forgetful, OBJECT_KIND},
    {"forgets the object", forgetful, OBJECT},
    {"forgets the person", forgetful, PERSON},
    {"forgets the expiry", forgetful, EXPIRY},
    {"forgets the key", forgetful, KEY_SLOT},
    {"forgets whether a key lives", forgetful, KEY_LIFE},
    {"forgets the nonce", forgetful, NONCE},
    {"takes longer texts", kind_reader, TAKES_MORE},
    {"takes 0, 1 and 8 for letters", kind_reader, TAKES_LOOK_ALIKES},
    {"takes the eighth bit", kind_reader, TAKES_EIGHT_BITS},
    {"takes spare bits", kind_reader, TAKES_SPARE_BITS},
};

/* ---- chance ------------------------------------------------------------------------------------ */

static int64_t below(struct run *run, int64_t end)
{
    uint64_t number = (uint64_t)g_rand_int(run->chance) << 32 | g_rand_int(run->chance);

    return (int64_t)(number % (uint64_t)end);
}

static int64_t any_nonce(struct run *run)
{
    return (int64_t)((uint64_t)g_rand_int(run->chance) << 32 | g_rand_int(run->chance));
}

static struct token any_token(struct run *run)
{
    return (struct token){
        .purpose = (enum token_purpose)(TOKEN_CONTACT_REPLY + below(run, TOKEN_UNDO)),
        .object_kind = (enum token_object)(TOKEN_TICKET + below(run, TOKEN_OUTBOUND)),
        .object = 1 + below(run, below(run, 2) ? 100000 : (INT64_C(1) << 40) - 1),
        .person = below(run, below(run, 2) ? 10000 : INT64_C(1) << 32),
        .expiry_day = (unsigned)(below(run, 2) ? 0 : 1 + below(run, UINT16_MAX)),
    };
}

static void any_base(struct run *run, struct base *base_out)
{
    *base_out = (struct base){.token = any_token(run), .nonce = any_nonce(run)};
    base_out->keys.is_live[SLOT] = base_out->keys.is_live[OTHER_SLOT] = true;
    base_out->keys.signing_slot = SLOT;
    for (size_t slot = 0; slot < TOKEN_KEYS; slot++) {
        for (size_t i = 0; i < TOKEN_SECRET_BYTES; i++) {
            base_out->keys.secret[slot][i] = (uint8_t)below(run, 256);
        }
    }
    token_write(&base_out->keys, &base_out->token, base_out->nonce, base_out->text);
}

/* ---- a token as bits --------------------------------------------------------------------------- */

static unsigned value_at(const char *text, size_t at)
{
    return (unsigned)(strchr(ALPHABET, text[at]) - ALPHABET);
}

static void flip(char *text, int64_t bit)
{
    size_t at = (size_t)bit / 5;

    text[at] = ALPHABET[value_at(text, at) ^ 1U << (4 - bit % 5)];
}

static void put_bits(char *text, unsigned from, unsigned count, uint64_t number)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned bit = from + i;
        bool is_set = (value_at(text, bit / 5) >> (4 - bit % 5) & 1) != 0;
        if (is_set != ((number >> (count - 1 - i) & 1) != 0)) {
            flip(text, bit);
        }
    }
}

/* The tag of another token in place of this one's; bits as given, from the tag's beginning. */
static void copy_tag(char *text, const char *other, unsigned from, unsigned count)
{
    for (unsigned bit = TAG_AT + from; bit < TAG_AT + from + count; bit++) {
        unsigned mine = value_at(text, bit / 5) >> (4 - bit % 5) & 1;
        unsigned others = value_at(other, bit / 5) >> (4 - bit % 5) & 1;
        if (mine != others) {
            flip(text, bit);
        }
    }
}

/* ---- variants ---------------------------------------------------------------------------------- */

static void try_with(struct run *run, enum kind kind, const struct base *base,
                     const struct token_keys *keys, const char *text, int64_t nonce)
{
    bool is_same = keys == &base->keys && nonce == base->nonce &&
                   g_ascii_strcasecmp(text, base->text) == 0;

    if (is_same) {
        return;
    }
    run->tried[kind]++;
    if (run->door->lets_in(run->door, base, keys, text, nonce)) {
        if (run->first_accepted[0] == '\0') {
            (void)g_strlcpy(run->first_accepted, text, sizeof run->first_accepted);
        }
        run->accepted[kind]++;
    }
}

static void try_text(struct run *run, enum kind kind, const struct base *base, const char *text)
{
    try_with(run, kind, base, &base->keys, text, base->nonce);
}

static void try_bits(struct run *run, const struct base *base)
{
    char text[TOKEN_CHARS + 1];

    for (int64_t bit = 0; bit < ALL_BITS; bit++) {
        memcpy(text, base->text, sizeof text);
        flip(text, bit);
        try_text(run, ONE_BIT, base, text);
    }
    for (size_t i = 0; i < 400; i++) {
        memcpy(text, base->text, sizeof text);
        flip(text, below(run, ALL_BITS));
        flip(text, below(run, ALL_BITS));
        try_text(run, TWO_BITS, base, text);
    }
}

static void try_lengths(struct run *run, const struct base *base)
{
    char text[MAX_TEXT];

    for (int at = 0; at < TOKEN_CHARS; at++) {
        char extra = ALPHABET[below(run, 32)];
        (void)g_snprintf(text, sizeof text, "%.*s", at, base->text);
        try_text(run, CUT, base, text);
        try_text(run, CUT, base, base->text + at + 1);
        (void)g_snprintf(text, sizeof text, "%.*s%s", at, base->text, base->text + at + 1);
        try_text(run, CUT, base, text);
        (void)g_snprintf(text, sizeof text, "%.*s%c%s", at, base->text, extra, base->text + at);
        try_text(run, EXTENDED, base, text);
        (void)g_snprintf(text, sizeof text, "%s%.*s", base->text, at + 1, base->text);
        try_text(run, EXTENDED, base, text);
    }
    for (const char *more = "a27=.@+- \t\n"; *more != '\0'; more++) {
        (void)g_snprintf(text, sizeof text, "%s%c", base->text, *more);
        try_text(run, EXTENDED, base, text);
        (void)g_snprintf(text, sizeof text, "%c%s", *more, base->text);
        try_text(run, EXTENDED, base, text);
    }
}

/* Other letters, look-alikes, and letters that only Unicode takes for the same in another case. */
static void try_characters(struct run *run, const struct base *base)
{
    static const char *const LOOK_ALIKES[][2] = {
        {"o", "0"},      {"l", "1"},      {"i", "1"},      {"b", "8"},
        {"g", "9"},      {"2", "z"},      {"5", "s"},      {"k", "\u212a"},
        {"s", "\u017f"}, {"i", "\u0131"}, {"i", "\u0130"}, {"a", "\u0430"},
        {"e", "\u0435"}, {"o", "\u043e"}, {"a", "\uff41"}, {"2", "\uff12"},
    };
    char text[MAX_TEXT];

    for (size_t i = 0; i < G_N_ELEMENTS(LOOK_ALIKES); i++) {
        for (const char *at = base->text; (at = strchr(at, LOOK_ALIKES[i][0][0])) != NULL; at++) {
            (void)g_snprintf(text, sizeof text, "%.*s%s%s", (int)(at - base->text), base->text,
                             LOOK_ALIKES[i][1], at + 1);
            try_text(run, CHARACTER, base, text);
        }
    }
    for (size_t at = 0; at < TOKEN_CHARS; at++) {
        memcpy(text, base->text, sizeof base->text);
        text[at] = (char)(text[at] | 0x80);
        try_text(run, CHARACTER, base, text);
        for (size_t i = 0; i < 6; i++) {
            text[at] = (char)(1 + below(run, 255));
            try_text(run, CHARACTER, base, text);
        }
    }
}

/* Each field set to something else, the tag as it was. */
static void try_fields(struct run *run, const struct base *base)
{
    static const struct {
        unsigned from;
        unsigned bits;
    } FIELDS[] = {{0, 4}, {4, 4}, {8, 5}, {13, 3}, {16, 40}, {56, 32}, {88, 16}};
    char text[TOKEN_CHARS + 1];

    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        uint64_t end = UINT64_C(1) << FIELDS[i].bits;
        bool takes_all = end <= 32;
        for (uint64_t n = 0; n < (takes_all ? end : 40); n++) {
            uint64_t number = takes_all || n < 8 ? n : (uint64_t)below(run, (int64_t)end);
            memcpy(text, base->text, sizeof text);
            put_bits(text, FIELDS[i].from, FIELDS[i].bits, number);
            try_text(run, FIELD, base, text);
        }
    }
}

static void try_tags(struct run *run, const struct base *base)
{
    char text[TOKEN_CHARS + 1];

    for (unsigned byte = 0; byte < 16; byte++) {
        for (unsigned kept = 0; kept < 2; kept++) { /* the first bytes are right, or the last */
            memcpy(text, base->text, sizeof text);
            unsigned from = kept == 0 ? byte : 0;
            unsigned to = kept == 0 ? 16 : byte + 1;
            for (unsigned i = from; i < to; i++) {
                put_bits(text, TAG_AT + 8 * i, 8, (uint64_t)below(run, 256));
            }
            try_text(run, TAG, base, text);
        }
        memcpy(text, base->text, sizeof text);
        put_bits(text, TAG_AT + 8 * byte, 8, 0);
        try_text(run, TAG, base, text);
        put_bits(text, TAG_AT + 8 * byte, 8, 255);
        try_text(run, TAG, base, text);
    }
    for (unsigned fill = 0; fill < 256; fill++) {
        memcpy(text, base->text, sizeof text);
        for (unsigned i = 0; i < 16; i++) {
            put_bits(text, TAG_AT + 8 * i, 8, fill);
        }
        try_text(run, TAG, base, text);
    }
}

/* Tokens that their owner got honestly: their tags on other fields, and they themselves elsewhere. */
static void try_others(struct run *run, const struct base *base)
{
    for (size_t i = 0; i < 60; i++) {
        struct base other = *base;
        char text[TOKEN_CHARS + 1];

        if (i % 3 == 0) {
            other.token = any_token(run);
        } else if (i % 3 == 1) {
            other.token.person = below(run, INT64_C(1) << 32);
        } else {
            other.token.object = 1 + below(run, 100000);
        }
        token_write(&other.keys, &other.token, i % 2 == 0 ? base->nonce : any_nonce(run),
                    other.text);
        memcpy(text, base->text, sizeof text);
        copy_tag(text, other.text, 0, 128);
        try_text(run, SPLICED, base, text);
    }
}

static void try_keys(struct run *run, const struct base *base)
{
    struct base other;
    struct base signing = *base;
    struct token_keys dead = base->keys;
    char text[TOKEN_CHARS + 1];

    dead.is_live[SLOT] = false;
    dead.signing_slot = OTHER_SLOT;
    try_with(run, OTHER_KEY, base, &dead, base->text, base->nonce);
    signing.keys.is_live[DEAD_SLOT] = true;
    for (unsigned slot = OTHER_SLOT; slot <= DEAD_SLOT; slot++) {
        signing.keys.signing_slot = slot;
        token_write(&signing.keys, &base->token, base->nonce, text);
        if (slot == DEAD_SLOT) {
            try_text(run, OTHER_KEY, base, text);
        }
        put_bits(text, 4, 4, SLOT); /* the other key's tag under this one's number */
        try_text(run, OTHER_KEY, base, text);
    }
    for (size_t i = 0; i < 8; i++) {
        any_base(run, &other);
        token_write(&other.keys, &base->token, base->nonce, text); /* another desk's */
        try_text(run, OTHER_KEY, base, text);
    }
}

static void try_nonces(struct run *run, const struct base *base)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        int64_t nonce = (int64_t)((uint64_t)base->nonce ^ UINT64_C(1) << bit);
        try_with(run, OTHER_NONCE, base, &base->keys, base->text, nonce);
    }
    try_with(run, OTHER_NONCE, base, &base->keys, base->text, 0);
    try_with(run, OTHER_NONCE, base, &base->keys, base->text,
             (int64_t)GUINT64_SWAP_LE_BE((uint64_t)base->nonce));
    try_with(run, OTHER_NONCE, base, &base->keys, base->text, any_nonce(run));
}

static void try_guesses(struct run *run, const struct base *base)
{
    for (size_t i = 0; i < 20; i++) {
        char text[TOKEN_CHARS + 1] = "";
        for (size_t at = 0; at < TOKEN_CHARS; at++) {
            text[at] = ALPHABET[below(run, 32)];
        }
        if (i % 2 == 0) { /* well formed, at least */
            memcpy(text, base->text, TAG_AT / 5);
            text[TOKEN_CHARS - 1] = ALPHABET[below(run, 4) * 8];
        }
        try_text(run, GUESSED, base, text);
    }
}

/* ---- runs -------------------------------------------------------------------------------------- */

static int64_t sum(const int64_t numbers[KINDS])
{
    int64_t total = 0;

    for (size_t i = 0; i < KINDS; i++) {
        total += numbers[i];
    }
    return total;
}

/* The token itself is let in, in any letter case: or refusing all would pass. */
static bool lets_owner_in(const struct run *run, const struct base *base)
{
    g_autofree char *upper = g_ascii_strup(base->text, -1);

    return run->door->lets_in(run->door, base, &base->keys, base->text, base->nonce) &&
           run->door->lets_in(run->door, base, &base->keys, upper, base->nonce);
}

/* False: a right token was refused. */
static bool go(struct run *run)
{
    while (sum(run->tried) < run->wanted) {
        struct base base;
        any_base(run, &base);
        if (!lets_owner_in(run, &base)) {
            return false;
        }
        try_bits(run, &base);
        try_lengths(run, &base);
        try_characters(run, &base);
        try_fields(run, &base);
        try_tags(run, &base);
        try_others(run, &base);
        try_keys(run, &base);
        try_nonces(run, &base);
        try_guesses(run, &base);
    }
    return true;
}

static unsigned judge(bool is_good, const char *what, unsigned *failed)
{
    printf("%-7s%s\n", is_good ? "ok" : "FAILED", what);
    *failed += is_good ? 0 : 1;
    return is_good ? 1 : 0;
}

static unsigned judge_desk(int64_t wanted, uint32_t seed, unsigned *failed)
{
    struct run run = {.door = &DESK, .wanted = wanted};
    unsigned passed = 0;

    run.chance = g_rand_new_with_seed(seed);
    passed += judge(go(&run), "every right token is let in", failed);
    for (size_t i = 0; i < KINDS; i++) {
        g_autofree char *what = g_strdup_printf("%-22s %9" PRId64 " tried, %" PRId64 " accepted",
                                                KIND_NAMES[i], run.tried[i], run.accepted[i]);
        passed += judge(run.tried[i] > 0 && run.accepted[i] == 0, what, failed);
    }
    printf("       %" PRId64 " variants in all, seed %" PRIu32 "%s%s\n", sum(run.tried), seed,
           run.first_accepted[0] == '\0' ? "" : ", the first accepted: ", run.first_accepted);
    g_rand_free(run.chance);
    return passed;
}

static unsigned judge_weak_doors(uint32_t seed, unsigned *failed)
{
    unsigned passed = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(WEAK_DOORS); i++) {
        struct run run = {.door = &WEAK_DOORS[i], .wanted = WEAK_VARIANTS};
        run.chance = g_rand_new_with_seed(seed);
        bool is_found = go(&run) && sum(run.accepted) > 0;
        g_autofree char *what = g_strdup_printf("a door that %s is found: %" PRId64 " accepted",
                                                run.door->name, sum(run.accepted));
        passed += judge(is_found, what, failed);
        g_rand_free(run.chance);
    }
    return passed;
}

int main(int argc, char **argv)
{
    struct err err = {.status = ST_OK};
    int64_t wanted = VARIANTS;
    int64_t seed = 32044073;
    unsigned failed = 0;

    if ((argc > 1 && text_parse_int64(argv[1], 1, INT64_MAX, &wanted, &err) != ST_OK) ||
        (argc > 2 && text_parse_int64(argv[2], 0, UINT32_MAX, &seed, &err) != ST_OK)) {
        (void)fprintf(stderr, "usage: token_variants [COUNT [SEED]]: %s\n", err.text);
        return 64;
    }
    unsigned passed = judge_desk(wanted, (uint32_t)seed, &failed);
    passed += judge_weak_doors((uint32_t)seed, &failed);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
