/* Addresses, strictly: RFC 5321 mailbox syntax after RFC 5322 folding and comments are gone. Pure. */
#ifndef MESSAGE_ADDRESS_H
#define MESSAGE_ADDRESS_H

#include <stdbool.h>

#include "core/err.h"
#include "message/facts.h"

/* The normal form of "local@domain": domain in lower case and as A-labels, nothing else changed. Dot-atom or
 * quoted local part in ASCII, LDH domain, lengths of RFC 5321.
 *
 * ST_INVALID  it is no address */
MUST_CHECK enum status address_normalise(const char *text, char **address_out, struct err *err);

/* The part behind the last "@"; borrowed from address. */
const char *address_domain(const char *address);

/* A key to look people up by: like the address, local part in lower case too. */
char *address_key(const char *address) MUST_CHECK;

/* Split "local+detail@domain" into "local@domain" and "detail" (NULL without one). Only for addresses
 * of our own mailboxes: of others the separator is not our business (RFC 5233). */
void address_split_detail(const char *address, char **base_out, char **detail_out);

#endif
