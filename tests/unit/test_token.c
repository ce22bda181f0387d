/* Tokens: what fits, and that nothing else does. */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/token.h"

#define NONCE INT64_C(0x1122334455667788)

static struct token_keys two_keys(void)
{
    struct token_keys keys = {.is_live = {[3] = true, [4] = true}, .signing_slot = 3};

    memset(keys.secret[3], 0x33, TOKEN_SECRET_BYTES);
    memset(keys.secret[4], 0x44, TOKEN_SECRET_BYTES);
    memset(keys.secret[5], 0x55, TOKEN_SECRET_BYTES); /* not live */
    return keys;
}

static struct token annas(void)
{
    return (struct token){.purpose = TOKEN_CONTACT_REPLY,
                          .object_kind = TOKEN_TICKET,
                          .object = 12,
                          .person = 4};
}

static const struct {
    const char *name;
    struct token token;
} WRITTEN[] = {
    {"smallest", {.purpose = TOKEN_CONTACT_REPLY, .object_kind = TOKEN_TICKET, .object = 1}},
    {"largest",
     {.purpose = TOKEN_UNDO,
      .object_kind = TOKEN_OUTBOUND,
      .object = (INT64_C(1) << 40) - 1,
      .person = (INT64_C(1) << 32) - 1,
      .expiry_day = 65535}},
    {"a technician's",
     {.purpose = TOKEN_TECHNICIAN_REPLY,
      .object_kind = TOKEN_TICKET,
      .object = 0x0102030405,
      .person = 0x0a0b0c0d,
      .expiry_day = 20089}},
    {"a note's",
     {.purpose = TOKEN_TECHNICIAN_NOTE, .object_kind = TOKEN_HELD_MAIL, .object = 7, .person = 2}},
    {"a bounce",
     {.purpose = TOKEN_BOUNCE, .object_kind = TOKEN_OUTBOUND, .object = 7, .person = 2}},
    {"a confirmation",
     {.purpose = TOKEN_CONFIRM, .object_kind = TOKEN_PLAN, .object = 7, .person = 2}},
};

Test(token, comes_back_as_it_was_written)
{
    struct token_keys keys = two_keys();

    for (size_t i = 0; i < G_N_ELEMENTS(WRITTEN); i++) {
        const struct token *want = &WRITTEN[i].token;
        char text[TOKEN_CHARS + 1];
        struct token got;
        struct err err = {.status = ST_OK};

        token_write(&keys, want, NONCE, text);
        g_autofree char *exact = g_strdup(text);
        cr_assert_eq(strlen(exact), TOKEN_CHARS, "%s", WRITTEN[i].name);
        cr_assert_eq(token_read(exact, &got, &err), ST_OK, "%s: %s", WRITTEN[i].name, err.text);
        cr_expect_eq(got.key_slot, 3, "%s", WRITTEN[i].name);
        cr_expect_eq(got.purpose, want->purpose, "%s", WRITTEN[i].name);
        cr_expect_eq(got.object_kind, want->object_kind, "%s", WRITTEN[i].name);
        cr_expect_eq(got.object, want->object, "%s", WRITTEN[i].name);
        cr_expect_eq(got.person, want->person, "%s", WRITTEN[i].name);
        cr_expect_eq(got.expiry_day, want->expiry_day, "%s", WRITTEN[i].name);
        cr_expect(token_fits(&keys, &got, NONCE), "%s", WRITTEN[i].name);
        cr_expect_not(token_fits(&keys, &got, NONCE + 1), "%s: another nonce", WRITTEN[i].name);
    }
}

Test(token, is_the_same_for_ever)
{
    /* Computed apart from this program (Python: hmac, base64): mails out there carry such tokens. */
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    cr_expect_str_eq(text, "cmeqaaaaaagaaaaaaqaab2fnyixaazwalkyexm7x2j35b6i");
}

Test(token, is_read_in_any_letter_case)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    struct token got;
    struct err err = {.status = ST_OK};
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    g_autofree char *upper = g_ascii_strup(text, -1);
    cr_assert_eq(token_read(upper, &got, &err), ST_OK);
    cr_expect(token_fits(&keys, &got, NONCE));
}

/* Does text pass as a token of these keys for the object with NONCE? */
static bool passes(const struct token_keys *keys, const char *text)
{
    g_autofree char *exact = g_strdup(text);
    struct token got;
    struct err err = {.status = ST_OK};

    return token_read(exact, &got, &err) == ST_OK && token_fits(keys, &got, NONCE);
}

