/* Domains of customers: their normal form, which may be mapped, and which a sender's domain matches. Pure. */
#ifndef DESK_DOMAIN_H
#define DESK_DOMAIN_H

#include <stdbool.h>

#include <glib.h>

#include "core/err.h"

/* The A-label form in lower case (UTS 46, non-transitional). A leading "@" and a final dot are dropped;
 * "*." in front is kept where allows_wildcard.
 *
 * ST_INVALID  it is no domain */
MUST_CHECK enum status domain_normalise(const char *text, bool allows_wildcard, char **domain_out,
                                        struct err *err);

/* May a customer own it? domain is normalised, with or without "*.".
 *
 * ST_INVALID  a public suffix, or a provider where everybody has an address; the hint says what to do */
MUST_CHECK enum status domain_check_mappable(const char *domain, struct err *err);

/* What to look up for a sender of this domain: itself, then "*.parent" for each parent, nearest first.
 * char *, own. */
GPtrArray *domain_lookups(const char *domain);

#endif
