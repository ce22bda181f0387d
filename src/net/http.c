/* http - one POST to a server that an admin named
 *
 * A web hook's URL is a word in a rule file, its host a name that somebody else's server of names resolves. So what is
 * checked is the address that is about to be connected to, in the moment in which libcurl opens the socket: a
 * name that pointed elsewhere a second ago, a number written in octal, a mapped IPv6 address are all the same there. An
 * answer is never followed anywhere, and no proxy is asked, which would connect in our place.
 *
 * Whatever the server does, it ends: one time for the whole call, an answer of LIMIT_HOOK_ANSWER_BYTES at most. A server
 * that goes on writing behind them has answered all the same.
 *
 * Tables: RFC 6890 and IANA's registries of special-purpose addresses.
 * I/O: one connection.
 */
#include "net/http.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <glib.h>

#include "core/limits.h"
#include "core/text.h"

/* ---- addresses --------------------------------------------------------------------------------- */

struct network {
    uint8_t bytes[16];
    unsigned bits;
};

static const struct network SPECIAL_4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* shared by customers of a provider */
    {{127}, 8},           /* this machine */
    {{169, 254}, 16},     /* the link; what clouds tell about a machine is there */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocols */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relays */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 3},           /* multicast, reserved, broadcast */
};

/* Of IPv6 only this is public, but for what stands in SPECIAL_6. */
static const struct network GLOBAL_6 = {{0x20}, 3};
static const struct network SPECIAL_6[] = {
    {{0x20, 0x01}, 23},             /* protocols: Teredo, ORCHID, benchmarks */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff}, 20},             /* documentation */
};
/* An IPv4 address in the clothes of IPv6 is judged as what it is. */
static const struct network MAPPED = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const struct network NAT64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool is_within(const uint8_t *address, const struct network *network)
{
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return memcmp(address, network->bytes, whole) == 0 &&
           (rest == 0 || (address[whole] & mask) == (network->bytes[whole] & mask));
}

static bool is_within_any(const uint8_t *address, const struct network *networks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_within(address, &networks[i])) {
            return true;
        }
    }
    return false;
}

static bool is_public_4(const uint8_t *address)
{
    return !is_within_any(address, SPECIAL_4, G_N_ELEMENTS(SPECIAL_4));
}

static bool is_public_6(const uint8_t *address)
{
    if (is_within(address, &MAPPED) || is_within(address, &NAT64)) {
        return is_public_4(address + 12);
    }
    return is_within(address, &GLOBAL_6) &&
           !is_within_any(address, SPECIAL_6, G_N_ELEMENTS(SPECIAL_6));
}

bool http_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        return is_public_4((const uint8_t *)&four.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        return is_public_6((const uint8_t *)&six.sin6_addr);
    }
    return false;
}

/* ---- one call ---------------------------------------------------------------------------------- */

struct call {
    const struct http_post *post;
    CURL *curl;                 /* own */
    struct curl_slist *headers; /* own */
    GString *answer;            /* own */
    bool is_refused;            /* an address was */
    bool is_cut;                /* the answer was longer */
    char error[CURL_ERROR_SIZE];
};

static void call_clear(struct call *call)
{
    if (call->curl) {
        curl_easy_cleanup(call->curl);
    }
    curl_slist_free_all(call->headers);
    if (call->answer) {
        g_string_free(call->answer, TRUE);
    }
}

static curl_socket_t open_socket(void *clientp, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *call = clientp;
    (void)purpose;
    if (!call->post->allows_private && !http_is_public(&address->addr)) {
        call->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_answer(char *bytes, size_t one, size_t count, void *arg)
{
    struct call *call = arg;
    size_t length = one * count;
    size_t room = LIMIT_HOOK_ANSWER_BYTES - call->answer->len;
    g_string_append_len(call->answer, bytes, (gssize)MIN(length, room));
    call->is_cut = length > room;
    return call->is_cut ? 0 : length;
}

static bool set_options(struct call *call)
{
    const struct http_post *post = call->post;
    CURL *curl = call->curl;
    CURLcode codes[] = {
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->error),
        curl_easy_setopt(curl, CURLOPT_URL, post->url),
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, post->allows_http ? "https,http" : "https"),
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
        curl_easy_setopt(curl, CURLOPT_PROXY, ""),
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)post->timeout_ms),
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "postdesk"),
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, call->headers),
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->length),
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post->body),
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket),
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call),
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer),
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, call),
        post->ca_file ? curl_easy_setopt(curl, CURLOPT_CAINFO, post->ca_file) : CURLE_OK,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (codes[i] != CURLE_OK) {
            return false;
        }
    }
    return true;
}

/* Does not leave a header out in silence. */
static bool add_headers(struct call *call)
{
    static const char *const OURS[] = {"Content-Type: application/json; charset=utf-8", "Expect:"};
    for (size_t i = 0; i < G_N_ELEMENTS(OURS); i++) {
        struct curl_slist *longer = curl_slist_append(call->headers, OURS[i]);
        if (!longer) {
            return false;
        }
        call->headers = longer;
    }
    for (size_t i = 0; call->post->headers && call->post->headers[i]; i++) {
        struct curl_slist *longer = curl_slist_append(call->headers, call->post->headers[i]);
        if (!longer) {
            return false;
        }
        call->headers = longer;
    }
    return true;
}

/* libcurl's codes become ours here and nowhere else. */
static enum status judge(const struct call *call, CURLcode code, struct err *err)
{
    const char *what = *call->error ? call->error : curl_easy_strerror(code);
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && call->is_cut)) {
        return ST_OK;
    }
    if (call->is_refused && code == CURLE_COULDNT_CONNECT) {
        (void)err_set(err, ST_DENIED,
                      "its address is this machine's, or of a private or special network");
        return err_hint(err, "the setting web-hook-private allows such addresses");
    }
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
        return err_set(err, ST_INVALID, "cannot be called: %s", what);
    }
    return err_set(err, ST_TEMPFAIL, "could not be called: %s", what);
}

static void take_result(const struct call *call, struct http_answer *answer)
{
    long code = 0;
    g_autofree char *clean = text_scrub(call->answer->str, (gssize)call->answer->len);
    g_autofree char *line = text_one_line(clean, sizeof answer->text / 4 - 1);
    (void)curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &code);
    answer->code = (int)code;
    g_strlcpy(answer->text, line, sizeof answer->text);
}

enum status http_send(const struct http_post *post, struct http_answer *answer_out, struct err *err)
{
    static bool is_ready;
    CLEANUP(call_clear) struct call call = {.post = post, .answer = g_string_new(NULL)};
    if (!is_ready) {
        is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    }
    call.curl = is_ready ? curl_easy_init() : NULL;
    if (!call.curl || !add_headers(&call) || !set_options(&call)) {
        return err_set(err, ST_TEMPFAIL, "could not be called: the HTTP library could not start");
    }
    enum status status = judge(&call, curl_easy_perform(call.curl), err);
    if (status == ST_OK) {
        take_result(&call, answer_out);
    }
    return status;
}
