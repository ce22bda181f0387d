/* apply - what the plans of a batch say, as rows
 *
 * A plan is symbolic: "the new ticket", "the sender". Here the new things get their numbers (one round trip
 * for all of them, from the sequences) and their nonces; gateway/writes sends the rows together with the COMMIT.
 *
 * A plan that no mail caused (a command, the time) has no row of a mail to end, and its history names a user or a
 * rule instead.
 *
 * Held mail leaves nothing but its own row. Nothing is decided here.
 * I/O: the caller's transaction.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/random.h"
#include "core/text.h"
#include "desk/need.h"
#include "gateway/writes.h"
#include "message/address.h"

/* ---- numbers ---------------------------------------------------------------------------------- */

static void count_new(const struct batch *batch, struct new_ids *ids)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct plan *plan = batch->mails[i].plan;
        for (guint c = 0; plan && c < plan->changes->len; c++) {
            const struct change *change = g_ptr_array_index(plan->changes, c);
            ids->tickets += change->kind == CHANGE_TICKET_OPEN;
            ids->comments += change->kind == CHANGE_COMMENT_ADD || change->kind == CHANGE_NOTE_ADD;
            ids->people += change->kind == CHANGE_PERSON_ADD;
        }
        ids->outbound += plan ? plan->mails->len : 0;
    }
}

static int64_t next_id(const struct writes *writes, int kind, int *next)
{
    assert(*next < rows_count(writes->ids.rows[kind]));
    return row_int64(writes->ids.rows[kind], (*next)++, 0);
}

static void give_numbers(struct writes *writes, const struct plan *plan, struct made *made)
{
    for (guint c = 0; c < plan->changes->len; c++) {
        const struct change *change = g_ptr_array_index(plan->changes, c);
        if (change->kind == CHANGE_TICKET_OPEN) {
            made->ticket = next_id(writes, 0, &writes->next_ticket);
            made->ticket_nonce = random_int64();
        } else if (change->kind == CHANGE_COMMENT_ADD) {
            made->comment = next_id(writes, 1, &writes->next_comment);
        } else if (change->kind == CHANGE_PERSON_ADD) {
            guint place = (guint)(REF_NEW - change->person);
            if (made->people->len <= place) {
                g_array_set_size(made->people, place + 1);
            }
            g_array_index(made->people, person_id, place) = next_id(writes, 2,
                                                                    &writes->next_person);
        }
    }
    made->held_nonce = plan->verdict == VERDICT_HELD ? random_int64() : 0;
}

static ticket_id ticket_of(const struct made *made, ticket_id ticket)
{
    return ticket == REF_NEW ? made->ticket : ticket;
}

static person_id person_of(const struct made *made, person_id person)
{
    return person < 0 ? g_array_index(made->people, person_id, REF_NEW - person) : person;
}

/* ---- changes ---------------------------------------------------------------------------------- */

struct place {
    struct writes *writes;
    const struct batch_mail *mail;
    struct made *made;
};

/* The mail that caused it; 0: none did. */
static mail_id cause_of(const struct place *at)
{
    return at->mail->claimed ? at->mail->claimed->id : 0;
}

static void note(const struct place *at, ticket_id ticket, const char *what, const char *to_value,
                 person_id person, outbound_id outbound)
{
    if (ticket <= 0) {
        return;
    }
    struct new_activity activity = {.ticket = ticket,
                                    .what = what,
                                    .to_value = to_value,
                                    .person = person,
                                    .actor = at->mail->actor,
                                    .mail = cause_of(at),
                                    .outbound = outbound};
    g_array_append_val(at->writes->activities, activity);
}

static void apply_person_add(const struct place *at, const struct change *change)
{
    struct new_person person = {
        .id = person_of(at->made, change->person),
        .name = change->name && change->name[0] ? change->name : change->address,
        .address = change->address,
        .address_key = writes_keep(at->writes, address_key(change->address)),
        .customer = change->customer,
        .is_confirmed = change->is_confirmed,
    };
    g_array_append_val(at->writes->people, person);
}

