/* roster - the list of mailboxes on its way from tend to the supervisor
 *
 * The supervisor knows no database, so somebody must tell it for which mailboxes to start a fetch role.
 * It is told the whole list each time, never a change: whatever was lost or said twice, the last list
 * is the truth, and a supervisor or a tend that was started again needs no history.
 *
 * One frame of one kind; its payload is an array of ids. The supervisor must outlive everybody, so even
 * its own roles' words are checked before it acts on them.
 * I/O: the given socket.
 */
#include "core/roster.h"

#include <stdbool.h>
#include <string.h>

#include "core/clock.h"

enum { ROSTER_KIND = 1, SEND_US = 5000000 };

static bool is_fine(const int64_t *mailboxes, size_t count, struct err *err)
{
    if (count > LIMIT_MAILBOXES) {
        (void)err_set(err, ST_INVALID, "%zu mailboxes are more than %d", count, LIMIT_MAILBOXES);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (mailboxes[i] <= 0) {
            (void)err_set(err, ST_INVALID, "%" G_GINT64_FORMAT " is no mailbox", mailboxes[i]);
            return false;
        }
    }
    return true;
}

enum status roster_send(int report_fd, const int64_t *mailboxes, size_t count, struct err *err)
{
    if (!is_fine(mailboxes, count, err)) {
        return err->status;
    }
    GVariant *value = g_variant_new_fixed_array(G_VARIANT_TYPE_INT64, mailboxes, count,
                                                sizeof *mailboxes);
    return frame_send(report_fd, ROSTER_KIND, value, -1, clock_monotonic_us(clock_real()) + SEND_US,
                      err);
}

static int compare_ids(gconstpointer left, gconstpointer right)
{
    const int64_t *a = left;
    const int64_t *b = right;
    return (*a > *b) - (*a < *b);
}

enum status roster_read(const struct frame *frame, GArray **mailboxes_out, struct err *err)
{
    g_autoptr(GVariant) value = NULL;
    gsize count = 0;

    if (frame->kind != ROSTER_KIND) {
        return err_set(err, ST_INVALID, "a frame of kind %u is no roster", frame->kind);
    }
    if (frame_value(frame, "ax", &value, err) != ST_OK) {
        return err->status;
    }
    const int64_t *ids = g_variant_get_fixed_array(value, &count, sizeof *ids);
    if (!is_fine(ids, count, err)) {
        return err->status;
    }
    GArray *mailboxes = g_array_new(FALSE, FALSE, sizeof *ids);
    g_array_append_vals(mailboxes, ids, (guint)count);
    g_array_sort(mailboxes, compare_ids);
    for (guint i = mailboxes->len; i-- > 1;) {
        if (g_array_index(mailboxes, int64_t, i) == g_array_index(mailboxes, int64_t, i - 1)) {
            g_array_remove_index(mailboxes, i);
        }
    }
    *mailboxes_out = mailboxes;
    return ST_OK;
}
