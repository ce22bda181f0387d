/* separate - mails that get a parser of their own
 *
 * A parser serves a batch of mails, and what a hostile one makes of it can lie about the others. So a mail that
 * could command, because it bears a technician's token, never shares one (DESIGN 5). Whether the token is valid
 * is not known yet: its form is enough, and anybody who makes up such forms only pays for processes.
 *
 * Only the header is looked at, and not parsed: tokens stand in addresses and ids.
 * Pure.
 */
#include "gateway/separate.h"

#include <string.h>

#include "desk/token.h"

#define HEADER_SCAN_BYTES 65536

static bool is_token_char(char c)
{
    return g_ascii_isalpha(c) || (c >= '2' && c <= '7');
}

bool separate_is_needed(GBytes *raw)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    size_t end = MIN(length, (gsize)HEADER_SCAN_BYTES);
    size_t run = 0;
    for (size_t i = 0; i < end; i++) {
        run = is_token_char(bytes[i]) ? run + 1 : 0;
        if (run >= TOKEN_CHARS) {
            char text[TOKEN_CHARS + 1] = {0};
            struct token token;
            struct err err = {.status = ST_OK};
            memcpy(text, bytes + i + 1 - TOKEN_CHARS, TOKEN_CHARS);
            if (token_read(text, &token, &err) == ST_OK && token_is_technicians(&token)) {
                return true;
            }
        }
    }
    return false;
}
