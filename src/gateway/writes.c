/* writes - the rows of a batch, table by table
 *
 * gateway/apply turns plans into rows; here they are kept until all are there, and then each table gets one multi-row
 * statement, in the order of the tables' references: people, tickets, comments, attachments, threading keys, links,
 * outbound mail, activities, and at last the mails themselves, whose new state ends the claim.
 * I/O: the caller's transaction.
 */
#include "gateway/writes.h"

#include "store/rule_words.h"

static GArray *array_of(size_t size)
{
    return g_array_new(FALSE, FALSE, (guint)size);
}

void writes_init(struct writes *writes, size_t count)
{
    *writes = (struct writes){
        .made = g_new0(struct made, count),
        .count = count,
        .people = array_of(sizeof(struct new_person)),
        .confirmed = array_of(sizeof(person_id)),
        .dead = g_ptr_array_new_with_free_func(g_free),
        .tickets = array_of(sizeof(struct new_ticket)),
        .comments = array_of(sizeof(struct new_comment)),
        .attachments = array_of(sizeof(struct new_attachment)),
        .participants = {array_of(sizeof(int64_t)), array_of(sizeof(int64_t))},
        .changes = array_of(sizeof(struct ticket_change)),
        .turns = {array_of(sizeof(int64_t)), array_of(sizeof(int64_t))},
        .hooks = array_of(sizeof(struct web_hook_call)),
        .links = {array_of(sizeof(int64_t)), array_of(sizeof(int64_t))},
        .link_whys = g_ptr_array_new(),
        .words = array_of(sizeof(struct new_word)),
        .keys = array_of(sizeof(struct thread_key)),
        .activities = array_of(sizeof(struct new_activity)),
        .mails = array_of(sizeof(struct outbox_mail)),
        .ends = array_of(sizeof(struct inbound_end)),
        .texts = g_ptr_array_new_with_free_func(g_free),
        .contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref),
        .parties = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref),
        .variants = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref),
        .decisions = array_of(sizeof(struct held_decision)),
        .verified[0] = array_of(sizeof(int64_t)),
        .verified[1] = array_of(sizeof(int64_t)),
    };
    for (size_t i = 0; i < count; i++) {
        writes->made[i].people = array_of(sizeof(person_id));
    }
}

void writes_done(struct writes *writes)
{
    GArray *arrays[] = {writes->people,          writes->confirmed,   writes->tickets,
                        writes->comments,        writes->attachments, writes->participants[0],
                        writes->participants[1], writes->changes,     writes->links[0],
                        writes->links[1],        writes->words,       writes->keys,
                        writes->activities,      writes->mails,       writes->ends,
                        writes->decisions,       writes->verified[0], writes->verified[1],
                        writes->turns[0],        writes->turns[1],    writes->hooks};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++) {
        g_array_unref(arrays[i]);
    }
    GPtrArray *lists[] = {writes->dead,     writes->link_whys, writes->texts,
                          writes->contents, writes->parties,   writes->variants};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_ptr_array_unref(lists[i]);
    }
    new_ids_clear(&writes->ids);
    for (size_t i = 0; i < writes->count; i++) {
        g_array_unref(writes->made[i].people);
    }
    g_free(writes->made);
}

const char *writes_keep(struct writes *writes, char *text)
{
    g_ptr_array_add(writes->texts, text);
    return text;
}

/* ---- all of it -------------------------------------------------------------------------------- */

#define ROWS(array, type) ((type *)(void *)(array)->data)

static const int64_t *ids_of(const GArray *array)
{
    return ROWS(array, const int64_t);
}

void writes_add_pair(GArray *const pair[2], int64_t left, int64_t right)
{
    g_array_append_val(pair[0], left);
    g_array_append_val(pair[1], right);
}

static void queue_people(struct tx *tx, const struct writes *writes)
{
    if (writes->people->len > 0) {
        people_store_queue_add(tx, ROWS(writes->people, struct new_person), writes->people->len);
    }
    if (writes->confirmed->len > 0) {
        people_store_queue_confirm(tx, ids_of(writes->confirmed), writes->confirmed->len);
    }
    if (writes->dead->len > 0) {
        people_store_queue_dead(tx, (const char *const *)writes->dead->pdata, writes->dead->len);
    }
}

static void queue_tickets(struct tx *tx, const struct writes *writes)
{
    if (writes->tickets->len > 0) {
        ticket_store_queue_open(tx, ROWS(writes->tickets, struct new_ticket), writes->tickets->len);
    }
    if (writes->participants[0]->len > 0) {
        ticket_store_queue_participants(tx, ids_of(writes->participants[0]),
                                        ids_of(writes->participants[1]),
                                        writes->participants[0]->len);
    }
    if (writes->comments->len > 0) {
        ticket_store_queue_comments(tx, ROWS(writes->comments, struct new_comment),
                                    writes->comments->len);
    }
}

static void queue_marks(struct tx *tx, const struct writes *writes)
{
    if (writes->words->len > 0) {
        ticket_store_queue_words(tx, ROWS(writes->words, struct new_word), writes->words->len);
    }
    if (writes->verified[0]->len > 0) {
        ticket_store_queue_verify(tx, ids_of(writes->verified[0]), ids_of(writes->verified[1]),
                                  writes->verified[0]->len);
    }
    if (writes->links[0]->len > 0) {
        ticket_store_queue_links(tx, ids_of(writes->links[0]), ids_of(writes->links[1]),
                                 (const char *const *)writes->link_whys->pdata,
                                 writes->links[0]->len);
    }
    rule_words_queue_turns(tx, ids_of(writes->turns[0]), ids_of(writes->turns[1]),
                           writes->turns[0]->len);
    web_hook_queue(tx, ROWS(writes->hooks, struct web_hook_call), writes->hooks->len);
}

/* What comes after the attachments. */
static void queue_rest(struct tx *tx, const struct batch *batch, const struct writes *writes)
{
    queue_marks(tx, writes);
    if (writes->keys->len > 0) {
        thread_store_queue_add(tx, ROWS(writes->keys, struct thread_key), writes->keys->len);
    }
    outbox_put(tx, &batch->keys, ROWS(writes->mails, struct outbox_mail), writes->mails->len);
    if (writes->activities->len > 0) {
        ticket_store_queue_activities(tx, ROWS(writes->activities, struct new_activity),
                                      writes->activities->len);
    }
    ticket_change_queue(tx, ROWS(writes->changes, struct ticket_change), writes->changes->len);
    held_store_queue_decide(tx, ROWS(writes->decisions, struct held_decision),
                            writes->decisions->len, NULL);
    if (writes->ends->len > 0) {
        inbound_store_queue_end(tx, ROWS(writes->ends, struct inbound_end), writes->ends->len);
    }
}

enum status writes_put(struct tx *tx, const struct batch *batch, const struct writes *writes,
                       struct err *err)
{
    queue_people(tx, writes);
    queue_tickets(tx, writes);
    enum status status = attachment_store_add(tx, ROWS(writes->attachments, struct new_attachment),
                                              writes->attachments->len, err);
    if (status == ST_OK) {
        queue_rest(tx, batch, writes);
    }
    return status;
}
