/* role - which command needs which role of the database
 *
 * One table for the whole command line. Who looks needs viewer, who works on tickets and held mail
 * operator, who changes the desk itself admin (THREATS 3); the schema belongs to its owner.
 *
 * The check is here for the message: who is who, what the command needs, how to get it. It protects nothing; the
 * database's grants do (sql/0003_roles.sql), and refuse whatever this table forgets.
 * I/O: the database.
 */
#include <assert.h>
#include <string.h>

#include "cli/cli.h"

/* verb NULL: the noun stands alone. */
static const struct {
    const char *noun;
    const char *verb;
    enum desk_role least;
} COMMANDS[] = {
    {"migrate", NULL, DESK_OWNER},
    {"mailbox", "add", DESK_ADMIN},
    {"mailbox", "list", DESK_VIEWER},
    {"mailbox", "show", DESK_VIEWER},
    {"mailbox", "set", DESK_ADMIN},
    {"mailbox", "check", DESK_ADMIN},
    {"customer", "add", DESK_ADMIN},
    {"customer", "list", DESK_VIEWER},
    {"customer", "show", DESK_VIEWER},
    {"customer", "set", DESK_ADMIN},
    {"customer", "domain", DESK_ADMIN},
    {"contact", "add", DESK_ADMIN},
    {"contact", "list", DESK_VIEWER},
    {"contact", "show", DESK_VIEWER},
    {"contact", "set", DESK_ADMIN},
    {"contact", "address", DESK_ADMIN},
    {"technician", "add", DESK_ADMIN},
    {"technician", "list", DESK_VIEWER},
    {"technician", "show", DESK_VIEWER},
    {"technician", "set", DESK_ADMIN},
    {"technician", "address", DESK_ADMIN},
    {"group", "add", DESK_ADMIN},
    {"group", "list", DESK_VIEWER},
    {"group", "show", DESK_VIEWER},
    {"group", "remove", DESK_ADMIN},
    {"group", "set", DESK_ADMIN},
    {"group", "member", DESK_ADMIN},
    {"ticket", "list", DESK_VIEWER},
    {"ticket", "show", DESK_VIEWER},
    {"ticket", "reply", DESK_OPERATOR},
    {"ticket", "note", DESK_OPERATOR},
    {"ticket", "status", DESK_OPERATOR},
    {"ticket", "participant", DESK_OPERATOR},
    {"ticket", "group", DESK_OPERATOR},
    {"ticket", "assign", DESK_OPERATOR},
    {"import", "template", DESK_NOBODY},
    {"import", "customers", DESK_ADMIN},
    {"import", "contacts", DESK_ADMIN},
    {"export", "customers", DESK_ADMIN},
    {"export", "contacts", DESK_ADMIN},
    {"calendar", "show", DESK_VIEWER},
    {"calendar", "zone", DESK_ADMIN},
    {"calendar", "hours", DESK_ADMIN},
    {"calendar", "holiday", DESK_VIEWER},
    {"held", "list", DESK_VIEWER},
    {"held", "show", DESK_VIEWER},
    {"held", "release", DESK_OPERATOR},
    {"held", "drop", DESK_OPERATOR},
    {"held", "trust", DESK_OPERATOR},
    {"held", "spam", DESK_OPERATOR},
    {"why", NULL, DESK_VIEWER},
    {"audit", NULL, DESK_VIEWER},
    {"doctor", NULL, DESK_ADMIN},
    {"status", NULL, DESK_VIEWER},
    {"metrics", NULL, DESK_VIEWER},
    {"queue", "list", DESK_VIEWER},
    {"queue", "retry", DESK_OPERATOR},
    {"queue", "drop", DESK_OPERATOR},
    {"queue", "hold", DESK_OPERATOR},
    {"queue", "release", DESK_OPERATOR},
    {"setting", "list", DESK_VIEWER},
    {"setting", "set", DESK_ADMIN},
    {"field", "list", DESK_VIEWER},
    {"field", "set", DESK_ADMIN},
    {"field", "add", DESK_ADMIN},
    {"field", "show", DESK_VIEWER},
    {"field", "remove", DESK_ADMIN},
    {"field", "status", DESK_ADMIN},
    {"ticket", "set", DESK_OPERATOR},
    {"ticket", "log", DESK_VIEWER},
    {"ticket", "search", DESK_VIEWER},
    {"keys", "list", DESK_ADMIN},
    {"keys", "rotate", DESK_ADMIN},
    {"keys", "retire", DESK_ADMIN},
    {"rules", "check", DESK_VIEWER},
    {"rules", "test", DESK_VIEWER},
    {"rules", "try", DESK_OPERATOR},
    {"replay", NULL, DESK_VIEWER},
    {"rules", "apply", DESK_ADMIN},
    {"rules", "history", DESK_VIEWER},
    {"rules", "diff", DESK_VIEWER},
    {"rules", "rollback", DESK_ADMIN},
    {"rules", "show", DESK_VIEWER},
    {"rules", "stats", DESK_VIEWER},
    {"rules", "hooks", DESK_VIEWER},
    {"log", NULL, DESK_VIEWER},
    {"help", NULL, DESK_NOBODY},
};

enum desk_role cli_role_of(const char *noun, const char *verb)
{
    for (size_t i = 0; i < G_N_ELEMENTS(COMMANDS); i++) {
        if (strcmp(COMMANDS[i].noun, noun) == 0 && g_strcmp0(COMMANDS[i].verb, verb) == 0) {
            return COMMANDS[i].least;
        }
    }
    assert(!"every command has its row");
    return DESK_OWNER;
}

static enum status refuse(enum desk_role role, enum desk_role least, const char *login,
                          struct err *err)
{
    if (role == DESK_NOBODY) {
        (void)err_set(err, ST_DENIED,
                      "this needs the role %s; the database login \"%s\" has none here",
                      desk_role_name(least), login);
    } else {
        (void)err_set(err, ST_DENIED, "this needs the role %s; you are %s (database login \"%s\")",
                      desk_role_name(least), desk_role_name(role), login);
    }
    if (least == DESK_OWNER) {
        return err_hint(err, "do it with the login that owns the desk's tables");
    }
    return err_hint(err, "ask an admin of the database: GRANT postdesk_%s TO \"%s\"",
                    desk_role_name(least), login);
}

enum status cli_require(struct cli *cli, enum desk_role least, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autofree char *login = NULL;
    enum desk_role role = DESK_NOBODY;

    enum status status = tx_begin(cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = role_store_mine(tx, &role, &login, err);
    }
    if (status == ST_OK && role < least) {
        status = refuse(role, least, login, err);
    }
    return status;
}
