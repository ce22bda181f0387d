/* doctor_desk - the part of postdesk doctor that is no mailbox: the database, this host, and the daemon
 *
 * What is asked here can only be asked from where the desk runs: does the database take writes and keep them, do the
 * clocks agree, is there room on the disk, are the secrets that the settings name there. What the daemon's roles
 * have said of themselves comes last, with the same words as in postdesk status; the mailboxes' own troubles are not
 * repeated where doctor looks at the servers itself.
 * I/O: the database, the file system.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "cli/doctor.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "store/probe.h"
#include "store/setting.h"

enum { DB_VERSION, DB_FOLDER, DB_IS_LOCAL, DB_BYTES, DB_IS_SAFE, DB_CONNECTIONS, DB_MOST };
enum { PERCENT = 100 };

/* ---- the database ------------------------------------------------------------------------------ */

static void tell_safety(struct doctor *doctor, const struct rows *rows)
{
    int64_t used = row_int64(rows, 0, DB_CONNECTIONS);
    int64_t most = row_int64(rows, 0, DB_MOST);

    if (!row_bool(rows, 0, DB_IS_SAFE)) {
        doctor_add(
            doctor, "durability", GRAVITY_WARNING,
            "set fsync, full_page_writes and synchronous_commit to on in postgresql.conf",
            "after a power cut mail that was fetched may be lost: the database does not wait "
            "for its disk");
    }
    if (used * PERCENT >= most * LIMIT_CONNECTIONS_PERCENT) {
        doctor_add(doctor, "connections", GRAVITY_WARNING,
                   "raise max_connections in postgresql.conf, or lower intakes and senders",
                   "%" PRId64 " of the database's %" PRId64 " connections are in use", used, most);
    }
}

/* Of a folder of this host. */
static void tell_room(struct doctor *doctor, const char *folder, const char *size)
{
    struct statvfs room;

    if (statvfs(folder, &room) != 0) {
        doctor_add(doctor, "disk", GRAVITY_WELL, "",
                   "the database has %s; how full its disk is cannot be seen from here", size);
        return;
    }
    uint64_t free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
    uint64_t all_bytes = (uint64_t)room.f_blocks * room.f_frsize;
    g_autofree char *left = text_bytes(free_bytes);
    enum gravity gravity = free_bytes < LIMIT_DISK_FAULT_BYTES                     ? GRAVITY_FAULT
                           : free_bytes * PERCENT < all_bytes * LIMIT_DISK_PERCENT ? GRAVITY_WARNING
                                                                                   : GRAVITY_WELL;
    doctor_add(doctor, "disk", gravity,
               gravity == GRAVITY_WELL
                   ? ""
                   : "make room on the file system of the database's data_directory; "
                     "mail stays at the mail server meanwhile",
               "%s free for the database, which has %s", left, size);
}

static enum status check_database(struct doctor *doctor, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    enum status status = tx_begin(doctor->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = health_store_database(tx, &rows, err);
    }
    if (status != ST_OK) {
        return status;
    }
    g_autofree char *size = text_bytes((uint64_t)row_int64(rows, 0, DB_BYTES));
    doctor_add(doctor, "database", GRAVITY_WELL, "",
               "PostgreSQL %s, reachable, and its schema is this program's",
               row_text(rows, 0, DB_VERSION));
    tell_safety(doctor, rows);
    if (row_bool(rows, 0, DB_IS_LOCAL) && !row_is_null(rows, 0, DB_FOLDER)) {
        tell_room(doctor, row_text(rows, 0, DB_FOLDER), size);
    } else {
        doctor_add(doctor, "disk", GRAVITY_WELL, "",
                   "the database has %s; this login cannot see how full its disk is", size);
    }
    return ST_OK;
}

/* A transaction that would need room on its disk, and is taken back. */
static void check_writing(struct doctor *doctor)
{
    TX_AUTO struct tx *tx = NULL;
    struct err err = {.status = ST_OK};

    enum status status = tx_begin(doctor->cli->conn, TX_WRITE, &tx, &err);
    if (status == ST_OK) {
        status = health_store_try_write(tx, &err);
    }
    if (status != ST_OK) {
        doctor_add(doctor, "writing", GRAVITY_FAULT,
                   err.hint[0] ? err.hint
                               : "mail stays at the mail server until the database takes it",
                   "%s", err.text);
    }
}

