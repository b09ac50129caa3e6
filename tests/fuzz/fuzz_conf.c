/* fuzz_conf.c - gateway.conf (gateway/config/config.h).
 *
 * Input: the file.
 * Claims: it is a configuration, or there is a sentence on one line why it isn't; what is printed
 * of a configuration reads as the same one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "fuzz.h"

static struct gw_config *read_text(const char *text, size_t len, char *why, size_t why_bytes)
{
    static int fd = -1;
    char path[64];
    if (fd < 0)
        fd = memfd_create("gateway.conf", MFD_CLOEXEC);
    CLAIM(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    CLAIM(write(fd, text, len) == (ssize_t)len && fchmod(fd, 0600) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return gw_config_read(path, why, why_bytes);
}

static void claim_line(const char *why)
{
    CLAIM(*why);
    for (; *why; why++)
        CLAIM((unsigned char)*why >= ' ' && *why != 127);
}

/* A password isn't printed. */
static void print_and_read(const struct gw_config *config)
{
    char why[512], *printed = gw_config_print(config), *again;
    struct gw_config *same;
    CLAIM(printed);
    same = read_text(printed, strlen(printed), why, sizeof why);
    CLAIM(same);
    again = gw_config_print(same);
    CLAIM(again);
    if (!strstr(printed, "# password is set")) {
        CLAIM(strcmp(printed, again) == 0);
        CLAIM(!gw_config_needs_restart(config, same, why, sizeof why));
    }
    free(printed);
    free(again);
    gw_config_release(same);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char why[512] = "", *copy = fuzz_bytes(bytes, len);
    struct gw_config *config = read_text(copy, len, why, sizeof why);
    if (config)
        print_and_read(config);
    else
        claim_line(why);
    gw_config_release(config);
    free(copy);
    return 0;
}
