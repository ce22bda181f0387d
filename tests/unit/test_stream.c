/* Unit tests of net/stream: what is refused before a byte is on the wire. */
#include <criterion/criterion.h>
#include <glib.h>

#include "net/stream.h"
#include "net/tls.h"

Test(stream, reads_and_writes_the_kinds_of_security)
{
    static const struct {
        const char *name;
        enum status want;
        enum stream_security want_security;
    } CASES[] = {
        {"tls", ST_OK, STREAM_TLS},           {"starttls", ST_OK, STREAM_STARTTLS},
        {"insecure", ST_OK, STREAM_INSECURE}, {"", ST_INVALID, STREAM_TLS},
        {"TLS", ST_INVALID, STREAM_TLS},      {"ssl", ST_INVALID, STREAM_TLS},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct err err = {.status = ST_OK};
        enum stream_security got = STREAM_TLS;
        enum status status = stream_security_parse(CASES[i].name, &got, &err);

        cr_expect_eq(status, CASES[i].want, "\"%s\": got %s", CASES[i].name, status_name(status));
        cr_expect_eq(got, CASES[i].want_security, "\"%s\"", CASES[i].name);
        if (status == ST_OK) {
            cr_expect_str_eq(stream_security_name(got), CASES[i].name);
        }
    }
}

Test(stream, speaks_without_tls_to_this_machine_only)
{
    static const char *const HOSTS[] = {"192.0.2.1", "10.0.0.1", "2001:db8::1", "128.0.0.1",
                                        "::ffff:127.0.0.1"};
    for (size_t i = 0; i < G_N_ELEMENTS(HOSTS); i++) {
        const struct stream_options options = {.host = HOSTS[i],
                                               .port = 1,
                                               .security = STREAM_INSECURE,
                                               .wake_fd = -1};
        struct err err = {.status = ST_OK};
        OWNED(stream) stream = NULL;
        enum status status = stream_open(&options, &stream, &err);

        cr_expect_eq(status, ST_FATAL, "%s: got %s: %s", HOSTS[i], status_name(status), err.text);
        cr_expect_null(stream, "%s", HOSTS[i]);
    }
}

Test(tls, takes_only_pins_that_can_fit_a_key)
{
    static const struct {
        const char *pin;
        enum status want;
    } CASES[] = {
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ST_OK},
        {"lB/PC0gBTUfi7RWt9kteEe3nw7vv8+ff2VL9htBVbrg=", ST_OK},
        {"", ST_INVALID},
        {"AAAA", ST_INVALID},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ST_INVALID},  /* no padding */
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", ST_INVALID}, /* bits behind the end */
        {" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ST_INVALID},
        {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ST_INVALID},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ST_INVALID},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct err err = {.status = ST_OK};
        enum status got = tls_check_pin(CASES[i].pin, &err);
        cr_expect_eq(got, CASES[i].want, "\"%s\": got %s", CASES[i].pin, status_name(got));
    }
}
