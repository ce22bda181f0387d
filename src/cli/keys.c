/* keys - postdesk keys list, rotate, retire
 *
 * Tokens are signed with the newest key and verified with all. Whoever fears that a key has become known
 * rotates and retires the old one; whoever rotates from habit waits in between, until the answers to what
 * the old key signed have come.
 *
 * Secrets come from the kernel, go into the database, and are never printed or logged.
 * I/O: the database, stdout.
 */
#include <stdio.h>
#include <string.h>

#include "cli/view.h"
#include "core/random.h"
#include "core/text.h"
#include "desk/token.h"
#include "store/token_key.h"

static const struct field FIELDS[] = {
    {"slot", "SLOT", FIELD_NUMBER, false},
    {"signs", "SIGNS", FIELD_BOOL, false},
    {"created_at", "SINCE", FIELD_TIME, false},
};

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    (void)args;
    return view_list(cli, token_key_store_list, FIELDS, G_N_ELEMENTS(FIELDS), err);
}

static enum status rotate(struct tx *tx, void *arg, struct err *err)
{
    return token_key_store_rotate(tx, arg, err);
}

static void print_rotation(const struct cli *cli, const struct key_rotation *rotation)
{
    if (cli->is_json) {
        json_t *object = json_pack("{s:i, s:i}", "slot", rotation->slot, "retired",
                                   rotation->retired);
        view_print_json(object);
        json_decref(object);
        return;
    }
    printf("the key in slot %d signs from now on, %d retired\n", rotation->slot, rotation->retired);
}

static enum status run_rotate(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    uint8_t secret[TOKEN_SECRET_BYTES];
    struct key_rotation rotation = {.actor = actor,
                                    .secret = secret,
                                    .keeps_all = args_has(args, "keep"),
                                    .may_retire = args_has(args, "yes")};

    enum status status = cli_connect(cli, err);
    random_bytes(secret, sizeof(secret));
    if (status == ST_OK) {
        status = tx_run(cli->conn, rotate, &rotation, err);
    }
    explicit_bzero(secret, sizeof(secret));
    if (status == ST_OK) {
        print_rotation(cli, &rotation);
    }
    return status;
}

struct retirement {
    const char *actor; /* borrowed */
    int64_t slot;
};

static enum status retire(struct tx *tx, void *arg, struct err *err)
{
    const struct retirement *retirement = arg;
    return token_key_store_retire(tx, retirement->actor, (int)retirement->slot, err);
}

static enum status run_retire(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct retirement retirement = {.actor = actor};

    if (text_parse_int64(args_word(args, 0), 0, TOKEN_KEYS - 1, &retirement.slot, err) != ST_OK) {
        return err_set(err, ST_INVALID, "\"%s\" is no slot", args_word(args, 0));
    }
    if (!args_has(args, "yes")) {
        (void)err_set(err, ST_INVALID, "what this key signed can be answered no more then");
        return err_hint(err, "--yes if that is wanted");
    }
    enum status status = cli_connect(cli, err);
    if (status == ST_OK) {
        status = tx_run(cli->conn, retire, &retirement, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "key", args_word(args, 0));
    }
    return status;
}

static const struct flag ROTATE_FLAGS[] = {
    {"yes", NULL, "let older keys end, with all that they signed", false, false},
    {"keep", NULL, "let all keys live on", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag RETIRE_FLAGS[] = {
    {"yes", NULL, "it is known that what it signed can be answered no more", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "list", .words = "", .help = "list the keys; never their secrets", .run = run_list},
    {.name = "rotate",
     .words = "",
     .help = "make a key that signs from now on",
     .more =
         "A token lives as long as its key. The key that signed until now goes on verifying; one that\n"
         "is older ends, which needs --yes.",
     .flags = ROTATE_FLAGS,
     .run = run_rotate},
    {.name = "retire",
     .words = "SLOT",
     .help = "end a key, and with it all that it signed",
     .flags = RETIRE_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_retire},
    {.run = NULL},
};

const struct noun NOUN_KEYS = {"keys", "what signs the tokens in the desk's mails", VERBS};
