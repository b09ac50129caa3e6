/* See documents.h. Happy path: a document is cleaned; one rewriting notes what it imports, gives
 * each a name, and turns addresses. Failures: what is no WSDL or schema isn't to be had; a location
 * beyond the limits stays as it is. */
#include "serve/documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "soap/rewrite.h"
#include "soap/scan.h"
#include "soap_xmpp.h"

#define WSDL   "http://schemas.xmlsoap.org/wsdl/"
#define SCHEMA "http://www.w3.org/2001/XMLSchema"

static bool add(struct gw_documents *documents, const char *url)
{
    struct gw_document *document = &documents->list[documents->count];
    if (documents->count == CT_CONTRACT_DOCUMENTS)
        return false;
    memset(document, 0, sizeof *document);
    document->url = strdup(url);
    if (!document->url)
        return false;
    if (documents->count == 0)
        snprintf(document->name, sizeof document->name, "service.wsdl");
    else
        snprintf(document->name, sizeof document->name, "import-%zu.xml", documents->count);
    documents->count++;
    return true;
}

struct gw_documents *gw_documents_new(const char *url)
{
    struct gw_documents *documents = calloc(1, sizeof *documents);
    if (!documents)
        return NULL;
    documents->left_bytes = CT_CONTRACT_BYTES;
    if (add(documents, url))
        return documents;
    free(documents);
    return NULL;
}

void gw_documents_free(struct gw_documents *documents)
{
    if (!documents)
        return;
    for (size_t i = 0; i < documents->count; i++) {
        free(documents->list[i].url);
        free(documents->list[i].bytes);
        free(documents->list[i].target_namespace);
    }
    free(documents);
}

static struct gw_document *wanted(const struct gw_documents *documents)
{
    for (size_t i = 0; i < documents->count; i++) {
        const struct gw_document *document = &documents->list[i];
        if (!document->bytes && !document->is_missing)
            return (struct gw_document *)document;
    }
    return NULL;
}

const char *gw_documents_next(const struct gw_documents *documents)
{
    const struct gw_document *document = wanted(documents);
    return document ? document->url : NULL;
}

void gw_documents_miss(struct gw_documents *documents)
{
    struct gw_document *document = wanted(documents);
    if (document)
        document->is_missing = true;
}

/* ---- locations ---- */

/* Of "scheme://host:port/path?query": where the path begins. */
static size_t path_at(const char *url)
{
    const char *authority = strstr(url, "://");
    return authority ? (size_t)(authority + 3 - url) + strcspn(authority + 3, "/?#") : 0;
}

static bool has_scheme(const char *reference)
{
    size_t bytes = strcspn(reference, ":/?#");
    return reference[bytes] == ':';
}

/* RFC 3986 5.2.4: "." and ".." of the path, in place; a query isn't looked at. */
static void remove_dots(char *path)
{
    size_t bytes = strcspn(path, "?"), used = 0;
    for (size_t at = 0; at < bytes;) {
        size_t step = 1 + strcspn(path + at + 1, "/?");
        if (step == 2 && path[at + 1] == '.') {
            if (at + step == bytes)
                path[used++] = '/';
        } else if (step == 3 && path[at + 1] == '.' && path[at + 2] == '.') {
            while (used > 0 && path[--used] != '/')
                continue;
            if (at + step == bytes)
                path[used++] = '/';
        } else {
            memmove(path + used, path + at, step);
            used += step;
        }
        at += step;
    }
    memmove(path + used, path + bytes, strlen(path + bytes) + 1);
}

