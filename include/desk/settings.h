/* The desk's settings: rows of the table setting, with their defaults. One table in settings.c is the
 * list of them all: CLI, documentation and lint read it. Pure. */
#ifndef DESK_SETTINGS_H
#define DESK_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum unknown_senders { UNKNOWN_TICKET, UNKNOWN_HOLD, UNKNOWN_REJECT };
enum domain_mapping { MAPPING_MAP, MAPPING_STRICT };

#define SETTING_NAME_BYTES 64

/* Numbers of mails: 0 is "no limit". */
struct settings {
    enum unknown_senders unknown_senders; /* unknown-senders ticket|hold|reject */
    enum domain_mapping domain_mapping;   /* domain-mapping map|strict */
    bool colleagues_take_part;            /* colleagues-take-part yes|no */
    int64_t admission_days;               /* admission-days 14: how long a colleague's mail waits */
    int64_t excerpt_chars;        /* admission-excerpt 500: what the main contact reads of it */
    int64_t closing_days;         /* closing-limit: a ticket closed longer gets no more mail (30) */
    bool assigns_on_reply;        /* assign-on-reply yes|no */
    int64_t address_hour;         /* limit-address-hour 10 */
    int64_t address_day;          /* limit-address-day 40 */
    int64_t domain_hour;          /* limit-domain-hour 60 */
    int64_t ticket_hour;          /* limit-ticket-hour 20 */
    int64_t stranger_address_day; /* limit-stranger-address-day 1 */
    int64_t stranger_domain_hour; /* limit-stranger-domain-hour 5 */
    int64_t stranger_hour;        /* limit-stranger-hour 60 */
    int64_t asked_day;            /* limit-asked-day 3 */
    int64_t held_hour;            /* limit-held-hour 10 */
    int64_t sender_tickets;       /* limit-sender-tickets 20, in ten minutes */
    int64_t strangers_tickets;    /* limit-strangers-tickets 20, in ten minutes */
    int64_t technician_token_days; /* technician-token-days 90 */

    /* Of the senders; no decision reads them, so records do not hold them. */
    int64_t retry_first_us;   /* retry-first 5min */
    int64_t retry_most_us;    /* retry-most 4000s */
    int64_t retry_give_up_us; /* retry-give-up 5d */

    /* Of notices (store/outbound_due reads the words); no decision reads it. */
    unsigned language; /* language en|de|fr|es|it */

    /* Of fetch; no decision reads it either. */
    int64_t processed_days; /* processed-days 30: how long mail stays among the processed */

    /* Of web hooks; no decision reads them either. */
    char web_hook_secret[SETTING_NAME_BYTES]; /* web-hook-secret: the name of a host's secret; "" */
    bool web_hook_private;                    /* web-hook-private yes|no */
    bool web_hook_http;                       /* web-hook-http yes|no */

    /* Of the search (store/search reads the word); no decision reads it either. */
    unsigned search_language; /* search-language simple|english|… */
};

/* A signature is checked and has no member: only who writes mail reads it. */
enum setting_type {
    SETTING_WORD,
    SETTING_YES_NO,
    SETTING_NUMBER,
    SETTING_DURATION,
    SETTING_NAME,
    SETTING_SIGNATURE
};

struct setting_info {
    const char *name;
    const char *value_name;
    const char *default_text;
    const char *help;
    enum setting_type type;
    size_t offset; /* of the member in struct settings */
    int64_t most;  /* of a number; of a duration in microseconds */
};
const struct setting_info *settings_list(size_t *count_out);

struct settings settings_default(void);

/* Set one by its name. ST_INVALID: unknown name (the nearest known one is in the hint) or bad value. */
MUST_CHECK enum status settings_set(struct settings *settings, const char *name, const char *value,
                                    struct err *err);

#endif
