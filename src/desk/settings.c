/* settings - the desk's settings, one table of them all
 *
 * They are rows of the table "setting", the same for all hosts of a desk; what differs from host to host
 * stands in the config file (core/config). SETTINGS below is the only list: reading, defaults, the CLI's
 * help and the lint of the README go by it.
 *
 * A value that is wrong never becomes half a setting: settings_set changes nothing then. Numbers of
 * mails and days are at most MANY, so that sums of them cannot overflow.
 * Pure.
 */
#include "desk/settings.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/detail.h"

#define MANY 1000000
#define DAYS 36500

#define US_PER_S INT64_C(1000000)

#define AT(member) .offset = offsetof(struct settings, member)

static const struct setting_info SETTINGS[] = {
    {"unknown-senders", "ticket|hold|reject", "ticket",
     "what becomes of mail from somebody who is neither known nor of a customer's domain",
     SETTING_WORD, AT(unknown_senders)},
    {"domain-mapping", "map|strict", "map",
     "whether mail from a customer's domain is his without proof that the domain is true (map)",
     SETTING_WORD, AT(domain_mapping)},
    {"colleagues-take-part", "yes|no", "yes",
     "whether a contact takes part in the tickets of his customer's other contacts; a customer can differ",
     SETTING_YES_NO, AT(colleagues_take_part)},
    {"admission-days", "DAYS", "14",
     "how long a mail waits for the main contact where only he opens tickets; then it is rejected",
     SETTING_NUMBER, AT(admission_days), DAYS},
    {"admission-excerpt", "CHARACTERS", "500", "how much of such a mail the main contact is shown",
     SETTING_NUMBER, AT(excerpt_chars), LIMIT_COMMENT_CHARS / 2},
    {"closing-limit", "DAYS", "30",
     "a ticket closed longer than this gets no more mail: a new one is opened; 0: no limit",
     SETTING_NUMBER, AT(closing_days), DAYS},
    {"assign-on-reply", "yes|no", "yes",
     "whether the first public reply of a technician to an unassigned ticket assigns it to him",
     SETTING_YES_NO, AT(assigns_on_reply)},
    {"limit-address-hour", "MAILS", "10", "automatic mails to one address in an hour; 0: no limit",
     SETTING_NUMBER, AT(address_hour), MANY},
    {"limit-address-day", "MAILS", "40", "automatic mails to one address in a day; 0: no limit",
     SETTING_NUMBER, AT(address_day), MANY},
    {"limit-domain-hour", "MAILS", "60", "automatic mails to one domain in an hour; 0: no limit",
     SETTING_NUMBER, AT(domain_hour), MANY},
    {"limit-ticket-hour", "MAILS", "20",
     "comments of a ticket in an hour that cause automatic mails; 0: no limit", SETTING_NUMBER,
     AT(ticket_hour), MANY},
    {"limit-stranger-address-day", "MAILS", "1",
     "acknowledgements to one stranger's address in a day; 0: no limit", SETTING_NUMBER,
     AT(stranger_address_day), MANY},
    {"limit-stranger-domain-hour", "MAILS", "5",
     "acknowledgements to strangers of one domain in an hour; 0: no limit", SETTING_NUMBER,
     AT(stranger_domain_hour), MANY},
    {"limit-stranger-hour", "MAILS", "60",
     "acknowledgements to all strangers together in an hour; 0: no limit", SETTING_NUMBER,
     AT(stranger_hour), MANY},
    {"limit-asked-day", "MAILS", "3",
     "how often in a day somebody is asked whether a held mail is his; 0: no limit", SETTING_NUMBER,
     AT(asked_day), MANY},
    {"limit-held-hour", "MAILS", "10",
     "mails in an hour that tell a technician of held mail; the digest tells the rest; 0: no limit",
     SETTING_NUMBER, AT(held_hour), MANY},
    {"limit-sender-tickets", "TICKETS", "20",
     "tickets that one sender can open in ten minutes; more is held; 0: no limit", SETTING_NUMBER,
     AT(sender_tickets), MANY},
    {"limit-strangers-tickets", "TICKETS", "20",
     "tickets that all strangers together can open in ten minutes; more is held; 0: no limit",
     SETTING_NUMBER, AT(strangers_tickets), MANY},
    {"technician-token-days", "DAYS", "90",
     "how long a technician can answer to a mail of the desk; 0: for ever", SETTING_NUMBER,
     AT(technician_token_days), DAYS},
    {"retry-first", "DURATION", "5min",
     "how long to wait before a mail that the server did not want yet is tried again; doubled each time",
     SETTING_DURATION, AT(retry_first_us), MANY *US_PER_S},
    {"retry-most", "DURATION", "4000s", "the longest wait between two tries", SETTING_DURATION,
     AT(retry_most_us), MANY *US_PER_S},
    {"retry-give-up", "DURATION", "5d",
     "after this time a mail that cannot be delivered has failed", SETTING_DURATION,
     AT(retry_give_up_us), MANY *US_PER_S},
    {"language", "en|de|fr|es|it", "en",
     "in which people are written to who have no language, nor their customer", SETTING_WORD,
     AT(language)},
    {"signature", "TEXT", "",
     "what closes the mails to contacts, below the technician's own signature", SETTING_SIGNATURE},
    {"processed-days", "DAYS", "30",
     "how long fetched mail stays in the mailbox's folder Processed; it is in the database all the same",
     SETTING_NUMBER, AT(processed_days), MANY},
    {"web-hook-secret", "NAME|none", "none",
     "the secret of the host that signs web hooks: a file of secrets-dir; without it none is called",
     SETTING_NAME, AT(web_hook_secret)},
    {"web-hook-private", "yes|no", "no",
     "whether web hooks may call this machine and addresses of private networks", SETTING_YES_NO,
     AT(web_hook_private)},
    {"web-hook-http", "yes|no", "no", "whether web hooks may call servers without TLS",
     SETTING_YES_NO, AT(web_hook_http)},
    {"search-language",
     "simple|english|german|french|spanish|italian|dutch|portuguese|danish|swedish|norwegian|finnish",
     "simple", "the language whose word forms the search knows; simple: words as they are written",
     SETTING_WORD, AT(search_language)},
};

