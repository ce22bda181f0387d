/* What a receiver of a web hook verifies. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/hook_send.h"

Test(hook_send, signs_the_time_and_the_body_so_that_anybody_can_compute_it)
{
    /* printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key */
    g_autofree char *header = hook_signature("key", 1700000000, "{\"a\":1}");
    cr_expect_str_eq(
        header,
        "X-Postdesk-Signature: t=1700000000,v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
}

Test(hook_send, signs_another_time_and_another_body_otherwise)
{
    g_autofree char *header = hook_signature("key", 1700000000, "{}");
    g_autofree char *later = hook_signature("key", 1700000001, "{}");
    g_autofree char *other = hook_signature("key", 1700000000, "{ }");
    g_autofree char *secret = hook_signature("kez", 1700000000, "{}");
    cr_expect_str_neq(strchr(header, ','), strchr(later, ','));
    cr_expect_str_neq(header, other);
    cr_expect_str_neq(header, secret);
}
