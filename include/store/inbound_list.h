/* Received mails as the command line lists, explains and handles them. */
#ifndef STORE_INBOUND_LIST_H
#define STORE_INBOUND_LIST_H

#include "db/tx.h"
#include "desk/records.h"
#include "store/held.h"

/* Held mails, oldest first. Columns: id, from, subject, why, since, mailbox, from_address, role, bytes. */
MUST_CHECK enum status inbound_list_held(struct tx *tx, struct rows **rows_out, struct err *err);

/* What is stored of a mail and its decision. Columns: id, state, role, outcome, ticket, customer (name), from,
 * from_address, subject, message_id, mailbox (address), folder, uid, bytes, is_whole, arrived_at, received_at,
 * decided_at, where (text[]), who (text[]), may (text[]), comment, sender (name), duplicate_of, released_by,
 * dropped_by, handled_at, is_auth_failed, parser_deaths, attempt.
 *
 * ST_NOT_FOUND  there is no such mail */
MUST_CHECK enum status inbound_list_find(struct tx *tx, mail_id mail, struct rows **rows_out,
                                         struct err *err);

/* What was done because of it. changes: ticket, what, from, to, who, at. mails: id, notice, to, state,
 * reason, suppressed_by, ticket, queued_at, ended_at, answer. */
MUST_CHECK enum status inbound_list_effects(struct tx *tx, mail_id mail, struct rows **changes_out,
                                            struct rows **mails_out, struct err *err);

/* Carry out a person's decision on one held mail.
 *
 * ST_NOT_FOUND  it is not held: the text says what became of it, and by whom */
MUST_CHECK enum status inbound_list_decide(struct tx *tx, const struct held_decision *decision,
                                           struct err *err);

#endif