static void apply_ticket_open(const struct place *at, const struct change *change)
{
    struct new_ticket ticket = {
        .id = at->made->ticket,
        .nonce = at->made->ticket_nonce,
        .mailbox = at->mail->claimed->mailbox,
        .customer = change->customer,
        .requester = person_of(at->made, change->person),
        .subject = change->text,
        .opened_by = at->mail->claimed->id,
    };
    g_array_append_val(at->writes->tickets, ticket);
    note(at, ticket.id, "opened", change->text, ticket.requester, 0);
}

/* What does not fit in the comment is not lost: all of the mail's words, as a file. */
static void apply_whole_text(const struct place *at, int position)
{
    const char *text = at->mail->facts->text;
    GBytes *content = g_bytes_new_static(text, strlen(text)); /* the facts outlive the writes */
    struct new_attachment row = {.comment = at->made->comment,
                                 .position = position,
                                 .name = WHOLE_TEXT_NAME,
                                 .stated_name = "",
                                 .type = WHOLE_TEXT_TYPE,
                                 .content_id = "",
                                 .content = content};
    g_ptr_array_add(at->writes->contents, content);
    g_array_append_val(at->writes->attachments, row);
}

static void apply_attachments(const struct place *at, bool is_cut)
{
    const GPtrArray *attachments = at->mail->facts->attachments;
    int position = 0;
    for (guint i = 0; i < attachments->len; i++) {
        const struct attachment *attachment = g_ptr_array_index(attachments, i);
        if (attachment->content) {
            struct new_attachment row = {.comment = at->made->comment,
                                         .position = position++,
                                         .name = attachment->name,
                                         .stated_name = attachment->stated_name,
                                         .type = attachment->type,
                                         .content_id = attachment->content_id,
                                         .is_inline = attachment->is_inline,
                                         .content = attachment->content};
            g_array_append_val(at->writes->attachments, row);
        }
    }
    if (is_cut && !facts_whole_text(at->mail->facts)) {
        apply_whole_text(at, position);
    }
}

/* Whose word the mail is. An automatic reply is nobody's: it neither asks nor answers. */
static const char *side_of(const struct place *at)
{
    const struct facts *facts = at->mail->facts;

    if (at->mail->plan->role == ROLE_TECHNICIAN) {
        return "technician";
    }
    return facts && facts->auto_kind == AUTO_REPLIED ? NULL : "contact";
}

/* Of a plan the ticket stands before its comment. */
static struct new_ticket *newest_ticket(const struct writes *writes)
{
    assert(writes->tickets->len > 0);
    return &g_array_index(writes->tickets, struct new_ticket, writes->tickets->len - 1);
}

static void apply_comment_add(const struct place *at, const struct change *change)
{
    struct new_comment comment = {
        .id = at->made->comment,
        .ticket = ticket_of(at->made, change->ticket),
        .kind = change->comment_kind,
        .author = person_of(at->made, change->person),
        .mail = cause_of(at),
        .body = change->text,
    };
    g_array_append_val(at->writes->comments, comment);
    at->made->commented = comment.ticket;
    if (change->ticket != REF_NEW) {
        struct new_word word = {comment.ticket, side_of(at), comment_kind_name(comment.kind)};
        note(at, comment.ticket, "commented", word.kind, comment.author, 0);
        g_array_append_val(at->writes->words, word);
    } else {
        struct new_ticket *ticket = newest_ticket(at->writes);
        ticket->comments = 1;
        ticket->whose = side_of(at);
    }
    if (at->mail->facts) {
        apply_attachments(at, change->is_cut);
    }
}

static void apply_pair(const struct place *at, const struct change *change)
{
    struct writes *writes = at->writes;
    ticket_id ticket = ticket_of(at->made, change->ticket);
    person_id person = person_of(at->made, change->person);
    if (change->kind == CHANGE_TICKET_LINK) {
        writes_add_pair(writes->links, ticket, change->other);
        g_ptr_array_add(writes->link_whys, change->text);
        note(at, ticket, "linked",
             writes_keep(writes, g_strdup_printf("#%" PRId64 ": %s", change->other, change->text)),
             0, 0);
    } else {
        const struct person_record *record = records_person(at->mail->records, person);
        writes_add_pair(writes->participants, ticket, person);
        note(at, ticket, "joined", record ? record->name : NULL, person, 0);
    }
}

