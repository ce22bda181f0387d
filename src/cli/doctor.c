/* doctor - postdesk doctor: can this desk work, and does its trust hold?
 *
 * Each check is one line: well, a warning (it works, and somebody should know), or a fault (somebody must act, exit
 * code 1), with what it means and how to mend it. Nothing is mended here.
 *
 * The trust profile of a mailbox is not a matter of belief: two mails are sent to it (gateway/probe), a genuine one
 * that has to come in authenticated, and a forged one that must not.
 * I/O: the database, the mail servers, stdout.
 */
#include "cli/doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/view.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "gateway/fetch.h"
#include "gateway/login.h"
#include "gateway/probe.h"
#include "store/account.h"
#include "store/desk.h"

enum { DEFAULT_WAIT_S = 60, MOST_WAIT_S = 3600, MAX_PORT = 65535, MS = 1000 };
enum { DAY_S = 86400, US_PER_S = 1000000, MARK_WIDTH = 9 };

void doctor_add(struct doctor *doctor, const char *what, enum gravity result, const char *hint,
                const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *line = text_one_line(text, SIZE_MAX);
    g_autofree char *mend = text_one_line(hint, SIZE_MAX);
    g_autofree char *name = doctor->subject == NULL ? g_strdup(what)
                                                    : g_strconcat(doctor->subject, " ", what, NULL);
    json_array_append_new(doctor->checks, json_pack("{s:s, s:s, s:s, s:s, s:s?}", "what", name,
                                                    "result", gravity_name(result), "text", line,
                                                    "hint", mend, "mailbox", doctor->subject));
    doctor->has_fault = doctor->has_fault || result == GRAVITY_FAULT;
}

bool doctor_add_status(struct doctor *doctor, const char *what, enum status status,
                       const struct err *err, const char *well)
{
    if (status == ST_OK) {
        doctor_add(doctor, what, GRAVITY_WELL, "", "%s", well);
    } else {
        doctor_add(doctor, what, GRAVITY_FAULT, err->hint, "%s", err->text);
    }
    return status == ST_OK;
}

void doctor_add_certificate(struct doctor *doctor, const char *what, int64_t until_us)
{
    int64_t left_s = (until_us - clock_wall_us(clock_real())) / US_PER_S;
    g_autofree char *left = text_age(left_s);
    enum gravity gravity = left_s >= LIMIT_CERTIFICATE_DAYS * DAY_S         ? GRAVITY_WELL
                           : left_s >= LIMIT_CERTIFICATE_FAULT_DAYS * DAY_S ? GRAVITY_WARNING
                                                                            : GRAVITY_FAULT;

    if (until_us != 0) {
        doctor_add(doctor, what, gravity,
                   gravity == GRAVITY_WELL ? ""
                                           : "have it renewed by whoever runs the server; postdesk "
                                             "refuses a server whose certificate has expired",
                   "accepted, ends in %s", left);
    }
}

/* ---- a mailbox ---- */

static enum status look_at_folders(struct imapbox *box, const struct mailbox_account *account,
                                   struct err *err)
{
    const char *const folders[] = {FETCH_FOLDER, account->processed_folder,
                                   account->oversize_folder};
    size_t count = account->keeps_mail ? 1 : G_N_ELEMENTS(folders);
    enum status status = ST_OK;

    for (size_t i = 0; i < count && status == ST_OK; i++) {
        struct imapbox_folder found = {.uidvalidity = 0};
        status = imapbox_examine(box, folders[i], &found, err);
        if (status == ST_NOT_FOUND) {
            (void)err_set(err, ST_NOT_FOUND, "there is no folder \"%s\"", folders[i]);
            (void)err_hint(err, "the daemon makes it as soon as it reads the mailbox");
        }
    }
    return status;
}