Test(token, with_one_character_changed_passes_never)
{
    static const char ALL[] = "abcdefghijklmnopqrstuvwxyz234567018=-+._~ \x80";
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];
    unsigned tried = 0;

    token_write(&keys, &token, NONCE, text);
    for (size_t at = 0; at < TOKEN_CHARS; at++) {
        for (size_t c = 0; c < sizeof ALL; c++) { /* the NUL too: cut there */
            char changed[TOKEN_CHARS + 1];
            memcpy(changed, text, sizeof changed);
            changed[at] = ALL[c];
            if (changed[at] != text[at]) {
                cr_expect_not(passes(&keys, changed), "%c at %zu", ALL[c], at);
                tried++;
            }
        }
    }
    cr_expect_geq(tried, 47U * 43U);
}

Test(token, cut_or_extended_passes_never)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    cr_assert(passes(&keys, text));
    for (size_t length = 0; length < TOKEN_CHARS; length++) {
        g_autofree char *head = g_strndup(text, length);
        cr_expect_not(passes(&keys, head), "cut to %zu", length);
        cr_expect_not(passes(&keys, text + TOKEN_CHARS - length), "last %zu", length);
    }
    static const char *const MORE[] = {"a", "2", "=", " ", "\n", "aaaaaaaa"};
    for (size_t i = 0; i < G_N_ELEMENTS(MORE); i++) {
        g_autofree char *behind = g_strconcat(text, MORE[i], NULL);
        g_autofree char *before = g_strconcat(MORE[i], text, NULL);
        cr_expect_not(passes(&keys, behind), "\"%s\" behind it", MORE[i]);
        cr_expect_not(passes(&keys, before), "\"%s\" before it", MORE[i]);
    }
}

Test(token, has_one_spelling_only)
{
    /* The last character holds two bits of the tag and three that must be 0. */
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];
    unsigned spellings = 0;

    token_write(&keys, &token, NONCE, text);
    for (const char *c = "abcdefghijklmnopqrstuvwxyz234567"; *c != '\0'; c++) {
        struct token got;
        struct err err = {.status = ST_OK};
        text[TOKEN_CHARS - 1] = *c;
        spellings += token_read(text, &got, &err) == ST_OK;
    }
    cr_expect_eq(spellings, 4, "got %u", spellings);
}

static const struct {
    const char *name;
    struct token changed;
} FORGED[] = {
    {"another ticket",
     {.purpose = TOKEN_CONTACT_REPLY, .object_kind = TOKEN_TICKET, .object = 13, .person = 4}},
    {"another person",
     {.purpose = TOKEN_CONTACT_REPLY, .object_kind = TOKEN_TICKET, .object = 12, .person = 5}},
    {"another purpose",
     {.purpose = TOKEN_TECHNICIAN_REPLY, .object_kind = TOKEN_TICKET, .object = 12, .person = 4}},
    {"another kind of object",
     {.purpose = TOKEN_CONTACT_REPLY, .object_kind = TOKEN_HELD_MAIL, .object = 12, .person = 4}},
    {"another expiry",
     {.purpose = TOKEN_CONTACT_REPLY,
      .object_kind = TOKEN_TICKET,
      .object = 12,
      .person = 4,
      .expiry_day = 1}},
    {"another key",
     {.key_slot = 4,
      .purpose = TOKEN_CONTACT_REPLY,
      .object_kind = TOKEN_TICKET,
      .object = 12,
      .person = 4}},
    {"a key that is dead",
     {.key_slot = 5,
      .purpose = TOKEN_CONTACT_REPLY,
      .object_kind = TOKEN_TICKET,
      .object = 12,
      .person = 4}},
    {"a key that cannot be",
     {.key_slot = 16,
      .purpose = TOKEN_CONTACT_REPLY,
      .object_kind = TOKEN_TICKET,
      .object = 12,
      .person = 4}},
};

Test(token, says_nothing_but_what_was_signed)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    struct err err = {.status = ST_OK};
    struct token signed_one;
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    cr_assert_eq(token_read(text, &signed_one, &err), ST_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(FORGED); i++) {
        struct token forged = FORGED[i].changed;
        forged.key_slot = forged.key_slot == 0 ? 3 : forged.key_slot;
        memcpy(forged.tag, signed_one.tag, sizeof forged.tag);
        cr_expect_not(token_fits(&keys, &forged, NONCE), "%s", FORGED[i].name);
    }
}

Test(token, dies_with_its_key)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    keys.signing_slot = 4;
    cr_expect(passes(&keys, text), "an older key that is live still verifies");
    keys.is_live[3] = false;
    cr_expect_not(passes(&keys, text));
}

