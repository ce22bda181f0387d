/* Words to the service manager (sd_notify(3)); nothing happens where there is none. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* Send "READY=1", "STOPPING=1", "STATUS=…". */
void notify_service(const char *state);

/* Tell the watchdog that we live, as often as it wants to hear it; cheap to call often. */
void notify_watchdog(void);

#endif
