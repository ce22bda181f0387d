/* Fault points: named places where a test can make the n-th pass fail or die (SQLite, curl).
 *
 *     if (fault_hit("intake.before_commit")) return err_set(err, ST_TEMPFAIL, …);
 *
 * The environment variable POSTDESK_FAULT holds "NAME:N:ACTION" (N counts from 1, or "*" for every
 * pass, ACTION is "fail" or "kill"; NAME "*" counts every point); several are separated by commas.
 * Without it a point costs one load and one branch. Names are LAYER_PLACE words with dots.
 */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include <stdbool.h>

/* Did this pass of the point fail? "kill" ends the process here by SIGKILL and never returns. */
bool fault_hit(const char *name);

/* How many passes of any point there were since fault_set; for tests that count them. */
long fault_passes(void);

/* Replace what the environment said, NULL for none. Resets the counts. */
void fault_set(const char *spec);

#endif
