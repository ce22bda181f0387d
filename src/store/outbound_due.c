/* outbound_due - outbound mails that are due, with everything that is needed to write them
 *
 * A batch owns the results of its queries; the strings of its mails are borrowed from them.
 * Pure so far: the claim and the results follow.
 */
#include "store/outbound_due.h"

static void due_clear(gpointer data)
{
    struct outbound_due *due = data;

    g_ptr_array_unref(due->audience);
    g_array_unref(due->audience_ids);
    g_ptr_array_unref(due->colleagues);
    g_array_unref(due->references);
    g_array_unref(due->attachments);
    g_free(due);
}

static void attachment_clear(gpointer data)
{
    g_clear_pointer(&((struct due_attachment *)data)->content, g_bytes_unref);
}

struct outbound_batch *outbound_batch_new(void)
{
    struct outbound_batch *batch = g_new0(struct outbound_batch, 1);

    batch->mails = g_ptr_array_new_with_free_func(due_clear);
    batch->mailboxes = g_ptr_array_new_with_free_func(g_free);
    batch->rows = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))rows_free);
    return batch;
}

void outbound_batch_free(struct outbound_batch *batch)
{
    if (batch != NULL) {
        g_ptr_array_unref(batch->mails);
        g_ptr_array_unref(batch->mailboxes);
        g_ptr_array_unref(batch->rows);
        g_free(batch);
    }
}

struct outbound_due *outbound_batch_add(struct outbound_batch *batch)
{
    struct outbound_due *due = g_new0(struct outbound_due, 1);

    due->recipient = due->requester = due->assignee = due->author =
        (struct due_person){.name = "", .address = ""};
    due->notice = due->address = due->domain = due->message_id = "";
    due->language = due->subject = due->customer = due->kind = due->text = "";
    due->failed_to = due->answer = "";
    due->audience = g_ptr_array_new();
    due->audience_ids = g_array_new(FALSE, FALSE, sizeof(person_id));
    due->colleagues = g_ptr_array_new();
    due->references = g_array_new(FALSE, FALSE, sizeof(struct due_reference));
    due->attachments = g_array_new(FALSE, FALSE, sizeof(struct due_attachment));
    g_array_set_clear_func(due->attachments, attachment_clear);
    g_ptr_array_add(batch->mails, due);
    return due;
}
