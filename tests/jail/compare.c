/* compare - the jail must change nothing about what is read in a mail, only what reading may do
 *
 *     compare FILE...        each file, parsed in the jail and outside of it, must give the same facts
 *     compare --charsets     the same for a mail in every character set that a mail may name
 *     compare --time N FILE...
 *                            what N rounds cost in the jail and outside; CPU of all processes, microseconds
 *
 * A character set whose module was not loaded before the jail closed is unknown inside and known
 * outside: that is the difference that this looks for, and it is one that no crash would show.
 * Says which mails differ; the last line is a count. Ends with 1 if any differ, or if there were none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "jail/jail.h"
#include "message/parse.h"

struct mail {
    char *name;    /* own */
    GBytes *raw;   /* own */
    char *outside; /* own: the facts and digests of the attachments, or why there are none */
};

static void mail_free(struct mail *mail)
{
    g_free(mail->name);
    g_bytes_unref(mail->raw);
    g_free(mail->outside);
    g_free(mail);
}

static char *describe(const struct facts *facts)
{
    g_autoptr(GVariant) value = facts_to_variant(facts);
    g_autoptr(GString) text = g_string_new(NULL);
    g_variant_print_string(value, text, TRUE);
    for (guint i = 0; i < facts->attachments->len; i++) {
        const struct attachment *attachment = facts->attachments->pdata[i];
        g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256,
                                                               attachment->content);
        g_string_append_printf(text, " %s", digest);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static enum status parse_outside(GBytes *raw, struct facts **facts_out, struct err *err)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    int fd = memfd_create("mail", MFD_CLOEXEC);

    if (fd < 0 || (length > 0 && write(fd, bytes, length) != (ssize_t)length)) {
        g_error("no memfd");
    }
    enum status status = parse_mail(fd, false, facts_out, err);
    close(fd);
    return status;
}

static char *describe_outside(GBytes *raw)
{
    struct err err = {.status = ST_OK};
    OWNED(facts) facts = NULL;
    if (parse_outside(raw, &facts, &err) == ST_OK) {
        return describe(facts);
    }
    return text_one_line(err.text, LIMIT_LOG_VALUE_BYTES);
}

static void must_parse(struct jail *jail, struct jail_mail *mails, size_t count)
{
    struct err err = {.status = ST_OK};
    if (jail_parse(jail, mails, count, &err) != ST_OK) {
        g_error("%s", err.text);
    }
}

static struct jail *must_open(void)
{
    struct jail *jail = NULL;
    struct err err = {.status = ST_OK};
    if (jail_open(&jail, &err) != ST_OK) {
        g_error("%s", err.text);
    }
    return jail;
}

/* ---- comparing --------------------------------------------------------------------------------- */

static bool is_same(const struct mail *mail, const struct jail_mail *jailed)
{
    bool is_answered = jailed->result == JAIL_PARSED || jailed->result == JAIL_REFUSED;
    g_autofree char *inside = jailed->result == JAIL_PARSED ? describe(jailed->facts) : NULL;
    const char *text = inside ? inside : jailed->reason;

    if (is_answered && strcmp(text, mail->outside) == 0) {
        return true;
    }
    printf("%s: differs\n  in the jail (%s): %.2000s\n  outside: %.2000s\n", mail->name,
           jail_result_name(jailed->result), text, mail->outside);
    return false;
}

static int compare(struct jail *jail, GPtrArray *mails)
{
    guint same = 0;
    guint refused = 0;
    for (guint at = 0; at < mails->len; at += LIMIT_BATCH_MAILS) {
        guint count = MIN(mails->len - at, LIMIT_BATCH_MAILS);
        struct jail_mail batch[LIMIT_BATCH_MAILS] = {0};
        for (guint i = 0; i < count; i++) {
            batch[i].raw = ((struct mail *)mails->pdata[at + i])->raw;
        }
        must_parse(jail, batch, count);
        for (guint i = 0; i < count; i++) {
            same += is_same(mails->pdata[at + i], &batch[i]);
            refused += batch[i].result == JAIL_REFUSED;
            jail_mail_clear(&batch[i]);
        }
    }
    printf("%u of %u the same, %u of them refused\n", same, mails->len, refused);
    return same == mails->len && mails->len > 0 ? 0 : 1;
}

