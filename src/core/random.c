/* random - nonces and keys from the kernel
 *
 * A nonce stands in a row and is part of what a token signs; it is never sent. All 64 bits come from
 * getrandom(2), which cannot fail for so few bytes once the machine has booted: so there is no status, only
 * an assertion.
 *
 * A desk's first key is made by the database, with the desk; all later ones come from here.
 * I/O: one system call.
 */
#include "core/random.h"

#include <assert.h>
#include <sys/random.h>

/* So many are given in one piece, whatever signals come (getrandom(2)). */
enum { MOST_AT_ONCE = 256 };

int64_t random_int64(void)
{
    int64_t value = 0;
    while (value == 0) {
        ssize_t got = getrandom(&value, sizeof value, 0);
        assert(got == sizeof value);
    }
    return value;
}

void random_bytes(void *bytes, size_t length)
{
    assert(length <= MOST_AT_ONCE);
    ssize_t got = getrandom(bytes, length, 0);
    assert(got == (ssize_t)length);
}
