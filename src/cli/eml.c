/* eml - a mail in a file, for the commands that try what would become of it
 *
 * What is read here is a stranger's: it is handed to the jail and looked at nowhere else. A file that is larger than
 * any mail is refused before a byte of it is read.
 * I/O: the file, the database.
 */
#include "cli/eml.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/entry.h"
#include "store/account.h"

/* A file that is larger than any mail server takes is no mail. */
#define MAX_FILE_BYTES (INT64_C(1) << 28)

enum status eml_read(const char *path, GBytes **raw_out, struct err *err)
{
    struct stat facts;
    g_autofree char *bytes = NULL;
    gsize length = 0;

    if (stat(path, &facts) != 0) {
        return err_set(err, errno == ENOENT ? ST_NOT_FOUND : ST_INVALID,
                       "could not read \"%s\": %s", path, g_strerror(errno));
    }
    if (!S_ISREG(facts.st_mode) || facts.st_size > MAX_FILE_BYTES) {
        return err_set(err, ST_INVALID, "\"%s\" is no file, or larger than any mail", path);
    }
    if (!g_file_get_contents(path, &bytes, &length, NULL)) {
        return err_set(err, ST_INVALID, "could not read \"%s\"", path);
    }
    *raw_out = g_bytes_new_take(g_steal_pointer(&bytes), length);
    return ST_OK;
}

enum status eml_find_mailbox(struct cli *cli, const char *word, mailbox_id *mailbox_out,
                             struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    *mailbox_out = 0;
    if (word == NULL) {
        return ST_OK;
    }
    g_autofree char *key = entry_key(word);
    enum status status = tx_begin(cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = account_store_find(tx, key, &rows, err);
    }
    if (status == ST_OK) {
        *mailbox_out = row_int64(rows, 0, 0);
    }
    return status;
}
