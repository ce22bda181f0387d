/* send_role - the sender alone, as the daemon would run it: send_role CONFIG INDEX */
#include <stdio.h>

#include "core/config.h"
#include "core/log.h"
#include "core/stop.h"
#include "core/text.h"
#include "gateway/send.h"

static enum status run(const char *path, const char *number, struct err *err)
{
    OWNED(config) config = NULL;
    int64_t index = 0;
    enum status status = config_load(path, &config, err);

    if (status == ST_OK) {
        status = text_parse_int64(number, 0, 100, &index, err);
    }
    if (status == ST_OK) {
        status = stop_init(err);
    }
    return status == ST_OK ? send_run(config, (int)index, err) : status;
}

int main(int argc, char **argv)
{
    struct err err = {.status = ST_OK};

    if (argc != 3) {
        (void)fputs("usage: send_role CONFIG INDEX\n", stderr);
        return 64;
    }
    enum status status = run(argv[1], argv[2], &err);
    if (status != ST_OK) {
        (void)fprintf(stderr, "error: %s\n", err.text);
    }
    return status_exit_code(status);
}