bool gw_documents_locate(const struct gw_backend *backend, const char *base, const char *reference,
                         char *out, size_t out_bytes)
{
    size_t authority = path_at(base), kept, length = strcspn(reference, "#");
    int used;
    if (length == 0 || strncmp(reference, "//", 2) == 0)
        return false;
    if (has_scheme(reference)) {
        size_t own = path_at(reference);
        if (!gw_backend_is_own(backend, reference) &&
            !(own == authority && strncasecmp(reference, base, own) == 0))
            return false;
        kept = authority;
        length -= own;
        reference += own;
    } else if (*reference == '/') {
        kept = authority;
    } else if (*reference == '?') {
        kept = strcspn(base, "?#");
    } else {
        kept = strcspn(base, "?#");
        while (kept > authority && base[kept - 1] != '/')
            kept--;
    }
    used = snprintf(out, out_bytes, "%.*s%s%.*s", (int)kept, base,
                    kept == authority && *reference != '/' ? "/" : "", (int)length, reference);
    if (used < 0 || (size_t)used >= out_bytes)
        return false;
    remove_dots(out + authority);
    return true;
}

/* ---- a document ---- */

struct reading {
    struct gw_documents *documents;
    const struct gw_backend *backend;
    const char *url; /* of this one */
};

/* gw_rewrite_fn: a location that is followed becomes its document's name. */
static int take_import(void *user, const char *address, char *out, size_t out_bytes)
{
    struct reading *reading = user;
    struct gw_documents *documents = reading->documents;
    char url[GW_BACKEND_URL_BYTES];
    size_t which = 0;
    if (!gw_documents_locate(reading->backend, reading->url, address, url, sizeof url))
        return 0;
    while (which < documents->count && strcmp(documents->list[which].url, url) != 0)
        which++;
    if (which == documents->count && !add(documents, url))
        return 0;
    snprintf(out, out_bytes, "%s", documents->list[which].name);
    return 1;
}

static int take_address(void *user, const char *address, char *out, size_t out_bytes)
{
    struct reading *reading = user;
    return gw_backend_to_xmpp((void *)reading->backend, address, out, out_bytes);
}

/* gw_scan_fn: the root says what it is. */
static int take_root(void *user, const struct gw_scan_event *event)
{
    struct gw_document *document = user;
    const char *namespace_;
    if (event->kind != GW_SCAN_START)
        return 0;
    document->is_schema = gw_scan_is(event, SCHEMA, "schema");
    if (!document->is_schema && !gw_scan_is(event, WSDL, "definitions"))
        return 1;
    namespace_ = gw_scan_attribute(event, "", "targetNamespace");
    document->target_namespace = strdup(namespace_ ? namespace_ : "");
    return 1;
}

static char *rewrite(struct reading *reading, const char *clean, size_t len, size_t *out_len,
                     char *why, size_t why_bytes)
{
    static const struct gw_rewrite_config config = {.categories = GW_REWRITE_WSDL,
                                                    .of_signed = true};
    const struct gw_rewriting rewriting = {
        .config = &config, .map = take_address, .map_import = take_import, .user = reading};
    struct gw_rewrite_result result;
    return gw_rewrite(&rewriting, clean, len, CT_CONTRACT_BYTES, out_len, &result, why, why_bytes);
}

int gw_documents_put(struct gw_documents *documents, const struct gw_backend *backend,
                     const char *bytes, size_t len, const char *charset, char *why,
                     size_t why_bytes)
{
    struct gw_document *document = wanted(documents);
    struct reading reading = {documents, backend, document->url};
    size_t clean_len;
    char *clean = NULL;
    document->is_missing = true;
    if (len > documents->left_bytes) {
        snprintf(why, why_bytes, "the WSDL and what it imports has more than %d bytes",
                 CT_CONTRACT_BYTES);
        return -1;
    }
    clean = soap_xmpp_clean(bytes, len, charset, &clean_len, why, why_bytes);
    if (!clean ||
        gw_scan_read(clean, clean_len, "the document", take_root, document, why, why_bytes) != 0) {
        free(clean);
        return -1;
    }
    if (document->target_namespace)
        document->bytes = rewrite(&reading, clean, clean_len, &document->len, why, why_bytes);
    else
        snprintf(why, why_bytes, "%.200s has neither a WSDL nor a schema", document->url);
    free(clean);
    if (!document->bytes)
        return -1;
    documents->left_bytes -= len;
    document->is_missing = false;
    return 0;
}
