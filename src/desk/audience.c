/* audience - who is told of what happened in a ticket
 *
 *     new ticket            its opener; the technicians
 *     contact's comment     the technicians; requester and participants
 *     public reply          requester and participants; another assignee
 *     first public reply    also the technicians who had been told of the ticket: it is assigned
 *     note                  the technicians, in notices whose every address is for notes
 *     came back             the technician who wrote it
 *     too large             its author, and what is missing or has to be left out
 *
 * "The technicians" are the assignee (and while he is absent his deputy as well), or while there is none all of the
 * ticket's group, or of the desk. One copy a person, none to the
 * author, none for what a machine wrote. A recipient's token says what his reply will do: it follows from
 * what he is on this ticket, so a technician who is its requester gets a contact's, and no notes.
 *
 * Only what goes to contacts and strangers by itself is marked automatic and bound by desk/governor; a comment
 * that is passed on is somebody's text. An address that is dead gets a row, but no mail.
 * Pure.
 */
#include "desk/audience.h"

#include <inttypes.h>
#include <string.h>

#include "desk/outsize.h"
#include "desk/permission.h"
#include "message/address.h"

static ticket_id ticket_of(const struct audience *audience)
{
    return audience->ticket != NULL ? audience->ticket->id : REF_NEW;
}

/* Who works on it, once the rules have spoken. */
static const struct ticket_record *current(const struct audience *audience)
{
    return audience->after != NULL ? audience->after : audience->ticket;
}

static enum token_purpose purpose_for(const struct audience *audience,
                                      const struct person_record *person, const char *notice)
{
    if (!identity_is_technician_on(person, audience->ticket)) {
        return TOKEN_CONTACT_REPLY;
    }
    return strcmp(notice, "note") == 0 ? TOKEN_TECHNICIAN_NOTE : TOKEN_TECHNICIAN_REPLY;
}

char *audience_why_not(const struct records *records, const struct person_record *person)
{
    if (records_is_own_address(records, person->address)) {
        return g_strdup("own-address");
    }
    return person->is_address_dead ? g_strdup("dead-address") : NULL;
}

struct plan_mail *audience_add(struct plan *plan, const struct records *records,
                               const struct person_record *person, const char *notice,
                               const char *reason)
{
    struct plan_mail *mail = plan_add_mail(plan, notice);

    mail->person = person->id;
    mail->address = g_strdup(person->address);
    mail->name = g_strdup(person->name);
    mail->reason = g_strdup(reason);
    mail->suppressed_by = audience_why_not(records, person);
    return mail;
}

/* A copy for a person, unless he is the author or has one. NULL: he gets none. */
static struct plan_mail *tell(struct plan *plan, const struct audience *audience,
                              const struct person_record *person, const char *notice,
                              const char *reason)
{
    if (person->id == audience->author || plan_tells(plan, person->id)) {
        return NULL;
    }
    struct plan_mail *mail = audience_add(plan, audience->records, person, notice, reason);

    mail->ticket = ticket_of(audience);
    mail->tells_comment = true;
    mail->purpose = purpose_for(audience, person, notice);
    return mail;
}

/* What the notice "oversize" says of the mail. */
static void describe_left_out(struct plan_mail *mail, const struct audience *audience)
{
    g_autofree char *megabytes = g_strdup_printf("%" PRIu64, outsize_megabytes(audience->records));

    plan_set_value(mail, "megabytes", megabytes);
    plan_set_value(mail, "files-left-out", audience->files_left_out);
}

/* A mail back to whoever wrote, at the address that he wrote from. */
static struct plan_mail *add_to_author(struct plan *plan, const struct audience *audience,
                                       const char *notice, const char *address, const char *reason)
{
    const struct person_record *person = records_person(audience->records, audience->author);
    bool is_dead = person != NULL && person->is_address_dead &&
                   g_ascii_strcasecmp(person->address, address) == 0;
    struct plan_mail *mail = plan_add_mail(plan, notice);

    mail->person = audience->author;
    mail->ticket = ticket_of(audience);
    mail->address = g_strdup(address);
    mail->reason = g_strdup(reason);
    mail->suppressed_by = is_dead ? g_strdup("dead-address") : NULL;
    return mail;
}

void audience_tell_opener(struct plan *plan, const struct audience *audience, const char *address,
                          const char *name, bool is_confirmed)
{
    const struct person_record *person = records_person(audience->records, audience->author);
    bool is_technician = person != NULL && identity_is_technician_on(person, NULL);

    if (audience->is_by_machine) {
        return;
    }
    bool is_stranger = !is_confirmed && !is_technician;
    const char *notice = audience->left_out != NULL ? "oversize"
                         : is_stranger              ? "acknowledgement"
                                                    : "receipt";
    const char *reason = audience->left_out != NULL ? audience->left_out
                         : is_stranger              ? "opened the ticket, and is not confirmed"
                                                    : "opened the ticket";
    struct plan_mail *mail = add_to_author(plan, audience, notice, address, reason);

    mail->purpose = is_technician && !person->is_contact ? TOKEN_TECHNICIAN_REPLY
                                                         : TOKEN_CONTACT_REPLY;
    mail->is_automatic = !is_technician;
    mail->is_stranger = is_stranger;
    if (audience->left_out != NULL && !is_stranger) {
        describe_left_out(mail, audience);
    }
    mail->name = g_strdup(person != NULL && person->name[0] != '\0' ? person->name : name);
}