/* What the server lacks, and what that means. */
static void tell_abilities(struct doctor *doctor, const struct mailbox_account *account,
                           const struct imapbox_abilities *abilities)
{
    const struct {
        bool is_there;
        const char *name;
    } ABILITIES[] = {{abilities->has_idle, "IDLE"},
                     {abilities->has_move, "MOVE"},
                     {abilities->has_uidplus, "UIDPLUS"},
                     {abilities->has_special_use, "SPECIAL-USE"}};
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(ABILITIES); i++) {
        if (ABILITIES[i].is_there) {
            g_string_append_printf(names, "%s%s", names->len == 0 ? "" : ", ", ABILITIES[i].name);
        }
    }
    if (!abilities->has_move && !abilities->has_uidplus && !account->keeps_mail) {
        g_autofree char *hint = g_strdup_printf("postdesk mailbox set %s --after-fetch keep",
                                                account->address);
        doctor_add(
            doctor, "imap abilities", GRAVITY_WARNING, hint,
            "the server has neither MOVE nor UIDPLUS: mail is read, but cannot be moved out of "
            "INBOX");
        return;
    }
    doctor_add(doctor, "imap abilities", GRAVITY_WELL, "", "%s%s%s",
               names->len == 0 ? "none of those that help" : names->str,
               abilities->has_idle ? "" : "; without IDLE new mail is asked for, not announced",
               abilities->has_special_use
                   ? ""
                   : "; without SPECIAL-USE nothing is taken out of the Junk folder");
}

static bool check_imap(struct doctor *doctor, const struct mailbox_account *account)
{
    struct err err = {.status = ST_OK};
    OWNED(imapbox) box = NULL;

    enum status status = login_imap(doctor->cli->config, account, -1, &box, &err);
    if (!doctor_add_status(doctor, "imap", status, &err, "logged in")) {
        return false;
    }
    doctor_add_certificate(doctor, "imap certificate", imapbox_certificate_until_us(box));
    tell_abilities(doctor, account, imapbox_abilities(box));
    status = look_at_folders(box, account, &err);
    if (status == ST_NOT_FOUND) {
        doctor_add(doctor, "folders", GRAVITY_WARNING, err.hint, "%s", err.text);
        return true;
    }
    g_autofree char *names = account->keeps_mail
                                 ? g_strdup(FETCH_FOLDER ", where mail stays")
                                 : g_strconcat(FETCH_FOLDER ", ", account->processed_folder, ", ",
                                               account->oversize_folder, NULL);
    return doctor_add_status(doctor, "folders", status, &err, names);
}

static bool check_smtp(struct doctor *doctor, const struct mailbox_account *account)
{
    struct err err = {.status = ST_OK};
    struct probe_server server = {.most_bytes = 0};
    enum status status = probe_try_smtp(doctor->cli->config, account, &server, &err);
    g_autofree char *most = server.most_bytes > 0 ? text_bytes((uint64_t)server.most_bytes) : NULL;
    g_autofree char *well = g_strconcat("takes mail from the mailbox to itself",
                                        most == NULL ? "" : ", up to ", most, NULL);
    bool is_well = doctor_add_status(doctor, "smtp", status, &err, well);

    if (is_well) {
        doctor_add_certificate(doctor, "smtp certificate", server.certificate_until_us);
    }
    return is_well;
}

/* ---- the trust profile ---- */

