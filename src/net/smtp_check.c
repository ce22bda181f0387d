/* smtp_check - what may be put into an SMTP talk
 *
 * An address stands in a command line as it is, and a mail's bytes stand between DATA and the dot as
 * they are. So a line end or a bracket in an address would be a command of its own, and a line end that
 * is not CRLF would be read as the end of the mail by some servers and not by others (SMTP smuggling,
 * CVE-2023-51764). Both are refused here, whoever made them: everything we send was composed by us,
 * so a refusal is a mistake of ours and will stay one.
 *
 * Addresses are ASCII: servers that take UTF-8 ones (RFC 6531) are not asked for it yet. Quoted local
 * parts are refused too; no address of ours has one.
 *
 * Pure: no I/O.
 */
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "net/smtp.h"

enum status submit_check_address(const char *address, struct err *err)
{
    const char *at = strrchr(address, '@');
    size_t length = strlen(address);

    if (length > LIMIT_ADDRESS_BYTES) {
        return err_set(err, ST_INVALID, "an address is longer than %d bytes", LIMIT_ADDRESS_BYTES);
    }
    for (const char *p = address; *p; p++) {
        if (!g_ascii_isgraph(*p) || strchr("<>()[]\\,;:\"", *p)) {
            g_autofree char *shown = text_one_line(address, LIMIT_ADDRESS_BYTES);
            return err_set(err, ST_INVALID, "the address \"%s\" cannot be sent to a server", shown);
        }
    }
    if (!at || at == address || at[1] == '\0' || strchr(address, '@') != at) {
        return err_set(err, ST_INVALID, "\"%s\" is no address", address);
    }
    if (at - address > LIMIT_LOCAL_PART_BYTES) {
        return err_set(err, ST_INVALID, "the name in \"%s\" is longer than %d bytes", address,
                       LIMIT_LOCAL_PART_BYTES);
    }
    return ST_OK;
}

enum status submit_check_bytes(const char *bytes, size_t length, struct err *err)
{
    size_t line = 1;

    if (length < 2 || memcmp(bytes + length - 2, "\r\n", 2) != 0) {
        return err_set(err, ST_INVALID, "the mail does not end with a line end");
    }
    if (memchr(bytes, '\0', length)) {
        return err_set(err, ST_INVALID, "there is a NUL in the mail");
    }
    for (size_t at = 0; at < length; line++) {
        const char *end = memchr(bytes + at, '\n', length - at);
        const char *cr = memchr(bytes + at, '\r', length - at);
        if (!cr || cr + 1 != end) {
            return err_set(err, ST_INVALID, "line %zu of the mail does not end with CRLF", line);
        }
        if (cr - (bytes + at) > LIMIT_SMTP_LINE_BYTES) {
            return err_set(err, ST_INVALID, "line %zu of the mail is longer than %d bytes", line,
                           LIMIT_SMTP_LINE_BYTES);
        }
        at = (size_t)(end - bytes) + 1;
    }
    return ST_OK;
}
