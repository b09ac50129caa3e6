/* document.c - a WSDL's file and all that it imports, as a service would give it away.
 *
 * Happy path: the file is read and cleaned; its imports are noted, in the order they come; each of
 * them is read likewise, once. Failure modes: a file that can't be read or is no XML, a location
 * that leads out of the folder, too many, too much: one sentence that names it. */
#include "route/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/file.h"
#include "soap/rewrite.h"
#include "soap_xmpp.h"

enum { PATH_BYTES = 1024 };

#define DIALECT_WSDL   "http://schemas.xmlsoap.org/wsdl/"
#define DIALECT_SCHEMA "http://www.w3.org/2001/XMLSchema"

struct reading {
    struct ct_metadata *metadata;
    char folder[PATH_BYTES]; /* with a '/' at its end, or "" */
    char from[PATH_BYTES];   /* the location of the document that imports */
    size_t left_bytes;
    char *why;
    size_t why_bytes;
    bool is_wrong;
};

static int fail(struct reading *reading, const char *what, const char *why)
{
    if (!reading->is_wrong)
        snprintf(reading->why, reading->why_bytes, "%s: %s", what, why);
    reading->is_wrong = true;
    return -1;
}

/* Adds a section without its bytes. */
static int add_section(struct reading *reading, const char *location)
{
    struct ct_metadata *metadata = reading->metadata;
    if (metadata->count == CT_CONTRACT_DOCUMENTS)
        return fail(reading, location, "more than 32 documents");
    struct ct_metadata_section *sections =
        realloc(metadata->sections, (metadata->count + 1) * sizeof *sections);
    if (!sections)
        return fail(reading, location, "no memory");
    metadata->sections = sections;
    struct ct_metadata_section *section = &sections[metadata->count];
    *section = (struct ct_metadata_section){
        .location = strdup(location), .identifier = strdup(""), .dialect = strdup(DIALECT_WSDL)};
    metadata->count++;
    return section->location && section->identifier && section->dialect
               ? 0
               : fail(reading, location, "no memory");
}

static bool is_known(const struct reading *reading, const char *location)
{
    for (size_t i = 0; i < reading->metadata->count; i++) {
        if (strcmp(reading->metadata->sections[i].location, location) == 0)
            return true;
    }
    return false;
}

static bool is_absolute(const char *location)
{
    const char *colon = strchr(location, ':'), *slash = strchr(location, '/');
    return *location == '/' || (colon && (!slash || colon < slash));
}

bool gw_document_resolve(const char *from, const char *location, char *out, size_t out_bytes)
{
    const char *slash = strrchr(from, '/');
    char both[PATH_BYTES * 2], *rest = both, *step;
    int folder_len = slash ? (int)(slash - from + 1) : 0;
    if (is_absolute(location) ||
        (size_t)snprintf(both, sizeof both, "%.*s%s", folder_len, from, location) >= out_bytes)
        return false;
    *out = '\0';
    while ((step = strsep(&rest, "/"))) {
        size_t len = strlen(out);
        if (strcmp(step, ".") == 0 || !*step)
            continue;
        if (strcmp(step, "..") == 0) {
            char *before = len ? memrchr(out, '/', len - 1) : NULL;
            if (len == 0)
                return false;
            out[before ? before - out + 1 : 0] = '\0';
            continue;
        }
        snprintf(out + len, out_bytes - len, "%s%s", step, rest ? "/" : "");
    }
    return *out && out[strlen(out) - 1] != '/';
}

bool gw_document_find(const struct ct_metadata *metadata, const char *from, const char *location,
                      size_t *which)
{
    char resolved[PATH_BYTES];
    if (!gw_document_resolve(from, location, resolved, sizeof resolved))
        snprintf(resolved, sizeof resolved, "%s", location);
    for (size_t i = 0; *resolved && i < metadata->count; i++) {
        const struct ct_metadata_section *section = &metadata->sections[i];
        if (section->bytes && strcmp(section->location, resolved) == 0) {
            *which = i;
            return true;
        }
    }
    return false;
}