/* The names that stand in the border's fields: what could be trusted. Own. */
static char *names_of(const GPtrArray *stamps)
{
    g_autoptr(GString) names = g_string_new("");

    for (guint i = 0; i < stamps->len; i++) {
        const char *stamp = stamps->pdata[i];
        g_autofree char *name = g_strndup(stamp, strcspn(stamp, ";"));
        g_strstrip(name);
        if (name[0] != '\0' && strstr(names->str, name) == NULL) {
            g_string_append_printf(names, "%s\"%s\"", names->len == 0 ? "" : ", ", name);
        }
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static void tell_genuine(struct doctor *doctor, const struct probe_result *result, bool is_trusted)
{
    g_autofree char *names = names_of(result->stamps);

    if (result->fate == PROBE_REFUSED) {
        doctor_add(doctor, "genuine probe", GRAVITY_FAULT, "", "the server does not take it: %s",
                   result->detail);
    } else if (result->fate == PROBE_LOST) {
        doctor_add(doctor, "genuine probe", GRAVITY_FAULT, "--wait SECONDS for a slow server",
                   "it has not come in");
    } else if (!is_trusted) {
        doctor_add(doctor, "genuine probe", GRAVITY_WELL, "",
                   "it came in; it bears Authentication-Results of %s",
                   names[0] == '\0' ? "nobody" : names);
    } else if (result->auth == AUTH_PASS) {
        doctor_add(doctor, "genuine probe", GRAVITY_WELL, "", "pass: %s", result->detail);
    } else {
        g_autofree char *hint = g_strdup_printf(
            "technicians cannot act by mail here; postdesk mailbox set %s --trust authserv-id:NAME "
            "with the name that the server writes (--own-host, if it writes below its Received line)",
            doctor->subject);
        doctor_add(doctor, "genuine probe", GRAVITY_FAULT, hint,
                   "%s, not pass: %s; it bears Authentication-Results of %s",
                   auth_name(result->auth), result->detail, names[0] == '\0' ? "nobody" : names);
    }
}

static void tell_forged(struct doctor *doctor, const struct probe_result *result)
{
    if (result->fate == PROBE_REFUSED) {
        doctor_add(
            doctor, "forged probe", GRAVITY_WARNING,
            "--probe-via HOST:PORT hands it to the server that takes mail from outside",
            "not pass: the server does not take it at all (%s); so it is not known what becomes "
            "of forged fields",
            result->detail);
    } else if (result->fate == PROBE_LOST) {
        doctor_add(doctor, "forged probe", GRAVITY_WARNING, "--wait SECONDS for a slow server",
                   "it has not come in: refused later, or late");
    } else if (result->auth == AUTH_PASS) {
        g_autofree char *hint =
            g_strdup_printf("postdesk mailbox set %s --trust none, until the server removes forged "
                            "Authentication-Results with its own name",
                            doctor->subject);
        doctor_add(doctor, "forged probe", GRAVITY_FAULT, hint,
                   "pass: whoever writes these fields himself is believed, and can act as anybody "
                   "(%s)",
                   result->detail);
    } else {
        doctor_add(doctor, "forged probe", GRAVITY_WELL, "", "not pass (%s)%s%s",
                   auth_name(result->auth), result->folder[0] == '\0' ? "" : ", found in ",
                   result->folder);
    }
}

/* What carries an answer to its ticket: the address that it goes to, and the Message-ID that it answers to. */
static void tell_ways(struct doctor *doctor, const struct probe_result *genuine,
                      const struct probe_result *detail)
{
    if (genuine->fate == PROBE_JUDGED && genuine->is_renamed) {
        doctor_add(
            doctor, "message-id", GRAVITY_WARNING,
            "nothing, as long as answers come in by their address; answers are also known by "
            "References, and the server's own ids are learnt from them",
            "the server writes its own over the desk's");
    } else if (genuine->fate == PROBE_JUDGED) {
        doctor_add(doctor, "message-id", GRAVITY_WELL, "", "the server leaves it as it is");
    }
    if (detail->fate == PROBE_JUDGED) {
        doctor_add(doctor, "sub-addresses", GRAVITY_WELL, "", "mail to user+detail@… comes in");
    } else if (detail->fate != PROBE_NOT_SENT && genuine->fate == PROBE_JUDGED) {
        g_autofree char *hint =
            g_strdup_printf("answers go to such addresses, and would be lost; postdesk mailbox set "
                            "%s --subaddresses no, or --wait SECONDS for a slow server",
                            doctor->subject);
        doctor_add(doctor, "sub-addresses", GRAVITY_FAULT, hint,
                   "mail to user+detail@… does not come in%s%s",
                   detail->detail[0] == '\0' ? "" : ": ", detail->detail);
    }
}

/* The daemon must have made an event of it, whoever was faster. */
static void tell_became(struct doctor *doctor, const struct probe_result *result)
{
    if (result->became[0] != '\0' && strcmp(result->became, "event") != 0) {
        doctor_add(doctor, "probes", GRAVITY_FAULT, "is the daemon of the same version?",
                   "the daemon did not know a probe: it is %s now", result->became);
    }
}

static void tell_profile(struct doctor *doctor, const struct probe_result *results)
{
    bool passes = results[PROBE_GENUINE].fate == PROBE_JUDGED &&
                  results[PROBE_GENUINE].auth == AUTH_PASS;
    bool is_forged = results[PROBE_FORGED].fate == PROBE_JUDGED &&
                     results[PROBE_FORGED].auth == AUTH_PASS;

    if (!passes || is_forged) {
        doctor_add(doctor, "trust", GRAVITY_FAULT, "see the probes above",
                   "the profile does not hold");
    } else if (results[PROBE_FORGED].fate == PROBE_JUDGED) {
        doctor_add(doctor, "trust", GRAVITY_WELL, "",
                   "genuine: pass, forged: not pass: the profile holds");
    } else {
        doctor_add(doctor, "trust", GRAVITY_WARNING, "see the forged probe",
                   "genuine: pass; whether forged mail is told apart is not known");
    }
}

static void probe(struct doctor *doctor, const struct mailbox_account *account, bool is_trusted)
{
    struct probe_result results[PROBE_KINDS] = {{PROBE_LOST}};
    struct err err = {.status = ST_OK};
    struct probe_options options = {.config = doctor->cli->config,
                                    .account = account,
                                    .via_host = doctor->via_host,
                                    .via_port = (uint16_t)doctor->via_port,
                                    .wait_ms = doctor->wait_s * MS,
                                    .is_forging = is_trusted};

    cli_say(doctor->cli, "%s: sending probes, waiting at most %" PRId64 " s …\n", account->address,
            doctor->wait_s);
    if (probe_run(doctor->cli->conn, &options, results, &err) != ST_OK) {
        doctor_add(doctor, "probes", GRAVITY_FAULT, err.hint, "%s", err.text);
    } else {
        tell_genuine(doctor, &results[PROBE_GENUINE], is_trusted);
        tell_ways(doctor, &results[PROBE_GENUINE], &results[PROBE_DETAIL]);
        for (int i = 0; i < PROBE_KINDS; i++) {
            tell_became(doctor, &results[i]);
        }
        if (is_trusted) {
            tell_forged(doctor, &results[PROBE_FORGED]);
            tell_profile(doctor, results);
        }
    }
    for (int i = 0; i < PROBE_KINDS; i++) {
        probe_result_clear(&results[i]);
    }
}

static void check_proof(struct doctor *doctor, bool is_trusted, bool is_token_enough)
{
    if (is_token_enough) {
        doctor_add(
            doctor, "technicians", GRAVITY_WARNING,
            "--technician-proof auth, as soon as a trust profile holds",
            "the token of a mail is enough to act as a technician (--technician-proof token)");
    } else if (!is_trusted) {
        doctor_add(doctor, "technicians", GRAVITY_WARNING,
                   "postdesk doctor --probe shows whose Authentication-Results there are; then "
                   "postdesk mailbox set --trust",
                   "no trust profile: technicians cannot act by mail here");
    }
}

enum { ADDRESS = 1, TRUST = 12, PROOF = 15 };

static enum status check_mailbox(struct doctor *doctor, const struct rows *mailboxes, int row,
                                 struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    struct mailbox_account *account = NULL;
    bool is_trusted = strcmp(row_text(mailboxes, row, TRUST), "none") != 0;
    bool probes = args_has(doctor->args, "probe") ||
                  (is_trusted && !args_has(doctor->args, "no-probe"));

    enum status status = tx_begin(doctor->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = desk_store_account(tx, row_int64(mailboxes, row, 0), &account, err);
    }
    if (status != ST_OK) {
        return status;
    }
    tx_rollback(g_steal_pointer(&tx));
    doctor->subject = row_text(mailboxes, row, ADDRESS);
    bool has_imap = check_imap(doctor, account);
    bool has_smtp = check_smtp(doctor, account);
    check_proof(doctor, is_trusted, strcmp(row_text(mailboxes, row, PROOF), "token") == 0);
    if (probes && has_imap && has_smtp) {
        probe(doctor, account, is_trusted);
    }
    doctor->subject = NULL;
    account_free(account);
    return ST_OK;
}

enum { IS_ENABLED = 18 };

static enum status check_mailboxes(struct doctor *doctor, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) mailboxes = NULL;
    int enabled = 0;

    enum status status = tx_begin(doctor->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = account_store_list(tx, &mailboxes, err);
    }
    tx_rollback(g_steal_pointer(&tx));
    for (int row = 0; status == ST_OK && row < rows_count(mailboxes); row++) {
        if (row_bool(mailboxes, row, IS_ENABLED)) {
            enabled++;
            status = check_mailbox(doctor, mailboxes, row, err);
        }
    }
    if (status == ST_OK && enabled == 0) {
        doctor_add(doctor, "mailboxes", GRAVITY_WARNING, "postdesk mailbox add", "none is enabled");
    }
    return status;
}

/* ---- the whole ---- */

static enum status read_options(struct doctor *doctor, struct err *err)
{
    const char *via = args_value(doctor->args, "probe-via");
    const char *wait = args_value(doctor->args, "wait");
    const char *colon = via == NULL ? NULL : strrchr(via, ':');

    doctor->wait_s = DEFAULT_WAIT_S;
    if (via != NULL &&
        (colon == NULL || colon == via ||
         text_parse_int64(colon + 1, 1, MAX_PORT, &doctor->via_port, err) != ST_OK)) {
        (void)err_set(err, ST_INVALID, "\"%s\" is no HOST:PORT", via);
        return err_hint(err, "--probe-via mx.desk.example:25");
    }
    doctor->via_host = via == NULL ? NULL : g_strndup(via, (gsize)(colon - via));
    return wait == NULL ? ST_OK : text_parse_int64(wait, 1, MOST_WAIT_S, &doctor->wait_s, err);
}

static void print_check(const json_t *check)
{
    const char *result = json_string_value(json_object_get(check, "result"));
    const char *hint = json_string_value(json_object_get(check, "hint"));
    bool is_well = strcmp(result, gravity_name(GRAVITY_WELL)) == 0;
    bool is_fault = strcmp(result, gravity_name(GRAVITY_FAULT)) == 0;
    g_autofree char *mark = is_well ? g_strdup("ok") : g_ascii_strup(result, -1);

    view_word(mark, is_well ? PAINT_GOOD : is_fault ? PAINT_BAD : PAINT_NOTE, MARK_WIDTH);
    printf("%s: %s\n", json_string_value(json_object_get(check, "what")),
           json_string_value(json_object_get(check, "text")));
    if (hint[0] != '\0') {
        printf("%*s→ %s\n", MARK_WIDTH, "", hint);
    }
}

static void print_sums(const struct doctor *doctor)
{
    int faults = 0;
    int warnings = 0;
    size_t i = 0;
    json_t *check = NULL;

    json_array_foreach(doctor->checks, i, check)
    {
        const char *result = json_string_value(json_object_get(check, "result"));
        faults += strcmp(result, gravity_name(GRAVITY_FAULT)) == 0;
        warnings += strcmp(result, gravity_name(GRAVITY_WARNING)) == 0;
    }
    printf("\n%s: %d %s, %d %s\n", faults > 0 ? "somebody must act" : "the desk can work", faults,
           faults == 1 ? "fault" : "faults", warnings, warnings == 1 ? "warning" : "warnings");
}

static void print_checks(const struct doctor *doctor)
{
    size_t i = 0;
    json_t *check = NULL;

    if (doctor->cli->is_json) {
        view_print_checks(!doctor->has_fault, doctor->checks);
        return;
    }
    json_array_foreach(doctor->checks, i, check)
    {
        print_check(check);
    }
    print_sums(doctor);
}

static enum status examine(struct doctor *doctor, struct err *err)
{
    enum status status = read_options(doctor, err);

    if (status == ST_OK) {
        status = cli_config(doctor->cli, err);
    }
    if (status != ST_OK) {
        return status;
    }
    status = cli_connect(doctor->cli, err);
    if (status == ST_DENIED) {
        return status; /* by his role: that is no fault of the desk */
    }
    if (status != ST_OK) {
        (void)doctor_add_status(doctor, "database", status, err, "");
        return ST_OK;
    }
    status = doctor_examine_desk(doctor, err);
    return status == ST_OK ? check_mailboxes(doctor, err) : status;
}

static enum status run_doctor(struct cli *cli, const struct args *args, struct err *err)
{
    struct doctor doctor = {.cli = cli, .args = args, .checks = json_array()};
    enum status status = examine(&doctor, err);

    if (status == ST_OK) {
        print_checks(&doctor);
    }
    json_decref(doctor.checks);
    g_free(doctor.via_host);
    if (status == ST_OK && doctor.has_fault) {
        return err_set(err, ST_NOT_FOUND, "%s", ""); /* exit code 1; all is said */
    }
    return status;
}

static const struct flag FLAGS[] = {
    {"probe", NULL, "send probes to mailboxes without a trust profile, too", false, false},
    {"no-probe", NULL, "send no probes", false, false},
    {"probe-via", "HOST:PORT",
     "hand the forged probe to this server, without login: the one that takes mail from outside",
     false, false},
    {"wait", "SECONDS", "how long a probe may take (60)", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.words = "",
     .help = "can this desk work, and does its trust hold?",
     .more =
         "Looks at the database and its roles, and at IMAP and SMTP of each mailbox. To a mailbox with a\n"
         "trust profile two mails are sent: a genuine one, which has to come in authenticated, and a\n"
         "forged one, which must not. They never become tickets. Exit code 1: somebody must act.",
     .flags = FLAGS,
     .run = run_doctor},
    {.run = NULL},
};

const struct noun NOUN_DOCTOR = {"doctor", "can this desk work, and does its trust hold?", VERBS};
