/* tenure - a role's hold on a lease
 *
 * A lease ends LIMIT_LEASE_MS after its holder's last word. For a host that died there is no better way, but
 * a role that crashes is started again on the same host within milliseconds, and the mailbox should not
 * wait for its own dead reader. So a holder's name says where to look:
 *
 *     holder = host "/" boot "/" namespace "/" pid "/" start
 *
 * The boot's id and the pid namespace make sure that the pid means a process of ours; its start time, that
 * it is still the same one. Only when such a process is certainly gone is its lease ended for it; any
 * doubt means waiting, as for a holder elsewhere.
 *
 * Renewal is counted from before the statement was sent, on our own monotonic clock.
 * I/O: short transactions on the role's connection; /proc.
 */
#include "gateway/tenure.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/text.h"
#include "db/tx.h"
#include "store/lease.h"

enum { US_PER_MS = 1000, LEASE_US = LIMIT_LEASE_MS * US_PER_MS };
enum { HOST, BOOT, NAMESPACE, PID, START, PARTS };

/* Of the words behind the name in /proc/PID/stat, which may itself hold blanks: proc(5). */
enum { STAT_STATE = 0, STAT_START = 19 };

/* ---- processes ---- */

/* ST_NOT_FOUND: there is no such process, or only what it left for its parent. */
static enum status start_of(pid_t pid, char **start_out)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    if (kill(pid, 0) != 0 && errno == ESRCH) {
        return ST_NOT_FOUND;
    }
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return ST_TEMPFAIL; /* just gone, or not ours to see */
    }
    const char *name_end = strrchr(text, ')');
    g_auto(GStrv) words = g_strsplit(name_end ? name_end + 2 : "", " ", -1);
    if (g_strv_length(words) <= STAT_START) {
        return ST_TEMPFAIL;
    }
    if (strcmp(words[STAT_STATE], "Z") == 0 || strcmp(words[STAT_STATE], "X") == 0) {
        return ST_NOT_FOUND;
    }
    *start_out = g_strdup(words[STAT_START]);
    return ST_OK;
}

char *tenure_process(void)
{
    g_autofree char *boot = NULL;
    g_autofree char *start = NULL;
    g_autofree char *namespace = g_file_read_link("/proc/self/ns/pid", NULL);
    g_autofree char *host = g_strdup(g_get_host_name());
    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL)) {
        boot = g_uuid_string_random(); /* then nobody will know it as of this machine */
    }
    if (start_of(getpid(), &start) != ST_OK) {
        start = g_uuid_string_random();
    }
    g_strdelimit(host, "/", '-');
    return g_strdup_printf("%s/%s/%s/%d/%s", host, g_strstrip(boot), namespace ? namespace : "-",
                           (int)getpid(), start);
}

bool tenure_is_dead(const char *holder)
{
    g_autofree char *me = tenure_process();
    g_auto(GStrv) theirs = g_strsplit(holder, "/", -1);
    g_auto(GStrv) ours = g_strsplit(me, "/", -1);
    struct err err = {.status = ST_OK};
    int64_t pid = 0;
    if (g_strv_length(theirs) != PARTS || strcmp(theirs[HOST], ours[HOST]) != 0 ||
        strcmp(theirs[BOOT], ours[BOOT]) != 0 || strcmp(theirs[NAMESPACE], ours[NAMESPACE]) != 0 ||
        text_parse_int64(theirs[PID], 1, G_MAXINT, &pid, &err) != ST_OK) {
        return false;
    }
    g_autofree char *start = NULL;
    enum status status = start_of((pid_t)pid, &start);
    return status == ST_NOT_FOUND || (status == ST_OK && strcmp(start, theirs[START]) != 0);
}

/* ---- the lease ---- */

void tenure_init(struct tenure *tenure, const char *name)
{
    *tenure = (struct tenure){.name = g_strdup(name), .holder = tenure_process()};
}

void tenure_done(struct tenure *tenure)
{
    g_free(tenure->name);
    g_free(tenure->holder);
    *tenure = (struct tenure){.epoch = 0};
}

static enum status take(struct tx *tx, const struct tenure *tenure, int64_t *epoch_out,
                        struct err *err)
{
    g_autofree char *other = NULL;
    enum status status = lease_store_take(tx, tenure->name, tenure->holder, LEASE_US, epoch_out,
                                          err);
    if (status != ST_NOT_FOUND) {
        return status;
    }
    struct err ignored = {.status = ST_OK};
    status = lease_store_holder(tx, tenure->name, &other, &ignored);
    if (status != ST_OK || !tenure_is_dead(other)) {
        return ST_NOT_FOUND; /* with the text of take */
    }
    status = lease_store_release(tx, tenure->name, other, err);
    if (status == ST_OK) {
        status = lease_store_take(tx, tenure->name, tenure->holder, LEASE_US, epoch_out, err);
    }
    return status;
}

static enum status take_or_renew(struct tenure *tenure, struct conn *conn, int64_t *epoch_out,
                                 struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);
    if (status == ST_OK && tenure->epoch == 0) {
        status = take(tx, tenure, epoch_out, err);
    } else if (status == ST_OK) {
        *epoch_out = tenure->epoch;
        status = lease_store_renew(tx, tenure->name, tenure->holder, tenure->epoch, LEASE_US, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

enum status tenure_keep(struct tenure *tenure, struct conn *conn, struct err *err)
{
    int64_t now_us = clock_monotonic_us(clock_real());
    int64_t epoch = 0;
    if (tenure->epoch != 0 && now_us < tenure->next_us) {
        return ST_OK;
    }
    enum status status = take_or_renew(tenure, conn, &epoch, err);
    if (status == ST_OK) {
        tenure->epoch = epoch;
        tenure->next_us = now_us + LIMIT_LEASE_RENEW_MS * US_PER_MS;
    } else if (status == ST_NOT_FOUND) {
        tenure->epoch = 0;
    }
    return status;
}

int64_t tenure_left_ms(const struct tenure *tenure)
{
    return MAX((tenure->next_us - clock_monotonic_us(clock_real())) / US_PER_MS, 0);
}

static enum status release(const struct tenure *tenure, struct conn *conn, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = lease_store_release(tx, tenure->name, tenure->holder, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

void tenure_end(struct tenure *tenure, struct conn *conn)
{
    struct err err = {.status = ST_OK};
    if (tenure->epoch != 0 && conn && !conn_is_broken(conn) &&
        release(tenure, conn, &err) != ST_OK) {
        log_debug("lease.left", kv("lease", tenure->name), kv("error", err.text));
    }
    tenure->epoch = 0;
}
