/* test_sqlstate - what PostgreSQL's error codes mean to a caller */
#include <criterion/criterion.h>
#include <glib.h>

#include "db/internal.h"

static const struct {
    const char *name;
    const char *sqlstate;
    enum status want;
    bool want_breaks;
} CASES[] = {
    {"lost", "", ST_TEMPFAIL, true},
    {"serialisation failure", "40001", ST_CONFLICT, false},
    {"deadlock", "40P01", ST_CONFLICT, false},
    {"lock not available", "55P03", ST_CONFLICT, false},
    {"unique key", "23505", ST_CONFLICT, false},
    {"foreign key", "23503", ST_INVALID, false},
    {"check", "23514", ST_INVALID, false},
    {"bad UTF-8", "22021", ST_INVALID, false},
    {"syntax", "42601", ST_FATAL, false},
    {"no such table", "42P01", ST_FATAL, false},
    {"prepared twice", "42P05", ST_TEMPFAIL, true},
    {"no such prepared statement", "26000", ST_TEMPFAIL, true},
    {"the plan changed under us", "0A000", ST_TEMPFAIL, true},
    {"statement time-out", "57014", ST_TEMPFAIL, false},
    {"the server stops", "57P01", ST_TEMPFAIL, true},
    {"the server starts", "57P03", ST_TEMPFAIL, true},
    {"disk full", "53100", ST_TEMPFAIL, false},
    {"wrong password", "28P01", ST_FATAL, true},
    {"no such database", "3D000", ST_FATAL, true},
    {"read only", "25006", ST_TEMPFAIL, true},
    {"nobody knows", "40003", ST_UNCERTAIN, true},
    {"one that we have never seen", "ZZ999", ST_TEMPFAIL, false},
};

Test(sqlstate, says_what_to_do_next)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        enum status got = sqlstate_status(CASES[i].sqlstate);
        cr_expect_eq(got, CASES[i].want, "%s: got %s, want %s", CASES[i].name, status_name(got),
                     status_name(CASES[i].want));
        cr_expect_eq(sqlstate_breaks(CASES[i].sqlstate), CASES[i].want_breaks, "%s: breaks",
                     CASES[i].name);
    }
}