const struct setting_info *settings_list(size_t *count_out)
{
    *count_out = G_N_ELEMENTS(SETTINGS);
    return SETTINGS;
}

struct settings settings_default(void)
{
    struct settings settings = {.unknown_senders = UNKNOWN_TICKET};

    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        const struct setting_info *info = &SETTINGS[i];
        struct err err = {.status = ST_OK};
        enum status status = settings_set(&settings, info->name, info->default_text, &err);
        assert(status == ST_OK);
    }
    return settings;
}

static const struct setting_info *find_setting(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        if (strcmp(name, SETTINGS[i].name) == 0) {
            return &SETTINGS[i];
        }
    }
    return NULL;
}

static const char *find_nearest(const char *name)
{
    size_t best = G_MAXSIZE;
    const char *nearest = "";

    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        size_t distance = text_distance(name, SETTINGS[i].name);
        if (distance < best) {
            best = distance;
            nearest = SETTINGS[i].name;
        }
    }
    return nearest;
}

/* The place of value in words ("ticket|hold|reject"); -1: not among them. */
static int word_index(const char *value, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, "|", -1);

    for (int i = 0; list[i] != NULL; i++) {
        if (strcmp(value, list[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static enum status refuse_word(const struct setting_info *setting, const char *value,
                               struct err *err)
{
    return err_set(err, ST_INVALID, "\"%.80s\" is not one of %s", value, setting->value_name);
}

static enum status set_duration(int64_t *member, const struct setting_info *setting,
                                const char *value, struct err *err)
{
    int64_t us = 0;
    enum status status = text_parse_duration(value, &us, err);

    if (status != ST_OK) {
        return status;
    }
    if (us < US_PER_S / 1000 || us > setting->most) {
        return err_set(err, ST_INVALID, "\"%.80s\" is not within 1 ms and %" PRId64 " s", value,
                       setting->most / US_PER_S);
    }
    *member = us;
    return ST_OK;
}

/* The name of a file: letters, digits, "-", "_", "." and "@", no dot in front; "none": "". */
static enum status set_name(char *member, const char *value, struct err *err)
{
    if (strlen(value) >= SETTING_NAME_BYTES || *value == '.' || *value == '\0' ||
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@") !=
            strlen(value)) {
        return err_set(err, ST_INVALID, "\"%.80s\" is no name", value);
    }
    g_strlcpy(member, strcmp(value, "none") == 0 ? "" : value, SETTING_NAME_BYTES);
    return ST_OK;
}

static enum status set_value(struct settings *settings, const struct setting_info *setting,
                             const char *value, struct err *err)
{
    char *member = (char *)settings + setting->offset;
    g_autofree char *signature = NULL;
    int word = 0;

    switch (setting->type) {
    case SETTING_WORD:
        word = word_index(value, setting->value_name);
        if (word < 0) {
            return refuse_word(setting, value, err);
        }
        *(unsigned *)(void *)member = (unsigned)word; /* an enum of non-negative enumerators */
        return ST_OK;
    case SETTING_YES_NO:
        word = word_index(value, setting->value_name);
        if (word < 0) {
            return refuse_word(setting, value, err);
        }
        *(bool *)(void *)member = word == 0; /* "yes|no" */
        return ST_OK;
    case SETTING_NUMBER:
        return text_parse_int64(value, 0, setting->most, (int64_t *)(void *)member, err);
    case SETTING_DURATION:
        return set_duration((int64_t *)(void *)member, setting, value, err);
    case SETTING_NAME:
        return set_name(member, value, err);
    case SETTING_SIGNATURE:
        return detail_read_signature(value, &signature, err);
    }
    return ST_OK;
}

enum status settings_set(struct settings *settings, const char *name, const char *value,
                         struct err *err)
{
    const struct setting_info *setting = find_setting(name);

    if (setting == NULL) {
        (void)err_set(err, ST_INVALID, "there is no setting \"%.80s\"", name);
        return err_hint(err, "did you mean \"%s\"?", find_nearest(name));
    }
    if (set_value(settings, setting, value, err) != ST_OK) {
        return err_wrap(err, "%s", setting->name);
    }
    return ST_OK;
}
