/* Logging in where a mailbox is read, for the daemon and for the command line. */
#ifndef GATEWAY_LOGIN_H
#define GATEWAY_LOGIN_H

#include "core/config.h"
#include "core/err.h"
#include "net/imap.h"
#include "store/desk.h"

/* Open the account's IMAP session with the host's secret. wake_fd: as imapbox_open has it, -1: none.
 *
 * Statuses are those of config_secret and imapbox_open. */
MUST_CHECK enum status login_imap(const struct config *config,
                                  const struct mailbox_account *account, int wake_fd,
                                  struct imapbox **box_out, struct err *err);

/* A server has refused a login: say in the hint whose, and which secret was tried. Gives back the status. */
enum status login_name_secret(const char *user, const char *secret, struct err *err);

#endif
