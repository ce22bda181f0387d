/* What a delivery report says: RFC 3464 reports and the older forms in plain words. Pure. */
#ifndef MESSAGE_REPORT_H
#define MESSAGE_REPORT_H

#include <stdbool.h>

#include "core/err.h"
#include "message/facts.h"
#include "message/mime.h"

/* The first part of a type in a tree, the root included; NULL. */
const struct part *report_find(const struct part *part, const char *type);

/* Add the recipients of a message/delivery-status part to facts->bounces. */
void report_read_status(const struct part *status, struct facts *facts);

/* Does a mail that a mail server wrote say, in words, that another mail was not (or not yet) delivered? */
bool report_is_bounce_text(const char *subject, const char *text);

/* Fill facts->bounces from the words of such a mail. failed are the values of X-Failed-Recipients, NULL. */
void report_read_text(const char *failed, const char *subject, const char *text,
                      struct facts *facts);

/* The same from a sending service's JSON text ("notificationType"). */
void report_read_notification(const char *json, struct facts *facts);

/* Is it a complaint as Microsoft's junk mail programme sends them, the mail itself attached? */
bool report_is_junk_mail_complaint(const struct part *root);

/* The Message-ID of the mail that came back: of an attached mail or its header, else of a header quoted
 * in the text; NULL. */
char *report_returned_id(const struct part *root, const char *text) MUST_CHECK;

#endif
