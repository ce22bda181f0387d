/* test_fingerprint - copies of one mail are one, mails that only look alike are two */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/fingerprint.h"

#define ID "Message-ID: <1@acme.example>\r\n"
#define REST \
 "From: anna@acme.example\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\nSubject: Printer\r\n"
#define BODY "\r\nIt is on fire.\r\nPlease help.\r\n"

static const struct {
    const char *name;
    const char *first;
    const char *second;
    bool is_same;
} PAIRS[] = {
    {"twice the same", ID REST BODY, ID REST BODY, true},
    {"LF and CRLF", ID REST BODY,
     "Message-ID: <1@acme.example>\nFrom: anna@acme.example\nDate: Mon, 5 Jan 2026 10:00:00 +0100\n"
     "Subject: Printer\n\nIt is on fire.\nPlease help.\n",
     true},
    {"mixed line ends in the body", ID REST "\r\na\r\nb\r\n", ID REST "\r\na\nb\r\n", true},
    {"another way to us", "Received: from a by b; Mon\r\n" ID REST BODY,
     "Received: from x\r\n by y; Tue\r\nReceived: from a by b; Mon\r\n" ID REST
     "X-Spam: no\r\n" BODY,
     true},
    {"another order of headers", ID REST BODY, REST ID BODY, true},
    {"names in another case", ID REST BODY, "MESSAGE-id: <1@acme.example>\r\n" REST BODY, true},
    {"a blank before the colon", ID REST BODY, "Message-ID : <1@acme.example>\r\n" REST BODY, true},
    {"folded", ID "Subject: one two three\r\n" BODY, ID "Subject: one\r\n two\r\n\tthree\r\n" BODY,
     true},
    {"a folded id", ID REST BODY, "Message-ID:\r\n <1@acme.example>\r\n" REST BODY, true},
    {"another id", ID REST BODY, "Message-ID: <2@acme.example>\r\n" REST BODY, false},
    {"another sender", ID "From: a@acme.example\r\n" BODY, ID "From: b@acme.example\r\n" BODY,
     false},
    {"another subject", ID "Subject: a\r\n" BODY, ID "Subject: b\r\n" BODY, false},
    {"another date", ID "Date: a\r\n" BODY, ID "Date: b\r\n" BODY, false},
    {"a value under another name", ID "Date: a\r\n" BODY, ID "Subject: a\r\n" BODY, false},
    {"a second sender", ID "From: a@acme.example\r\n" BODY,
     ID "From: a@acme.example\r\nFrom: b@acme.example\r\n" BODY, false},
    {"two headers and one that looks like both", ID "From: a\r\nFrom: b\r\n" BODY,
     ID "From: a From: b\r\n" BODY, false},
    {"words that grow together", ID "Subject: ab\r\n" BODY, ID "Subject: a b\r\n" BODY, false},
    {"another body", ID REST "\r\na\r\n", ID REST "\r\nb\r\n", false},
    {"an empty line more in the body", ID REST "\r\na\r\n", ID REST "\r\na\r\n\r\n", false},
    {"blanks in the body", ID REST "\r\na b\r\n", ID REST "\r\na  b\r\n", false},
    {"a header that moves into the body", ID "Subject: a\r\n\r\n", ID "\r\nSubject: a\r\n", false},
    {"no body, and an empty one", ID REST, ID REST "\r\n", false},
    {"no id, delivered twice", "Received: by b; Mon 02:00\r\n" REST BODY,
     "Received: by b; Tue 02:00\r\n" REST BODY, false},
    {"no id, fetched twice", "Received: by b; Mon 02:00\r\n" REST BODY,
     "Received: by b; Mon 02:00\n" REST BODY, true},
    {"an empty id is none", "Message-ID: \r\n \r\nX: 1\r\n" REST BODY,
     "Message-ID: \r\n \r\nX: 2\r\n" REST BODY, false},
    {"an id in the body is none", "X: 1\r\n" REST "\r\n" ID BODY, "X: 2\r\n" REST "\r\n" ID BODY,
     false},
    {"an id in a folded line is none", "X: 1\r\n " ID REST BODY, "X: 2\r\n " ID REST BODY, false},
    {"a line that is no header does not end them", "X\r\n" ID REST BODY, ID REST BODY, true},
    {"empty, and one line", "", "\r\n", false},
    {"cut in a header", "Message-ID: <1@acme", "Message-ID: <1@acme", true},
    {"cut at a CR", ID REST "\r", ID REST "\r", true},
};

static void make(const char *text, uint8_t out[FINGERPRINT_BYTES])
{
    size_t length = strlen(text);
    g_autofree char *exact = length > 0 ? g_memdup2(text, length) : NULL;
    fingerprint_make(exact, length, out);
}

Test(fingerprint, tells_copies_from_other_mails)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PAIRS); i++) {
        uint8_t first[FINGERPRINT_BYTES];
        uint8_t second[FINGERPRINT_BYTES];
        make(PAIRS[i].first, first);
        make(PAIRS[i].second, second);
        bool is_same = memcmp(first, second, sizeof first) == 0;
        cr_expect_eq(is_same, PAIRS[i].is_same, "%s: got %s, want %s", PAIRS[i].name,
                     is_same ? "one mail" : "two", PAIRS[i].is_same ? "one mail" : "two");
    }
}

/* Stored fingerprints must fit those that later versions of the program make. */
static const struct {
    const char *name;
    const char *text;
    const char *want;
} KNOWN[] = {
    {"with an id", ID REST BODY,
     "010b9a4daaeb4e31ef098a35f08813b9ccba40652cb2594a91a89294ab5f0e1806"},
    {"without", REST BODY, "0151b600812584708f3919f398219e8bc2c3858837fcfeaa05b4105a3d143d7b00"},
    {"an empty mail", "", "01e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
};

Test(fingerprint, stays_what_it_was)
{
    for (size_t i = 0; i < G_N_ELEMENTS(KNOWN); i++) {
        uint8_t bytes[FINGERPRINT_BYTES];
        g_autoptr(GString) got = g_string_new("");
        make(KNOWN[i].text, bytes);
        for (size_t at = 0; at < sizeof bytes; at++) {
            g_string_append_printf(got, "%02x", bytes[at]);
        }
        cr_expect_str_eq(got->str, KNOWN[i].want, "%s: got %s, want %s", KNOWN[i].name, got->str,
                         KNOWN[i].want);
    }
}

/* What the module's comment says, done by hand. */
Test(fingerprint, covers_what_it_says)
{
    static const char COVERED[] =
        "message-id: <1@acme.example>\r\nfrom: anna@acme.example\r\n"
        "date: Mon, 5 Jan 2026 10:00:00 +0100\r\nsubject: Printer\r\n" BODY;
    uint8_t bytes[FINGERPRINT_BYTES];
    g_autofree char *want = g_compute_checksum_for_string(G_CHECKSUM_SHA256, COVERED, -1);
    g_autoptr(GString) got = g_string_new("");
    make(ID REST BODY, bytes);
    cr_expect_eq(bytes[0], 1);
    for (size_t at = 1; at < sizeof bytes; at++) {
        g_string_append_printf(got, "%02x", bytes[at]);
    }
    cr_expect_str_eq(got->str, want);
}