static int64_t id_of_set(const struct place *at, const struct change *change)
{
    switch (change->field) {
    case TICKET_FIELD_ASSIGNEE:
    case TICKET_FIELD_REQUESTER:
        return person_of(at->made, change->person);
    case TICKET_FIELD_GROUP:
        return change->group;
    case TICKET_FIELD_CUSTOMER:
        return change->customer;
    default:
        return 0;
    }
}

static void apply_set(const struct place *at, const struct change *change)
{
    bool is_rules = change->rule != NULL;
    struct ticket_change row = {
        .ticket = ticket_of(at->made, change->ticket),
        .field = change->field,
        .name = change->name,
        .value = change->text,
        .id = id_of_set(at, change),
        .is_removed = change->is_removed,
        .person = is_rules ? 0 : person_of(at->made, at->mail->plan->sender),
        .actor = is_rules ? NULL : at->mail->actor,
        .mail = cause_of(at),
        .rule = change->rule,
    };
    g_array_append_val(at->writes->changes, row);
    if (change->field == TICKET_FIELD_ASSIGNEE && change->group != 0) {
        writes_add_pair(at->writes->turns, change->group, row.id);
    }
}

/* A note that nobody wrote. */
static void apply_rule_note(const struct place *at, const struct change *change)
{
    struct new_comment comment = {
        .id = next_id(at->writes, 1, &at->writes->next_comment),
        .ticket = ticket_of(at->made, change->ticket),
        .kind = COMMENT_NOTE,
        .rule = change->rule,
        .body = change->text,
    };
    g_array_append_val(at->writes->comments, comment);
}

static void apply_hook(const struct place *at, const struct change *change)
{
    struct web_hook_call call = {.url = change->text,
                                 .rule = change->rule,
                                 .event = change->name,
                                 .ticket = ticket_of(at->made, change->ticket),
                                 .mail = cause_of(at),
                                 .fields = change->values};
    g_array_append_val(at->writes->hooks, call);
}

/* What a rule did, in the history of the ticket; of a mail that has none it stands in why. */
static void apply_rule_news(const struct place *at, const struct change *change)
{
    bool has_fired = change->kind == CHANGE_RULE_FIRED;
    struct new_activity activity = {.ticket = ticket_of(at->made, change->ticket),
                                    .what = has_fired ? "rule" : "rule-failed",
                                    .to_value = has_fired ? NULL : change->text,
                                    .mail = cause_of(at),
                                    .rule = change->rule};
    if (activity.ticket > 0) {
        g_array_append_val(at->writes->activities, activity);
    }
}

static void apply_decision(const struct place *at, const struct change *change)
{
    struct held_decision decision = {
        .mail = change->mail,
        .actor = change->text,
        .is_release = change->kind == CHANGE_HELD_RELEASE,
        .is_trusted = change->is_confirmed,
        .is_spam = change->is_spam,
    };
    g_array_append_val(at->writes->decisions, decision);
}

