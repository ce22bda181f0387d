/* The roles of the database, by which the command line knows who may do what. */
#ifndef STORE_ROLE_H
#define STORE_ROLE_H

#include <glib.h>

#include "db/tx.h"

/* Each may do what those before it may. */
enum desk_role { DESK_NOBODY, DESK_VIEWER, DESK_OPERATOR, DESK_ADMIN, DESK_OWNER };
const char *desk_role_name(enum desk_role role);

/* What the database's login is (login_out: own, its name). Where there is no schema yet, the owner. */
MUST_CHECK enum status role_store_mine(struct tx *tx, enum desk_role *role_out, char **login_out,
                                       struct err *err);

/* Make the roles that are missing and grant all of them their rights, for the owner. missing_out: names of
 * those that could not be made, because that is not allowed (own; char *). */
MUST_CHECK enum status role_store_grant(struct tx *tx, GPtrArray **missing_out, struct err *err);

#endif
