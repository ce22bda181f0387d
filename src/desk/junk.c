/* junk - what a spam filter has put aside and the desk wants all the same
 *
 * A filter guesses; the desk has proof. Taken is what names a ticket or a mail of ours by a valid token (only those who
 * got our mail have it), and what is authenticated mail of somebody whom the desk knows: a technician, a
 * confirmed contact, a contact of a customer. All else is left where it is: most of it is spam, and the
 * digest says how much there is.
 *
 * Taking decides nothing else. The mail is then fetched whole and judged like any other, by all of it.
 * A token in the mail's own Message-ID is our own mail that came back to us, and a stranger who wrote once is not
 * known by that: those are left.
 * Pure.
 */
#include "desk/junk.h"

#include "desk/auth.h"
#include "desk/identity.h"

static bool has_place(const struct records *records)
{
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        if (token->is_valid && token->place != TOKEN_IN_MESSAGE_ID) {
            return true;
        }
    }
    return false;
}

static bool is_known(const struct identity *identity)
{
    const struct person_record *person = identity->person;

    return person != NULL && !person->is_disabled &&
           (person->is_technician ||
            (person->is_contact && (person->is_confirmed || identity->customer != 0)));
}

bool junk_is_wanted(const struct facts *facts, const struct records *records)
{
    g_autoptr(GPtrArray) said = g_ptr_array_new_with_free_func(g_free);
    enum auth auth = auth_of(facts, &records->mailbox, said);
    struct identity identity = identity_of(facts, records, auth, said);

    return has_place(records) || (is_known(&identity) && auth == AUTH_PASS);
}