static void apply_change(const struct place *at, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_PERSON_ADD:
        apply_person_add(at, change);
        break;
    case CHANGE_PERSON_CONFIRM:
        g_array_append_val(at->writes->confirmed, change->person);
        break;
    case CHANGE_TICKET_OPEN:
        apply_ticket_open(at, change);
        break;
    case CHANGE_COMMENT_ADD:
        apply_comment_add(at, change);
        break;
    case CHANGE_TICKET_SET:
        apply_set(at, change);
        break;
    case CHANGE_NOTE_ADD:
        apply_rule_note(at, change);
        break;
    case CHANGE_WEB_HOOK:
        apply_hook(at, change);
        break;
    case CHANGE_RULE_FIRED:
    case CHANGE_RULE_FAULT:
        apply_rule_news(at, change);
        break;
    case CHANGE_PARTICIPANT_ADD:
    case CHANGE_TICKET_LINK:
        apply_pair(at, change);
        break;
    case CHANGE_BOUNCE:
        note(at, change->ticket, "undelivered", change->text, 0, change->outbound);
        break;
    case CHANGE_ADDRESS_DEAD:
        g_ptr_array_add(at->writes->dead, address_key(change->address));
        break;
    case CHANGE_COPIED:
        note(at, ticket_of(at->made, change->ticket), "copied", change->text, 0, 0);
        break;
    case CHANGE_VERIFIED:
        at->made->comment = change->comment;
        writes_add_pair(at->writes->verified, change->comment, at->mail->claimed->id);
        note(at, change->ticket, "verified", NULL, change->person, 0);
        break;
    case CHANGE_HELD_RELEASE:
    case CHANGE_HELD_DROP:
        apply_decision(at, change);
        break;
    }
}

/* ---- mails, threading keys, the end ----------------------------------------------------------- */

static int64_t nonce_of(const struct batch *batch, const struct made *made, ticket_id ticket)
{
    const int64_t *nonce = g_hash_table_lookup(batch->nonces, &ticket);
    return ticket == made->ticket ? made->ticket_nonce : nonce ? *nonce : 0;
}

static int64_t held_nonce_of(const struct batch *batch, const struct place *at, mail_id held)
{
    const int64_t *nonce = g_hash_table_lookup(batch->held_nonces, &held);
    return held == cause_of(at) ? at->made->held_nonce : nonce ? *nonce : 0;
}

/* How long an answer counts: contacts' tokens live as long as their ticket can be written to. */
static unsigned expiry_of(const struct batch *batch, const struct place *at,
                          enum token_purpose purpose)
{
    int64_t now_us = at->mail->records->now_us;
    if (purpose == TOKEN_CONFIRM) {
        return token_expiry_day(now_us, MAX(batch->settings.admission_days, 1));
    }
    struct token token = {.purpose = purpose};
    return token_is_technicians(&token)
               ? token_expiry_day(now_us, batch->settings.technician_token_days)
               : 0;
}

static void apply_mail(const struct batch *batch, const struct place *at,
                       const struct plan_mail *mail)
{
    ticket_id ticket = ticket_of(at->made, mail->ticket);
    struct outbox_mail row = {
        .id = next_id(at->writes, 3, &at->writes->next_outbound),
        .mailbox = &at->mail->records->mailbox,
        .ticket = ticket,
        .ticket_nonce = nonce_of(batch, at->made, ticket),
        .comment = mail->tells_comment ? at->made->comment : 0,
        .cause = cause_of(at),
        .about = mail->about,
        .notice = mail->notice,
        .recipient = person_of(at->made, mail->person),
        .address = mail->address,
        .name = mail->name,
        .purpose = mail->purpose,
        .expiry_day = expiry_of(batch, at, mail->purpose),
        .held = mail->held,
        .held_nonce = held_nonce_of(batch, at, mail->held),
        .values = mail->values,
        .is_automatic = mail->is_automatic,
        .is_stranger = mail->is_stranger,
        .reason = mail->reason,
        .suppressed_by = mail->suppressed_by,
    };
    g_array_append_val(at->writes->mails, row);
}

static void apply_thread_keys(const struct place *at, ticket_id ticket)
{
    g_autoptr(GPtrArray) ids = need_thread_ids(at->mail->facts);
    const char *own = at->mail->facts->message_id;
    for (guint i = 0; i < ids->len; i++) {
        const char *id = g_ptr_array_index(ids, i);
        struct thread_key key = {.ticket = ticket,
                                 .mail = at->mail->claimed->id,
                                 .is_own = own && g_str_equal(id, own)};
        text_sha256(id, strlen(id), key.key);
        g_array_append_val(at->writes->keys, key);
    }
}

