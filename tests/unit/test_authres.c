/* Authentication-Results: fields of real border servers, and fields that try to be read otherwise. */
#include <string.h>

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
    {"RFC 8601 B.5: two hops",
     "example.com;\r\n sender-id=fail header.from=example.com;\r\n dkim=pass "
     "(good signature) header.d=example.com",
     "example.com/1; sender-id=fail header.from=example.com; dkim=pass header.d=example.com"},
    {"CFWS everywhere",
     " ( a ) mx.example ( b ) 1 ( c ) ; ( d ) dkim ( e ) = ( f ) pass ( g ) reason ( h ) = ( i ) "
     "\"ok\" ( j ) header ( k ) . ( l ) d ( m ) = ( n ) a.example ( o ) ; ( p )",
     "mx.example/1; dkim=pass .reason=ok header.d=a.example"},
    {"folds for blanks", "mx.example\r\n\t1\r\n ;\r\n dkim\r\n =\r\n pass\r\n header.d\r\n =\r\n a",
     "mx.example/1; dkim=pass header.d=a"},
    {"a comment for a blank", "mx.example;dkim=pass(x)header.d=a(y)header.s=b",
     "mx.example/1; dkim=pass header.d=a header.s=b"},
    {"an address without a local part", "mx.example; dkim=pass header.i=@a.example",
     "mx.example/1; dkim=pass header.i=@a.example"},
    {"an escape in a quoted value", "mx.example; dkim=fail reason=\"a\\\"; dkim=pass\" header.d=a",
     "mx.example/1; dkim=fail .reason=a\"; dkim=pass header.d=a"},
    {"an empty quoted value", "mx.example; spf=pass smtp.mailfrom=\"\"",
     "mx.example/1; spf=pass smtp.mailfrom="},
    {"an empty path", "mx.example; spf=pass smtp.mailfrom=<>",
     "mx.example/1; spf=pass smtp.mailfrom=<>"},
    {"special verbs", "mx.example; spf=pass smtp.rcptto=a@b.example",
     "mx.example/1; spf=pass smtp.rcptto=a@b.example"},
    {"an escaped parenthesis", "mx.example; spf=fail (\\) dkim=pass) smtp.helo=x",
     "mx.example/1; spf=fail smtp.helo=x"},
    {"a semicolon in a comment", "mx.example; spf=fail (; dkim=pass header.d=a) smtp.helo=x",
     "mx.example/1; spf=fail smtp.helo=x"},
    {"a quote in a comment", "mx.example; spf=fail (\"; dkim=pass header.d=a) smtp.helo=x",
     "mx.example/1; spf=fail smtp.helo=x"},
    {"a parenthesis in a quoted string", "mx.example; spf=fail reason=\"(\"; dkim=none",
     "mx.example/1; spf=fail .reason=(; dkim=none"},
    {"none and more", "mx.example; none; dkim=pass", NULL},
    {"more and none", "mx.example; dkim=pass; none", NULL},
    {"none with a result", "mx.example; none=pass", "mx.example/1; none=pass"},
    {"an id of two words", "mx example; dkim=pass", NULL},
    {"no semicolon behind the id", "mx.example dkim=pass", NULL},
    {"a version with letters", "mx.example 1a; dkim=pass", NULL},
    {"a colon for a semicolon", "mx.example: dkim=pass", NULL},
    {"a comma for a semicolon", "mx.example; spf=pass, dkim=pass", NULL},
    {"two results", "mx.example; dkim=pass fail", NULL},
    {"two equals signs", "mx.example; dkim==pass", NULL},
    {"a quoted result", "mx.example; dkim=\"pass\"", NULL},
    {"a quoted method", "mx.example; \"dkim\"=pass", NULL},
    {"a quoted property", "mx.example; dkim=pass \"header.d\"=a", NULL},
    {"a property of three words", "mx.example; dkim=pass a.b.c=d", NULL},
    {"a property glued to a quoted value", "mx.example; dkim=pass reason=\"x\"header.d=a", NULL},
    {"an escape outside of quotes", "mx.example; dkim=pass header.d=a\\;b", NULL},
    {"a keyword that begins with a hyphen", "mx.example; -dkim=pass", NULL},
    {"a keyword that ends with a hyphen", "mx.example; dkim-=pass", NULL},
    {"a method of another script", "mx.example; dk\xC4\xB1m=pass", NULL},
    {"an unclosed nested comment", "mx.example; dkim=pass (a (b) header.d=a", NULL},
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

