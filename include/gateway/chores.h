/* What is done once in a while for the whole desk, by the tend that holds the lease. */
#ifndef GATEWAY_CHORES_H
#define GATEWAY_CHORES_H

#include "core/err.h"
#include "db/conn.h"

/* Reject held mail whose time is over, and tell whose it was; once a day tell the technicians what waits. Each is one
 * transaction. Statuses are tx_run's. */
MUST_CHECK enum status chores_do(struct conn *conn, struct err *err);

#endif
