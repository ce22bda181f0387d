/* role - the roles of the database, by which the command line knows who may do what
 *
 * Three roles of the server, which sql/0003_roles.sql makes and gives its rights: viewer, operator, admin, each a
 * member of the one before. A login gets one by GRANT. Who owns the tables is above them (the daemon's
 * login, and on many desks root's), and so is a superuser.
 *
 * What is found here makes good messages; what is refused, the database refuses.
 * I/O: the caller's transaction.
 */
#include "store/role.h"

static const struct statement MINE = {
    "role_mine",
    "SELECT session_user::text,"
    " coalesce((SELECT pg_has_role(current_user, c.relowner, 'USAGE') FROM pg_class c"
    "  WHERE c.oid = to_regclass('schema_migration')), true),"
    " coalesce((SELECT max(w.rank) FROM (VALUES ('postdesk_viewer', 1), ('postdesk_operator', 2),"
    "  ('postdesk_admin', 3)) AS w (name, rank) JOIN pg_roles r ON r.rolname = w.name"
    "  WHERE pg_has_role(current_user, r.oid, 'USAGE')), 0)"};

static const struct statement GRANT = {"role_grant", "SELECT postdesk_grant()"};

const char *desk_role_name(enum desk_role role)
{
    switch (role) {
    case DESK_NOBODY:
        return "nobody";
    case DESK_VIEWER:
        return "viewer";
    case DESK_OPERATOR:
        return "operator";
    case DESK_ADMIN:
        return "admin";
    case DESK_OWNER:
        return "owner";
    }
    return "?";
}

enum status role_store_mine(struct tx *tx, enum desk_role *role_out, char **login_out,
                            struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &MINE, NULL, &rows, err);

    if (status == ST_OK) {
        *login_out = g_strdup(row_text(rows, 0, 0));
        *role_out = row_bool(rows, 0, 1) ? DESK_OWNER : (enum desk_role)row_int64(rows, 0, 2);
    }
    return status;
}

enum status role_store_grant(struct tx *tx, GPtrArray **missing_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &GRANT, NULL, &rows, err);

    if (status == ST_OK) {
        *missing_out = row_texts(rows, 0, 0);
    }
    return status;
}
