/* Authentication-Results: fields of real border servers, and fields that try to be read otherwise. */
#include <criterion/criterion.h>
#include <glib.h>

#include "message/authres.h"

/* Everything that was read, in one line, so that a table can hold it. */
static char *dump(const struct authres *authres)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s/%u", authres->authserv_id, authres->version);
    for (guint i = 0; i < authres->results->len; i++) {
        const struct authres_result *result = g_ptr_array_index(authres->results, i);

        g_string_append_printf(out, "; %s=%s", result->method, result->result);
        for (guint j = 0; j < result->properties->len; j++) {
            const struct authres_property *property = g_ptr_array_index(result->properties, j);

            g_string_append_printf(out, " %s.%s=%s", property->ptype, property->name,
                                   property->value);
        }
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name;
    const char *input;
    const char *want; /* NULL: unparsable */
} FIELDS[] = {
    {"none", "example.org 1; none", "example.org/1"},
    {"none without a version", " example.org ; none;", "example.org/1"},
    {"id alone", "example.org", "example.org/1"},
    {"RFC 8601 B.3", "example.com;\r\n spf=pass smtp.mailfrom=example.net",
     "example.com/1; spf=pass smtp.mailfrom=example.net"},
    {"RFC 8601 B.4: comments",
     "example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;"
     "\r\n spf=pass smtp.mailfrom=example.net",
     "example.com/1; auth=pass smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net"},
    {"RFC 8601 B.7: comment in every place",
     "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) "
     "fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I "
     "wasn't expecting it) 1362471462",
     "foo.example.net/1; dkim=fail policy.expired=1362471462"},
    {"Google",
     "mx.google.com;\n       dkim=pass header.i=@acme.example header.s=s1 header.b=Ab/C+d12;\n       "
     "spf=pass (google.com: domain of a@acme.example designates 192.0.2.1 as permitted sender) "
     "smtp.mailfrom=a@acme.example;\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) "
     "header.from=acme.example",
     "mx.google.com/1; dkim=pass header.i=@acme.example header.s=s1 header.b=Ab/C+d12; spf=pass "
     "smtp.mailfrom=a@acme.example; dmarc=pass header.from=acme.example"},
    {"Microsoft has no id",
     "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=acme.example; dkim=pass (signature was "
     "verified)\r\n header.d=acme.example;dmarc=pass action=none\r\n "
     "header.from=acme.example;compauth=pass reason=100",
     "/1; spf=pass smtp.mailfrom=acme.example; dkim=pass header.d=acme.example; dmarc=pass "
     ".action=none header.from=acme.example; compauth=pass .reason=100"},
    {"rspamd",
     "mx.ours.example;\n\tdkim=pass header.d=acme.example header.s=mail header.b=\"q/w==\";\n\t"
     "dmarc=pass (policy=none) header.from=acme.example;\n\tarc=none",
     "mx.ours.example/1; dkim=pass header.d=acme.example header.s=mail header.b=q/w==; dmarc=pass "
     "header.from=acme.example; arc=none"},
    {"quoted id", "\"mx.ours.example\"; spf=fail", "mx.ours.example/1; spf=fail"},
    {"version 2", "mx.ours.example 2; spf=fail", "mx.ours.example/2; spf=fail"},
    {"result in a comment is none", "mx.example; spf=fail (dkim=pass header.d=ours.example)",
     "mx.example/1; spf=fail"},
    {"clause in a quoted string is none",
     "mx.example; spf=fail reason=\"x; dmarc=pass header.from=ours.example\"",
     "mx.example/1; spf=fail .reason=x; dmarc=pass header.from=ours.example"},
    {"nested comment", "mx.example; spf=fail (a(b\\)c)d) smtp.helo=x",
     "mx.example/1; spf=fail smtp.helo=x"},
    {"quoted local part", "mx.example; auth=pass smtp.auth=\"a b\"@x.example",
     "mx.example/1; auth=pass smtp.auth=a b@x.example"},
    {"case folds", "mx.example; DKIM=Pass Header.D=Acme.Example",
     "mx.example/1; dkim=pass header.d=Acme.Example"},
    {"empty clause at the end", "mx.example; spf=pass;", "mx.example/1; spf=pass"},
    {"method version 1", "mx.example; dkim/1=pass", "mx.example/1; dkim=pass"},
    {"unknown method version", "mx.example; dkim/2=pass", NULL},
    {"empty", "", NULL},
    {"white space", " \r\n ", NULL},
    {"comment alone", "(mx.example)", NULL},
    {"unclosed comment", "mx.example; spf=pass (", NULL},
    {"unclosed quote", "mx.example; spf=pass reason=\"x", NULL},
    {"no result", "mx.example; spf", NULL},
    {"empty result", "mx.example; spf=", NULL},
    {"property without a value", "mx.example; spf=pass smtp.helo=", NULL},
    {"glued property", "mx.example; spf=pass.x=y", NULL},
    {"junk", "mx.example; spf=pass ,", NULL},
    {"double semicolon", "mx.example; ; spf=pass", NULL},
    {"words behind the id", "mx.example yes; spf=pass", NULL},
    {"endless version", "mx.example 11111111111111; spf=pass", NULL},
};

Test(authres, reads_each_clause_with_its_own_properties)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        g_autofree char *exact = g_strdup(FIELDS[i].input);
        g_autofree char *got = NULL;
        OWNED(authres) authres = NULL;
        struct err err = {.status = ST_OK};
        enum status status = authres_parse(exact, &authres, &err);

        cr_expect_eq(status, FIELDS[i].want ? ST_OK : ST_INVALID, "%s: got %s", FIELDS[i].name,
                     status_name(status));
        got = authres ? dump(authres) : NULL;
        cr_expect(g_strcmp0(got, FIELDS[i].want) == 0, "%s: got %s, want %s", FIELDS[i].name, got,
                  FIELDS[i].want);
    }
}

Test(authres, keeps_comments_apart_for_the_disposition)
{
    OWNED(authres) authres = NULL;
    struct err err = {.status = ST_OK};
    enum status status =
        authres_parse("mx.google.com; dmarc=fail (p=REJECT (x) dis=NONE) header.from=a "
                      "(more); spf=none",
                      &authres, &err);

    cr_assert_eq(status, ST_OK);

    const struct authres_result *dmarc = g_ptr_array_index(authres->results, 0);
    const struct authres_result *spf = g_ptr_array_index(authres->results, 1);

    cr_expect_str_eq(dmarc->comment, "p=REJECT (x) dis=NONE more");
    cr_expect_str_eq(spf->comment, "");
    cr_expect_str_eq(authres_property(dmarc, "header", "from"), "a");
    cr_expect_null(authres_property(dmarc, "header", "d"));
}

Test(authres, refuses_a_field_with_endless_clauses)
{
    g_autoptr(GString) field = g_string_new("mx.example");
    OWNED(authres) authres = NULL;
    struct err err = {.status = ST_OK};

    for (int i = 0; i < 101; i++) {
        g_string_append(field, "; spf=pass");
    }
    cr_expect_eq(authres_parse(field->str, &authres, &err), ST_INVALID);
}
