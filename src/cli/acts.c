/* acts - can a technician act by mail, and if not, why
 *
 * Powers by mail need an authenticated From and a token of his own (THREATS 1). The first needs a mailbox whose
 * border is trusted (or one where the token alone is enough), the second an address at which the desk's
 * mails reach him. What is missing is said in words, the nearest to him first: an admin reads the
 * list of technicians and knows what to mend.
 *
 * Whether a trust profile holds is another question: postdesk doctor.
 * Pure.
 */
#include "cli/acts.h"

#include <string.h>

enum { ADDRESS = 1, TRUST = 12, PROOF = 15, IS_ENABLED = 18 };

static void add_mailbox(GString *text, const char *address, bool is_token_enough)
{
    g_string_append_printf(text, "%s%s%s", text->len == 0 ? "yes, at " : ", ", address,
                           is_token_enough ? " (by token alone)" : "");
}

char *acts_by_mail(bool is_disabled, bool has_dead_address, const struct rows *mailboxes,
                   bool *acts_out)
{
    g_autoptr(GString) text = g_string_new("");
    int enabled = 0;

    *acts_out = false;
    if (is_disabled) {
        return g_strdup("no, because he is disabled");
    }
    if (has_dead_address) {
        return g_strdup("no, because his address takes no mail");
    }
    for (int row = 0; row < rows_count(mailboxes); row++) {
        bool is_token_enough = strcmp(row_text(mailboxes, row, PROOF), "token") == 0;
        bool is_trusted = strcmp(row_text(mailboxes, row, TRUST), "none") != 0;
        bool is_enabled = row_bool(mailboxes, row, IS_ENABLED);
        enabled += is_enabled;
        if (is_enabled && (is_trusted || is_token_enough)) {
            add_mailbox(text, row_text(mailboxes, row, ADDRESS), is_token_enough);
        }
    }
    *acts_out = text->len > 0;
    if (enabled == 0) {
        return g_strdup("no, because no mailbox is enabled");
    }
    return *acts_out ? g_string_free(g_steal_pointer(&text), FALSE)
                     : g_strdup("no, because no mailbox has a trust profile");
}
