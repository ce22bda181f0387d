/* Which addresses a web hook may call. The calls themselves: tests/net, against a scripted server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "net/http.h"

static const struct {
    const char *address;
    bool want;
} CASES[] = {
    {"8.8.8.8", true},
    {"93.184.216.34", true},
    {"0.0.0.0", false},
    {"10.0.0.1", false},
    {"11.0.0.1", true},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"127.0.0.1", false},
    {"127.255.255.254", false},
    {"169.254.169.254", false},
    {"172.15.255.255", true},
    {"172.16.0.1", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"192.168.1.1", false},
    {"192.169.0.1", true},
    {"198.17.255.255", true},
    {"198.19.0.1", false},
    {"203.0.113.5", false},
    {"223.255.255.255", true},
    {"224.0.0.1", false},
    {"255.255.255.255", false},
    {"2606:4700::1111", true},
    {"::", false},
    {"::1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:8.8.8.8", true},
    {"::127.0.0.1", false},
    {"64:ff9b::7f00:1", false},
    {"64:ff9b::808:808", true},
    {"64:ff9b:1::808:808", false},
    {"2001::1", false},
    {"2001:db8::1", false},
    {"2002:7f00:1::", false},
    {"2003::1", true},
    {"3fff::1", false},
    {"fc00::1", false},
    {"fd12:3456::1", false},
    {"fe80::1", false},
    {"ff02::1", false},
    {"4000::1", false},
};

static bool ask(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        memcpy(&storage, &four, sizeof four);
    } else {
        cr_assert_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1, "%s", text);
        memcpy(&storage, &six, sizeof six);
    }
    return http_is_public((const struct sockaddr *)&storage);
}

Test(http, knows_which_addresses_the_whole_internet_may_reach)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        cr_expect_eq(ask(CASES[i].address), CASES[i].want, "%s: want %d", CASES[i].address,
                     CASES[i].want);
    }
}

Test(http, takes_no_address_of_another_kind_for_public)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    cr_expect_not(http_is_public((const struct sockaddr *)&local));
}
