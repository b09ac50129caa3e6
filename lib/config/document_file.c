/* document_file.c - a file that is given away is read.
 *
 * Happy path: open -> look -> read all of it. Failure: a clause, and nothing is kept.
 */
#include "config/document_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sx_err refuse(enum sx_err err, const char *clause, char *why, size_t why_bytes)
{
    if (why_bytes)
        snprintf(why, why_bytes, "%s", clause);
    return err;
}

static enum sx_err look(int fd, char *why, size_t why_bytes)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return refuse(SX_EFILE, strerror(errno), why, why_bytes);
    if (S_ISDIR(status.st_mode))
        return refuse(SX_EFILE, strerror(EISDIR), why, why_bytes);
    if (!S_ISREG(status.st_mode))
        return refuse(SX_EFILE, "it is no regular file", why, why_bytes);
    return SX_OK;
}

static enum sx_err read_all(int fd, size_t max_bytes, struct sx_buffer *out, char *why,
                            size_t why_bytes)
{
    char piece[8192];
    size_t begun = out->len;
    ssize_t got = 1;
    while (got) {
        got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse(SX_EFILE, strerror(errno), why, why_bytes);
        if (out->len - begun + (size_t)got > max_bytes)
            return refuse(SX_ETOOBIG, "all documents together are larger than 4 MiB", why,
                          why_bytes);
        sx_buffer_add(out, piece, (size_t)got);
        if (out->failed)
            return refuse(SX_ENOMEM, "memory is short", why, why_bytes);
    }
    return SX_OK;
}

enum sx_err sx_document_file_read(const char *path, size_t max_bytes, struct sx_buffer *out,
                                  char *why, size_t why_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* no wait for a writer */
    size_t begun = out->len;
    enum sx_err err;
    if (fd < 0)
        return refuse(SX_EFILE, strerror(errno), why, why_bytes);
    err = look(fd, why, why_bytes);
    if (err == SX_OK)
        err = read_all(fd, max_bytes, out, why, why_bytes);
    close(fd);
    if (err != SX_OK)
        out->len = begun;
    return err;
}
