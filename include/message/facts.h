/* Facts: what a mail says, parsed, without any judgement.
 *
 * The parser process makes them from the raw bytes, the intake reads them from its pipe, decide judges
 * by them. One mail, one owner: facts_free() frees everything below. All strings are valid UTF-8 and
 * within core/limits.h; addresses are normalised (address_normalise). Lists are never NULL.
 */
#ifndef MESSAGE_FACTS_H
#define MESSAGE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

/* One mailbox of an address header. */
struct address {
    char *address; /* own: local part as written, domain in lower case; never NULL */
    char *name;    /* own: decoded display name on one line, "" if there is none */
};

/* What kind of machine wrote the mail; anything but AUTO_NONE is never answered. */
enum auto_kind {
    AUTO_NONE,
    AUTO_REPLIED,   /* vacation and the like: RFC 3834, X-Autoreply, … */
    AUTO_GENERATED, /* cron jobs, monitoring */
    AUTO_BULK,      /* Precedence bulk or junk, feedback loops' senders, no-reply mailers */
    AUTO_LIST,      /* List-Id and its kin */
    AUTO_BOUNCE,    /* a delivery report: RFC 3464, or one of the older forms */
    AUTO_RECEIPT,   /* a disposition notification: RFC 8098 */
    AUTO_COMPLAINT, /* an abuse report: RFC 5965 */
    AUTO_REACTION,  /* an emoji on a message: RFC 9078 */
};
const char *auto_kind_name(enum auto_kind kind);

/* A field that a mail server wrote on the way, in the order of the header (newest first). */
enum trace_kind {
    TRACE_RECEIVED, /* the host of a Received field's "by" clause, "" if there is none */
    TRACE_HANDOVER, /* the same, where that host handed the mail to itself: LMTP, loop-back */
    TRACE_AUTHRES,  /* Authentication-Results: the unfolded value, as received; "" if it is odd
                              * (not ASCII, control characters) */
    TRACE_AUTH_AS,  /* X-MS-Exchange-Organization-AuthAs: the same */
    TRACE_PARTIAL_SIGNATURE, /* a DKIM-Signature over a part of the body ("l="), of the From domain, a
                              * parent or a child of it: the From domain; once */
};
struct trace_field {
    enum trace_kind kind;
    char *text; /* own */
};

/* A file in the mail. Its bytes do not travel with the variant: the jail hands them over beside it. */
struct attachment {
    char *name;        /* own: safe to show and to store: one line, no path, never empty */
    char *stated_name; /* own: what the mail says, scrubbed; "" if nothing */
    char *type;        /* own: "type/subtype" in lower case, as stated */
    char *content_id;  /* own: without angle brackets; "" if there is none */
    bool is_inline;
    uint64_t bytes;  /* decoded size */
    GBytes *content; /* own: decoded; NULL until the jail has put it there */
};

/* The whole of a text that is too long for where it is shown. No mail can state this type: a part's has no
 * parameters here. */
#define WHOLE_TEXT_NAME "whole-text.txt"
#define WHOLE_TEXT_TYPE "text/plain; charset=utf-8"

/* What a delivery report says of one recipient; all own, "" where it is silent. */
struct bounce {
    char *recipient;
    char *action;     /* "failed", "delayed", "delivered", … in lower case */
    char *status;     /* "5.1.1" */
    char *diagnostic; /* one line */
};

enum text_source { TEXT_NONE, TEXT_PLAIN, TEXT_HTML };

struct facts {
    char *message_id;       /* own: without angle brackets; NULL if absent or unusable */
    GPtrArray *in_reply_to; /* own: char *, ids without angle brackets, in order, at most 20 */
    GPtrArray *references;  /* own: char *, in order (newest last), the newest 20 */
    int64_t date_us;        /* what Date claims; 0 if absent or wrong */
    char *subject;          /* own: decoded, one line, at most LIMIT_SUBJECT_CHARS; "" if absent */

    struct address *from;    /* own: NULL unless there is exactly one, strictly parsed */
    char *from_text;         /* own: the From field(s) as received, one line, for people to read */
    GPtrArray *to;           /* own: struct address */
    GPtrArray *cc;           /* own: struct address */
    bool are_recipients_odd; /* more than one To or Cc: a signature may not cover the second */
    GPtrArray *reply_to;     /* own: struct address: shown, never an identity */
    GPtrArray
        *delivered_to; /* own: char *, addresses of Delivered-To, X-Original-To, Envelope-To */
    char *return_path; /* own: address; "" for the null path; NULL if absent */
    GPtrArray *
        headers; /* own: char *, "name: text": what rules may ask for; the name in lower case, the text
                         * decoded and cut, in order. None of those that servers wrote on the way */

    bool is_ambiguous; /* SHAPE: two readers could read it differently (THREATS 2 B) */
    char *ambiguity;   /* own: why, for people; "" */
    enum auto_kind auto_kind;
    char *auto_reason; /* own: the field that says so; "" */
    unsigned received_count;
    GPtrArray *trace; /* own: struct trace_field, header order, at most LIMIT_AUTHRES of a kind */

    enum text_source text_source;
    char *
        text; /* own: the mail's words, lines normalised, at most LIMIT_TEXT_BYTES; "". If there are more
                 * words, all of them are an attachment of WHOLE_TEXT_TYPE */
    GPtrArray *attachments;        /* own: struct attachment */
    unsigned attachments_left_out; /* above LIMIT_ATTACHMENTS, or beyond where a cut mail ends */
    bool is_cut;                   /* only the head of an oversize mail was parsed */

    GPtrArray *bounces; /* own: struct bounce, of an AUTO_BOUNCE */
    char *bounced_id;   /* own: Message-ID of the mail that came back; NULL */

    struct address
        *forwarded_from; /* own: sender of the one mail that is passed on in this one, attached or
                                     * in its text; NULL: none, or it is not clear. Only what this mail
                                     * says: anybody can write it */
    char *forwarded_subject; /* own: its subject; "" */
};

/* The attachment that holds all words of a mail whose text is not all; NULL: the text is all. Borrowed. */
const struct attachment *facts_whole_text(const struct facts *facts);

/* Empty facts: every list there, every string "" or NULL as above. */
struct facts *facts_new(void);
void facts_free(struct facts *facts);
DEFINE_OWNED(facts, facts_free)

struct address *address_new(const char *address, const char *name);
void address_free(struct address *address);
struct attachment *attachment_new(void);
void attachment_free(struct attachment *attachment);
struct trace_field *trace_field_new(enum trace_kind kind, const char *text);
struct bounce *bounce_new(void);

/* Ids, references, date, subject · people · shape, machine, trace · text, attachments · bounces · forwarded. */
#define FACTS_TYPE             \
 "(msasasxs"                   \
 "m(ss)sa(ss)a(ss)a(ss)asmsas" \
 "bsusua(us)"                  \
 "usa(ssssbt)ubb"              \
 "a(ssss)ms"                   \
 "m(ss)s)"

/* The facts as one value in normal form (its type is FACTS_TYPE), without the attachments' bytes.
 * Full reference, not floating. */
GVariant *facts_to_variant(const struct facts *facts);

/* Read it back. The writer is the parser, which may have been taken over by a hostile mail: the value
 * is checked as strictly as the mail itself (normal form, UTF-8, limits, known enumerators).
 *
 * ST_INVALID  not facts */
MUST_CHECK enum status facts_from_variant(GVariant *value, struct facts **facts_out,
                                          struct err *err);

#endif
