/* Whole mails as borders hand them over (tests/corpus/headers), genuine and with the games that attackers
 * play (THREATS 2 D and 50): what AUTH is. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/auth.h"
#include "desk_world.h"
#include "message/parse.h"

static void warm_up(void)
{
    parse_warm_up();
}

TestSuite(border, .init = warm_up);

enum file { GMAIL, GMAIL_BEN, MICROSOFT, MICROSOFT_BEN, RSPAMD, OPENDMARC, AMAVIS };

static const struct {
    const char *path;
    enum trust trust;
    const char *id;    /* what its fields begin with */
    const char *below; /* the field that is the first of the sender's own */
} FILES[] = {
    [GMAIL] = {"gmail_external.eml", TRUST_GOOGLE, "mx.google.com; ", "Received: from laptop"},
    [GMAIL_BEN] = {"gmail_colleague.eml", TRUST_GOOGLE, "mx.google.com; ", "DKIM-Signature:"},
    [MICROSOFT] = {"microsoft_external.eml", TRUST_MICROSOFT365, "", "Received: from laptop"},
    [MICROSOFT_BEN] = {"microsoft_internal.eml", TRUST_MICROSOFT365, "", "From:"},
    [RSPAMD] = {"rspamd.eml", TRUST_AUTHSERV_ID, "mx.desk.example; ", "Received: from laptop"},
    [OPENDMARC] = {"opendmarc.eml", TRUST_AUTHSERV_ID, "mx.desk.example; ",
                   "Received: from laptop"},
    [AMAVIS] = {"amavis.eml", TRUST_AUTHSERV_ID, "mx.desk.example; ", "DKIM-Signature:"},
};

/* What is changed in a file; NULL and 0 leave it as it is. "%" stands for the id of its border. */
struct game {
    const char *name;
    const char *stamp; /* instead of the border's fields; "" for none */
    const char *above; /* fields on top of all */
    const char *below; /* fields in front of the sender's own */
    const char *hop;   /* instead of the line by which the border took the mail */
    const char *from;  /* instead of From */
    enum auth want;
};

static void put(GString *mail, const char *text, const char *id)
{
    for (; *text != '\0'; text++) {
        if (*text == '%') {
            g_string_append(mail, id);
        } else {
            g_string_append_c(mail, *text);
        }
    }
    g_string_append_c(mail, '\n');
}

/* One field of the file, with its continuation lines, played with. */
static void put_field(GString *mail, const char *field, enum file file, const struct game *game,
                      bool *is_stamped)
{
    const char *id = FILES[file].id;

    if (game->below != NULL && g_str_has_prefix(field, FILES[file].below)) {
        put(mail, game->below, id);
    }
    if (game->stamp != NULL && g_str_has_prefix(field, "Authentication-Results:")) {
        if (!*is_stamped && game->stamp[0] != '\0') {
            g_string_append(mail, "Authentication-Results: ");
            put(mail, game->stamp, id);
        }
        *is_stamped = true;
    } else if (game->hop != NULL && g_str_has_prefix(field, "Received: from mail.acme")) {
        put(mail, game->hop, id);
    } else if (game->from != NULL && g_str_has_prefix(field, "From:")) {
        put(mail, game->from, id);
    } else {
        g_string_append(mail, field);
        g_string_append_c(mail, '\n');
    }
}

static char *play(enum file file, const struct game *game)
{
    g_autofree char *path = g_build_filename(CORPUS_DIR, "headers", FILES[file].path, NULL);
    g_autofree char *text = NULL;
    bool is_stamped = false;

    cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    GString *mail = g_string_new(NULL);
    g_autoptr(GString) field = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    size_t i = 0;

    if (game->above != NULL) {
        put(mail, game->above, FILES[file].id);
    }
    for (; lines[i][0] != '\0'; i++) {
        g_string_append_printf(field, "%s%s", field->len > 0 ? "\n" : "", lines[i]);
        if (lines[i + 1][0] != ' ' && lines[i + 1][0] != '\t') {
            put_field(mail, field->str, file, game, &is_stamped);
            g_string_truncate(field, 0);
        }
    }
    for (; lines[i] != NULL; i++) {
        g_string_append_printf(mail, "\n%s", lines[i]);
    }
    return g_string_free(mail, FALSE);
}

