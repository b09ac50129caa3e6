/* wsdl_set.c - a WSDL and what it refers to are loaded.
 *
 * Happy path: the WSDL is read -> each reference in it names a path -> what isn't there yet is
 * read, appended, and looked through in its turn. So a circle of imports ends by itself.
 * Failure: the first one; all that was loaded is freed.
 */
#include "soap/wsdl_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

enum { PATH_BYTES = 1024, CLAUSE_BYTES = 200 };

/* ---- paths ---- */

enum reach { INSIDE, OUTSIDE, ELSEWHERE /* a URL */ };

/* RFC 3986 3.1: a scheme stands before the first of ":/?#". */
static bool has_scheme(const char *location)
{
    size_t len = strcspn(location, ":/?#");
    return len && location[len] == ':';
}

/* Appends what location says, decoded, up to its query or fragment; false: it is too long, or has a
 * NUL. */
static bool decode(const char *location, char *out, size_t room)
{
    size_t used = strlen(out);
    for (; *location && *location != '?' && *location != '#'; location++) {
        char c = *location;
        if (c == '%' && sx_hex_digit(location[1]) >= 0 && sx_hex_digit(location[2]) >= 0) {
            c = (char)(16 * sx_hex_digit(location[1]) + sx_hex_digit(location[2]));
            location += 2;
        }
        if (!c || used + 1 >= room)
            return false;
        out[used++] = c;
        out[used] = '\0';
    }
    return true;
}

/* Takes "." and ".." out of a path, in its place; false: it leads out of the folder. */
static bool normalize(char *path)
{
    char *out = path, *at = path;
    while (*at) {
        size_t len = strcspn(at, "/");
        bool is_last = !at[len];
        if (len == 2 && memcmp(at, "..", 2) == 0) {
            if (out == path)
                return false;
            for (out--; out > path && out[-1] != '/';)
                out--;
        } else if (len && !(len == 1 && *at == '.')) {
            memmove(out, at, len);
            out += len;
            if (!is_last)
                *out++ = '/';
        }
        at += is_last ? len : len + 1;
    }
    *out = '\0';
    return *path != '\0';
}

/* The path in the folder that a location in the document of that path means. */
static enum reach resolve(const char *from, const char *location, char path[PATH_BYTES])
{
    const char *slash = strrchr(from, '/');
    size_t folder_len = slash ? (size_t)(slash - from) + 1 : 0;
    if (has_scheme(location) || strncmp(location, "//", 2) == 0)
        return ELSEWHERE;
    if (*location == '/' || folder_len >= PATH_BYTES)
        return OUTSIDE;
    memcpy(path, from, folder_len);
    path[folder_len] = '\0';
    return decode(location, path, PATH_BYTES) && normalize(path) ? INSIDE : OUTSIDE;
}

/* ---- loading ---- */

struct loading {
    struct sx_wsdl_set *set;
    const struct sx_wsdl_set_source *source;
    size_t left_bytes;
    char *why;
    size_t why_bytes;
};

static const struct sx_wsdl_document *find_path(const struct sx_wsdl_set *set, const char *path)
{
    size_t i;
    for (i = 0; i < set->count; i++)
        if (strcmp(set->documents[i].path, path) == 0)
            return &set->documents[i];
    return NULL;
}

static enum sx_err refuse(struct loading *loading, enum sx_err err, const char *path,
                          const char *clause)
{
    snprintf(loading->why, loading->why_bytes, "%.200s: %s", path, clause);
    return err;
}

static enum sx_err add(struct loading *loading, const char *path)
{
    struct sx_wsdl_set *set = loading->set;
    struct sx_wsdl_document *document;
    char clause[CLAUSE_BYTES] = "";
    size_t read_bytes = 0;
    enum sx_err err;
    if (set->count == SX_WSDL_SET_DOCUMENTS)
        return refuse(loading, SX_ETOOBIG, path, "more than 32 documents belong to the WSDL");
    document = &set->documents[set->count++];
    document->path = strdup(path);
    if (!document->path)
        return refuse(loading, SX_ENOMEM, path, "memory is short");
    err = loading->source->read(loading->source->user, path, loading->left_bytes, &document->bytes,
                                &document->len, &read_bytes, clause, sizeof clause);
    if (err == SX_OK)
        err = sx_wsdl_read(&document->wsdl, document->bytes, document->len, clause, sizeof clause);
    if (err != SX_OK)
        return refuse(loading, err, path, clause);
    loading->left_bytes -= read_bytes;
    return SX_OK;
}

static enum sx_err follow(struct loading *loading, const char *from, const char *location)
{
    char path[PATH_BYTES], clause[2 * CLAUSE_BYTES];
    switch (resolve(from, location, path)) {
    case INSIDE:
        return find_path(loading->set, path) ? SX_OK : add(loading, path);
    case OUTSIDE:
        snprintf(clause, sizeof clause, "it refers to %.200s, which isn't in the WSDL's folder",
                 location);
        return refuse(loading, SX_EFILE, from, clause);
    default:
        return SX_OK; /* whoever reads the WSDL fetches it, or knows it */
    }
}

/* An included or imported document of the wrong kind would be put where it doesn't belong. */
static enum sx_err check_kind(struct loading *loading, const struct sx_wsdl_document *from,
                              const struct sx_wsdl_place *place)
{
    const struct sx_wsdl_document *document = sx_wsdl_set_find(loading->set, from, place->location);
    if (document && !document->wsdl.is_schema && place->kind != SX_WSDL_IMPORT)
        return refuse(loading, SX_EMALFORMED, document->path, "it is no schema");
    return SX_OK;
}

static enum sx_err look_through(struct loading *loading, const struct sx_wsdl_document *document)
{
    enum sx_err err = SX_OK;
    size_t i;
    for (i = 0; i < document->wsdl.place_count && err == SX_OK; i++) {
        const struct sx_wsdl_place *place = &document->wsdl.places[i];
        if (!place->location)
            continue;
        err = follow(loading, document->path, place->location);
        if (err == SX_OK)
            err = check_kind(loading, document, place);
    }
    return err;
}

enum sx_err sx_wsdl_set_load(struct sx_wsdl_set *set, const char *path,
                             const struct sx_wsdl_set_source *source, char *why, size_t why_bytes)
{
    struct loading loading = {set, source, SX_WSDL_SET_BYTES, why, why_bytes};
    enum sx_err err;
    size_t i;
    memset(set, 0, sizeof *set);
    err = add(&loading, path);
    if (err == SX_OK && set->documents[0].wsdl.is_schema)
        err = refuse(&loading, SX_EMALFORMED, path, "it is a schema, not a WSDL");
    for (i = 0; i < set->count && err == SX_OK; i++)
        err = look_through(&loading, &set->documents[i]);
    if (err != SX_OK)
        sx_wsdl_set_fini(set);
    return err;
}

void sx_wsdl_set_fini(struct sx_wsdl_set *set)
{
    size_t i;
    for (i = 0; i < set->count; i++) {
        free(set->documents[i].path);
        free(set->documents[i].bytes);
        sx_wsdl_fini(&set->documents[i].wsdl);
    }
    memset(set, 0, sizeof *set);
}

const struct sx_wsdl_document *sx_wsdl_set_find(const struct sx_wsdl_set *set,
                                                const struct sx_wsdl_document *from,
                                                const char *location)
{
    char path[PATH_BYTES];
    return resolve(from->path, location, path) == INSIDE ? find_path(set, path) : NULL;
}
