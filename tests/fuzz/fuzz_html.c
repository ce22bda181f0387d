/* fuzz_html - any bytes as HTML: the text must be valid UTF-8 and may not outgrow its source for ever */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "fuzz.h"
#include "message/html.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    html_warm_up();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = html_to_text((const char *)data, size, LIMIT_TEXT_BYTES);

    if (!g_utf8_validate(text, -1, NULL) || strlen(text) > 64 + size * 32) {
        abort();
    }
    return 0;
}
