/* See config_text.h. */
#include "config_text.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/suite.h"

static char folder[64];

void config_text_begin(void)
{
    strcpy(folder, "/tmp/gateway-conf.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    strcat(folder, "/");
    config_text_write("secret", "user:$5$salt$hash\n", 0600);
    config_text_write("open", "user:$5$salt$hash\n", 0644);
    config_text_write("ca.pem", "certificate\n", 0644);
}

void config_text_write(const char *name, const char *text, unsigned mode)
{
    char path[256];
    int fd;
    snprintf(path, sizeof path, "%s%s", folder, name);
    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    CU_ASSERT_FATAL(fchmod(fd, mode) == 0);
    close(fd);
}

struct gw_config *config_text_read_file(const char *name, char *why, size_t why_bytes)
{
    char path[256], *at;
    struct gw_config *config;
    size_t len = strlen(folder);
    snprintf(path, sizeof path, "%s%s", folder, name);
    *why = '\0';
    config = gw_config_read(path, why, why_bytes);
    while ((at = strstr(why, folder)))
        memmove(at, at + len, strlen(at + len) + 1);
    return config;
}

struct gw_config *config_text_read(const char *text, char *why, size_t why_bytes)
{
    config_text_write("gateway.conf", text, 0600);
    return config_text_read_file("gateway.conf", why, why_bytes);
}

const char *config_text_folder(void)
{
    return folder;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void config_text_end(void)
{
    CU_ASSERT(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}