static const struct {
    const char *name;
    unsigned expiry_day;
    int64_t now_us;
    bool want;
} EXPIRY[] = {
    {"never", 0, INT64_MAX, false},
    {"the day before", 100, INT64_C(99) * 86400 * 1000000, false},
    {"its last microsecond", 100, INT64_C(101) * 86400 * 1000000 - 1, false},
    {"the day after", 100, INT64_C(101) * 86400 * 1000000, true},
};

Test(token, expires_at_the_end_of_its_day)
{
    for (size_t i = 0; i < G_N_ELEMENTS(EXPIRY); i++) {
        struct token token = {.expiry_day = EXPIRY[i].expiry_day};
        cr_expect_eq(token_is_expired(&token, EXPIRY[i].now_us), EXPIRY[i].want, "%s",
                     EXPIRY[i].name);
    }
}

Test(token, lives_for_the_days_that_are_set)
{
    int64_t now_us = INT64_C(20000) * 86400 * 1000000 + 5;

    cr_expect_eq(token_expiry_day(now_us, 0), 0, "for ever");
    cr_expect_eq(token_expiry_day(now_us, 90), 20090);
    cr_expect_eq(token_expiry_day(now_us, 100000), 65535, "as long as a token can say");
}

Test(token, tells_technicians_from_others)
{
    for (int purpose = TOKEN_CONTACT_REPLY; purpose <= TOKEN_HELD; purpose++) {
        struct token token = {.purpose = (enum token_purpose)purpose};
        bool want = purpose == TOKEN_TECHNICIAN_REPLY || purpose == TOKEN_TECHNICIAN_NOTE ||
                    purpose == TOKEN_UNDO || purpose == TOKEN_HELD;
        cr_expect_eq(token_is_technicians(&token), want, "%s", token_purpose_name(token.purpose));
    }
}

Test(token, rides_in_a_message_id)
{
    static const char *const DOMAINS[] = {".0@x.example",
                                          ".@x.example",
                                          ".5",
                                          ".5@",
                                          ".05@x.example",
                                          ".+5@x.example",
                                          "5@x.example",
                                          "@x.5.example",
                                          ".-5@x.example",
                                          ".5x@x.example",
                                          ".1099511627776@x.example"};
    struct token_keys keys = two_keys();
    struct token token = annas();
    struct token_sighting got;
    struct err err = {.status = ST_OK};
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    g_autofree char *id = token_message_id(text, 1099511627775, "desk.example");
    cr_assert_eq(token_from_message_id(id, &got, &err), ST_OK);
    cr_expect_eq(got.outbound, 1099511627775);
    cr_expect(token_fits(&keys, &got.token, NONCE));
    for (size_t i = 0; i < G_N_ELEMENTS(DOMAINS); i++) {
        g_autofree char *bad = g_strconcat(text, DOMAINS[i], NULL);
        cr_expect_eq(token_from_message_id(bad, &got, &err), ST_INVALID, "%s", DOMAINS[i]);
    }
    g_autofree char *other = g_strnfill(TOKEN_CHARS, '7');
    g_autofree char *early = g_strnfill(TOKEN_CHARS, 'a');
    early[TOKEN_CHARS - 1] = '@';
    g_autofree char *no_token = g_strconcat(other, ".5@x.example", NULL);
    g_autofree char *early_at = g_strconcat(early, ".5@x.example", NULL);
    cr_expect_eq(token_from_message_id(no_token, &got, &err), ST_INVALID);
    cr_expect_eq(token_from_message_id(early_at, &got, &err), ST_INVALID);
    cr_expect_eq(token_from_message_id("CAF1234@mail.gmail.com", &got, &err), ST_INVALID);
    cr_expect_eq(token_from_message_id("", &got, &err), ST_INVALID);
}

Test(token, rides_in_an_address)
{
    g_autofree char *address = token_address("support@desk.example", "TOKEN");

    cr_expect_str_eq(address, "support+TOKEN@desk.example");
}

