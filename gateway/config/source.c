/* source.c - see source.h. */
#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 1 << 20, FILES = 256 };

struct source {
    const char *path;
    struct gw_place named; /* where it is included; path NULL: nowhere */
    dev_t device;
    ino_t inode;
};

struct gw_sources {
    struct ct_pool *pool;
    struct source list[FILES];
    size_t count;
};

static int add_one(struct gw_sources *sources, const char *path, struct gw_place named,
                   const struct gw_why *why)
{
    struct source *source = &sources->list[sources->count];
    if (sources->count == FILES)
        return gw_place_tell(named, why, "more than 256 files are included");
    *source = (struct source){.named = named};
    source->path = ct_pool_copy(sources->pool, path, strlen(path));
    if (!source->path)
        return gw_place_no_memory(why);
    sources->count++;
    return 0;
}

struct gw_sources *gw_sources_new(const char *path, struct ct_pool *pool, const struct gw_why *why)
{
    struct gw_sources *sources = calloc(1, sizeof *sources);
    if (!sources) {
        gw_place_no_memory(why);
        return NULL;
    }
    sources->pool = pool;
    if (add_one(sources, path, (struct gw_place){NULL, 0}, why) == 0)
        return sources;
    free(sources);
    return NULL;
}

size_t gw_sources_count(const struct gw_sources *sources)
{
    return sources->count;
}

void gw_sources_free(struct gw_sources *sources)
{
    free(sources);
}

int gw_sources_add(struct gw_sources *sources, const char *pattern, struct gw_place named,
                   const struct gw_why *why)
{
    const char *path = gw_place_path(named, pattern, sources->pool);
    glob_t found;
    int result, failure;
    size_t i;
    if (!path)
        return gw_place_no_memory(why);
    if (!strpbrk(path, "*?["))
        return add_one(sources, path, named, why);
    failure = glob(path, GLOB_ERR, NULL, &found);
    if (failure == GLOB_NOMATCH)
        return 0;
    if (failure)
        return failure == GLOB_NOSPACE
                   ? gw_place_no_memory(why)
                   : gw_place_tell(named, why, "include \"%s\": %s", path, strerror(errno));
    result = 0;
    for (i = 0; i < found.gl_pathc && result == 0; i++)
        result = add_one(sources, found.gl_pathv[i], named, why);
    globfree(&found);
    return result;
}

/* Where a file's own troubles are told: at its include. */
static int refuse(const struct source *source, const char *what, const struct gw_why *why)
{
    if (!source->named.path)
        return gw_place_tell((struct gw_place){source->path, 0}, why, "%s", what);
    return gw_place_tell(source->named, why, "%s: %s", source->path, what);
}

static bool was_read(const struct gw_sources *sources, const struct source *source)
{
    const struct source *other;
    for (other = sources->list; other < source; other++) {
        if (other->device == source->device && other->inode == source->inode)
            return true;
    }
    return false;
}

/* NULL, or what is wrong with a file. */
static const char *check(struct gw_sources *sources, struct source *source, int fd,
                         struct gw_source_text *text)
{
    struct stat status;
    if (fstat(fd, &status))
        return strerror(errno);
    source->device = status.st_dev;
    source->inode = status.st_ino;
    text->is_private = !(status.st_mode & S_IRWXO);
    text->len = (size_t)status.st_size;
    if (!S_ISREG(status.st_mode))
        return "it is no regular file";
    if (status.st_size > FILE_BYTES)
        return "it is larger than 1 MiB";
    return was_read(sources, source) ? "it is included twice" : NULL;
}

/* Up to text->len bytes, NUL-terminated; NULL, or what is wrong. */
static const char *read_bytes(int fd, struct gw_source_text *text)
{
    ssize_t got = 0;
    size_t len = 0;
    while (len < text->len && (got = read(fd, text->bytes + len, text->len - len)) > 0)
        len += (size_t)got;
    text->bytes[len] = '\0';
    if (got < 0)
        return strerror(errno);
    return memchr(text->bytes, '\0', len) ? "it has a NUL in it: it is no text" : NULL;
}

int gw_sources_read(struct gw_sources *sources, size_t which, struct gw_source_text *text,
                    const struct gw_why *why)
{
    struct source *source = &sources->list[which];
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *wrong;
    *text = (struct gw_source_text){.path = source->path};
    wrong = fd < 0 ? strerror(errno) : check(sources, source, fd, text);
    if (!wrong && (text->bytes = malloc(text->len + 1)))
        wrong = read_bytes(fd, text);
    if (fd >= 0)
        close(fd);
    if (wrong || !text->bytes) {
        gw_source_text_fini(text);
        return wrong ? refuse(source, wrong, why) : gw_place_no_memory(why);
    }
    text->begin = text->bytes + (strncmp(text->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    return 0;
}

void gw_source_text_fini(struct gw_source_text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->len);
    free(text->bytes);
    text->bytes = NULL;
}