static enum auth judge(enum file file, const struct game *game, const char *own_host)
{
    g_autofree char *mail = play(file, game);
    OWNED(records) records = world_records();
    OWNED(facts) facts = NULL;
    g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
    struct err err = {.status = ST_OK};

    cr_assert_eq(parse_bytes(mail, strlen(mail), false, &facts, &err), ST_OK, "%s: %s", game->name,
                 err.text);
    cr_expect_not(facts->is_ambiguous, "%s: %s", game->name, facts->ambiguity);
    records->mailbox.trust = FILES[file].trust;
    if (own_host != NULL) {
        g_ptr_array_add(records->mailbox.own_hosts, g_strdup(own_host));
    }
    return auth_of(facts, &records->mailbox, may);
}

static void expect(enum file file, const struct game *game, const char *own_host, enum auth want)
{
    enum auth got = judge(file, game, own_host);

    cr_expect_eq(got, want, "%s, %s: got %s, want %s", FILES[file].path, game->name, auth_name(got),
                 auth_name(want));
}

#define AR     "Authentication-Results: "
#define FORGED AR "%dmarc=pass (p=REJECT dis=NONE) header.from=acme.example"

/* What no border may be fooled by, whoever it is. */
static const struct game GAMES[] = {
    {"genuine", .want = AUTH_PASS},
    {"40: no stamp", .stamp = "", .want = AUTH_NONE},
    {"40: no stamp, a forged one", .stamp = "", .below = FORGED, .want = AUTH_NONE},
    {"40: no stamp, a forged DKIM", .stamp = "", .below = AR "%dkim=pass header.d=acme.example",
     .want = AUTH_NONE},
    {"40: no stamp, a forged login", .stamp = "",
     .below = AR "%auth=pass smtp.auth=anna@acme.example", .want = AUTH_NONE},
    {"40: no stamp, forged below a forged hop", .stamp = "",
     .below = "Received: from x (y [127.0.0.1])\n by mx.desk.example with ESMTP; x\n" FORGED,
     .want = AUTH_NONE},
    {"40: no stamp, forged below a forged delivery", .stamp = "",
     .below = "Received: from mx.desk.example\n by mx.desk.example with LMTP; x\n" FORGED,
     .want = AUTH_NONE},
    {"40: no stamp, forged in other letters", .stamp = "",
     .below = "AUTHENTICATION-results:\n %DMARC=PASS header.FROM=Acme.Example", .want = AUTH_NONE},
    {"40: no stamp, forged behind a blank", .stamp = "",
     .below = "Authentication-Results : %dmarc=pass header.from=acme.example", .want = AUTH_NONE},
    {"40: no stamp, forged behind a CR", .stamp = "",
     .below = "X-A: b\rAuthentication-Results: %dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"40: no stamp, forged by ARC", .stamp = "",
     .below = "ARC-Authentication-Results: i=1; %dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"41: the real one fails, a forged one below",
     .stamp = "%dmarc=fail (p=REJECT sp=REJECT dis=REJECT) action=reject header.from=acme.example",
     .below = FORGED, .want = AUTH_FAIL},
    {"41: the real one fails in quarantine",
     .stamp = "%dmarc=fail (p=QUARANTINE dis=QUARANTINE) action=quarantine "
              "header.from=acme.example",
     .want = AUTH_FAIL},
    {"41: the real one knows nothing, a forged one below",
     .stamp = "%spf=none smtp.mailfrom=acme.example; dmarc=none header.from=acme.example",
     .below = FORGED, .want = AUTH_NONE},
    {"41: the real one is not readable, a forged one below",
     .stamp = "%spf=pass smtp.mailfrom=\"x@evil.test; dkim=none", .below = FORGED,
     .want = AUTH_NONE},
    {"41: the real one is not ASCII, a forged one below",
     .stamp = "%spf=pass smtp.mailfrom=j\xC3\xB6rg@evil.test", .below = FORGED, .want = AUTH_NONE},
    {"41: it fails, but nothing is enforced",
     .stamp = "%dmarc=fail (p=NONE sp=NONE dis=NONE) action=none header.from=acme.example",
     .want = AUTH_NONE},
    {"41: asked for, but not done",
     .stamp = "%dmarc=fail (p=REJECT sp=REJECT dis=NONE) action=none header.from=acme.example",
     .want = AUTH_NONE},
    {"43: somebody else's signature",
     .stamp = "%dkim=pass header.d=evil.test header.from=acme.example", .want = AUTH_NONE},
    {"43: somebody else's DMARC",
     .stamp = "%dkim=pass header.d=evil.test; dmarc=pass header.from=evil.test", .want = AUTH_NONE},
    {"43: the word in a comment",
     .stamp = "%dmarc=none (dmarc=pass header.from=acme.example) header.from=acme.example",
     .want = AUTH_NONE},
    {"43: the word in a quoted value",
     .stamp = "%spf=pass smtp.mailfrom=\"; dmarc=pass header.from=acme.example\"@evil.test",
     .want = AUTH_NONE},
    {"43: the word in a reason",
     .stamp = "%dkim=fail reason=\"dkim=pass header.d=acme.example\" header.d=acme.example",
     .want = AUTH_NONE},
    {"43: a sub-domain's signature", .stamp = "%dkim=pass header.d=x.acme.example",
     .want = AUTH_NONE},
    {"43: a signature for a longer name", .stamp = "%dkim=pass header.d=acme.example.evil.test",
     .want = AUTH_NONE},
    {"43: a property of another clause",
     .stamp = "%dkim=pass; spf=pass header.d=acme.example smtp.mailfrom=evil.test",
     .want = AUTH_NONE},
    {"44: a longer id", .stamp = "mx.desk.example.evil.test; dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"44: a longer id of Google's",
     .stamp = "mx.google.com.evil.test; dmarc=pass header.from=acme.example", .want = AUTH_NONE},
    {"44: a quoted id", .stamp = "\"mx.desk.example\"; dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"44: a quoted id of Google's",
     .stamp = "\"mx.google.com\"; dmarc=pass header.from=acme.example", .want = AUTH_NONE},
    {"44: a quoted nothing", .stamp = "\"\"; dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"44: version 2", .stamp = "mx.desk.example 2; dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"44: Google's version 2", .stamp = "mx.google.com 2; dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"44: a longer id below", .stamp = "",
     .below = AR "mx.desk.example.evil.test; dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"44: no id below", .stamp = "", .below = AR "dmarc=pass header.from=acme.example",
     .want = AUTH_NONE},
    {"45: a part of the body is signed, says the border",
     .stamp = "%dkim=pass header.d=acme.example header.l=20", .want = AUTH_NONE},
    {"45: local policy", .stamp = "%dkim=pass policy.dkim-rules=lax header.d=acme.example",
     .want = AUTH_NONE},
    {"45: SHA-1", .stamp = "%dkim=pass header.a=rsa-sha1 header.d=acme.example", .want = AUTH_NONE},
    {"45: a part of the body is signed, says the signature",
     .stamp = "%dkim=pass header.d=acme.example; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=m; l=20; bh=x; b=y",
     .want = AUTH_NONE},
    {"45: folded within its tags",
     .stamp = "%dkim=pass header.d=acme.example; dmarc=pass header.from=acme.example",
     .below = "dkim-signature: v=1; d =\n ACME.example; l\n = 20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a parent's signature, aligned in the relaxed way",
     .stamp = "%dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=example; l=20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a part is signed, but SPF holds",
     .stamp = "%spf=pass smtp.mailfrom=anna@acme.example; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_PASS},
    {"45: the same, SPF names its domain alone",
     .stamp = "%spf=pass smtp.mailfrom=acme.example; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_PASS},
    {"45: the same, SPF names another domain alone",
     .stamp = "%spf=pass smtp.mailfrom=evil.test; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a part is signed, SPF holds for another",
     .stamp = "%spf=pass smtp.mailfrom=x@evil.test; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a part is signed, SPF says nothing of the sender",
     .stamp = "%spf=pass smtp.helo=acme.example; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a part is signed, SPF fails",
     .stamp = "%spf=softfail smtp.mailfrom=anna@acme.example; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a part is signed, something else holds for the sender",
     .stamp = "%iprev=pass smtp.mailfrom=anna@acme.example; dmarc=pass header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a part is signed, SPF holds, but DKIM is asked",
     .stamp = "%spf=pass smtp.mailfrom=anna@acme.example; dkim=pass header.d=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_NONE},
    {"45: a part is signed, but she logged in", .stamp = "%auth=pass smtp.auth=anna@acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_PASS},
    {"45: a part is signed, and DMARC fails",
     .stamp = "%dmarc=fail (p=REJECT dis=REJECT) action=reject header.from=acme.example",
     .below = "DKIM-Signature: v=1; d=acme.example; l=20; bh=x; b=y", .want = AUTH_FAIL},
    {"45: a part is signed by somebody else",
     .below = "DKIM-Signature: v=1; d=list.test; l=20; bh=x; b=y", .want = AUTH_PASS},
    {"46: SPF alone", .stamp = "%spf=pass smtp.mailfrom=anna@acme.example", .want = AUTH_NONE},
    {"48: SPF of a name that is not there",
     .stamp = "%spf=none smtp.mailfrom=x.acme.example; dmarc=none header.from=acme.example",
     .want = AUTH_NONE},
    {"48: an empty sender", .stamp = "%spf=pass smtp.mailfrom=\"\" smtp.helo=acme.example",
     .want = AUTH_NONE},
    {"49: ARC of a list",
     .stamp = "%arc=pass (i=1 spf=pass dkim=pass dkdomain=acme.example dmarc=pass "
              "fromdomain=acme.example); dkim=fail header.d=acme.example; "
              "dmarc=none header.from=acme.example",
     .want = AUTH_NONE},
    {"49: ARC of a list, and the domain forbids it",
     .stamp = "%arc=pass header.d=acme.example; "
              "dmarc=fail (p=REJECT dis=REJECT) action=oreject header.from=acme.example",
     .want = AUTH_FAIL},
    {"From of another domain", .from = "From: x@evil.test", .want = AUTH_NONE},
    {"From of a sub-domain", .from = "From: x@sub.acme.example", .want = AUTH_NONE},
};

/* Does it forge the border's own field, where there is no real one? */
static bool is_unstamped(const struct game *game)
{
    return game->stamp != NULL && game->stamp[0] == '\0' && game->below != NULL &&
           strchr(game->below, '%') != NULL;
}

/* Google always stamps: with what SPF says at least. So the first field below its line is its own. */
Test(border, is_not_fooled)
{
    static const enum file PLAYED[] = {GMAIL, MICROSOFT, OPENDMARC, AMAVIS};

    for (size_t i = 0; i < G_N_ELEMENTS(GAMES); i++) {
        for (size_t file = 0; file < G_N_ELEMENTS(PLAYED); file++) {
            if (PLAYED[file] != GMAIL || !is_unstamped(&GAMES[i])) {
                expect(PLAYED[file], &GAMES[i], NULL, GAMES[i].want);
            }
        }
    }
}

/* Such a border has to remove forged fields itself: where theirs and its own could stand is one place. */
Test(border, that_writes_below_its_own_line_is_believed_where_it_is_named_as_ours)
{
    for (size_t i = 0; i < G_N_ELEMENTS(GAMES); i++) {
        bool is_forged = GAMES[i].below != NULL && strchr(GAMES[i].below, '%') != NULL;

        expect(RSPAMD, &GAMES[i], NULL, AUTH_NONE);
        if (!is_forged || GAMES[i].want == AUTH_FAIL) {
            expect(RSPAMD, &GAMES[i], "MX.desk.example", GAMES[i].want);
        }
    }
}

/* The line by which the border took the mail, with what the other side called itself. */
static const struct game HOPS[] = {
    {"it calls itself like the border",
     .hop = "Received: from mx.desk.example (evil.test [203.0.113.6])\n"
            "\tby mx.desk.example (Postfix) with ESMTP id 1; Mon, 5 Jan 2026 09:12:45 +0000"},
    {"it calls itself localhost",
     .hop = "Received: from localhost (evil.test [203.0.113.6])\n"
            "\tby mx.desk.example (Postfix) with ESMTP id 1; Mon, 5 Jan 2026 09:12:45 +0000"},
    {"it calls itself by a loop-back address",
     .hop = "Received: from [127.0.0.1] (evil.test [203.0.113.6])\n"
            "\tby mx.desk.example (Postfix) with ESMTP id 1; Mon, 5 Jan 2026 09:12:45 +0000"},
    {"the same with Exim", .hop = "Received: from [203.0.113.6] (helo=[127.0.0.1])\n"
                                  "\tby mx.desk.example with esmtp (Exim 4.98) id 1; Mon"},
    {"the same with Exim and a port",
     .hop = "Received: from [203.0.113.6] ([203.0.113.6:50473] helo=[127.0.0.1])\n"
            "\tby mx.desk.example with esmtp (Exim 4.98) id 1; Mon"},
    {"the same with qmail", .hop = "Received: from unknown (HELO [127.0.0.1]) (203.0.113.6)\n"
                                   "\tby mx.desk.example with SMTP; 5 Jan 2026 09:12:45 -0000"},
    {"the same over IPv6", .hop = "Received: from [IPv6:::1] (evil.test [IPv6:2001:db8::6])\n"
                                  "\tby mx.desk.example (Postfix) with ESMTP id 1; Mon"},
    {"it calls itself by", .hop = "Received: from by (evil.test [203.0.113.6])\n"
                                  "\tby mx.desk.example (Postfix) with ESMTP id 1; Mon"},
    {"it calls itself with", .hop = "Received: from with (evil.test [203.0.113.6])\n"
                                    "\tby mx.desk.example (Postfix) with ESMTP id 1; Mon"},
    {"a local user wrote it", .hop = "Received: by mx.desk.example (Postfix, from userid 33)\n"
                                     "\tid 321675CD845; Mon, 5 Jan 2026 09:12:45 +0000"},
    {"LMTP in a comment", .hop = "Received: from x (with LMTP [203.0.113.6])\n"
                                 "\tby mx.desk.example (Postfix) with ESMTP id 1; Mon"},
};

Test(border, knows_its_own_line_whatever_the_other_side_calls_itself)
{
    static const enum file PLAYED[] = {OPENDMARC, AMAVIS};

    for (size_t i = 0; i < G_N_ELEMENTS(HOPS); i++) {
        struct game game = HOPS[i];
        game.stamp = "";
        game.below = FORGED;
        for (size_t file = 0; file < G_N_ELEMENTS(PLAYED); file++) {
            expect(PLAYED[file], &game, NULL, AUTH_NONE);
            expect(PLAYED[file], &HOPS[i], NULL, AUTH_PASS);
        }
    }
}

Test(border, of_google_proves_colleagues)
{
    static const struct game COLLEAGUE[] = {
        {"genuine", .want = AUTH_PASS},
        {"no stamp", .stamp = "", .want = AUTH_NONE},
        {"no stamp, forged", .stamp = "", .below = "X-A: b\n" AR "mx.google.com; x",
         .want = AUTH_NONE},
        {"a field of somebody else's comes first", .stamp = "evil.test; none",
         .below = AR "mx.google.com; dmarc=pass header.from=desk.example", .want = AUTH_NONE},
        {"no stamp, forged below another line of Google's", .stamp = "",
         .below = "Received: by 2002:a05:: with SMTP id x; Mon\n" AR
                  "mx.google.com; dmarc=pass header.from=desk.example",
         .want = AUTH_NONE},
        {"no stamp, forged below a forged line of its own", .stamp = "",
         .below = "Received: from x by mx.google.com with SMTP id x; Mon\n" AR
                  "mx.google.com; dmarc=pass header.from=desk.example",
         .want = AUTH_NONE},
        {"no stamp, one above its line", .stamp = "",
         .above = AR "mx.google.com; dmarc=pass header.from=desk.example", .want = AUTH_NONE},
        {"came on through another host",
         .above = "Received: from mx.google.com by evil.test with ESMTP; Mon", .want = AUTH_NONE},
        {"came on through a host without a name", .above = "Received: from mx.google.com; Mon",
         .want = AUTH_NONE},
        {"came on through a host of digits and letters",
         .above = "Received: from mx.google.com by 10.evil.test with ESMTP; Mon",
         .want = AUTH_NONE},
        {"came on through a host that looks like an address",
         .above = "Received: from mx.google.com by fade.de with ESMTP; Mon", .want = AUTH_NONE},
        {"came on within Google",
         .above = "Received: by 10.25.26.207 with SMTP id a; Mon\n"
                  "Received: by gmr-mx.google.com with SMTP id a; Mon",
         .want = AUTH_PASS},
        {"SPF and a signature of Google's own",
         .stamp = "%dkim=pass header.i=@1e100.net; spf=pass smtp.mailfrom=ben@desk.example",
         .want = AUTH_NONE},
        {"somebody else", .from = "From: x@evil.test", .want = AUTH_NONE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(COLLEAGUE); i++) {
        expect(GMAIL_BEN, &COLLEAGUE[i], NULL, COLLEAGUE[i].want);
    }
}

#define AUTH_AS  "X-MS-Exchange-Organization-AuthAs: "
#define FROM_BEN "From: Ben Huber <ben@desk.example>"
#define DIRECT_SEND                                                           \
 "spf=fail (sender IP is 203.0.113.6) smtp.mailfrom=desk.example; dkim=none " \
 "(message not signed) header.d=none;dmarc=none action=none "                 \
 "header.from=desk.example;compauth=fail reason=001"

Test(border, of_microsoft_proves_colleagues_who_never_left_it)
{
    static const struct game COLLEAGUE[] = {
        {"genuine", .want = AUTH_PASS},
        {"of another domain", .from = "From: anna@acme.example", .want = AUTH_NONE},
        {"of a sub-domain", .from = "From: ben@x.desk.example", .want = AUTH_NONE},
        {"marked twice", .below = AUTH_AS "Internal", .want = AUTH_NONE},
        {"marked twice, once as from outside", .below = AUTH_AS "Anonymous", .want = AUTH_NONE},
        {"came through a foreign host",
         .below = "Received: from x by mail.evil.test with ESMTP; Mon", .want = AUTH_NONE},
        {"came through the border",
         .below = "Received: from x (203.0.113.6) by\n"
                  " DU2PEPF00028D06.MAIL.protection.outlook.com with Microsoft SMTP Server; Mon",
         .want = AUTH_NONE},
        {"came through a host with a longer name",
         .below = "Received: from x by a.prod.outlook.com.evil.test with ESMTP; Mon",
         .want = AUTH_NONE},
        {"a forged field of another domain",
         .below = AR "dmarc=pass action=none header.from=acme.example",
         .from = "From: anna@acme.example", .want = AUTH_NONE},
    };
    static const struct game OUTSIDE[] = {
        {"sent in directly, marked as internal", .stamp = DIRECT_SEND, .below = AUTH_AS "Internal",
         .from = FROM_BEN, .want = AUTH_NONE},
        {"the same without a stamp", .stamp = "", .below = AUTH_AS "Internal", .from = FROM_BEN,
         .want = AUTH_NONE},
        {"DMARC in part only", .stamp = "dmarc=fail action=pct.reject header.from=acme.example",
         .want = AUTH_NONE},
        {"DMARC by guess", .stamp = "dmarc=bestguesspass action=none header.from=acme.example",
         .want = AUTH_NONE},
        {"DMARC not known for a while",
         .stamp = "dmarc=temperror action=none header.from=acme.example", .want = AUTH_NONE},
        {"the composite verdict is no DMARC",
         .stamp = "dmarc=none action=none header.from=acme.example;compauth=pass reason=100",
         .want = AUTH_NONE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(COLLEAGUE); i++) {
        expect(MICROSOFT_BEN, &COLLEAGUE[i], NULL, COLLEAGUE[i].want);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(OUTSIDE); i++) {
        expect(MICROSOFT, &OUTSIDE[i], NULL, OUTSIDE[i].want);
    }
}

/* A profile believes its own border only. */
Test(border, of_another_profile_proves_nobody)
{
    static const enum trust TRUSTS[] = {TRUST_NONE, TRUST_AUTHSERV_ID, TRUST_GOOGLE,
                                        TRUST_MICROSOFT365};
    static const enum file PLAYED[] = {GMAIL, MICROSOFT, OPENDMARC, AMAVIS};

    for (size_t file = 0; file < G_N_ELEMENTS(PLAYED); file++) {
        for (size_t trust = 0; trust < G_N_ELEMENTS(TRUSTS); trust++) {
            g_autofree char *mail = play(PLAYED[file], &GAMES[0]);
            OWNED(records) records = world_records();
            OWNED(facts) facts = NULL;
            g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
            struct err err = {.status = ST_OK};
            enum auth want = TRUSTS[trust] == FILES[PLAYED[file]].trust ? AUTH_PASS : AUTH_NONE;

            cr_assert_eq(parse_bytes(mail, strlen(mail), false, &facts, &err), ST_OK);
            records->mailbox.trust = TRUSTS[trust];
            cr_expect_eq(auth_of(facts, &records->mailbox, may), want, "%s under profile %zu",
                         FILES[PLAYED[file]].path, trust);
        }
    }
}

/* What people are told of a word that was not believed, or not said. */
static const struct {
    enum file file;
    struct game game;
    const char *sentences[3];
} SAID[] = {
    {OPENDMARC,
     {"genuine"},
     {"dmarc=pass for acme.example by mx.desk.example",
      "dkim=pass for acme.example by mx.desk.example"}},
    {OPENDMARC,
     {"silent", .stamp = "%none"},
     {"mx.desk.example says nothing that proves anna@acme.example"}},
    {OPENDMARC, {"no stamp", .stamp = ""}, {"no word of mx.desk.example about anna@acme.example"}},
    {OPENDMARC,
     {"two forged", .stamp = "", .below = FORGED "\n" FORGED},
     {"a word of mx.desk.example stands below where the mail came in: anybody can write it",
      "no word of mx.desk.example about anna@acme.example"}},
    {OPENDMARC,
     {"in part", .stamp = "%dkim=pass header.d=acme.example",
      .below = "DKIM-Signature: d=acme.example; l=1"},
     {"dkim=pass by mx.desk.example does not count: the signature covers a part only",
      "mx.desk.example says nothing that proves anna@acme.example"}},
    {GMAIL,
     {"genuine"},
     {"dkim=pass for acme.example by mx.google.com",
      "dmarc=pass for acme.example by mx.google.com"}},
    {GMAIL,
     {"silent", .stamp = "%spf=none"},
     {"mx.google.com says nothing that proves anna@acme.example"}},
    {GMAIL, {"no stamp", .stamp = ""}, {"no word of mx.google.com about anna@acme.example"}},
    {MICROSOFT,
     {"genuine"},
     {"dkim=pass for acme.example by Microsoft 365",
      "dmarc=pass for acme.example by Microsoft 365"}},
    {MICROSOFT,
     {"fails", .stamp = "dmarc=fail action=reject header.from=acme.example"},
     {"dmarc=fail for acme.example by Microsoft 365"}},
    {MICROSOFT,
     {"silent", .stamp = "spf=none smtp.mailfrom=x"},
     {"Microsoft 365 says nothing that proves anna@acme.example"}},
    {MICROSOFT, {"no stamp", .stamp = ""}, {"no word of Microsoft 365 about anna@acme.example"}},
    {MICROSOFT_BEN, {"genuine"}, {"Microsoft 365 says that somebody of desk.example wrote it"}},
};

Test(border, says_what_it_believed_and_what_not)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SAID); i++) {
        g_autofree char *mail = play(SAID[i].file, &SAID[i].game);
        OWNED(records) records = world_records();
        OWNED(facts) facts = NULL;
        g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
        struct err err = {.status = ST_OK};
        guint count = 0;

        cr_assert_eq(parse_bytes(mail, strlen(mail), false, &facts, &err), ST_OK);
        records->mailbox.trust = FILES[SAID[i].file].trust;
        auth_of(facts, &records->mailbox, may);
        for (; count < G_N_ELEMENTS(SAID[i].sentences) && SAID[i].sentences[count]; count++) {
            cr_expect(count < may->len && strcmp(may->pdata[count], SAID[i].sentences[count]) == 0,
                      "%s, %s: \"%s\"", FILES[SAID[i].file].path, SAID[i].game.name,
                      count < may->len ? (const char *)may->pdata[count] : "");
        }
        cr_expect_eq(may->len, count, "%s, %s: says %u", FILES[SAID[i].file].path,
                     SAID[i].game.name, may->len);
    }
}