/* Lexemes out of which fields are made that try to be read otherwise. */
static const char *const LEXEMES[] = {
    "dkim=pass", "spf=fail", " header.d=a", "reason=", "none", ";",  " ",     "\"",
    "(",         ")",        "\\",          "=",       ".",    "@b", "\r\n ",
};

/* The clauses of a field, cut at each ";" that stands neither in quotes nor in a comment. */
static GPtrArray *cut(const char *text)
{
    GPtrArray *clauses = g_ptr_array_new_with_free_func(g_free);
    unsigned depth = 0;
    bool is_quoted = false;
    const char *from = text;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\' && (is_quoted || depth > 0) && at[1] != '\0') {
            at++;
        } else if (*at == '"' && depth == 0) {
            is_quoted = !is_quoted;
        } else if (*at == '(' && !is_quoted) {
            depth++;
        } else if (*at == ')' && !is_quoted && depth > 0) {
            depth--;
        } else if (*at == ';' && !is_quoted && depth == 0) {
            g_ptr_array_add(clauses, g_strndup(from, (gsize)(at - from)));
            from = at + 1;
        }
    }
    g_ptr_array_add(clauses, g_strdup(from));
    return clauses;
}

/* What a field says, NULL if it cannot be read. */
static char *say(const char *clauses, const char *more, guint *count_out)
{
    g_autofree char *field = g_strdup_printf("id;%s%s", clauses, more);
    OWNED(authres) authres = NULL;
    struct err err = {.status = ST_OK};

    if (authres_parse(field, &authres, &err) != ST_OK) {
        return NULL;
    }
    *count_out = authres->results->len;
    return dump(authres);
}

/* The same, from each clause read for itself: only the last may be empty, and "none" stands alone. */
static char *say_apart(const char *text)
{
    g_autoptr(GPtrArray) clauses = cut(text);
    GString *all = g_string_new("id/1");
    bool is_wrong = false;

    for (guint i = 0; i < clauses->len; i++) {
        guint count = 0;
        g_autofree char *one = say(clauses->pdata[i], "", &count);
        guint ignored = 0;
        g_autofree char *with_more = say(clauses->pdata[i], " a=b", &ignored);
        bool is_last = i + 1 == clauses->len;
        bool is_nothing = one != NULL && count == 0;
        bool is_none = is_nothing && with_more == NULL;

        is_wrong = is_wrong || one == NULL || (is_nothing && !is_none && !is_last) ||
                   (is_none && (i > 0 || clauses->len > 2));
        if (i == 1 && !is_wrong && count > 0) {
            g_autofree char *first = say(clauses->pdata[0], "", &ignored);
            is_wrong = ignored == 0;
        }
        g_string_append(all, is_wrong ? "" : one + strlen("id/1"));
    }
    return g_string_free(all, is_wrong);
}

/* Tells whether the field could be read at all. */
static bool expect_no_mixing(const char *text)
{
    guint count = 0;
    g_autofree char *whole = say(text, "", &count);
    g_autofree char *apart = say_apart(text);

    if (g_strcmp0(whole, apart) != 0) {
        cr_assert_fail("\"%s\": %s, but apart %s", text, whole, apart);
    }
    return whole != NULL;
}

Test(authres, never_moves_a_property_to_another_clause)
{
    const size_t lexemes = G_N_ELEMENTS(LEXEMES);
    g_autoptr(GRand) random = g_rand_new_with_seed(8601);
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned readable = 0;

    for (size_t number = 0; number < lexemes * lexemes * lexemes * lexemes; number++) {
        g_string_assign(text, "dkim=pass");
        for (size_t rest = number, i = 0; i < 4; i++, rest /= lexemes) {
            g_string_append(text, LEXEMES[rest % lexemes]);
        }
        readable += expect_no_mixing(text->str);
    }
    for (int i = 0; i < 30000; i++) {
        g_string_assign(text, "");
        for (int j = g_rand_int_range(random, 5, 20); j > 0; j--) {
            g_string_append(text, LEXEMES[g_rand_int_range(random, 0, (gint32)lexemes)]);
        }
        readable += expect_no_mixing(text->str);
    }
    cr_expect_gt(readable, 1000, "only %u could be read", readable);
}
