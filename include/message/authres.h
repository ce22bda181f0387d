/* Authentication-Results fields (RFC 8601): the tokeniser and one field's content, without trust: whose
 * field counts is decided by desk/authority with the mailbox's trust profile. Pure. */
#ifndef MESSAGE_AUTHRES_H
#define MESSAGE_AUTHRES_H

#include <stdbool.h>

#include <glib.h>

#include "core/err.h"

/* "smtp.auth=anna@acme.example": own strings, ptype and name in lower case. ptype is "" where the field
 * has none ("action=none", Microsoft); "reason" is such a one too. */
struct authres_property {
    char *ptype;
    char *name;
    char *value;
};

/* One method clause: "dkim=pass reason=… header.d=…". Comments never reach the members but comment. */
struct authres_result {
    char *method;          /* own: lower case */
    char *result;          /* own: lower case */
    GPtrArray *properties; /* own: struct authres_property */
    char *comment;         /* own: the clause's comments, "" without: only ever to be read for the
                            * disposition that Google and OpenDMARC write there */
};

struct authres {
    char *authserv_id;  /* own: as written; "" where the field has none (Microsoft) */
    bool is_id_quoted;  /* the same id to a reader, but no border writes it so */
    unsigned version;   /* 1 where it is absent */
    GPtrArray *results; /* own: struct authres_result; empty for "none" */
};

/* Parse a whole field value (unfolded or not). Full CFWS and quoted strings.
 *
 * ST_INVALID  unparsable: it counts as absent */
MUST_CHECK enum status authres_parse(const char *value, struct authres **authres_out,
                                     struct err *err);
void authres_free(struct authres *authres);
DEFINE_OWNED(authres, authres_free)

/* The first property of a clause, or NULL; borrowed. */
const char *authres_property(const struct authres_result *result, const char *ptype,
                             const char *name);

#endif
