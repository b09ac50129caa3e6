/* See file.h. */
#include "contract/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/uri.h>

/* The path of a file: URL (RFC 8089), malloc'ed; what is no URL is a path already. */
static char *path_of(const char *location)
{
    if (strncmp(location, "file:", 5) != 0)
        return strdup(location);
    const char *path = location + 5;
    if (strncmp(path, "//localhost/", 12) == 0)
        path += 11;
    else if (strncmp(path, "///", 3) == 0)
        path += 2;
    char *unescaped = xmlURIUnescapeString(path, 0, NULL);
    char *copy = unescaped ? strdup(unescaped) : NULL;
    xmlFree(unescaped);
    return copy;
}

/* All that the stream has, NUL-terminated, or NULL with errno: EFBIG is more than most_bytes. */
static char *read_stream(FILE *stream, size_t most_bytes, size_t *len)
{
    char *bytes = NULL;
    size_t have = 0, capacity = 0;
    for (;;) {
        if (have == capacity) {
            size_t wanted = capacity ? capacity * 2 : 4096;
            char *larger = realloc(bytes, wanted + 1);
            if (!larger)
                break;
            bytes = larger;
            capacity = wanted;
        }
        errno = 0;
        have += fread(bytes + have, 1, capacity - have, stream);
        if (have > most_bytes) {
            errno = EFBIG;
            break;
        }
        if (ferror(stream))
            break;
        if (feof(stream)) {
            bytes[have] = '\0';
            *len = have;
            return bytes;
        }
    }
    int why = errno;
    free(bytes);
    errno = why ? why : EIO;
    return NULL;
}

int ct_file_read(void *context, const char *path, size_t most_bytes, char **bytes, size_t *len,
                 char *why, size_t why_bytes)
{
    (void)context;
    char *name = path_of(path);
    FILE *stream = name ? fopen(name, "rbe") : NULL;
    char *read = stream ? read_stream(stream, most_bytes, len) : NULL;
    if (read)
        *bytes = read;
    else if (errno == EFBIG)
        snprintf(why, why_bytes, "%s: more than %zu bytes", path, most_bytes);
    else
        snprintf(why, why_bytes, "%s: %s", path, strerror(errno));
    if (stream)
        fclose(stream);
    free(name);
    return read ? 0 : -1;
}
