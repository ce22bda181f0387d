/* gather_common - what is common to all records of a moment
 *
 * Settings, keys, the calendar, mailboxes, technicians, and the rules that are live: for the mails of a batch and for
 * what happens without one. All of it is read in one round trip; only rules of another version than the process has
 * cost another.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/gather_common.h"

#include "gateway/gather_first.h"
#include "store/people.h"
#include "store/rule.h"
#include "store/rule_words.h"

void common_rows_clear(struct common_rows *rows)
{
    g_clear_pointer(&rows->technicians, rows_free);
    g_clear_pointer(&rows->version, rows_free);
    g_clear_pointer(&rows->words, rows_free);
}

void gather_queue_common(struct tx *tx, struct batch *batch, struct common_rows *rows)
{
    desk_store_queue(tx, &batch->desk);
    people_store_queue_technicians(tx, &rows->technicians);
    if (batch->book) {
        rule_store_queue_live(tx, &rows->version);
        rule_words_queue(tx, &rows->words);
    }
}

enum status gather_read_common(struct tx *tx, struct batch *batch, const struct common_rows *rows,
                               struct err *err)
{
    enum status status = desk_store_settings(&batch->desk, &batch->settings, err);

    if (status == ST_OK && batch->book && !batch->keeps_book) {
        status = rule_book_update(batch->book, tx, rule_store_read_live(rows->version), err);
    }
    if (status == ST_OK) {
        desk_store_keys(&batch->desk, &batch->keys);
    }
    return status;
}

bool gather_common(const struct batch *batch, mailbox_id mailbox, const struct common_rows *rows,
                   struct records *records)
{
    records->now_us = desk_store_now(&batch->desk);
    records->settings = batch->settings;
    desk_store_calendar(&batch->desk, &records->calendar);
    g_ptr_array_unref(records->own_addresses);
    records->own_addresses = desk_store_own_addresses(&batch->desk);
    for (int row = 0; row < rows_count(rows->technicians); row++) {
        struct person_record *person = people_store_read(rows->technicians, row);
        g_array_append_val(records->technicians, person->id);
        gather_add_person(records, person);
    }
    if (batch->book) {
        records->rule.rules = rule_book_rules(batch->book);
        records->rule.version = rule_book_version(batch->book);
        rule_words_read(rows->words, &records->rule);
    }
    return desk_store_mailbox(&batch->desk, mailbox, &records->mailbox);
}
