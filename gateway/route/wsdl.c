/* wsdl.c - the documents of a contract as an HTTP client gets them.
 *
 * Happy path: gw_rewrite() asks what an address or an import becomes. Failure modes: one sentence.
 */
#include "route/wsdl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "route/document.h"
#include "soap/rewrite.h"

#define DECLARATION    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define DIALECT_SCHEMA "http://www.w3.org/2001/XMLSchema"

enum { LOCATION_BYTES = 1024 };

struct writing {
    const struct gw_wsdl_of *of;
    const struct ct_metadata_section *section; /* that is being written */
};

/* gw_rewrite_fn. */
static int map_address(void *user, const char *address, char *out, size_t out_bytes)
{
    const struct writing *writing = user;
    int result = gw_address_to_http((void *)writing->of->map, address, out, out_bytes);
    if (result)
        return result;
    return (size_t)snprintf(out, out_bytes, "%s", writing->of->url) < out_bytes ? 1 : -1;
}

/* gw_rewrite_fn: an import's location, which is seen from the document that it stands in. */
static int map_import(void *user, const char *address, char *out, size_t out_bytes)
{
    const struct writing *writing = user;
    const struct ct_metadata *metadata = &writing->of->contract->metadata;
    char location[LOCATION_BYTES];
    if (!gw_document_resolve(writing->section->location, address, location, sizeof location))
        snprintf(location, sizeof location, "%s", address);
    for (size_t i = 0; i < metadata->count; i++) {
        const struct ct_metadata_section *section = &metadata->sections[i];
        bool is_schema = strcmp(section->dialect, DIALECT_SCHEMA) == 0;
        if (*section->location && section->bytes && strcmp(section->location, location) == 0)
            return (size_t)snprintf(out, out_bytes, "%s?%s=%zu", writing->of->url,
                                    is_schema ? "xsd" : "wsdl", i) < out_bytes
                       ? 1
                       : -1;
    }
    return 0;
}

static char *rewrite(const struct writing *writing, size_t *bytes, char *why, size_t why_bytes)
{
    static const struct gw_rewrite_config none;
    bool is_on = writing->of->rewrite->categories & GW_REWRITE_WSDL;
    const struct gw_rewrite_config config = {.categories = GW_REWRITE_WSDL};
    const struct gw_rewriting rewriting = {.config = is_on ? &config : &none,
                                           .map = map_address,
                                           .map_import = map_import,
                                           .user = (void *)writing,
                                           .transport = GW_REWRITE_HTTP};
    struct gw_rewrite_result result = {0};
    char *text = gw_rewrite(&rewriting, writing->section->bytes, writing->section->len,
                            (size_t)CT_CONTRACT_BYTES * 2, bytes, &result, why, why_bytes);
    if (text)
        gw_record_event(GW_EVENT_REWRITTEN_WSDL, result.wsdl);
    return text;
}

char *gw_wsdl_write(const struct gw_wsdl_of *of, size_t which, size_t *bytes, char *why,
                    size_t why_bytes)
{
    const struct ct_metadata *metadata = &of->contract->metadata;
    if (which >= metadata->count || !metadata->sections[which].bytes)
        return snprintf(why, why_bytes, "the contract has no document %zu", which), NULL;
    const struct writing writing = {of, &metadata->sections[which]};
    char *text = rewrite(&writing, bytes, why, why_bytes);
    char *whole = text ? realloc(text, *bytes + sizeof DECLARATION) : NULL;
    if (!whole) {
        if (text)
            snprintf(why, why_bytes, "no memory");
        free(text);
        return NULL;
    }
    memmove(whole + sizeof DECLARATION - 1, whole, *bytes + 1);
    memcpy(whole, DECLARATION, sizeof DECLARATION - 1);
    *bytes += sizeof DECLARATION - 1;
    return whole;
}
