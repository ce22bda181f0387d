/* login - an account of the database and a secret of the host make a session
 *
 * The password is read when it is needed, and wiped as soon as the server has it.
 * I/O: the secret's file, IMAP.
 */
#include "gateway/login.h"

#include <string.h>

enum status login_name_secret(const char *user, const char *secret, struct err *err)
{
    return err_hint(
        err,
        "is the mailbox of \"%s\" still there, and its password that of the secret \"%s\"? "
        "some providers want an app password",
        user, secret);
}

enum status login_imap(const struct config *config, const struct mailbox_account *account,
                       int wake_fd, struct imapbox **box_out, struct err *err)
{
    g_autofree char *password = NULL;
    struct imapbox_options options = {
        .host = account->imap_host,
        .port = (uint16_t)account->imap_port,
        .user = account->imap_user,
        .ca_file = config->ca_file,
        .pin = account->imap_pin,
        .wake_fd = wake_fd,
    };
    enum status status = stream_security_parse(account->imap_security, &options.security, err);

    if (status == ST_OK) {
        status = config_secret(config, account->secret, &password, err);
    }
    if (status != ST_OK) {
        return status;
    }
    options.password = password;
    status = imapbox_open(&options, box_out, err);
    explicit_bzero(password, strlen(password));
    return status == ST_DENIED ? login_name_secret(account->imap_user, account->secret, err)
                               : status;
}