static enum status check_roles(struct doctor *doctor, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    int64_t missing = 0;

    enum status status = tx_begin(doctor->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = probe_store_roles(tx, &missing, err);
    }
    if (status == ST_OK && missing > 0) {
        doctor_add(doctor, "roles", GRAVITY_WARNING,
                   "postdesk migrate, with a login that may make roles",
                   "%" PRId64 " of the database's roles for the command line are missing: only the "
                   "owner can use it",
                   missing);
    } else if (status == ST_OK) {
        doctor_add(doctor, "roles", GRAVITY_WELL, "",
                   "postdesk_viewer, postdesk_operator, postdesk_admin");
    }
    return status;
}

/* ---- web hooks --------------------------------------------------------------------------------- */

static enum status check_hooks(struct doctor *doctor, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    enum status status = tx_begin(doctor->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = setting_store_list(tx, &rows, err);
    }
    for (int row = 0; status == ST_OK && row < rows_count(rows); row++) {
        g_autofree char *secret = NULL;
        struct err why = {.status = ST_OK};
        if (strcmp(row_text(rows, row, 0), "web-hook-secret") != 0 ||
            row_text(rows, row, 1)[0] == '\0' || strcmp(row_text(rows, row, 1), "none") == 0) {
            continue;
        }
        enum status found = config_secret(doctor->cli->config, row_text(rows, row, 1), &secret,
                                          &why);
        if (found == ST_OK) {
            explicit_bzero(secret, strlen(secret));
        }
        (void)doctor_add_status(doctor, "web hooks", found, &why,
                                "the secret that signs them is on this host");
    }
    return status;
}

/* ---- the daemon -------------------------------------------------------------------------------- */

/* Doctor looks at the mail servers itself; and before the first start there is no daemon, which is no illness. */
static void tell_trouble(struct doctor *doctor, const json_t *trouble)
{
    const char *what = json_string_value(json_object_get(trouble, "what"));
    const char *result = json_string_value(json_object_get(trouble, "result"));
    const char *mailbox = json_string_value(json_object_get(trouble, "mailbox"));
    enum gravity gravity = GRAVITY_FAULT;

    if (strcmp(what, "certificate") == 0 || strcmp(what, "mailboxes") == 0) {
        return;
    }
    while (gravity > GRAVITY_WELL && strcmp(gravity_name(gravity), result) != 0) {
        gravity--;
    }
    doctor->subject = mailbox;
    g_autofree char *name = mailbox == NULL ? g_strdup(what) : g_strconcat(what, " (daemon)", NULL);
    doctor_add(doctor, name,
               strcmp(what, "postdeskd") == 0 ? MIN(gravity, GRAVITY_WARNING) : gravity,
               json_string_value(json_object_get(trouble, "hint")), "%s",
               json_string_value(json_object_get(trouble, "text")));
    doctor->subject = NULL;
}

static void tell_clock(struct doctor *doctor, const struct rows *desk)
{
    int64_t ahead_s = row_int64(desk, 0, DESK_AHEAD_S);

    if (ahead_s > -LIMIT_CLOCK_S && ahead_s < LIMIT_CLOCK_S) {
        doctor_add(doctor, "clock", GRAVITY_WELL, "", "this host's and the database's agree");
    }
}

static enum status check_health(struct doctor *doctor, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    CLEANUP(health_rows_clear) struct health_rows rows = {NULL};
    struct troubles troubles = {NULL};
    size_t i = 0;
    json_t *trouble = NULL;

    enum status status = tx_begin(doctor->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = health_store_read(tx, clock_wall_us(clock_real()), &rows, err);
    }
    if (status != ST_OK) {
        return status;
    }
    troubles_init(&troubles);
    troubles_judge(&troubles, &rows);
    tell_clock(doctor, rows.desk);
    if (row_bool(rows.desk, 0, DESK_TENDED)) {
        doctor_add(doctor, "postdeskd", GRAVITY_WELL, "", "at work");
    }
    json_array_foreach(troubles.list, i, trouble)
    {
        tell_trouble(doctor, trouble);
    }
    troubles_done(&troubles);
    return ST_OK;
}

enum status doctor_examine_desk(struct doctor *doctor, struct err *err)
{
    enum status status = check_database(doctor, err);

    if (status == ST_OK) {
        check_writing(doctor);
        status = check_roles(doctor, err);
    }
    if (status == ST_OK) {
        status = check_hooks(doctor, err);
    }
    return status == ST_OK ? check_health(doctor, err) : status;
}