/* ---- mails in every character set ------------------------------------------------------------- */

static const char *const CHARSETS[] = {
    "US-ASCII",     "UTF-8",
    "ISO-8859-1",   "ISO-8859-2",
    "ISO-8859-3",   "ISO-8859-4",
    "ISO-8859-5",   "ISO-8859-6",
    "ISO-8859-7",   "ISO-8859-8",
    "ISO-8859-9",   "ISO-8859-10",
    "ISO-8859-11",  "ISO-8859-13",
    "ISO-8859-14",  "ISO-8859-15",
    "ISO-8859-16",  "windows-1250",
    "CP1251",       "cp1252",
    "windows-1253", "CP1254",
    "CP1255",       "CP1256",
    "CP1257",       "CP1258",
    "CP437",        "CP737",
    "CP775",        "CP850",
    "CP852",        "CP855",
    "CP857",        "CP858",
    "CP860",        "CP861",
    "CP862",        "CP863",
    "CP864",        "CP865",
    "CP866",        "CP869",
    "CP874",        "CP932",
    "CP949",        "KOI8-R",
    "KOI8-U",       "KOI8-T",
    "MACINTOSH",    "MAC-CYRILLIC",
    "TIS-620",      "VISCII",
    "UTF-7",        "UTF-16",
    "UTF-32",       "UTF-16BE",
    "UTF-16LE",     "UTF-32BE",
    "UTF-32LE",     "UCS-2",
    "UCS-4",        "SHIFT_JIS",
    "EUC-JP",       "ISO-2022-JP",
    "EUC-KR",       "UHC",
    "JOHAB",        "ISO-2022-KR",
    "GB2312",       "GBK",
    "GB18030",      "ISO-2022-CN",
    "BIG5",         "BIG5-HKSCS",
    "EUC-TW",       "ISO-2022-CN-EXT",
    "ARMSCII-8",    "GEORGIAN-PS",
    "PT154",        "RK1048",
    "HP-ROMAN8",    "IBM1047",
    "EBCDIC-US",    "nonsense",
    "x-unknown",    "",
};

/* All high octets in pairs, so that one and two octet sets find something to decode. */
static char *text_of_high_octets(void)
{
    GString *text = g_string_new("Text: ");
    for (int lead = 0x80; lead < 0x100; lead++) {
        g_string_append_c(text, (char)lead);
        g_string_append_c(text, (char)(0x40 + lead % 0x3f));
        g_string_append_c(text, (char)lead);
        g_string_append_c(text, (char)(0xff - lead % 0x40));
        g_string_append(text, lead % 16 == 15 ? "\r\n" : " ");
    }
    return g_string_free(text, FALSE);
}

static GPtrArray *charset_mails(void)
{
    GPtrArray *mails = g_ptr_array_new_with_free_func((GDestroyNotify)mail_free);
    g_autofree char *text = text_of_high_octets();
    g_autofree char *word = g_base64_encode((const guchar *)text, 24);
    for (size_t i = 0; i < G_N_ELEMENTS(CHARSETS); i++) {
        struct mail *mail = g_new0(struct mail, 1);
        char *raw = g_strdup_printf("From: =?%s?B?%s?= <anna@acme.example>\r\n"
                                    "Subject: =?%s?B?%s?=\r\nMIME-Version: 1.0\r\n"
                                    "Content-Type: text/plain; charset=\"%s\"\r\n"
                                    "Content-Transfer-Encoding: 8bit\r\n\r\n%s",
                                    CHARSETS[i], word, CHARSETS[i], word, CHARSETS[i], text);
        mail->name = g_strdup_printf("charset %s", CHARSETS[i]);
        mail->raw = g_bytes_new_take(raw, strlen(raw));
        g_ptr_array_add(mails, mail);
    }
    return mails;
}

