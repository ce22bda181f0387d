/* imap_mail - which mails there are, and what is in them
 *
 * Sizes first, then bodies: the caller decides by RFC822.SIZE what it fetches whole, and the announced
 * sizes bound what an answer may hold. ENVELOPE and BODYSTRUCTURE are never asked for: libetpan's
 * parsers of them crash, and what a mail says is read from its bytes, in the jail.
 *
 * A folder may hold 100,000 mails. One that is small is asked for in one command; of a larger one UID
 * SEARCH tells the UIDs (8 bytes each) and the sizes come in windows, each an answer within its
 * budget. "UID FETCH n:*" gives the last mail even if its UID is below n (RFC 3501 section 6.4.8), so
 * what was not asked for is passed over. That also bounds what a lying server can do.
 *
 * A body that is longer than announced, by more than servers are known to err (Exchange counts
 * before it converts), breaks the session: it does not fit in the budget.
 *
 * Not here: what a mail says. I/O: the connection of net/imap.
 */
#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "net/imap.h"
#include "net/imap_session.h"

/* What an answer may hold beside the mails' bytes, a mail: "* 12 FETCH (UID 1234 BODY[] {123}". */
enum { OVERHEAD_BYTES = 1024, SLACK_BYTES = 65536 };

struct mailimap_set *imapbox_uid_set(const uint32_t *uids, size_t count)
{
    struct mailimap_set *set = mailimap_set_new_empty();

    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && uids[end] == uids[end - 1] + 1) {
            end++;
        }
        mailimap_set_add_interval(set, uids[i], uids[end - 1]);
        i = end;
    }
    return set;
}

/* What we look for in one FETCH response. */
struct found {
    uint32_t uid; /* 0: none was given */
    bool has_size;
    uint32_t size;
    int64_t internal_date_s;
    const struct mailimap_msg_att_body_section *section; /* borrowed: from the response */
};

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t unix_time(const struct mailimap_date_time *date)
{
    if (!date || date->dt_month < 1 || date->dt_month > 12 || date->dt_day < 1 ||
        date->dt_day > 31 || date->dt_year < 1970 || date->dt_year > 9999) {
        return 0;
    }
    int64_t zone_s = (date->dt_zone / 100 * 60 + date->dt_zone % 100) * 60;
    return days_of(date->dt_year, date->dt_month, date->dt_day) * 86400 + date->dt_hour * 3600 +
           date->dt_min * 60 + date->dt_sec - zone_s;
}

static struct found look_at(const struct mailimap_msg_att *att)
{
    struct found found = {.uid = 0};

    for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
        const struct mailimap_msg_att_item *item = clist_content(i);
        if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC) {
            continue;
        }
        const struct mailimap_msg_att_static *value = item->att_data.att_static;
        switch (value->att_type) {
        case MAILIMAP_MSG_ATT_UID:
            found.uid = value->att_data.att_uid;
            break;
        case MAILIMAP_MSG_ATT_RFC822_SIZE:
            found.has_size = true;
            found.size = value->att_data.att_rfc822_size;
            break;
        case MAILIMAP_MSG_ATT_INTERNALDATE:
            found.internal_date_s = unix_time(value->att_data.att_internal_date);
            break;
        case MAILIMAP_MSG_ATT_BODY_SECTION:
            found.section = value->att_data.att_body_section;
            break;
        default:
            break;
        }
    }
    return found;
}

/* UID FETCH; consumes set and type. *list_out is NULL where nothing was found. */
static enum status fetch(struct imapbox *box, const struct imapbox_budget *budget,
                         struct mailimap_set *set, struct mailimap_fetch_type *type,
                         clist **list_out, struct err *err)
{
    clist *list = NULL;
    enum status status = imapbox_begin(box, budget, err);
    if (status == ST_OK) {
        int r = mailimap_uid_fetch(box->etpan, set, type, &list);
        status = imapbox_judge(box, r, ST_TEMPFAIL, "fetch", err);
        if (status != ST_OK && r == MAILIMAP_NO_ERROR && list) {
            mailimap_fetch_list_free(list);
            list = NULL;
        }
    }
    mailimap_set_free(set);
    mailimap_fetch_type_free(type);
    if (status == ST_OK) {
        *list_out = list;
    }
    return status;
}

/* ---- lists ---- */

