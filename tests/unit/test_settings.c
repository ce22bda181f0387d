/* The desk's settings: every default, every bad value. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/settings.h"

#define SIXTY_THREE "0123456789-_.@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
#define SIXTY_FOUR  SIXTY_THREE "X"

Test(settings, begin_as_the_documents_say)
{
    struct settings settings = settings_default();

    cr_expect_eq(settings.unknown_senders, UNKNOWN_TICKET);
    cr_expect_eq(settings.domain_mapping, MAPPING_MAP);
    cr_expect(settings.colleagues_take_part);
    cr_expect_eq(settings.admission_days, 14);
    cr_expect_eq(settings.excerpt_chars, 500);
    cr_expect_eq(settings.closing_days, 30);
    cr_expect_eq(settings.asked_day, 3);
    cr_expect_eq(settings.held_hour, 10);
    cr_expect_eq(settings.sender_tickets, 20);
    cr_expect_eq(settings.strangers_tickets, 20);
    cr_expect(settings.assigns_on_reply);
    cr_expect_eq(settings.address_hour, 10);
    cr_expect_eq(settings.address_day, 40);
    cr_expect_eq(settings.domain_hour, 60);
    cr_expect_eq(settings.ticket_hour, 20);
    cr_expect_eq(settings.stranger_address_day, 1);
    cr_expect_eq(settings.stranger_domain_hour, 5);
    cr_expect_eq(settings.stranger_hour, 60);
    cr_expect_eq(settings.technician_token_days, 90);
    cr_expect_eq(settings.retry_first_us, 300000000);
    cr_expect_eq(settings.retry_most_us, 4000000000);
    cr_expect_eq(settings.retry_give_up_us, 432000000000);
    cr_expect_eq(settings.processed_days, 30);
    cr_expect_str_eq(settings.web_hook_secret, "");
    cr_expect_not(settings.web_hook_private);
    cr_expect_not(settings.web_hook_http);
}

Test(settings, are_all_listed_once_with_their_help)
{
    size_t count = 0;
    const struct setting_info *list = settings_list(&count);

    cr_assert_eq(count, 29);
    for (size_t i = 0; i < count; i++) {
        cr_expect_gt(strlen(list[i].help), 10, "%s", list[i].name);
        for (size_t j = 0; j < i; j++) {
            cr_expect_str_neq(list[i].name, list[j].name);
            cr_expect(list[i].offset != list[j].offset || list[i].type == SETTING_SIGNATURE, "%s",
                      list[i].name);
        }
    }
}

Test(settings, take_what_their_words_allow)
{
    struct settings settings = settings_default();
    struct err err = {.status = ST_OK};

    cr_expect_eq(settings_set(&settings, "unknown-senders", "hold", &err), ST_OK);
    cr_expect_eq(settings.unknown_senders, UNKNOWN_HOLD);
    cr_expect_eq(settings_set(&settings, "unknown-senders", "reject", &err), ST_OK);
    cr_expect_eq(settings.unknown_senders, UNKNOWN_REJECT);
    cr_expect_eq(settings_set(&settings, "assign-on-reply", "no", &err), ST_OK);
    cr_expect_not(settings.assigns_on_reply);
    cr_expect_eq(settings_set(&settings, "limit-stranger-hour", "0", &err), ST_OK);
    cr_expect_eq(settings.stranger_hour, 0);
    cr_expect_eq(settings_set(&settings, "closing-limit", "36500", &err), ST_OK);
    cr_expect_eq(settings.closing_days, 36500);
    cr_expect_eq(settings_set(&settings, "retry-first", "20 ms", &err), ST_OK);
    cr_expect_eq(settings.retry_first_us, 20000);
    cr_expect_eq(settings_set(&settings, "web-hook-secret", "hooks.key", &err), ST_OK);
    cr_expect_str_eq(settings.web_hook_secret, "hooks.key");
    cr_expect_eq(settings_set(&settings, "web-hook-secret", SIXTY_THREE, &err), ST_OK);
    cr_expect_str_eq(settings.web_hook_secret, SIXTY_THREE);
    cr_expect_eq(settings_set(&settings, "web-hook-secret", "none", &err), ST_OK);
    cr_expect_str_eq(settings.web_hook_secret, "");
}

static const struct {
    const char *name;
    const char *value;
    const char *want_text;
    const char *want_hint;
} BAD[] = {
    {"unknown-sender", "hold", "unknown-sender", "unknown-senders"},
    {"", "1", "no setting", "did you mean"},
    {"limit-adress-day", "1", "limit-adress-day", "limit-address-day"},
    {"unknown-senders", "drop", "ticket|hold|reject", ""},
    {"unknown-senders", "", "unknown-senders", ""},
    {"assign-on-reply", "maybe", "yes|no", ""},
    {"closing-limit", "36501", "36500", ""},
    {"limit-address-hour", "-1", "whole number", ""},
    {"limit-address-hour", "ten", "whole number", ""},
    {"limit-address-hour", "1000001", "whole number", ""},
    {"retry-first", "soon", "retry-first", "30s"},
    {"retry-first", "0s", "not within 1 ms", ""},
    {"web-hook-secret", "../shadow", "no name", ""},
    {"web-hook-secret", ".hidden", "no name", ""},
    {"web-hook-secret", "", "no name", ""},
    {"web-hook-secret", SIXTY_FOUR, "no name", ""},
    {"web-hook-secret", "hooks key", "no name", ""},
    {"retry-give-up", "100d", "not within 1 ms", ""},
};

Test(settings, stay_as_they_are_on_a_bad_value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        struct settings before = settings_default();
        struct settings settings = settings_default();
        struct err err = {.status = ST_OK};

        cr_expect_eq(settings_set(&settings, BAD[i].name, BAD[i].value, &err), ST_INVALID, "%s=%s",
                     BAD[i].name, BAD[i].value);
        cr_expect_neq(strstr(err.text, BAD[i].want_text), NULL, "%s", err.text);
        cr_expect_neq(strstr(err.hint, BAD[i].want_hint), NULL, "%s", err.hint);
        const void *old_bytes =
            &before; /* both come from the same zeroed literal, padding included */
        cr_expect_eq(memcmp(old_bytes, (const void *)&settings, sizeof settings), 0, "%s=%s",
                     BAD[i].name, BAD[i].value);
    }
}
