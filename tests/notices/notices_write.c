/* notices_write - every notice as a mail: notices_write FOLDER
 *
 * Writes FOLDER/LANGUAGE/TEMPLATE.eml, with every value that its template may have, and TEMPLATE.bare.eml, with as few
 * as there can be. A template that stands in no line of SAMPLES is not written; tests/notices/notices finds that. The
 * same input gives the same bytes.
 */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "desk/token.h"
#include "gateway/notice.h"

#define NOW "1795342800000000" /* 2026-11-22 10:20 UTC */

enum reader { CONTACT, STRANGER, TECHNICIAN, NOTE_READER };

static const struct sample {
    const char *template;
    const char *notice;
    enum reader reader;
    const char *kind;
} SAMPLES[] = {
    {"acknowledgement", "acknowledgement", STRANGER, "unverified"},
    {"admission", "admission", CONTACT, ""},
    {"assigned", "assigned", TECHNICIAN, "public"},
    {"comment-contact", "comment", CONTACT, "public"},
    {"comment-technician", "comment", TECHNICIAN, "unverified"},
    {"held", "held", TECHNICIAN, ""},
    {"held-answer", "held-answer", TECHNICIAN, ""},
    {"held-decided", "held-decided", TECHNICIAN, ""},
    {"held-digest", "held-digest", TECHNICIAN, ""},
    {"new-ticket", "new-ticket", TECHNICIAN, "public"},
    {"not-admitted", "not-admitted", CONTACT, ""},
    {"note", "note", NOTE_READER, "note"},
    {"noted", "noted", TECHNICIAN, ""},
    {"oversize", "oversize", CONTACT, ""},
    {"oversize-technician", "oversize", TECHNICIAN, ""},
    {"receipt", "receipt", CONTACT, "public"},
    {"rejected", "rejected", CONTACT, ""},
    {"reply", "reply", CONTACT, "public"},
    {"rule-alert", "rule-alert", NOTE_READER, ""},
    {"rule-mail", "rule-mail", CONTACT, ""},
    {"status-changed", "status-changed", CONTACT, ""},
    {"too-large", "too-large", TECHNICIAN, ""},
    {"undelivered", "undelivered", TECHNICIAN, "public"},
    {"waits", "waits", CONTACT, ""},
    {"was-this-you", "was-this-you", CONTACT, ""},
};

/* What a plan may give; those that are words of the desk come in English. */
static const struct {
    const char *name;
    const char *value;
} VALUES[] = {
    {"held-number", "81"},
    {"held-from", "Anna Meyer <anna@acme.example>"},
    {"held-subject", "Drucker im 2. Stock brennt wieder"},
    {"held-text", "Der Drucker raucht,\nund es riecht nach Plastik."},
    {"held-why", "it says that a technician wrote it, and nothing authenticates him"},
    {"held-at", NOW},
    {"held-until", NOW},
    {"may-decide", "yes"},
    {"main-contact", "Max Roth"},
    {"answer-from", "Anna Meyer <anna@acme.example>"},
    {"answer-text", "I am away until Monday."},
    {"was-denied", NULL},
    {"done", NULL},
    {"why-not", NULL},
    {"held-state", "filed"},
    {"held-ticket", "12"},
    {"handled-by", "tara@desk.example"},
    {"handled-how", "released"},
    {"handled-at", NOW},
    {"whose-is-it", "yes"},
    {"held-list", "    81  Anna Meyer <anna@acme.example>: Drucker im 2. Stock brennt wieder\n"
                  "    82  noreply@shop.example: Your order"},
    {"held-count", "2"},
    {"junk-count", "17"},
    {"rule", "printers go to Ben"},
    {"alert", "A printer of Acme burns. See https://wiki.desk.example/printers?fire=1&now=yes."},
    {"rule-text", "We are closed today. Tomorrow from 8:00 on we are here again."},
    {"megabytes", "31"},
    {"files-left-out", "film.mp4, plan.pdf"},
    {"dead-addresses", "anna@acme.example"},
};

