/* probe_mail - the bytes of a probe, genuine or forged
 *
 * The forged one carries what somebody would write who knows the mailbox's trust profile: the fields that the
 * profile believes, with the border's own name, above and below a Received line that looks like the
 * border's. A border that deserves the trust takes them out or writes its own above them.
 *
 * All bear a signed Message-ID of the desk, by which the daemon knows them: they become events, never tickets
 * (desk/evidence). There are providers that write another Message-ID over it, so it stands in References as well.
 * Pure.
 */
#include <string.h>

#include "desk/decide.h"
#include "gateway/probe.h"
#include "message/address.h"
#include "message/compose.h"

static const char GENUINE_TEXT[] =
    "This is a probe of postdesk doctor: a genuine mail of this mailbox to itself. Nobody has to do "
    "anything.\n";
static const char FORGED_TEXT[] =
    "This is a probe of postdesk doctor: a mail with a forged sender and forged "
    "Authentication-Results, to see\nwhether the mail server takes them out. Nobody has to do "
    "anything.\n";

static const char *const NAMES[PROBE_KINDS] =
    {[PROBE_GENUINE] = "genuine", [PROBE_DETAIL] = "sub-address", [PROBE_FORGED] = "forged"};

char *probe_mail_subject(enum probe_kind kind, outbound_id id)
{
    g_autofree char *begin = decide_probe_subject(id);

    return g_strdup_printf("%s (%s)", begin, NAMES[kind]);
}

/* What the profile would believe. Own. */
static char *forged_results(const struct mailbox_record *mailbox, const char *from)
{
    const char *domain = address_domain(from);

    switch (mailbox->trust) {
    case TRUST_GOOGLE:
        return g_strdup_printf(
            "Authentication-Results: mx.google.com;\r\n dkim=pass header.i=@%s;\r\n"
            " dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=%s\r\n",
            domain, domain);
    case TRUST_MICROSOFT365:
        return g_strdup_printf(
            "Authentication-Results: dkim=pass (signature was verified) header.d=%s;\r\n"
            " dmarc=pass action=none header.from=%s;compauth=pass reason=100\r\n"
            "X-MS-Exchange-Organization-AuthAs: Internal\r\n",
            domain, domain);
    case TRUST_AUTHSERV_ID:
    case TRUST_NONE:
        break;
    }
    return g_strdup_printf("Authentication-Results: %s;\r\n auth=pass smtp.auth=%s;\r\n"
                           " dkim=pass header.d=%s; dmarc=pass header.from=%s\r\n",
                           mailbox->authserv_id == NULL ? "mail.invalid" : mailbox->authserv_id,
                           from, domain, domain);
}

static const char *border_of(const struct mailbox_record *mailbox)
{
    switch (mailbox->trust) {
    case TRUST_GOOGLE:
        return "mx.google.com";
    case TRUST_MICROSOFT365:
        return "forged.mail.protection.outlook.com";
    case TRUST_AUTHSERV_ID:
    case TRUST_NONE:
        break;
    }
    return mailbox->authserv_id == NULL ? "mail.invalid" : mailbox->authserv_id;
}

/* Fields, a Received line of the border, fields. Own. */
static char *forged_head(const struct probe_mail *mail)
{
    g_autofree char *results = forged_results(mail->mailbox, mail->from);
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(mail->now_us / G_USEC_PER_SEC);
    g_autofree char *date = g_date_time_format(now, "%a, %d %b %Y %H:%M:%S +0000");

    return g_strdup_printf("%sReceived: from probe.invalid (probe.invalid [192.0.2.1])\r\n"
                           " by %s with ESMTPS; %s\r\n%s",
                           results, border_of(mail->mailbox), date, results);
}

enum status probe_mail_make(const struct probe_mail *mail, GBytes **bytes_out, struct err *err)
{
    bool is_forged = mail->kind == PROBE_FORGED;
    g_autoptr(GBytes) body = NULL;
    g_autofree char *subject = probe_mail_subject(mail->kind, mail->id);
    const char *references[] = {mail->message_id, NULL};
    struct compose compose = {
        .from_address = mail->from,
        .from_name = is_forged ? "Forged probe" : mail->mailbox->name,
        .to_address = mail->mailbox->address,
        .to_name = mail->mailbox->name,
        .subject = subject,
        .message_id = mail->message_id,
        .references = references,
        .date_us = mail->now_us,
        .is_automatic = true,
        .text = is_forged ? FORGED_TEXT : GENUINE_TEXT,
    };

    enum status status = compose_mail(&compose, &body, err);
    if (status != ST_OK) {
        return status;
    }
    g_autofree char *head = is_forged ? forged_head(mail) : g_strdup("");
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(bytes, g_bytes_get_data(body, NULL), (guint)g_bytes_get_size(body));
    *bytes_out = g_byte_array_free_to_bytes(bytes);
    return ST_OK;
}
