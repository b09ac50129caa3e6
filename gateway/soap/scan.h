/* scan.h - one pass over a document: what stands where in its bytes.
 *
 * Noun: the scan. expat says what is there, and each event has its place, so that callers splice
 * bytes and leave all others as they are. Invariant: a document is UTF-8, of whatever encoding it
 * says it is, as soap_xmpp_clean() leaves it; no DOCTYPE, 1,024 nested elements, namespaces of
 * 512 bytes, below 2 GiB.
 *
 * Happy path: gw_scan_read() tells events in their order. Failure: no XML, too deep, a DOCTYPE, a
 * long namespace, more memory than four times the document and 16 MiB, none at all, or the caller's
 * own reason; it has the caller's sentence then.
 *
 * Cost: linear. Names are compared by the local part, as it stands in the tag, before the
 * namespace. */
#ifndef GW_SCAN_H
#define GW_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { GW_SCAN_DEPTH = 1024, GW_SCAN_NAMESPACE_BYTES = 512 };

enum gw_scan_kind {
    GW_SCAN_START, /* a start tag, or an empty element's, whose end has no bytes */
    GW_SCAN_END,
    GW_SCAN_TEXT, /* a piece of text, a line's end, a reference */
    GW_SCAN_CDATA,
    GW_SCAN_CDATA_END
};

struct gw_scan_event {
    enum gw_scan_kind kind;
    size_t begin, end;       /* its bytes: document + begin up to document + end */
    unsigned depth;          /* of its element; the root's is 1 */
    bool is_empty;           /* a START: "<a/>" */
    const char *chars;       /* TEXT: what it stands for, not NUL-terminated */
    size_t len;              /* of chars */
    const char *tag;         /* START: "<p:local ..." in the document */
    size_t tag_bytes;        /* end - begin */
    const char *name;        /* expat's: "namespace\nlocal" */
    const char **attributes; /* expat's: names and values in turn, NULL at the end */
    const char *local;       /* START: the local name in the tag, not NUL-terminated */
    size_t local_len;
};

/* 0: go on; 1: enough has been read, which is no error; -1: an error, why has been written. */
typedef int gw_scan_fn(void *user, const struct gw_scan_event *event);

/* 0, or -1 with one sentence in why, and errno as the reader's functions have it: ENOMEM, EFBIG (a
 * limit of bytes), EINVAL (whatever is wrong with the document). what: "the envelope", for
 * sentences. Any thread. */
int gw_scan_read(const char *document, size_t bytes, const char *what, gw_scan_fn *take, void *user,
                 char *why, size_t why_bytes);

/* Of a START: whether the element has that name. namespace "": it is in none. */
bool gw_scan_is(const struct gw_scan_event *event, const char *namespace_, const char *local);
/* Likewise, whether "{namespace}local" is one of a list. */
bool gw_scan_is_listed(const struct gw_scan_event *event, const struct gw_strings *elements);
/* The value of an attribute, or NULL. namespace "": without a prefix. */
const char *gw_scan_attribute(const struct gw_scan_event *event, const char *namespace_,
                              const char *local);
/* Where the value of an attribute without a prefix stands, without its quotes: offsets in the
 * document. false: it isn't there. */
bool gw_scan_find_value(const struct gw_scan_event *event, const char *name, size_t *begin,
                        size_t *end);

#endif
