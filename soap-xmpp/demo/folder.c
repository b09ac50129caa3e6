/* folder.c - where the demo keeps what it starts.
 *
 * Invariant: nothing outside of the folder is touched, and none that belongs to somebody else is
 * used: in /tmp anybody may make one of that name.
 *
 * Failure modes: errno of the call that failed. */
#include "demo/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, DESCRIPTORS = 16 };

int folder_find(char path[FOLDER_BYTES])
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int len;
    if (runtime && *runtime == '/' && access(runtime, W_OK) == 0)
        len = snprintf(path, FOLDER_BYTES, "%s/soap-xmpp-demo", runtime);
    else
        len = snprintf(path, FOLDER_BYTES, "/tmp/soap-xmpp-demo-%u", (unsigned)getuid());
    return len < FOLDER_BYTES && !strpbrk(path, "\"\\\n") ? 0 : -1;
}

static int is_ours(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == getuid() &&
           !(status.st_mode & 077);
}

int folder_make(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return -1;
    if (!is_ours(path)) {
        errno = EPERM;
        return -1;
    }
    folder_remove(path);
    return mkdir(path, 0700);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

void folder_remove(const char *path)
{
    if (is_ours(path))
        nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

int folder_write(const char *path, const char *name, const char *text, unsigned mode)
{
    char file[PATH_BYTES];
    size_t len = strlen(text);
    int fd, result;
    snprintf(file, sizeof file, "%s/%s", path, name);
    fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    result = write(fd, text, len) == (ssize_t)len ? 0 : -1;
    close(fd);
    return result;
}

void folder_read(const char *path, const char *name, char *out, size_t out_bytes)
{
    char file[PATH_BYTES];
    FILE *in;
    out[0] = '\0';
    snprintf(file, sizeof file, "%s/%s", path, name);
    in = fopen(file, "re");
    if (!in)
        return;
    if (!fgets(out, (int)out_bytes, in))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(in);
}
