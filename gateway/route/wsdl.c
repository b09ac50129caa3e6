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
#include "route/single.h"
#include "soap/rewrite.h"

#define DECLARATION    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define DIALECT_SCHEMA "http://www.w3.org/2001/XMLSchema"

struct writing {
    const struct gw_wsdl_of *of;
    const char *bytes; /* of the document that is being written */
    size_t len;
    const char *location; /* its own */
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
    size_t which;
    if (!gw_document_find(metadata, writing->location, address, &which))
        return 0;
    bool is_schema = strcmp(metadata->sections[which].dialect, DIALECT_SCHEMA) == 0;
    int len =
        snprintf(out, out_bytes, "%s?%s=%zu", writing->of->url, is_schema ? "xsd" : "wsdl", which);
    return (size_t)len < out_bytes ? 1 : -1;
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
    char *text = gw_rewrite(&rewriting, writing->bytes, writing->len, (size_t)CT_CONTRACT_BYTES * 2,
                            bytes, &result, why, why_bytes);
    if (text)
        gw_record_event(GW_EVENT_REWRITTEN_WSDL, result.wsdl);
    return text;
}

/* The document with its addresses, and a declaration before it. */
static char *write_whole(const struct writing *writing, size_t *bytes, char *why, size_t why_bytes)
{
    char *text = rewrite(writing, bytes, why, why_bytes);
    if (!text)
        return NULL;
    char *whole = malloc(*bytes + sizeof DECLARATION);
    if (!whole)
        return snprintf(why, why_bytes, "no memory"), free(text), NULL;
    memcpy(whole, DECLARATION, sizeof DECLARATION - 1);
    memcpy(whole + sizeof DECLARATION - 1, text, *bytes + 1);
    free(text);
    *bytes += sizeof DECLARATION - 1;
    return whole;
}

char *gw_wsdl_write(const struct gw_wsdl_of *of, size_t which, size_t *bytes, char *why,
                    size_t why_bytes)
{
    const struct ct_metadata *metadata = &of->contract->metadata;
    if (which >= metadata->count || !metadata->sections[which].bytes)
        return snprintf(why, why_bytes, "the contract has no document %zu", which), NULL;
    const struct ct_metadata_section *section = &metadata->sections[which];
    const struct writing writing = {of, section->bytes, section->len, section->location};
    return write_whole(&writing, bytes, why, why_bytes);
}

char *gw_wsdl_write_single(const struct gw_wsdl_of *of, size_t *bytes, char *why, size_t why_bytes)
{
    const struct gw_description *contract = of->contract;
    size_t len;
    char *single = gw_single_write(&contract->metadata, contract->root, &len, why, why_bytes);
    if (!single)
        return NULL;
    const struct writing writing = {of, single, len,
                                    contract->metadata.sections[contract->root].location};
    char *text = write_whole(&writing, bytes, why, why_bytes);
    free(single);
    return text;
}