const struct person_record *audience_assignee(const struct records *records,
                                              const struct ticket_record *ticket)
{
    const struct person_record *person = ticket == NULL || ticket->assignee == 0
                                             ? NULL
                                             : records_person(records, ticket->assignee);

    return person != NULL && identity_is_technician_on(person, ticket) ? person : NULL;
}

static void tell_all(struct plan *plan, const struct audience *audience, const char *notice,
                     const char *reason)
{
    const GArray *technicians = audience->records->technicians;

    for (guint i = 0; i < technicians->len; i++) {
        const struct person_record *person =
            records_person(audience->records, g_array_index(technicians, person_id, i));
        if (person != NULL && identity_is_technician_on(person, audience->ticket) &&
            permission_technician_may(person, current(audience), ACTION_NOTE)) {
            tell(plan, audience, person, notice, reason);
        }
    }
}

/* He goes on getting his mail; the deputy gets it as well, if he could act on the ticket himself. */
static void tell_deputy(struct plan *plan, const struct audience *audience,
                        const struct person_record *assignee, const char *notice)
{
    const struct person_record *deputy = assignee->is_absent && assignee->deputy != 0
                                             ? records_person(audience->records, assignee->deputy)
                                             : NULL;

    if (deputy != NULL && identity_is_technician_on(deputy, audience->ticket) &&
        permission_technician_may(deputy, audience->ticket, ACTION_NOTE)) {
        tell(plan, audience, deputy, notice, "is the deputy of the assignee, who is absent");
    }
}

void audience_tell_technicians(struct plan *plan, const struct audience *audience,
                               const char *notice)
{
    const struct person_record *assignee = audience_assignee(audience->records, current(audience));

    if (audience->is_by_machine) {
        return;
    }
    if (assignee != NULL) {
        tell(plan, audience, assignee, notice, "is assigned to the ticket");
        tell_deputy(plan, audience, assignee, notice);
    } else {
        tell_all(plan, audience, notice, "technician of the desk; nobody is assigned");
    }
}

void audience_tell_noted(struct plan *plan, const struct audience *audience)
{
    const struct person_record *person = records_person(audience->records, audience->author);
    struct plan_mail *mail = audience_add(plan, audience->records, person, "noted",
                                          "his mail became a note");

    mail->ticket = ticket_of(audience);
    mail->purpose = TOKEN_TECHNICIAN_REPLY;
    mail->is_automatic = true; /* a machine of his may answer to it, and get one again */
}

void audience_tell_assigned(struct plan *plan, const struct audience *audience)
{
    tell_all(plan, audience, "assigned", "was told of the ticket, which is assigned now");
}

/* dead gets the address of one who cannot be reached. */
static void tell_contact(struct plan *plan, const struct audience *audience, person_id id,
                         const char *notice, const char *reason, GString *dead)
{
    const struct person_record *person = records_person(audience->records, id);
    const struct plan_mail *mail = person == NULL || person->is_disabled
                                       ? NULL
                                       : tell(plan, audience, person, notice, reason);

    if (mail != NULL && mail->suppressed_by != NULL) {
        g_string_append_printf(dead, "%s%s", dead->len == 0 ? "" : ", ", person->address);
    }
}

/* NULL: he is no technician who can be told. */
static struct plan_mail *tell_undelivered(struct plan *plan, const struct audience *audience,
                                          person_id technician, outbound_id about,
                                          const char *reason)
{
    const struct person_record *person = records_person(audience->records, technician);

    if (person == NULL || !person->is_technician || person->is_disabled) {
        return NULL;
    }
    struct plan_mail *mail = audience_add(plan, audience->records, person, "undelivered", reason);

    mail->ticket = ticket_of(audience);
    mail->about = about;
    mail->purpose = purpose_for(audience, person, "note");
    return mail;
}

void audience_tell_contacts(struct plan *plan, const struct audience *audience, const char *notice)
{
    const struct ticket_record *ticket = audience->ticket;
    g_autoptr(GString) dead = g_string_new(NULL);

    if (audience->is_by_machine || ticket == NULL) {
        return;
    }
    tell_contact(plan, audience, ticket->requester, notice, "opened the ticket", dead);
    for (guint i = 0; i < ticket->participants->len; i++) {
        tell_contact(plan, audience, g_array_index(ticket->participants, person_id, i), notice,
                     "takes part in the ticket", dead);
    }
    if (dead->len > 0 && strcmp(notice, "reply") == 0) {
        g_autofree char *why = g_strdup_printf("wrote to %s, whose address is dead", dead->str);
        struct plan_mail *mail = tell_undelivered(plan, audience, audience->author, 0, why);

        if (mail != NULL) {
            plan_set_value(mail, "dead-addresses", dead->str);
        }
    }
}

void audience_tell_undelivered(struct plan *plan, const struct audience *audience,
                               person_id technician, outbound_id about, const char *reason)
{
    tell_undelivered(plan, audience, technician, about, reason);
}

void audience_tell_author(struct plan *plan, const struct audience *audience, const char *notice,
                          const char *address, const char *reason)
{
    const struct person_record *person = records_person(audience->records, audience->author);
    bool is_technician = person != NULL && identity_is_technician_on(person, audience->ticket);

    if (audience->is_by_machine) {
        return;
    }
    struct plan_mail *mail = add_to_author(plan, audience, notice, address, reason);

    if (strcmp(notice, "oversize") == 0) {
        describe_left_out(mail, audience);
    }
    mail->purpose = is_technician ? TOKEN_TECHNICIAN_REPLY : TOKEN_CONTACT_REPLY;
    mail->is_automatic = !is_technician;
    mail->name = g_strdup(person != NULL ? person->name : "");
}