static const struct {
    const char *name;
    const char *input; /* {t} stands for a token, {T} for it in upper case */
    const char *want;
} REMOVED[] = {
    {"nothing to do", "Hello Anna,\nyour ticket 12.", "Hello Anna,\nyour ticket 12."},
    {"empty", "", ""},
    {"alone", "{t}", "…"},
    {"in an address", "To: support+{t}@desk.example!", "To: support+…@desk.example!"},
    {"in a Message-ID", "<{t}.17@desk.example> wrote", "<….17@desk.example> wrote"},
    {"in upper case", "SUPPORT+{T}@DESK.EXAMPLE", "SUPPORT+…@DESK.EXAMPLE"},
    {"in a link", "mailto:support%2B{t}%40desk.example", "mailto:support%2B…%40desk.example"},
    {"two in a row", "{t}{t}", "……"},
    {"two in a text", "a {t} b\nc {T} d", "a … b\nc … d"},
    {"letters around it", "xyz{t}abc", "xyz…abc"},
    {"beside other languages", "Grüße, „{t}“", "Grüße, „…“"},
    {"long, but none", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
};

static char *put_token(const char *input, const char *text)
{
    g_autofree char *upper = g_ascii_strup(text, -1);
    g_autoptr(GString) put = g_string_new(input);

    g_string_replace(put, "{t}", text, 0);
    g_string_replace(put, "{T}", upper, 0);
    return g_string_free(g_steal_pointer(&put), FALSE);
}

Test(token, is_removed_wherever_it_stands)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    for (size_t i = 0; i < G_N_ELEMENTS(REMOVED); i++) {
        g_autofree char *input = put_token(REMOVED[i].input, text);
        g_autofree char *got = token_remove_all(input);
        cr_expect_str_eq(got, REMOVED[i].want, "%s: got %s", REMOVED[i].name, got);
    }
}

/* ---- masked in bytes ---------------------------------------------------------------------------- */

/* Mask a copy of exactly these bytes, so that a look behind their end is seen by valgrind and ASan; own. */
static char *mask(const char *bytes, size_t length, bool *is_found_out)
{
    char *copy = g_memdup2(bytes, length);

    *is_found_out = token_mask(copy, length);
    return copy;
}

static void expect_masked(const char *name, const char *input, const char *want, size_t length)
{
    bool is_found = false;
    g_autofree char *got = mask(input, length, &is_found);

    if (length == 0) { /* there is nothing to compare with */
        cr_expect_not(is_found, "%s: found something in nothing", name);
        return;
    }
    cr_expect_eq(is_found, memcmp(input, want, length) != 0, "%s: found %d", name, is_found);
    cr_expect_arr_eq(got, want, length, "%s: got %.*s", name, (int)length, got);
}

/* Every token in input becomes as many stars. */
static void expect_masked_text(const char *name, const char *input, const char *token)
{
    g_autofree char *stars = g_strnfill(TOKEN_CHARS, '*');
    g_autofree char *written = put_token(input, token);
    g_autofree char *want = put_token(input, stars);

    expect_masked(name, written, want, strlen(want));
}

Test(token, is_masked_in_the_same_places_as_in_a_text)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];

    token_write(&keys, &token, NONCE, text);
    for (size_t i = 0; i < G_N_ELEMENTS(REMOVED); i++) {
        expect_masked_text(REMOVED[i].name, REMOVED[i].input, text);
    }
}

/* The text with something in it behind its first characters; own. */
static char *split(const char *text, size_t behind, const char *what)
{
    return g_strdup_printf("%.*s%s%s", (int)behind, text, what, text + behind);
}

static const struct {
    const char *name;
    const char *between;
    bool is_one; /* are both halves one token for whoever reads it? */
} BETWEEN[] = {
    {"a soft line break", "=\r\n", true},
    {"a soft line break of Unix", "=\n", true},
    {"a soft line break with padding", "= \t\r\n", true},
    {"a line break", "\r\n", false},
    {"a blank", " ", false},
    {"a sign without a break", "=", false},
    {"an encoded byte", "=09", false},
    {"padding without a break", "=  ", false},
    {"a carriage return alone", "=\r", false},
    {"two soft line breaks", "=\r\n=\n", true},
    {"a character of other languages", "\xc3\xa4", false},
};

Test(token, is_masked_on_both_sides_of_a_soft_line_break_only)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];
    g_autofree char *stars = g_strnfill(TOKEN_CHARS, '*');

    token_write(&keys, &token, NONCE, text);
    for (size_t i = 0; i < G_N_ELEMENTS(BETWEEN); i++) {
        for (size_t behind = 1; behind < TOKEN_CHARS; behind++) {
            g_autofree char *cut = split(text, behind, BETWEEN[i].between);
            g_autofree char *masked = split(stars, behind, BETWEEN[i].between);
            expect_masked(BETWEEN[i].name, cut, BETWEEN[i].is_one ? masked : cut, strlen(cut));
        }
    }
}

Test(token, is_masked_on_both_sides_of_every_soft_line_break)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];
    g_autoptr(GString) cut = g_string_new("=\r\n");
    g_autoptr(GString) want = g_string_new("=\r\n");

    token_write(&keys, &token, NONCE, text);
    for (size_t i = 0; i < TOKEN_CHARS; i++) {
        g_string_append_printf(cut, "%c=\r\n", text[i]);
        g_string_append(want, "*=\r\n");
    }
    expect_masked("a line each character", cut->str, want->str, want->len);
}