static GPtrArray *read_mails(char **paths, int count)
{
    GPtrArray *mails = g_ptr_array_new_with_free_func((GDestroyNotify)mail_free);
    for (int i = 0; i < count; i++) {
        struct mail *mail = g_new0(struct mail, 1);
        char *bytes = NULL;
        gsize length = 0;
        if (!g_file_get_contents(paths[i], &bytes, &length, NULL)) {
            g_error("%s: cannot be read", paths[i]);
        }
        mail->name = g_strdup(paths[i]);
        mail->raw = g_bytes_new_take(bytes, length);
        g_ptr_array_add(mails, mail);
    }
    return mails;
}

/* ---- time -------------------------------------------------------------------------------------- */

static int64_t cpu_us(__rusage_who_t who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void parse_rounds(struct jail *jail, GPtrArray *mails, int64_t rounds)
{
    for (int64_t at = 0; at < rounds * mails->len; at += LIMIT_BATCH_MAILS) {
        struct jail_mail batch[LIMIT_BATCH_MAILS] = {0};
        for (int64_t i = 0; i < LIMIT_BATCH_MAILS; i++) {
            batch[i].raw = ((struct mail *)mails->pdata[(at + i) % mails->len])->raw;
        }
        must_parse(jail, batch, LIMIT_BATCH_MAILS);
        for (size_t i = 0; i < LIMIT_BATCH_MAILS; i++) {
            jail_mail_clear(&batch[i]);
        }
    }
}

static int measure(GPtrArray *mails, int64_t rounds)
{
    int64_t total = rounds * mails->len;
    struct jail *jail = must_open();

    int64_t start_us = clock_monotonic_us(clock_real());
    int64_t own_us = cpu_us(RUSAGE_SELF);
    parse_rounds(jail, mails, rounds);
    int64_t wall_us = clock_monotonic_us(clock_real()) - start_us;
    own_us = cpu_us(RUSAGE_SELF) - own_us;
    jail_close(jail); /* from now on the parser's time is known; warming up is part of it, once */
    int64_t parser_us = cpu_us(RUSAGE_CHILDREN);

    parse_warm_up();
    int64_t outside_us = cpu_us(RUSAGE_SELF);
    for (int64_t i = 0; i < total; i++) {
        struct err err = {.status = ST_OK};
        OWNED(facts) facts = NULL;
        (void)!parse_outside(((struct mail *)mails->pdata[i % mails->len])->raw, &facts, &err);
    }
    outside_us = cpu_us(RUSAGE_SELF) - outside_us;
    printf("%" PRId64 " mails: in the jail %" PRId64 " us CPU a mail (intake's side %" PRId64
           ", parser's %" PRId64 "), %" PRId64 " us wall; outside %" PRId64 " us\n",
           total, (own_us + parser_us) / total, own_us / total, parser_us / total, wall_us / total,
           outside_us / total);
    return 0;
}

int main(int argc, char **argv)
{
    bool is_timing = argc > 3 && strcmp(argv[1], "--time") == 0;
    bool is_charsets = argc == 2 && strcmp(argv[1], "--charsets") == 0;
    if (is_timing) {
        g_autoptr(GPtrArray) mails = read_mails(argv + 3, argc - 3);
        return measure(mails, g_ascii_strtoll(argv[2], NULL, 10));
    }
    g_autoptr(GPtrArray) mails = is_charsets ? charset_mails() : read_mails(argv + 1, argc - 1);

    /* The warmed parent is forked before anything is parsed here, and loads what it loads by itself. */
    struct jail *jail = must_open();
    parse_warm_up();
    for (guint i = 0; i < mails->len; i++) {
        struct mail *mail = mails->pdata[i];
        mail->outside = describe_outside(mail->raw);
    }
    int result = compare(jail, mails);
    jail_close(jail);
    return result;
}