static enum status fetch_sizes(struct imapbox *box, uint32_t first_uid, uint32_t last_uid,
                               GArray *mails, struct err *err)
{
    const struct imapbox_budget budget = {.max_bytes = LIMIT_COMMAND_BYTES};
    struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
    clist *list = NULL;

    mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_uid());
    mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_rfc822_size());
    mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_internaldate());
    /* libetpan writes 0 as "*". */
    struct mailimap_set *set = mailimap_set_new_interval(first_uid,
                                                         last_uid == UINT32_MAX ? 0 : last_uid);
    enum status status = fetch(box, &budget, set, type, &list, err);
    if (status != ST_OK) {
        return status;
    }
    for (clistiter *i = list ? clist_begin(list) : NULL; i; i = clist_next(i)) {
        struct found found = look_at(clist_content(i));
        if (found.has_size && found.uid >= first_uid && found.uid <= last_uid) {
            struct imapbox_mail mail = {found.uid, found.size, found.internal_date_s};
            g_array_append_val(mails, mail);
        }
    }
    if (list) {
        mailimap_fetch_list_free(list);
    }
    return ST_OK;
}

static gint compare_uids(gconstpointer a, gconstpointer b)
{
    uint32_t left = *(const uint32_t *)a; /* of a mail too: its UID stands first */
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static enum status search_uids(struct imapbox *box, uint32_t first_uid, uint32_t last_uid,
                               GArray *uids, struct err *err)
{
    const struct imapbox_budget budget = {.max_bytes = LIMIT_COMMAND_BYTES};
    clist *list = NULL;
    enum status status = imapbox_begin(box, &budget, err);
    if (status != ST_OK) {
        return status;
    }
    struct mailimap_set *set = mailimap_set_new_interval(first_uid,
                                                         last_uid == UINT32_MAX ? 0 : last_uid);
    struct mailimap_search_key *key = mailimap_search_key_new_uid(set);
    int r = mailimap_uid_search(box->etpan, NULL, key, &list);
    mailimap_search_key_free(key);
    status = imapbox_judge(box, r, ST_TEMPFAIL, "search", err);
    for (clistiter *i = status == ST_OK && list ? clist_begin(list) : NULL; i; i = clist_next(i)) {
        uint32_t uid = *(const uint32_t *)clist_content(i);
        if (uid >= first_uid && uid <= last_uid) {
            g_array_append_val(uids, uid);
        }
    }
    if (list) {
        mailimap_search_result_free(list);
    }
    g_array_sort(uids, compare_uids);
    return status;
}

/* Rising, and each once: a server may say things twice. */
static void sort_mails(GArray *mails)
{
    guint kept = 0;

    g_array_sort(mails, compare_uids);
    for (guint i = 0; i < mails->len; i++) {
        struct imapbox_mail mail = g_array_index(mails, struct imapbox_mail, i);
        if (kept == 0 || g_array_index(mails, struct imapbox_mail, kept - 1).uid != mail.uid) {
            g_array_index(mails, struct imapbox_mail, kept++) = mail;
        }
    }
    g_array_set_size(mails, kept);
}

enum status imapbox_list(struct imapbox *box, uint32_t first_uid, uint32_t last_uid,
                         GArray **mails_out, struct err *err)
{
    g_autoptr(GArray) mails = g_array_new(FALSE, FALSE, sizeof(struct imapbox_mail));
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    const struct mailimap_selection_info *info = box->etpan->imap_selection_info;
    enum status status = ST_OK;

    assert(first_uid > 0 && first_uid <= last_uid);
    imapbox_forget_news(box);
    if (!info || info->sel_exists <= LIMIT_LIST_WINDOW ||
        last_uid - first_uid < LIMIT_LIST_WINDOW) {
        status = fetch_sizes(box, first_uid, last_uid, mails, err);
    } else {
        status = search_uids(box, first_uid, last_uid, uids, err);
        for (guint i = 0; status == ST_OK && i < uids->len; i += LIMIT_LIST_WINDOW) {
            guint last = MIN(i + LIMIT_LIST_WINDOW, uids->len) - 1;
            status = fetch_sizes(box, g_array_index(uids, uint32_t, i),
                                 g_array_index(uids, uint32_t, last), mails, err);
        }
    }
    if (status != ST_OK) {
        return status;
    }
    sort_mails(mails);
    *mails_out = g_steal_pointer(&mails);
    return ST_OK;
}

/* ---- bodies ---- */

static size_t most_bytes(const struct imapbox_mail *mail)
{
    return (size_t)mail->size + mail->size / 4 + SLACK_BYTES;
}

static struct imapbox_budget budget_for(const struct imapbox_mail *mails, size_t count)
{
    struct imapbox_budget budget = {.max_bytes = LIMIT_IMAP_LINE_BYTES};

    for (size_t i = 0; i < count; i++) {
        budget.max_bytes += most_bytes(&mails[i]) + OVERHEAD_BYTES;
        budget.max_literal = MAX(budget.max_literal, most_bytes(&mails[i]));
    }
    return budget;
}

/* The index of the mail with this UID, or count. */
static size_t find_mail(const struct imapbox_mail *mails, size_t count, uint32_t uid)
{
    for (size_t i = 0; i < count; i++) {
        if (mails[i].uid == uid) {
            return i;
        }
    }
    return count;
}

static enum status keep_body(struct imapbox *box, const struct found *found,
                             const struct imapbox_mail *mail, GBytes **body_out, struct err *err)
{
    const struct mailimap_msg_att_body_section *section = found->section;

    if (!section->sec_body_part) {
        err_set(err, ST_TEMPFAIL, "could not fetch mail %u: the server gives NIL for it",
                (unsigned)mail->uid);
        return imapbox_break(box, err);
    }
    GBytes *body = imapgate_steal(box->gate, section->sec_body_part, section->sec_length);
    if (!body) { /* a very short text may come as a quoted string */
        body = g_bytes_new(section->sec_body_part, section->sec_length);
    }
    if (g_bytes_get_size(body) > most_bytes(mail)) {
        err_set(err, ST_TEMPFAIL, "could not fetch mail %u: %zu bytes were announced, %zu came",
                (unsigned)mail->uid, (size_t)mail->size, (size_t)g_bytes_get_size(body));
        g_bytes_unref(body);
        return imapbox_break(box, err);
    }
    *body_out = body;
    return ST_OK;
}

static void drop_bodies(GBytes **bodies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_clear_pointer(&bodies[i], g_bytes_unref);
    }
}

