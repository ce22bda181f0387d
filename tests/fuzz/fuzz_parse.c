/* fuzz_parse - any bytes as a mail
 *
 * The parser must end, touch nothing that is not its own, and give facts that pass the checks of the
 * pipe, or refuse the mail with words. Built with clang's libFuzzer by tests/fuzz/fuzz; elsewhere a
 * plain program that replays the files that it is given.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "fuzz.h"
#include "message/facts.h"
#include "message/parse.h"

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    parse_warm_up();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(facts) facts = NULL;
    OWNED(facts) again = NULL;
    struct err err = {.status = ST_OK};

    if (parse_bytes((const char *)data, size, (size & 1) != 0, &facts, &err) != ST_OK) {
        if (*err.text == '\0') {
            fail("refused", "without a word");
        }
        return 0;
    }

    g_autoptr(GVariant) value = facts_to_variant(facts);

    if (facts_from_variant(value, &again, &err) != ST_OK) {
        fail("the intake would refuse the facts", err.text);
    }
    return 0;
}
