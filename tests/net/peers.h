/* What the tests of net/ share: the ports that tests/peers/with-peers (PEERS_…) and tests/servers
 * (SRV_…) export, and the files in which the peers keep what they got. */
#ifndef TESTS_NET_PEERS_H
#define TESTS_NET_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/text.h"

/* A missing server fails the test. */
static inline const char *peers_text(const char *name)
{
    const char *text = getenv(name);
    cr_assert_not_null(text, "%s is not set: run this by tests/net/run-all", name);
    return text;
}

static inline uint16_t peers_port(const char *name)
{
    struct err err = {.status = ST_OK};
    int64_t port = 0;
    cr_assert_eq(text_parse_int64(peers_text(name), 1, UINT16_MAX, &port, &err), ST_OK);
    return (uint16_t)port;
}

/* Is there a file NAME.ending among what the peers kept? */
static inline bool peers_kept(const char *name, const char *ending)
{
    g_autofree char *path = g_strdup_printf("%s/%s.%s", peers_text("PEERS_MAILS"), name, ending);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static inline char *peers_read(const char *name, const char *ending)
{
    g_autofree char *path = g_strdup_printf("%s/%s.%s", peers_text("PEERS_MAILS"), name, ending);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

#endif
