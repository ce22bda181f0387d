/* wrong_clock - another wall clock for a program that is started with it in LD_PRELOAD
 *
 * The file that $WRONG_CLOCK names holds, as text of ten digits and a sign, how many seconds the clock goes before the
 * real one. It is mapped, so the clock can be put right while the program runs, and no file is opened where a jail forbids
 * it. Only for tests/e2e/test_trouble.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 16 };

static const char *text;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WRONG_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);

    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    text = map == MAP_FAILED ? NULL : map;
    if (fd >= 0) {
        close(fd);
    }
}

static long wrong_by(void)
{
    long seconds = 0;

    for (int i = 1; text && i <= 10 && text[i] >= '0' && text[i] <= '9'; i++) {
        seconds = seconds * 10 + (text[i] - '0');
    }
    return text && text[0] == '-' ? -seconds : seconds;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    if (!real) {
        begin();
    }
    int result = real(id, now);
    if (result == 0 && id == CLOCK_REALTIME) {
        now->tv_sec += wrong_by();
    }
    return result;
}

time_t time(time_t *out)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (out) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}
