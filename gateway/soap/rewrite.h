/* rewrite.h - addresses in envelopes and contracts, replaced where they stand.
 *
 * Noun: the rewriting. Byte splices of text and attribute values that expat has found; all else
 * stays byte for byte. An envelope with a ds:Signature isn't touched unless it is asked for. */
#ifndef GW_REWRITE_H
#define GW_REWRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* What an address becomes: 1 with it in out, 0: it stays as it is, -1: no room. address is without
 * white space around it and with its references resolved; out is plain text. */
typedef int gw_rewrite_fn(void *user, const char *address, char *out, size_t out_bytes);

struct gw_rewriting {
    const struct gw_rewrite_config *config;
    gw_rewrite_fn *map;
    void *user;
    const char *transport; /* of a WSDL's soap:binding; NULL: it stays */
    /* of a WSDL: what an import of a relative or mapped schemaLocation becomes; NULL: map */
    gw_rewrite_fn *map_import;
};

struct gw_rewrite_result {
    unsigned long wsdl, xaddr, wsa, other; /* how many were replaced */
    bool is_signed;                        /* it was left alone */
};

/* malloc'ed, NUL-terminated; NULL with one sentence in why: no XML, no memory, over most_bytes. A
 * document without anything to replace comes back byte for byte. Any thread. */
char *gw_rewrite(const struct gw_rewriting *rewriting, const char *document, size_t bytes,
                 size_t most_bytes, size_t *out_bytes, struct gw_rewrite_result *result, char *why,
                 size_t why_bytes);

#endif
