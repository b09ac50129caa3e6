/* xml.h - XML of strangers as a tree (libxml2), and what is read of it.
 *
 * Noun: the tree. Invariant: no DOCTYPE, hence no entity but XML's own five; nothing is fetched;
 * depth, elements, attributes of an element and prefixes in scope are bounded, so that neither
 * libxml2 nor a look-up of a prefix can be made to take long. */
#ifndef CT_XML_H
#define CT_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <libxml/tree.h>

#include "contract/pool.h"
#include "contract/table.h"
#include "contract/text.h"

#define CT_XML_WSDL     "http://schemas.xmlsoap.org/wsdl/"
#define CT_XML_SOAP_11  "http://schemas.xmlsoap.org/soap/envelope/"
#define CT_XML_SOAP_12  "http://www.w3.org/2003/05/soap-envelope"
#define CT_XML_SCHEMA   "http://www.w3.org/2001/XMLSchema"
#define CT_XML_INSTANCE "http://www.w3.org/2001/XMLSchema-instance"
#define CT_XML_XML      "http://www.w3.org/XML/1998/namespace"

enum {
    CT_XML_DEPTH = 200,
    CT_XML_ATTRIBUTES = 256, /* of an element, declarations included */
    CT_XML_PREFIXES = 256    /* in scope */
};

/* Reads a document of at most most_elements. kind is what an error of the document is; what it is
 * called: "cam.wsdl". CT_ELIMIT for a limit, CT_ENOMEM. The caller frees it: xmlFreeDoc. */
enum ct_err ct_xml_parse(const char *bytes, size_t len, size_t most_elements, const char *what,
                         enum ct_err kind, xmlDocPtr *doc, struct ct_error *error);

/* Whether node is that element. */
bool ct_xml_is(const xmlNode *node, const char *ns, const char *local);
const char *ct_xml_ns(const xmlNode *node); /* "": none */
const char *ct_xml_local(const xmlNode *node);
/* The first child element of node, and the next one behind an element; NULL beyond the last. */
xmlNode *ct_xml_first(const xmlNode *node);
xmlNode *ct_xml_next(const xmlNode *node);
/* The first child that is that element; NULL: none. */
xmlNode *ct_xml_child(const xmlNode *node, const char *ns, const char *local);
/* The value of an attribute in no namespace, or in that one; NULL: it has none. The tree's. */
const char *ct_xml_attribute(const xmlNode *node, const char *name);
const char *ct_xml_attribute_of(const xmlNode *node, const char *ns, const char *local);
const char *ct_xml_value(const xmlAttr *attribute);

/* What a QName in content stands for, with a copy of both parts in the pool. No prefix: the default
 * namespace, or otherwise (if the default is none) `otherwise`. 0, -1: the prefix isn't declared,
 * or it is no QName; -2: the pool gives no more. */
int ct_xml_resolve(const xmlNode *node, const char *qname, const char *otherwise,
                   struct ct_pool *pool, struct ct_name *name);

/* The text of node and all within it, on one line, cut after most bytes; NULL: there is none, or no
 * memory. In the pool. */
char *ct_xml_line(const xmlNode *node, size_t most, struct ct_pool *pool);

/* Adds node and all within it as XML that declares all the prefixes it may use. false: no memory.
 */
bool ct_xml_write(xmlNode *node, bool is_indented, struct ct_text *out);

#endif
