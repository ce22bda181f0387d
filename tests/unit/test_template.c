/* Templates of notices: values stay text, conditions leave no holes, mistakes are named. */
#include <criterion/criterion.h>
#include <glib.h>

#include "message/template.h"

static const struct template_value VALUES[] = {
    {"name", "Anna"}, {"text", "one\n\n\ntwo {{name}} {{#if name}}"}, {"empty", ""}, {"none", NULL},
    {"b2-x", "B"},
};

static const struct {
    const char *name;
    const char *text;
    const char *want_subject;
    const char *want_body;
} GOOD[] = {
    {"plain", "Subject: Hi\n\nbody\n", "Hi", "body\n"},
    {"values", "Subject: [{{name}}]\n\n{{name}} and {{b2-x}}", "[Anna]", "Anna and B\n"},
    {"a value is never read again, and keeps its lines", "Subject: s\n\n{{text}}\n", "s",
     "one\n\n\ntwo {{name}} {{#if name}}\n"},
    {"condition in a line", "Subject: {{#if name}}Re: {{/if}}x\n\na{{#if empty}}b{{/if}}c\n",
     "Re: x", "ac\n"},
    {"condition on lines of its own", "Subject: s\n\na\n{{#if name}}\nb\n{{/if}}\nc\n", "s",
     "a\nb\nc\n"},
    {"what is left out leaves no hole", "Subject: s\n\na\n\n{{#if none}}\nb\n{{/if}}\n\nc\n", "s",
     "a\n\nc\n"},
    {"nothing at the start and the end", "Subject: s\n\n{{#if none}}x{{/if}}\n\na\n\n\n", "s",
     "a\n"},
    {"else", "Subject: s\n\n{{#if none}}a{{else}}b{{/if}}{{#if name}}c{{else}}d{{/if}}\n", "s",
     "bc\n"},
    {"nested",
     "Subject: s\n\n{{#if none}}{{#if name}}a{{/if}}{{else}}{{#if name}}b{{/if}}{{/if}}\n", "s",
     "b\n"},
    {"nested in what is not shown: else does not show it",
     "Subject: s\n\n{{#if none}}{{#if empty}}a{{else}}b{{/if}}{{/if}}c\n", "s", "c\n"},
    {"one brace is text", "Subject: s\n\n{a} }} {\n", "s", "{a} }} {\n"},
};

Test(template, puts_values_where_they_belong)
{
    for (size_t i = 0; i < G_N_ELEMENTS(GOOD); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *text = g_strdup(GOOD[i].text);
        g_autofree char *subject = NULL;
        g_autofree char *body = NULL;
        enum status status = template_render("x.txt", text, VALUES, G_N_ELEMENTS(VALUES), &subject,
                                             &body, &err);

        cr_expect_eq(status, ST_OK, "%s: got %s: %s", GOOD[i].name, status_name(status), err.text);
        cr_expect_str_eq(subject ? subject : "", GOOD[i].want_subject, "%s: got %s", GOOD[i].name,
                         subject);
        cr_expect_str_eq(body ? body : "", GOOD[i].want_body, "%s: got %s", GOOD[i].name, body);
    }
}

static const struct {
    const char *text;
    const char *want;
} BAD[] = {
    {"", "x.txt:1: it must begin with \"Subject: \" and an empty line"},
    {"Subject: s\nbody\n", "x.txt:1: it must begin with \"Subject: \" and an empty line"},
    {"Subject: {{nome}}\n\n", "x.txt:1: unknown name \"nome\""},
    {"Subject: s\n\na\n{{#if none}}\n{{nome}}\n{{/if}}\n", "x.txt:5: unknown name \"nome\""},
    {"Subject: s\n\n{{#if nome}}{{/if}}\n", "x.txt:3: unknown name \"nome\""},
    {"Subject: s\n\n{{nam}}\n", "x.txt:3: unknown name \"nam\""},
    {"Subject: s\n\n{{ name }}\n", "x.txt:3: no name: \" name \""},
    {"Subject: s\n\n{{}}\n", "x.txt:3: no name: \"\""},
    {"Subject: s\n\n{{name}\n", "x.txt:3: a mark without its end: \"name\""},
    {"Subject: s\n\n{{name", "x.txt:3: a mark without its end: \"name\""},
    {"Subject: s\n\n{{", "x.txt:3: a mark without its end: \"\""},
    {"Subject: s\n\n{{#if name}}\n", "x.txt:4: a condition is still open at the end of \"x.txt\""},
    {"Subject: {{#if name}}s\n\n{{/if}}\n",
     "x.txt:1: a condition is still open at the end of \"x.txt\""},
    {"Subject: s\n\n{{/if}}\n", "x.txt:3: no condition is open for \"/if\""},
    {"Subject: s\n\n{{else}}\n", "x.txt:3: no condition is open for \"else\""},
    {"Subject: s\n\n{{#if name}}{{else}}{{else}}{{/if}}\n",
     "x.txt:3: no condition is open for \"else\""},
    {"Subject: s\n\n{{#each name}}\n", "x.txt:3: unknown mark \"#each name\""},
    {"Subject: s\n\n{{#if name}}{{#if name}}{{#if name}}{{#if name}}{{#if name}}{{/if}}\n",
     "x.txt:3: too many conditions in each other at \"name\""},
};

Test(template, names_every_mistake_and_its_line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *text = g_strdup(BAD[i].text);
        g_autofree char *subject = NULL;
        g_autofree char *body = NULL;
        enum status status = template_render("x.txt", text, VALUES, G_N_ELEMENTS(VALUES), &subject,
                                             &body, &err);

        cr_expect_eq(status, ST_INVALID, "%s: got %s", BAD[i].text, status_name(status));
        cr_expect_str_eq(err.text, BAD[i].want, "%s: got %s", BAD[i].text, err.text);
        cr_expect_null(subject);
        cr_expect_null(body);
    }
}
