/* token_timing - how long a comparison takes says nothing about how much of a tag was right
 *
 * usage: token_timing
 *
 * As dudect does it (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?"): token_fits is
 * measured on tags of two classes, in random order: equal to the right tag in no byte, and equal in the
 * first fifteen. If the classes differ in time, Welch's t grows with the number of measurements. The slow tail
 * is the machine's (interrupts, other processes), so t is also taken over what is left below some percentiles,
 * and the largest counts.
 *
 * A noisy machine may lift one run above the limit by chance, a leak lifts every run: so the better of several
 * runs counts. The same measurement must catch a planted comparison that leaves at the first difference;
 * it stands behind the real one, so that its few nanoseconds drown in the same noise.
 * Prints "N passed, N failed" at the end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "desk/token.h"

#define MEASUREMENTS 400000
#define WARM_UP      2000
#define RUNS         5
#define LIMIT        10.0
#define TAG_BYTES    16
#define SLOT         3
#define NONCE        INT64_C(0x1122334455667788)

static const double PERCENTILES[] = {1.0, 0.99, 0.95, 0.9, 0.75, 0.5};

struct sample {
    uint64_t ticks;
    bool is_near; /* fifteen bytes are right */
};

typedef bool (*fits_fn)(const struct token_keys *keys, const struct token *token, int64_t nonce,
                        const uint8_t right[TAG_BYTES]);

static uint64_t ticks_now(void)
{
#if defined(__x86_64__)
    unsigned low, high; /* rdtscp waits for what stands before it */
    __asm__ volatile("rdtscp\n\tlfence" : "=a"(low), "=d"(high) : : "rcx", "memory");
    return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
    uint64_t now;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(now) : : "memory");
    return now;
#else
# error "no counter of cycles is known for this machine"
#endif
}

static bool desk_fits(const struct token_keys *keys, const struct token *token, int64_t nonce,
                      const uint8_t right[TAG_BYTES])
{
    (void)right;
    return token_fits(keys, token, nonce);
}

/* As a simple memcmp does it. */
static bool leaking_fits(const struct token_keys *keys, const struct token *token, int64_t nonce,
                         const uint8_t right[TAG_BYTES])
{
    volatile bool fits = token_fits(keys, token, nonce);

    for (size_t i = 0; i < TAG_BYTES; i++) {
        if (token->tag[i] != right[i]) {
            return false;
        }
    }
    return fits;
}

/* ---- measuring --------------------------------------------------------------------------------- */

static void measure(fits_fn fits, const struct token_keys *keys, const struct token *right,
                    GRand *chance, struct sample *samples)
{
    struct token token = *right;
    volatile bool sink = false;

    for (int i = -WARM_UP; i < MEASUREMENTS; i++) {
        bool is_near = (g_rand_int(chance) & 1) != 0;
        /* The same work for both classes: every byte is written, and none is right but the kept. */
        uint8_t kept = is_near ? 0 : 0xff;
        for (size_t byte = 0; byte < TAG_BYTES; byte++) {
            uint8_t wrong = (uint8_t)(1 + (g_rand_int(chance) % 255));
            uint8_t mask = byte == TAG_BYTES - 1 ? 0xff : kept;
            token.tag[byte] = (uint8_t)(right->tag[byte] ^ (wrong & mask));
            if (mask == 0xff && token.tag[byte] == right->tag[byte]) {
                abort();
            }
        }
        uint64_t begun = ticks_now();
        sink = fits(keys, &token, NONCE, right->tag);
        uint64_t ended = ticks_now();
        if (sink) {
            abort();
        }
        if (i >= 0) {
            samples[i] = (struct sample){ended - begun, is_near};
        }
    }
}

static int compare_samples(const void *a, const void *b)
{
    uint64_t left = ((const struct sample *)a)->ticks;
    uint64_t right = ((const struct sample *)b)->ticks;

    return (left > right) - (left < right);
}

/* Welch's t of the classes among the fastest; sorted. */
static double welch(const struct sample *samples, size_t count)
{
    double number[2] = {0};
    double mean[2] = {0};
    double squares[2] = {0};

    for (size_t i = 0; i < count; i++) { /* Welford */
        size_t class = samples[i].is_near ? 1 : 0;
        double x = (double)samples[i].ticks;
        double before = x - mean[class];
        number[class] += 1;
        mean[class] += before / number[class];
        squares[class] += before * (x - mean[class]);
    }
    double error = squares[0] / (number[0] - 1) / number[0] +
                   squares[1] / (number[1] - 1) / number[1];
    return error > 0 ? (mean[1] - mean[0]) / sqrt(error) : 0;
}

static double largest_t(struct sample *samples)
{
    double largest = 0;

    qsort(samples, MEASUREMENTS, sizeof *samples, compare_samples);
    for (size_t i = 0; i < G_N_ELEMENTS(PERCENTILES); i++) {
        double t = fabs(welch(samples, (size_t)(MEASUREMENTS * PERCENTILES[i])));
        largest = MAX(largest, t);
    }
    return largest;
}

/* The smallest |t| of the runs; ends at the first one below the limit. */
static double best_of_runs(const char *name, fits_fn fits, const struct token_keys *keys,
                           const struct token *right, GRand *chance)
{
    g_autofree struct sample *samples = g_new(struct sample, MEASUREMENTS);
    double best = INFINITY;

    for (size_t run = 0; run < RUNS && best >= LIMIT; run++) {
        measure(fits, keys, right, chance, samples);
        double t = largest_t(samples);
        printf("       %s: |t| = %.1f\n", name, t);
        best = MIN(best, t);
    }
    return best;
}

static bool judge(bool is_good, const char *what)
{
    printf("%-7s%s\n", is_good ? "ok" : "FAILED", what);
    return is_good;
}

int main(void)
{
    struct token_keys keys = {.is_live = {[SLOT] = true}, .signing_slot = SLOT};
    struct token token = {.purpose = TOKEN_TECHNICIAN_REPLY,
                          .object_kind = TOKEN_TICKET,
                          .object = 1234,
                          .person = 5};
    struct token right;
    struct err err = {.status = ST_OK};
    char text[TOKEN_CHARS + 1];
    GRand *chance = g_rand_new_with_seed(32044073);
    unsigned passed = 0;

    memset(keys.secret[SLOT], 0x5a, TOKEN_SECRET_BYTES);
    token_write(&keys, &token, NONCE, text);
    if (token_read(text, &right, &err) != ST_OK || !token_fits(&keys, &right, NONCE)) {
        printf("a right token is refused\n0 passed, 1 failed\n");
        return 1;
    }
    passed += judge(best_of_runs("token_fits", desk_fits, &keys, &right, chance) < LIMIT,
                    "the time of token_fits does not depend on how much of a tag is right");
    passed += judge(best_of_runs("planted", leaking_fits, &keys, &right, chance) >= LIMIT,
                    "a comparison that leaves at the first difference is caught");
    g_rand_free(chance);
    printf("%u passed, %u failed\n", passed, 2 - passed);
    return passed == 2 ? 0 : 1;
}