/* The text with each character in a unit of so many bytes, at a place in it; own. */
static GString *widen(const char *text, size_t width, size_t place)
{
    GString *wide = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        for (size_t i = 0; i < width; i++) {
            g_string_append_c(wide, i == place ? *text : '\0');
        }
    }
    return wide;
}

static const struct {
    const char *name;
    size_t width;
    size_t place;
} WIDTHS[] = {
    {"UTF-16, little end first", 2, 0},
    {"UTF-16, big end first", 2, 1},
    {"UTF-32, little end first", 4, 0},
    {"UTF-32, big end first", 4, 3},
};

Test(token, is_masked_in_wide_characters)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];
    g_autofree char *stars = g_strnfill(TOKEN_CHARS, '*');

    token_write(&keys, &token, NONCE, text);
    for (size_t i = 0; i < G_N_ELEMENTS(WIDTHS); i++) {
        for (size_t r = 0; r < G_N_ELEMENTS(REMOVED); r++) {
            g_autofree char *written = put_token(REMOVED[r].input, text);
            g_autofree char *masked = put_token(REMOVED[r].input, stars);
            g_autoptr(GString) wide = widen(written, WIDTHS[i].width, WIDTHS[i].place);
            g_autoptr(GString) want = widen(masked, WIDTHS[i].width, WIDTHS[i].place);
            expect_masked(WIDTHS[i].name, wide->str, want->str, want->len);
        }
    }
    g_autofree char *start = g_strndup(text, 1);
    g_autoptr(GString) far = widen(start, 3, 0);
    g_string_append(far, text + 1);
    expect_masked("two NULs are of no encoding", far->str, far->str, far->len);
}

Test(token, is_masked_whole_or_not_at_all_where_the_bytes_end)
{
    struct token_keys keys = two_keys();
    struct token token = annas();
    char text[TOKEN_CHARS + 1];
    static const char *const INSIDE[] = {"=\r\n", "= \n"};

    token_write(&keys, &token, NONCE, text);
    expect_masked("no bytes", "", "", 0);
    for (size_t i = 0; i < G_N_ELEMENTS(WIDTHS); i++) {
        g_autoptr(GString) wide = widen(text, WIDTHS[i].width, WIDTHS[i].place);
        size_t behind = WIDTHS[i].width - 1 - WIDTHS[i].place; /* NULs of the last character */
        for (size_t length = 0; length < wide->len; length++) {
            bool is_found = false;
            g_autofree char *got = mask(wide->str, length, &is_found);
            cr_expect_eq(is_found, length >= wide->len - behind, "%s, %zu bytes", WIDTHS[i].name,
                         length);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(INSIDE); i++) {
        for (size_t behind = 1; behind < TOKEN_CHARS; behind++) {
            g_autofree char *cut = split(text, behind, INSIDE[i]);
            for (size_t length = behind; length < strlen(cut); length++) {
                expect_masked("cut", cut, cut, length);
            }
        }
    }
}

/* What stands before a token may look like one together with the token's first characters, if the last of them has
 * but two bits. Masking that alone would leave the rest, and what is lost of it can be guessed. */
Test(token, does_not_hide_behind_what_looks_like_one)
{
    struct token_keys keys = two_keys();
    struct token other = {.purpose = TOKEN_UNDO,
                          .object_kind = TOKEN_OUTBOUND,
                          .object = 0x0102030405};
    struct token token = annas();
    char text[TOKEN_CHARS + 1];
    char before[TOKEN_CHARS + 1];
    unsigned overlaps = 0;

    token_write(&keys, &other, NONCE, before);
    keys.signing_slot = 4; /* its last bit is 0: the second character can end a token */
    token_write(&keys, &token, NONCE, text);
    for (size_t shift = 11; shift < TOKEN_CHARS; shift++) {
        g_autofree char *both = g_strdup_printf("<%.*s%s>", (int)shift, before, text);
        g_autofree char *head = g_strndup(both + 1, TOKEN_CHARS);
        g_autofree char *stars = g_strnfill(shift + TOKEN_CHARS, '*');
        g_autofree char *want = g_strdup_printf("<%s>", stars);
        g_autofree char *kept = token_remove_all(both);
        struct token seen;
        struct err err = {.status = ST_OK};

        if (token_read(head, &seen, &err) == ST_OK) {
            expect_masked("overlapping", both, want, strlen(want));
            cr_expect_str_eq(kept, "<…>", "%zu: got %s", shift, kept);
            overlaps++;
        }
    }
    cr_expect_geq(overlaps, 5, "%u", overlaps);
}
