/* imap_move - mails to another folder, and where they went
 *
 * MOVE (RFC 6851) is one step. Without it a mail is copied, marked as deleted and expunged by its UID
 * (RFC 4315); a crash between leaves a copy too many, never one too few, and the copy is known by its
 * fingerprint. Without UID EXPUNGE we refuse: a plain EXPUNGE also removes what a person has marked as
 * deleted and may want back.
 *
 * COPYUID pairs the old UIDs with the new ones, in two sets of equal size, in order (RFC 4315 section
 * 3). A pair is believed only for a UID that we moved; sets that do not match each other are as
 * good as none, the caller then finds the mails by fingerprint.
 *
 * Not here: when a mail may be moved. I/O: the connection of net/imap.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "net/imap.h"
#include "net/imap_session.h"
#include "net/mutf7.h"

/* What COPYUID said. */
struct copied {
    uint32_t uidvalidity;
    struct mailimap_set *from; /* own */
    struct mailimap_set *to;   /* own */
};

static void copied_clear(struct copied *copied)
{
    if (copied->from) {
        mailimap_set_free(copied->from);
    }
    if (copied->to) {
        mailimap_set_free(copied->to);
    }
}

/* The numbers of a set, in its order, an array of uint32_t; NULL if there are more than most. */
static GArray *expand(const struct mailimap_set *set, size_t most)
{
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));

    for (clistiter *i = clist_begin(set->set_list); i; i = clist_next(i)) {
        const struct mailimap_set_item *item = clist_content(i);
        uint32_t low = MIN(item->set_first, item->set_last); /* "4:2" means 2,3,4 */
        uint32_t high = MAX(item->set_first, item->set_last);
        if (low == 0 || high - low >= most - uids->len) {
            return NULL;
        }
        for (uint64_t uid = low; uid <= high; uid++) {
            uint32_t value = (uint32_t)uid;
            g_array_append_val(uids, value);
        }
    }
    return g_steal_pointer(&uids);
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void pair_up(const struct copied *copied, const uint32_t *uids, size_t count,
                    struct imapbox_moved *moved)
{
    if (!copied->from || !copied->to || copied->uidvalidity == 0) {
        return;
    }
    g_autoptr(GArray) from = expand(copied->from, count);
    g_autoptr(GArray) to = expand(copied->to, count);
    if (!from || !to || from->len != to->len) {
        return;
    }
    for (guint i = 0; i < from->len; i++) {
        uint32_t old = g_array_index(from, uint32_t, i);
        const uint32_t *at = bsearch(&old, uids, count, sizeof *uids, compare);
        if (at) {
            moved->new_uids[at - uids] = g_array_index(to, uint32_t, i);
        }
    }
    moved->uidvalidity = copied->uidvalidity;
}

static enum status begin(struct imapbox *box, struct err *err)
{
    const struct imapbox_budget budget = {.max_bytes = LIMIT_COMMAND_BYTES};
    return imapbox_begin(box, &budget, err);
}

static enum status move_at_once(struct imapbox *box, struct mailimap_set *set, const char *name,
                                struct copied *copied, struct err *err)
{
    enum status status = begin(box, err);
    if (status != ST_OK) {
        return status;
    }
    int r = box->abilities.has_uidplus
                ? mailimap_uidplus_uid_move(box->etpan, set, name, &copied->uidvalidity,
                                            &copied->from, &copied->to)
                : mailimap_uid_move(box->etpan, set, name);
    return imapbox_judge(box, r, ST_TEMPFAIL, "move mails", err);
}

static enum status mark_deleted(struct imapbox *box, struct mailimap_set *set, struct err *err)
{
    struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
    mailimap_flag_list_add(flags, mailimap_flag_new_deleted());
    struct mailimap_store_att_flags *store = mailimap_store_att_flags_new_add_flags_silent(flags);

    enum status status = begin(box, err);
    if (status == ST_OK) {
        int r = mailimap_uid_store(box->etpan, set, store);
        status = imapbox_judge(box, r, ST_TEMPFAIL, "mark mails as deleted", err);
    }
    mailimap_store_att_flags_free(store);
    return status;
}

static enum status remove_mails(struct imapbox *box, struct mailimap_set *set, struct err *err)
{
    enum status status = mark_deleted(box, set, err);
    if (status == ST_OK) {
        status = begin(box, err);
    }
    if (status == ST_OK) {
        int r = mailimap_uid_expunge(box->etpan, set);
        status = imapbox_judge(box, r, ST_TEMPFAIL, "remove mails", err);
    }
    return status;
}

static enum status move_in_steps(struct imapbox *box, struct mailimap_set *set, const char *name,
                                 struct copied *copied, struct err *err)
{
    if (!box->abilities.has_uidplus) {
        err_set(err, ST_FATAL, "cannot move mails on \"%s\": the server lacks MOVE and UIDPLUS",
                box->host);
        return err_hint(err, "postdesk mailbox set --after-fetch keep leaves it in INBOX");
    }
    enum status status = begin(box, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_uidplus_uid_copy(box->etpan, set, name, &copied->uidvalidity, &copied->from,
                                      &copied->to);
    status = imapbox_judge(box, r, ST_TEMPFAIL, "copy mails", err);
    return status == ST_OK ? remove_mails(box, set, err) : status;
}

enum status imapbox_move(struct imapbox *box, const uint32_t *uids, size_t count,
                         const char *folder, struct imapbox_moved *moved, struct err *err)
{
    g_autofree char *name = NULL;
    struct copied copied = {.uidvalidity = 0};

    assert(count > 0 && count <= LIMIT_MOVE_MAILS);
    for (size_t i = 1; i < count; i++) {
        assert(uids[i - 1] < uids[i]);
    }
    enum status status = mutf7_from_utf8(folder, &name, err);
    if (status != ST_OK) {
        return status;
    }
    moved->uidvalidity = 0;
    memset(moved->new_uids, 0, count * sizeof *moved->new_uids);
    struct mailimap_set *set = imapbox_uid_set(uids, count);
    status = box->abilities.has_move ? move_at_once(box, set, name, &copied, err)
                                     : move_in_steps(box, set, name, &copied, err);
    mailimap_set_free(set);
    if (status == ST_OK) {
        pair_up(&copied, uids, count, moved);
    }
    copied_clear(&copied);
    return status;
}

enum status imapbox_expunge(struct imapbox *box, const uint32_t *uids, size_t count,
                            struct err *err)
{
    assert(count > 0 && count <= LIMIT_MOVE_MAILS);
    if (!box->abilities.has_uidplus) {
        return err_set(err, ST_FATAL, "cannot remove mails on \"%s\": the server lacks UIDPLUS",
                       box->host);
    }
    struct mailimap_set *set = imapbox_uid_set(uids, count);
    enum status status = remove_mails(box, set, err);
    mailimap_set_free(set);
    return status;
}
