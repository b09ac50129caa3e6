/* scan.h - what one pass over the elements of a SOAP envelope tells.
 *
 * Noun: the scan. It is fed expat's events (of a parser without namespaces) by the parser of
 * a connection for envelopes that arrive and by checker.c for those that leave.
 *
 * Invariant: every name a scan passed without an error is bound, nothing is nested deeper than
 * max_depth, and all memory is in the struct but for the declarations in scope. Texts are cut
 * between characters only, so they stay valid UTF-8.
 */
#ifndef SX_SOAP_SCAN_H
#define SX_SOAP_SCAN_H

#include "base/fault.h"
#include "soap/traceparent.h"
#include "xml/markup.h"
#include "xml/namespace.h"

#define SX_NS_SOAP11     "http://schemas.xmlsoap.org/soap/envelope/"
#define SX_NS_SOAP12     "http://www.w3.org/2003/05/soap-envelope"
#define SX_NS_XSI        "http://www.w3.org/2001/XMLSchema-instance"
#define SX_NS_XSD        "http://www.w3.org/2001/XMLSchema"
#define SX_NS_ENCODING11 "http://schemas.xmlsoap.org/soap/encoding/"
#define SX_NS_ENCODING12 "http://www.w3.org/2003/05/soap-encoding"
#define SX_NS_ACTION     "urn:soap-xmpp:action:1" /* <soapAction>, our header block */
#define SX_NS_TRACE      "urn:soap-xmpp:trace:1"  /* <trace parent="...">, another one */

/* Whether an element in this namespace is a SOAP envelope: 11, 12, or 0 if it is none. */
int sx_scan_version(const char *uri, const char *local_name);

enum {
    SX_SCAN_NAME_BYTES = 128,
    SX_SCAN_UNBOUND_BYTES = 512,
    SX_SCAN_ACTION_BYTES = 1024,
    SX_SCAN_URI_BYTES = 256
};

/* In the place of a namespace that doesn't fit: no namespace of a service, and no rule's. */
#define SX_SCAN_LONG_URI " "

/* The longest name of an element up to the operation's: what gSOAP keeps in its smallest variant.
 */
enum { SX_SCAN_QNAME_BYTES = 255 };

/* What the text of the element being read is wanted for. */
enum sx_scan_leaf { SX_LEAF_PLAIN, SX_LEAF_ACTION, SX_LEAF_ADDRESSING, SX_LEAF_FAULT_CODE };

/* What a pass over the elements of one envelope has told. Zero, then init. */
struct sx_scan {
    /* findings */
    int version; /* 11 or 12 */
    bool has_body, has_header, is_fault;
    bool has_lookalike;         /* before the operation a namespace was declared that looks like
                                 * SOAP's */
    bool has_doubtful;          /* a value's prefix may be bound to what a server made up */
    bool root_declares_default; /* the root has an xmlns attribute of its own */
    size_t header_byte;         /* offset of the Header's start tag: the checker's */
    char operation[SX_SCAN_NAME_BYTES];    /* local name of the body's first child, cut if longer */
    char operation_uri[SX_SCAN_URI_BYTES]; /* its namespace; "" if it is in none */
    char fault_code[SX_SCAN_NAME_BYTES];   /* local part: "Client", "Sender", ... */
    char action[SX_SCAN_ACTION_BYTES];     /* text of our soapAction header block; "" if it has none
                                            * or a longer one */
    char addressing_action[SX_SCAN_NAME_BYTES]; /* the same of WS-Addressing's Action */
    char traceparent[SX_TRACEPARENT_BYTES];     /* of our trace header block; "" unless valid */
    char unbound[SX_SCAN_UNBOUND_BYTES];        /* prefixes of QName-like values bound nowhere, each
                                                 * followed by NUL, an empty one ends the list */
    size_t rewritten_bytes; /* at most, once a server has parsed the envelope and written it anew;
                             * with open_uris only */
    enum sx_err err;        /* SX_EMALFORMED, SX_EVERSION, SX_EDEPTH, SX_ETOOBIG, SX_ENOMEM */
    char why[160];          /* one clause that explains err */
    /* steps (checker.h) beside reading the bytes, of all envelopes so far: whoever wants to know
     * sets it to 0. Each declaration that a name is compared with is one step. */
    unsigned long steps;
    /* the pass */
    struct sx_namespaces namespaces; /* in scope; the owner may have pushed the ancestors' */
    unsigned base_depth;             /* depth of the envelope's root in namespaces */
    unsigned depth, max_depth;       /* elements open inside the envelope, root included */
    bool in_body, in_header, in_fault, in_code;
    bool has_prefixed_element;
    bool has_passed_server; /* the owner's: attributes xsi:... are taken without a declaration, and
                             * "xsi" is among unbound then */
    bool collecting;        /* no child has come yet: the text may be a leaf's */
    enum sx_scan_leaf leaf;
    unsigned text_len, unbound_len;
    char text[SX_SCAN_ACTION_BYTES];
    const char **open_uris; /* namespaces of the open elements: room for max_depth, the owner's;
                             * NULL: nothing is measured */
};

/* XML's white space, and how much of it bytes begin with. */
bool sx_scan_is_space(char c);
size_t sx_scan_spaces(const char *bytes, size_t len);

/* The bytes of text as a server writes it between apostrophes. */
size_t sx_scan_quoted_bytes(const char *text);

void sx_scan_init(struct sx_scan *scan, unsigned max_depth);
/* For the next envelope: keeps memory and max_depth; drops declarations at base_depth and deeper.
 */
void sx_scan_reset(struct sx_scan *scan, unsigned base_depth);
void sx_scan_fini(struct sx_scan *scan);

/* Expat's events of the envelope, its root first. After an error they only count depth. Each
 * returns scan->err. */
enum sx_err sx_scan_start(struct sx_scan *scan, const char *qname, const char **attributes);
enum sx_err sx_scan_text(struct sx_scan *scan, const char *text, int len);
enum sx_err sx_scan_end(struct sx_scan *scan);

/* The whole pass over bytes that are plain markup: one element, white space behind it; the scan was
 * reset. True when all of it was read and the scan had nothing against it; false: it has to be
 * looked at otherwise, the scan reset again. header_byte is an offset into these bytes. */
bool sx_scan_markup(struct sx_scan *scan, struct sx_markup *markup, const char *bytes, size_t len);

#endif
