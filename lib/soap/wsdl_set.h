/* wsdl_set.h - a WSDL and the documents that it imports or includes, from one folder.
 *
 * Noun: the set of documents. The first is the WSDL itself, the others follow in the order in which
 * they are referred to. Which bytes a name stands for is the reader's business (a function), so
 * that nothing in here knows files.
 *
 * Invariant: each document is in the set once, under its path in the folder: "calc.wsdl",
 * "types/a.xsd". No path begins with '/' or has a ".." in it: nothing outside of the folder is ever
 * asked for. A reference with a scheme (http:...) isn't followed.
 *
 * Thread: one at a time; once it is loaded, any.
 */
#ifndef SX_SOAP_WSDL_SET_H
#define SX_SOAP_WSDL_SET_H

#include "soap/wsdl.h"

enum { SX_WSDL_SET_DOCUMENTS = 32, SX_WSDL_SET_BYTES = 4 << 20 /* of all of them, as read */ };

struct sx_wsdl_document {
    char *path;
    char *bytes; /* clean, NUL-terminated */
    size_t len;
    struct sx_wsdl wsdl;
};

struct sx_wsdl_set {
    struct sx_wsdl_document documents[SX_WSDL_SET_DOCUMENTS];
    size_t count;
};

/* Gives the clean bytes of a document (malloc'ed, NUL-terminated, the set's), and how many it had
 * as read, max_bytes at most. Another result than SX_OK comes with one clause in why. */
struct sx_wsdl_set_source {
    enum sx_err (*read)(void *user, const char *path, size_t max_bytes, char **bytes, size_t *len,
                        size_t *read_bytes, char *why, size_t why_bytes);
    void *user;
};

/* Loads the WSDL of that path, and what it refers to. SX_OK; else one sentence in why, which names
 * the document: SX_EFILE or SX_EMALFORMED, SX_EDEPTH, SX_ETOOBIG: too many documents or bytes,
 * SX_ENOMEM. On an error *set is zero. */
enum sx_err sx_wsdl_set_load(struct sx_wsdl_set *set, const char *path,
                             const struct sx_wsdl_set_source *source, char *why, size_t why_bytes);
void sx_wsdl_set_fini(struct sx_wsdl_set *set); /* frees, zeroes */

/* The document that a place of another one refers to; NULL: it isn't in the set, as it is not in
 * the folder. */
const struct sx_wsdl_document *sx_wsdl_set_find(const struct sx_wsdl_set *set,
                                                const struct sx_wsdl_document *from,
                                                const char *location);

#endif