/* gw_rewrite_fn: notes an import, and leaves it as it is. */
static int note_import(void *user, const char *address, char *out, size_t out_bytes)
{
    struct reading *reading = user;
    char location[PATH_BYTES];
    (void)out, (void)out_bytes;
    if (!*address || is_absolute(address) || reading->is_wrong)
        return 0;
    if (!gw_document_resolve(reading->from, address, location, sizeof location))
        fail(reading, address, "it leads out of the WSDL's folder");
    else if (!is_known(reading, location))
        add_section(reading, location);
    return 0;
}

static int leave(void *user, const char *address, char *out, size_t out_bytes)
{
    (void)user, (void)address, (void)out, (void)out_bytes;
    return 0;
}

static int note_imports(struct reading *reading, const struct ct_metadata_section *section)
{
    static const struct gw_rewrite_config config = {.categories = GW_REWRITE_WSDL};
    const struct gw_rewriting rewriting = {
        .config = &config, .map = leave, .map_import = note_import, .user = reading};
    struct gw_rewrite_result result;
    char why[256], *same;
    size_t bytes;
    snprintf(reading->from, sizeof reading->from, "%s", section->location);
    same = gw_rewrite(&rewriting, section->bytes, section->len, CT_CONTRACT_BYTES, &bytes, &result,
                      why, sizeof why);
    free(same);
    if (!same)
        return fail(reading, reading->from, why);
    return reading->is_wrong ? -1 : 0;
}

/* Whether a clean document's root is called schema. */
static bool is_schema(const char *document)
{
    size_t len = strcspn(document, " \t\r\n/>");
    const char *colon = memchr(document, ':', len);
    const char *local = colon ? colon + 1 : document + 1;
    return document + len - local == 6 && strncmp(local, "schema", 6) == 0;
}

/* Reads the document of a section, whose pointer is stale once imports are noted. */
static int read_section(struct reading *reading, size_t which)
{
    struct ct_metadata_section *section = &reading->metadata->sections[which];
    char path[PATH_BYTES * 2], why[256], *bytes;
    size_t len;
    snprintf(path, sizeof path, "%s%s", reading->folder, section->location);
    if (ct_file_read(NULL, path, reading->left_bytes, &bytes, &len, why, sizeof why))
        return snprintf(reading->why, reading->why_bytes, "%s", why), -1;
    section->bytes = soap_xmpp_clean(bytes, len, NULL, &section->len, why, sizeof why);
    free(bytes);
    if (!section->bytes)
        return fail(reading, section->location, why);
    if (section->len > reading->left_bytes)
        return fail(reading, section->location, "more than 4 MiB together");
    reading->left_bytes -= section->len;
    if (is_schema(section->bytes)) {
        free(section->dialect);
        section->dialect = strdup(DIALECT_SCHEMA);
        if (!section->dialect)
            return fail(reading, section->location, "no memory");
    }
    return note_imports(reading, section);
}

int gw_document_read(const char *path, struct ct_metadata *metadata, char *why, size_t why_bytes)
{
    struct reading reading = {
        .metadata = metadata, .left_bytes = CT_CONTRACT_BYTES, .why = why, .why_bytes = why_bytes};
    const char *slash = strrchr(path, '/');
    *metadata = (struct ct_metadata){0};
    if ((size_t)snprintf(reading.folder, sizeof reading.folder, "%.*s",
                         slash ? (int)(slash - path + 1) : 0, path) >= sizeof reading.folder)
        return snprintf(why, why_bytes, "%s: the path is too long", path), -1;
    int result = add_section(&reading, slash ? slash + 1 : path);
    for (size_t i = 0; result == 0 && i < metadata->count; i++)
        result = read_section(&reading, i);
    if (result)
        ct_metadata_fini(metadata);
    return result;
}
