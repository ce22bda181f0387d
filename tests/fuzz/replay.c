/* replay - feeds files to a fuzz target without a fuzzer: replay FILE… */
#include <stdio.h>

#include <glib.h>

#include "fuzz.h"

int main(int argc, char **argv)
{
    int files = 0;

    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        g_autofree char *bytes = NULL;
        gsize length = 0;

        if (!g_file_get_contents(argv[i], &bytes, &length, NULL)) {
            fprintf(stderr, "error: could not read \"%s\"\n", argv[i]);
            return 1;
        }

        g_autofree char *exact = g_memdup2(bytes,
                                           length); /* no NUL behind it: ASan sees an over-read */

        LLVMFuzzerTestOneInput((const uint8_t *)exact, length);
        files++;
    }
    printf("%d files replayed\n", files);
    return files > 0 ? 0 : 1;
}