/* UID FETCH of one section of some mails; consumes section_att. */
static enum status fetch_sections(struct imapbox *box, const struct imapbox_mail *mails,
                                  size_t count, struct mailimap_fetch_att *section_att,
                                  GBytes **bodies_out, struct err *err)
{
    struct imapbox_budget budget = budget_for(mails, count);
    struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
    g_autofree uint32_t *uids = g_new(uint32_t, MAX(count, 1));
    clist *list = NULL;

    for (size_t i = 0; i < count; i++) {
        uids[i] = mails[i].uid;
        bodies_out[i] = NULL;
    }
    mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_uid());
    mailimap_fetch_type_new_fetch_att_list_add(type, section_att);
    enum status status = fetch(box, &budget, imapbox_uid_set(uids, count), type, &list, err);
    if (status != ST_OK) {
        return status;
    }
    for (clistiter *i = list ? clist_begin(list) : NULL; i && status == ST_OK; i = clist_next(i)) {
        struct found found = look_at(clist_content(i));
        size_t at = find_mail(mails, count, found.uid);
        if (found.section && at < count && !bodies_out[at]) {
            status = keep_body(box, &found, &mails[at], &bodies_out[at], err);
        }
    }
    if (list) {
        mailimap_fetch_list_free(list);
    }
    if (status != ST_OK) {
        drop_bodies(bodies_out, count);
    }
    return status;
}

enum status imapbox_fetch_bodies(struct imapbox *box, const struct imapbox_mail *mails,
                                 size_t count, GBytes **bodies_out, struct err *err)
{
    assert(count > 0 && count <= LIMIT_BATCH_MAILS);
    struct mailimap_section *whole = mailimap_section_new(NULL);
    return fetch_sections(box, mails, count, mailimap_fetch_att_new_body_peek_section(whole),
                          bodies_out, err);
}

enum status imapbox_fetch_headers(struct imapbox *box, const struct imapbox_mail *mails,
                                  size_t count, uint32_t max_bytes, GBytes **headers_out,
                                  struct err *err)
{
    struct imapbox_mail parts[LIMIT_BATCH_MAILS];
    assert(count > 0 && count <= LIMIT_BATCH_MAILS);
    for (size_t i = 0; i < count; i++) {
        parts[i] = mails[i];
        parts[i].size = MIN(mails[i].size, max_bytes); /* what may come */
    }
    struct mailimap_section *header = mailimap_section_new_header();
    return fetch_sections(box, parts, count,
                          mailimap_fetch_att_new_body_peek_section_partial(header, 0, max_bytes),
                          headers_out, err);
}

enum status imapbox_fetch_head(struct imapbox *box, uint32_t uid, uint32_t max_bytes,
                               GBytes **head_out, struct err *err)
{
    const struct imapbox_mail mail = {.uid = uid, .size = max_bytes};
    GBytes *head = NULL;

    struct mailimap_fetch_att *part =
        mailimap_fetch_att_new_body_peek_section_partial(mailimap_section_new(NULL), 0, max_bytes);
    enum status status = fetch_sections(box, &mail, 1, part, &head, err);
    if (status != ST_OK) {
        return status;
    }
    if (!head) {
        return err_set(err, ST_NOT_FOUND, "mail %u is gone", (unsigned)uid);
    }
    if (g_bytes_get_size(head) > max_bytes) { /* a server that passes over <0.N> */
        GBytes *whole = head;
        head = g_bytes_new_from_bytes(whole, 0, max_bytes);
        g_bytes_unref(whole);
    }
    *head_out = head;
    return ST_OK;
}