static const char TEXT[] =
    "Guten Tag Frau Meyer,\n\nbitte ziehen Sie den Stecker und \xC3\xB6"
    "ffnen Sie das hintere Fach; eine Anleitung mit "
    "Bildern steht unter https://wiki.desk.example/drucker/brand?stock=2&raum=b. Steht dort <E-41>, ist es das "
    "Netzteil.\n\n  1. Stecker ziehen\n  2. Fach \xC3\xB6"
    "ffnen\n\nAm 20.11. schrieb Anna Meyer:\n> Der Drucker raucht.\n"
    "> > Welcher?\n> Der im 2. Stock.\n\n[foto.png]\n\nSch\xC3\xB6ne Gr\xC3\xBC\xC3\x9F"
    "e\nBen Huber";

static const struct due_mailbox MAILBOX = {.id = 1,
                                           .address = "support@desk.example",
                                           .name = "Desk",
                                           .has_subaddresses = true};
static const struct due_person ANNA = {7, "Anna Meyer", "anna@acme.example"};
static const struct due_person BEN = {3, "Ben Huber", "ben@desk.example"};

static void write_token(enum reader reader, char *token_out)
{
    static const enum token_purpose PURPOSES[] = {[CONTACT] = TOKEN_CONTACT_REPLY,
                                                  [STRANGER] = TOKEN_CONTACT_REPLY,
                                                  [TECHNICIAN] = TOKEN_TECHNICIAN_REPLY,
                                                  [NOTE_READER] = TOKEN_TECHNICIAN_NOTE};
    static const struct token_keys KEYS = {.is_live = {true}, .secret = {{1}}};
    struct token token = {.purpose = PURPOSES[reader],
                          .object_kind = TOKEN_TICKET,
                          .object = 12,
                          .person = 7};

    token_write(&KEYS, &token, 99, token_out);
}

static void add_people(struct outbound_due *due)
{
    static const person_id IDS[] = {7, 8, 9};
    static const char *const NAMES[] = {"Anna Meyer", "Max Roth", "Carla Neumann"};

    for (size_t i = 0; i < G_N_ELEMENTS(IDS); i++) {
        g_array_append_val(due->audience_ids, IDS[i]);
        g_ptr_array_add(due->audience, (gpointer)NAMES[i]);
    }
    g_ptr_array_add(due->colleagues, (gpointer) "Tara Novak");
}

static void add_files(struct outbound_due *due)
{
    static const char CONTENT[] = "the picture";
    struct due_attachment there = {.name = "foto.png", .type = "image/png", .bytes = 11};
    struct due_attachment large = {.name = "film.mp4", .type = "video/mp4", .bytes = 31 << 20};

    there.content = g_bytes_new_static(CONTENT, strlen(CONTENT));
    g_array_append_val(due->attachments, there);
    g_array_append_val(due->attachments, large);
}

/* What every mail has; the rest is for those that have everything. */
static struct outbound_due *add_bare(struct outbound_batch *batch, const struct sample *sample,
                                     const char *token)
{
    bool is_contact = sample->reader == CONTACT || sample->reader == STRANGER;
    struct outbound_due *due = outbound_batch_add(batch);

    due->id = 41;
    due->mailbox = &MAILBOX;
    due->ticket = 12;
    due->comment = 5;
    due->notice = sample->notice;
    due->recipient = is_contact ? ANNA : BEN;
    due->address = due->recipient.address;
    due->is_stranger = sample->reader == STRANGER;
    due->message_id = "id.41@desk.example";
    due->reply_token = token;
    due->bounce_token = token;
    due->queued_at_us = g_ascii_strtoll(NOW, NULL, 10);
    due->subject = "Drucker im 2. Stock brennt wieder";
    due->requester = ANNA;
    due->author = strcmp(sample->template, "reply") == 0 || due->recipient.id == BEN.id ? BEN
                                                                                        : ANNA;
    due->is_by_technician = due->author.id == BEN.id;
    due->kind = sample->kind;
    g_array_append_val(due->audience_ids, ANNA.id);
    g_ptr_array_add(due->audience, (gpointer)ANNA.name);
    return due;
}

