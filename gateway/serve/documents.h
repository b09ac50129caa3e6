/* documents.h - a backend's WSDL with the documents that it imports, as they are given away.
 *
 * Noun: the documents. Without I/O: it says which URL is wanted next, and is given what stood
 * there. Invariant: 32 documents, 4 MiB together; each URL is wanted once; each has the authority
 * of the first. A location that is followed becomes the document's name, so that who gets them all
 * finds each by it; other locations stay. A backend's own addresses become xmpp: ones. One
 * thread at a time; takes as long as the bytes want. */
#ifndef GW_DOCUMENTS_H
#define GW_DOCUMENTS_H

#include "contract/contract.h" /* CT_CONTRACT_DOCUMENTS, _BYTES */
#include "serve/backend.h"

enum { GW_DOCUMENTS_NAME_BYTES = 32 };

struct gw_document {
    char *url;
    char name[GW_DOCUMENTS_NAME_BYTES]; /* "service.wsdl", "import-1.xml", ... */
    char *bytes;                        /* clean, rewritten; NULL: not yet, or not to be had */
    size_t len;
    char *target_namespace;
    bool is_schema, is_missing;
};

struct gw_documents {
    struct gw_document list[CT_CONTRACT_DOCUMENTS]; /* the first is the WSDL */
    size_t count;
    size_t left_bytes;
};

/* NULL: no memory. */
struct gw_documents *gw_documents_new(const char *url);
void gw_documents_free(struct gw_documents *documents); /* NULL is fine */
/* The next URL that is wanted; NULL: all are there. Lives until the next put. */
const char *gw_documents_next(const struct gw_documents *documents);
/* What stood at that URL: a WSDL or a schema. 0, or -1 with one sentence in why, and it counts as
 * not to be had. charset: of its Content-Type; NULL. */
int gw_documents_put(struct gw_documents *documents, const struct gw_backend *backend,
                     const char *bytes, size_t len, const char *charset, char *why,
                     size_t why_bytes);
/* It isn't to be had. */
void gw_documents_miss(struct gw_documents *documents);
/* Makes reference absolute by base (RFC 3986 5.2), if it has base's authority, or one of the
 * backend's aliases, which becomes base's. false: it hasn't, or there is no room. */
bool gw_documents_locate(const struct gw_backend *backend, const char *base, const char *reference,
                         char *out, size_t out_bytes);

#endif
