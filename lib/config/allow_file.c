/* allow_file.c - the file that says who may call, as text.
 *
 * Happy path: open -> look -> read all of it -> skip the byte order mark.
 * Failure modes: what is no text file of a reasonable size is refused with a clause. An empty one
 * is, too: whoever writes it anew in its place may have just begun.
 */
#include "config/allow_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MARK[] = "\xEF\xBB\xBF"; /* U+FEFF, which editors write before the text */

/* What is wrong with the file behind fd, or NULL. */
static const char *look(int fd, bool *is_exposed)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return strerror(errno);
    if (S_ISDIR(status.st_mode))
        return strerror(EISDIR);
    if (!S_ISREG(status.st_mode))
        return "it is no regular file";
    *is_exposed = status.st_mode & S_IWOTH;
    return NULL;
}

/* Reads up to the limit and one byte more; -1: errno says why. */
static ssize_t read_all(int fd, char *text)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got && len <= SX_ALLOW_FILE_BYTES) {
        got = read(fd, text + len, SX_ALLOW_FILE_BYTES + 1 - len);
        if (got < 0 && errno != EINTR)
            return -1;
        len += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)len;
}

static unsigned long line_of(const char *text, const char *at)
{
    unsigned long line = 1;

    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* What is wrong with a text, or NULL. */
static const char *check(const char *text, size_t len, unsigned long *line)
{
    const char *nul = memchr(text, '\0', len);

    if (len > SX_ALLOW_FILE_BYTES)
        return "it is larger than 4 MiB";
    if (len == 0)
        return "it is empty, and one that lets nobody in has at least a comment (#)";
    if (!nul)
        return NULL;
    *line = line_of(text, nul);
    return "a NUL byte is there, but it must be text in UTF-8";
}

/* What is wrong, or NULL: then *len bytes are there. text has room for the limit and two bytes. */
static const char *read_text(int fd, char *text, size_t *len, unsigned long *line)
{
    ssize_t got = read_all(fd, text);
    size_t mark = sizeof MARK - 1;

    if (got < 0)
        return strerror(errno);
    *len = (size_t)got;
    if (*len >= mark && memcmp(text, MARK, mark) == 0) {
        *len -= mark;
        memmove(text, text + mark, *len);
    }
    text[*len] = '\0';
    return check(text, *len, line);
}

/* If there is no memory for that, it stays as large as it is. */
static void shrink(struct sx_allow_file *read, size_t bytes)
{
    char *smaller = realloc(read->text, bytes);

    if (smaller)
        read->text = smaller;
}

/* read->text is to be freed whatever comes out. */
static enum sx_err read_file(int fd, struct sx_allow_file *read, unsigned long *line,
                             const char **wrong)
{
    size_t len = 0;

    *wrong = look(fd, &read->is_exposed);
    if (*wrong)
        return SX_EFILE;
    read->text = malloc(SX_ALLOW_FILE_BYTES + 2);
    if (!read->text)
        return SX_ENOMEM;
    *wrong = read_text(fd, read->text, &len, line);
    if (*wrong)
        return SX_EFILE;
    shrink(read, len + 1);
    return SX_OK;
}

enum sx_err sx_allow_file_read(const char *path, struct sx_allow_file *file, unsigned long *line,
                               char *why, size_t why_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* no wait for a writer */
    const char *wrong = fd < 0 ? strerror(errno) : NULL;
    struct sx_allow_file read = {0};
    enum sx_err err = SX_EFILE;

    *line = 0;
    if (fd >= 0) {
        err = read_file(fd, &read, line, &wrong);
        close(fd);
    }
    if (err == SX_EFILE && why_bytes)
        snprintf(why, why_bytes, "%s", wrong);
    if (err == SX_OK)
        *file = read;
    else
        free(read.text);
    return err;
}