static void add_rest(struct outbound_batch *batch, struct outbound_due *due)
{
    batch->desk.signature = "Desk GmbH, Hauptstr. 1, 80331 M\xC3\xBCnchen\nhttps://desk.example";
    batch->desk.zone = "Europe/Berlin";
    due->signature = "Ben Huber\nDruck und Papier, +49 89 123456-7";
    due->text = TEXT;
    due->written_at_us = due->queued_at_us;
    due->customer = "Acme GmbH";
    due->assignee = BEN;
    due->status = "pending";
    due->type = "incident";
    due->group = "Drucker";
    due->about = strcmp(due->notice, "undelivered") == 0 ? 40 : 0;
    due->failed_to = due->about == 0 ? "" : "Anna Meyer <anna@acme.example>";
    due->answer = "550 5.1.1 no such user";
    due->reason = "film.mp4 (31.0 MB)";
    g_array_set_size(due->audience_ids, 0);
    g_ptr_array_set_size(due->audience, 0);
    add_people(due);
    add_files(due);
    for (size_t i = 0; i < G_N_ELEMENTS(VALUES); i++) {
        if (VALUES[i].value != NULL) {
            g_ptr_array_add(due->value_names, g_strdup(VALUES[i].name));
            g_ptr_array_add(due->values, g_strdup(VALUES[i].value));
        }
    }
}

/* The few without which it would say nothing at all. */
static void add_needed(struct outbound_due *due)
{
    static const char *const NEEDED[] = {"held-number", "held-from", "held-subject",
                                         "held-count",  "held-list", "held-why",
                                         "answer-from", "rule",      "rule-text"};

    for (size_t i = 0; i < G_N_ELEMENTS(VALUES); i++) {
        for (size_t n = 0; n < G_N_ELEMENTS(NEEDED); n++) {
            if (strcmp(NEEDED[n], VALUES[i].name) == 0) {
                g_ptr_array_add(due->value_names, g_strdup(VALUES[i].name));
                g_ptr_array_add(due->values, g_strdup(VALUES[i].value));
            }
        }
    }
    g_ptr_array_add(due->value_names, g_strdup("done"));
    g_ptr_array_add(due->values, g_strdup("dropped as spam"));
}

static bool write_one(const struct sample *sample, const char *language, bool is_bare,
                      const char *folder)
{
    OWNED(outbound_batch) batch = outbound_batch_new();
    CLEANUP(notice_mail_clear) struct notice_mail mail = {0};
    struct err err = {.status = ST_OK};
    char token[TOKEN_CHARS + 1];
    g_autofree char *path = g_strdup_printf("%s/%s/%s%s.eml", folder, language, sample->template,
                                            is_bare ? ".bare" : "");
    g_autofree char *place = g_path_get_dirname(path);

    write_token(sample->reader, token);

    struct outbound_due *due = add_bare(batch, sample, token);

    due->language = language;
    if (is_bare) {
        add_needed(due);
    } else {
        add_rest(batch, due);
    }
    if (notice_render(due, NULL, &mail, &err) != ST_OK) {
        fprintf(stderr, "%s/%s: %s\n", language, sample->template, err.text);
        return false;
    }
    g_mkdir_with_parents(place, 0755);
    return g_file_set_contents(path, g_bytes_get_data(mail.bytes, NULL),
                               (gssize)g_bytes_get_size(mail.bytes), NULL);
}

/* "en", "de": of the program's own. */
static GPtrArray *languages_of_program(void)
{
    g_autoptr(GPtrArray) files = notice_own_files();
    GPtrArray *languages = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < files->len; i++) {
        g_autofree char *language = g_strndup(files->pdata[i], strcspn(files->pdata[i], "/"));

        if (!g_ptr_array_find_with_equal_func(languages, language, g_str_equal, NULL)) {
            g_ptr_array_add(languages, g_steal_pointer(&language));
        }
    }
    return languages;
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) languages = languages_of_program();
    bool is_good = argc == 2;

    for (size_t i = 0; argc == 2 && i < G_N_ELEMENTS(SAMPLES); i++) {
        for (guint l = 0; l < languages->len; l++) {
            is_good = write_one(&SAMPLES[i], languages->pdata[l], false, argv[1]) && is_good;
            is_good = write_one(&SAMPLES[i], languages->pdata[l], true, argv[1]) && is_good;
        }
    }
    return is_good ? 0 : 1;
}
