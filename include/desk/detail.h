/* What can be entered about customers and people besides names and switches: one table for the command line, for
 * import and export, and for the log of changes. Pure. */
#ifndef DESK_DETAIL_H
#define DESK_DETAIL_H

#include <stddef.h>

#include "core/err.h"

enum detail_kind {
    DETAIL_LINE,      /* on one line */
    DETAIL_LINES,     /* may have line breaks */
    DETAIL_LANGUAGE,  /* en, de, fr, es, it */
    DETAIL_PHONE,     /* on one line, without ";", which separates several */
    DETAIL_ZONE,      /* of the system's list */
    DETAIL_SIGNATURE, /* some lines, not many */
};

struct detail_info {
    const char *name;  /* of the option, the column of a file, the line of the log: "job-title" */
    const char *title; /* for people: "Job title" */
    const char *help;
    enum detail_kind kind;
};

/* In the order of the columns of their tables; files have those before PERSON_FILE_DETAILS. */
enum customer_detail {
    CUSTOMER_NUMBER,
    CUSTOMER_RANK,
    CUSTOMER_PHONE,
    CUSTOMER_FAX,
    CUSTOMER_ADDRESS,
    CUSTOMER_POSTCODE,
    CUSTOMER_CITY,
    CUSTOMER_STATE,
    CUSTOMER_COUNTRY,
    CUSTOMER_LANGUAGE,
    CUSTOMER_NOTES,
    CUSTOMER_DETAILS, /* how many */
};
const struct detail_info *detail_of_customer(enum customer_detail detail);

enum person_detail {
    PERSON_FIRST_NAME,
    PERSON_LAST_NAME,
    PERSON_JOB_TITLE,
    PERSON_LANGUAGE,
    PERSON_NOTES,
    PERSON_FILE_DETAILS, /* how many */
    PERSON_ZONE = PERSON_FILE_DETAILS,
    PERSON_SIGNATURE,
    PERSON_DETAILS, /* how many */
};
const struct detail_info *detail_of_person(enum person_detail detail);

/* A telephone number of a person, who may have several. */
const struct detail_info *detail_of_phone(void);

/* Bring what was entered into the form in which it is stored: UTF-8 without control characters, trimmed. "" is
 * nothing entered.
 *
 * ST_INVALID  it is too long, no UTF-8, no language of postdesk or no zone: the text says of which detail */
MUST_CHECK enum status detail_read(const struct detail_info *info, const char *text,
                                   char **value_out, struct err *err);

/* A signature in the form in which it is stored.
 *
 * ST_INVALID  it is too long, or no UTF-8 */
MUST_CHECK enum status detail_read_signature(const char *text, char **value_out, struct err *err);

/* How a person is called, of whom only first and last name are known. Own; "" if neither is. */
char *detail_whole_name(const char *first_name, const char *last_name);

#endif