static void add_parties(GPtrArray *parties, const GPtrArray *addresses)
{
    for (guint i = 0; i < addresses->len && parties->len < LIMIT_RECIPIENTS; i++) {
        const struct address *address = g_ptr_array_index(addresses, i);
        g_ptr_array_add(parties, address_key(address->address));
    }
}

/* Who took part in this mail: keys of From, To and Cc. */
static GPtrArray *parties_of(struct writes *writes, const struct facts *facts)
{
    GPtrArray *parties = g_ptr_array_new_with_free_func(g_free);
    if (facts->from) {
        g_ptr_array_add(parties, address_key(facts->from->address));
    }
    add_parties(parties, facts->to);
    add_parties(parties, facts->cc);
    g_ptr_array_add(writes->parties, parties);
    return parties;
}

static struct blob stored_records(struct writes *writes, const struct records *records)
{
    GVariant *variant = records_to_variant(records);
    g_ptr_array_add(writes->variants, variant);
    gsize length = g_variant_get_size(variant);
    return length > LIMIT_RECORDS_BYTES ? (struct blob){NULL, 0}
                                        : (struct blob){g_variant_get_data(variant), length};
}

static void apply_end(const struct place *at)
{
    const struct plan *plan = at->mail->plan;
    const struct facts *facts = at->mail->facts;
    struct inbound_end end = {
        .mail = at->mail->claimed->id,
        .verdict = plan->verdict,
        .role = role_name(plan->role),
        .outcome = outcome_name(plan->outcome),
        .is_auth_failed = plan->is_auth_failed,
        .is_spam = plan->is_spam,
        .where = plan->where,
        .who = plan->who,
        .may = plan->may,
        .ticket = ticket_of(at->made, plan->ticket),
        .comment = at->made->comment,
        .sender = person_of(at->made, plan->sender),
        .duplicate_of = plan->duplicate_of,
        .supersedes = plan->supersedes,
        .held_for = held_for_name(plan->held_for),
        .held_until_us = plan->held_until_us,
        .held_customer = plan->verdict == VERDICT_HELD ? plan->customer : 0,
        .nonce = at->made->held_nonce,
        .records = stored_records(at->writes, at->mail->records),
    };
    if (facts) {
        end.from_address = facts->from ? facts->from->address : NULL;
        end.from_text = facts->from_text;
        end.subject = facts->subject;
        end.message_id = facts->message_id;
        end.parties = parties_of(at->writes, facts);
    }
    g_array_append_val(at->writes->ends, end);
}

static void apply_plan(const struct batch *batch, const struct place *at)
{
    const struct plan *plan = at->mail->plan;
    give_numbers(at->writes, plan, at->made);
    for (guint c = 0; c < plan->changes->len; c++) {
        apply_change(at, g_ptr_array_index(plan->changes, c));
    }
    for (guint m = 0; m < plan->mails->len; m++) {
        apply_mail(batch, at, g_ptr_array_index(plan->mails, m));
    }
    if (plan->verdict == VERDICT_FILED && at->mail->facts) {
        apply_thread_keys(at, ticket_of(at->made, plan->ticket));
    }
    if (at->mail->claimed) {
        apply_end(at);
    }
}

/* ---- all of it -------------------------------------------------------------------------------- */

enum status batch_apply(struct tx *tx, struct batch *batch, struct err *err)
{
    struct writes writes;
    writes_init(&writes, batch->count);
    count_new(batch, &writes.ids);
    enum status status = ticket_store_new_ids(tx, &writes.ids, err);
    for (size_t i = 0; i < batch->count && status == ST_OK; i++) {
        if (batch->mails[i].plan) {
            struct place at = {&writes, &batch->mails[i], &writes.made[i]};
            apply_plan(batch, &at);
            batch->mails[i].ticket = ticket_of(at.made, batch->mails[i].plan->ticket);
            batch->mails[i].comment = at.made->comment;
        }
    }
    if (status == ST_OK) {
        status = writes_put(tx, batch, &writes, err);
    }
    writes_done(&writes);
    return status;
}
