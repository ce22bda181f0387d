/* random - nonces from the kernel
 *
 * A nonce stands in a row and is part of what a token signs; it is never sent. All 64 bits come from
 * getrandom(2), which cannot fail for so few bytes once the machine has booted: so there is no status, only
 * an assertion.
 *
 * Not a source for keys: those are made by the database when the desk is.
 * I/O: one system call.
 */
#include "core/random.h"

#include <assert.h>
#include <sys/random.h>

int64_t random_int64(void)
{
    int64_t value = 0;
    while (value == 0) {
        ssize_t got = getrandom(&value, sizeof value, 0);
        assert(got == sizeof value);
    }
    return value;
}
