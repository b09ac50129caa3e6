/* watch.c - compares what files and clock say now with what they said before.
 *
 * Happy path: begin before an attempt, which reads the files -> it is refused -> look, look, until
 * something has changed. Nothing can fail.
 */
#include "link/watch.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"

/* What the time of day moves by without being set: a leap second, and a thread that stood still
 * between two looks at clocks. */
enum { CLOCK_STEP_US = 5000000 };

/* A pipe or a terminal isn't read again (config/password.c), and has another time whenever somebody
 * writes there: the trace itself, on the terminal that the password was typed on. */
static void take_stamp(const char *file, struct sx_watch_stamp *stamp)
{
    struct stat status;
    memset(stamp, 0, sizeof *stamp);
    if (!file || stat(file, &status) != 0)
        return;
    stamp->device = (long long)status.st_dev;
    stamp->inode = (long long)status.st_ino;
    if (!S_ISREG(status.st_mode))
        return;
    stamp->bytes = (long long)status.st_size;
    stamp->modified_s = (long long)status.st_mtim.tv_sec;
    stamp->modified_ns = status.st_mtim.tv_nsec;
    stamp->changed_s = (long long)status.st_ctim.tv_sec;
    stamp->changed_ns = status.st_ctim.tv_nsec;
}

void sx_watch_begin(struct sx_watch *watch, const struct sx_config *config)
{
    const char *const files[SX_WATCH_FILES] = {config->password_file, config->ca_file,
                                               config->cert_file, config->key_file};
    int i;
    for (i = 0; i < SX_WATCH_FILES; i++)
        take_stamp(files[i], &watch->stamps[i]);
    watch->clock_us = sx_clock_moment().wall_us - sx_clock_now_us();
}

const char *sx_watch_look(struct sx_watch *watch, const struct sx_config *config)
{
    const struct sx_watch before = *watch;
    int64_t step_us;
    sx_watch_begin(watch, config);
    if (memcmp(watch->stamps, before.stamps, sizeof watch->stamps) != 0)
        return "a file that the login needs has changed";
    step_us = watch->clock_us - before.clock_us;
    if (step_us > CLOCK_STEP_US || step_us < -CLOCK_STEP_US)
        return "the clock was set, or the machine slept";
    watch->clock_us = before.clock_us; /* so that small steps add up */
    return NULL;
}
