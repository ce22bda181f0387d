/* role - from a role's name to the function that is it
 *
 * Every role is the same program, executed anew: it shares no memory with the supervisor and no descriptor
 * but the one on which tend reports. What a role does stands in the gateway layer.
 *
 * I/O: the roles'.
 */
#include "daemon/role.h"

#include <glib.h>

#include "gateway/fetch.h"
#include "gateway/intake.h"
#include "gateway/send.h"
#include "gateway/tend.h"

const char *daemon_role_name(enum daemon_role role)
{
    switch (role) {
    case DAEMON_TEND:
        return "tend";
    case DAEMON_FETCH:
        return "fetch";
    case DAEMON_INTAKE:
        return "intake";
    case DAEMON_SEND:
        return "send";
    }
    return "unknown";
}

enum status daemon_role_parse(const char *name, enum daemon_role *role_out, struct err *err)
{
    static const enum daemon_role ROLES[] = {DAEMON_TEND, DAEMON_FETCH, DAEMON_INTAKE, DAEMON_SEND};
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
        if (g_str_equal(name, daemon_role_name(ROLES[i]))) {
            *role_out = ROLES[i];
            return ST_OK;
        }
    }
    return err_set(err, ST_NOT_FOUND, "there is no role \"%s\"", name);
}

enum status daemon_role_run(enum daemon_role role, int64_t number, const struct config *config,
                            struct err *err)
{
    switch (role) {
    case DAEMON_TEND:
        return tend_run(config, DAEMON_REPORT_FD, err);
    case DAEMON_FETCH:
        return fetch_run(config, number, err);
    case DAEMON_INTAKE:
        return intake_run(config, (int)number, err);
    case DAEMON_SEND:
        return send_run(config, (int)number, err);
    }
    return err_set(err, ST_FATAL, "unknown role");
}
