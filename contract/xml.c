/* See xml.h.
 *
 * libxml2 2.9 compares each attribute of an element with each other, and each prefix with all in
 * scope. So the bytes are looked at before: no tag may have many attributes (look_at_tags); the
 * parser's own callbacks count the rest, and stop it. */
#include "contract/xml.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <libxml/parser.h>
#include <libxml/xmlsave.h>

struct watch {
    startElementNsSAX2Func start;
    size_t elements, most_elements;
    const char *limit; /* which was exceeded */
    bool has_doctype, no_memory;
};

static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *public_id,
                           const xmlChar *system_id)
{
    xmlParserCtxtPtr parser = context;
    struct watch *watch = parser->_private;
    (void)name, (void)public_id, (void)system_id;
    watch->has_doctype = true;
    xmlStopParser(parser);
}

/* Memory that was short once isn't told any more when the errors that follow from it are. */
static void hear_error(void *context, xmlErrorPtr error)
{
    xmlParserCtxtPtr parser = context;
    struct watch *watch = parser ? parser->_private : NULL;
    if (watch && error && error->code == XML_ERR_NO_MEMORY)
        watch->no_memory = true;
}

static void count_element(void *context, const xmlChar *local, const xmlChar *prefix,
                          const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                          int attribute_count, int default_count, const xmlChar **attributes)
{
    xmlParserCtxtPtr parser = context;
    struct watch *watch = parser->_private;
    if (++watch->elements > watch->most_elements)
        watch->limit = "too many elements";
    else if (parser->nodeNr >= CT_XML_DEPTH)
        watch->limit = "elements nested too deep";
    else if (parser->nsNr / 2 > CT_XML_PREFIXES)
        watch->limit = "too many prefixes in scope";
    if (watch->limit) {
        xmlStopParser(parser);
        return;
    }
    watch->start(context, local, prefix, uri, namespace_count, namespaces, attribute_count,
                 default_count, attributes);
}

/* Where the markup that begins at `at` with '<' and is no tag ends: comment, CDATA, instruction. */
static const char *skip_other(const char *at, const char *end)
{
    const char *closing = strncmp(at, "<!--", 4) == 0        ? "-->"
                          : strncmp(at, "<![CDATA[", 9) == 0 ? "]]>"
                          : at[1] == '?'                     ? "?>"
                                                             : NULL;
    if (!closing)
        return NULL;
    const char *found = memmem(at, (size_t)(end - at), closing, strlen(closing));
    return found ? found + strlen(closing) : end;
}

/* Whether a tag has too many attributes. In UTF-16 each second byte is NUL, which is passed over.
 */
static bool look_at_tags(const char *bytes, size_t len)
{
    const char *end = bytes + len;
    for (const char *at = bytes; at < end && (at = memchr(at, '<', (size_t)(end - at)));) {
        const char *behind = end - at > 9 ? skip_other(at, end) : NULL;
        if (behind) {
            at = behind;
            continue;
        }
        unsigned attributes = 0;
        char quote = '\0';
        for (at++; at < end && (quote || (*at != '>' && *at != '<')); at++) {
            if (quote ? *at == quote : *at == '"' || *at == '\'')
                quote = quote ? '\0' : *at;
            else if (!quote && *at == '=' && ++attributes > CT_XML_ATTRIBUTES)
                return false;
        }
    }
    return true;
}

/* In others the look at the tags would see nothing. */
static bool has_known_encoding(const char *bytes, size_t len)
{
    static const char *const known[] = {"UTF-8",      "UTF-16",      "US-ASCII",
                                        "ISO-8859-1", "ISO-8859-15", "windows-1252"};
    if (len < 4 || (bytes[0] == '\0' && bytes[1] == '\0') || (bytes[2] == '\0' && bytes[3] == '\0'))
        return false;
    if ((bytes[0] == '\0') != (bytes[1] == '\0') || memcmp(bytes, "\xFF\xFE", 2) == 0 ||
        memcmp(bytes, "\xFE\xFF", 2) == 0)
        return true; /* UTF-16, in which a declaration says nothing else */
    if (memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        bytes += 3, len -= 3;
    if (bytes[0] != '<' && !isspace((unsigned char)bytes[0]))
        return false;
    if (len < 5 || memcmp(bytes, "<?xml", 5) != 0)
        return true;
    const char *end = memchr(bytes, '>', len);
    const char *at = memmem(bytes, (size_t)((end ? end : bytes + len) - bytes), "encoding", 8);
    if (!at || !end)
        return true;
    for (at += 8; at < end && *at != '"' && *at != '\''; at++) {
    }
    for (size_t i = 0; at < end && i < sizeof known / sizeof known[0]; i++) {
        size_t n = strlen(known[i]);
        if ((size_t)(end - at) > n + 1 && strncasecmp(at + 1, known[i], n) == 0 && at[n + 1] == *at)
            return true;
    }
    return false;
}

static enum ct_err explain(xmlParserCtxtPtr parser, const struct watch *watch, const char *what,
                           enum ct_err kind, struct ct_error *error)
{
    const xmlError *last = xmlCtxtGetLastError(parser);
    if (watch->has_doctype)
        return ct_error_set(error, kind, "%s has a DOCTYPE, which is refused", what);
    if (watch->limit)
        return ct_error_set(error, CT_ELIMIT, "%s, line %d: %s", what,
                            parser->input ? parser->input->line : 0, watch->limit);
    if (watch->no_memory || (last && last->code == XML_ERR_NO_MEMORY))
        return ct_error_no_memory(error);
    if (!last || !last->message)
        return ct_error_set(error, kind, "%s is no XML", what);
    size_t len = strcspn(last->message, "\n");
    return ct_error_set(error, kind, "%s is no well-formed XML: line %d: %.*s", what, last->line,
                        (int)(len < 200 ? len : 200), last->message);
}

enum ct_err ct_xml_parse(const char *bytes, size_t len, size_t most_elements, const char *what,
                         enum ct_err kind, xmlDocPtr *doc, struct ct_error *error)
{
    struct watch watch = {.most_elements = most_elements};
    if (len == 0)
        return ct_error_set(error, kind, "%s is empty", what);
    if (len > INT_MAX)
        return ct_error_set(error, CT_ELIMIT, "%s is larger than 2 GiB", what);
    if (!has_known_encoding(bytes, len))
        return ct_error_set(error, kind, "%s is no XML in UTF-8 or UTF-16", what);
    if (!look_at_tags(bytes, len))
        return ct_error_set(error, CT_ELIMIT, "%s has an element with more than %d attributes",
                            what, CT_XML_ATTRIBUTES);
    xmlInitParser();
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (!parser || !parser->sax) {
        xmlFreeParserCtxt(parser);
        return ct_error_no_memory(error);
    }
    parser->_private = &watch;
    watch.start = parser->sax->startElementNs;
    parser->sax->startElementNs = count_element;
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->serror = hear_error;
    xmlResetLastError();
    *error = (struct ct_error){0};
    xmlDocPtr read = xmlCtxtReadMemory(parser, bytes, (int)len, NULL, NULL,
                                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                           XML_PARSE_NOCDATA | XML_PARSE_NOENT | XML_PARSE_HUGE |
                                           XML_PARSE_COMPACT);
    enum ct_err err = CT_OK;
    const xmlError *last = xmlGetLastError(); /* what makes the tree doesn't know the parser */
    watch.no_memory |= last && last->code == XML_ERR_NO_MEMORY;
    if (!read || watch.no_memory || watch.has_doctype || watch.limit ||
        !xmlDocGetRootElement(read)) {
        err = explain(parser, &watch, what, kind, error);
        xmlFreeDoc(read);
    } else {
        *doc = read;
    }
    xmlFreeParserCtxt(parser);
    return err;
}

const char *ct_xml_ns(const xmlNode *node)
{
    return node->ns && node->ns->href ? (const char *)node->ns->href : "";
}

const char *ct_xml_local(const xmlNode *node)
{
    return (const char *)node->name;
}

bool ct_xml_is(const xmlNode *node, const char *ns, const char *local)
{
    return node && node->type == XML_ELEMENT_NODE && strcmp(ct_xml_local(node), local) == 0 &&
           strcmp(ct_xml_ns(node), ns) == 0;
}

static xmlNode *element_from(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNode *ct_xml_first(const xmlNode *node)
{
    return element_from(node->children);
}

xmlNode *ct_xml_next(const xmlNode *node)
{
    return element_from(node->next);
}

xmlNode *ct_xml_child(const xmlNode *node, const char *ns, const char *local)
{
    xmlNode *child = ct_xml_first(node);
    while (child && !ct_xml_is(child, ns, local))
        child = ct_xml_next(child);
    return child;
}

const char *ct_xml_value(const xmlAttr *attribute)
{
    return attribute->children && attribute->children->content
               ? (const char *)attribute->children->content
               : "";
}

const char *ct_xml_attribute_of(const xmlNode *node, const char *ns, const char *local)
{
    for (const xmlAttr *a = node->properties; a; a = a->next)
        if (strcmp((const char *)a->name, local) == 0 &&
            strcmp(a->ns ? (const char *)a->ns->href : "", ns) == 0)
            return ct_xml_value(a);
    return NULL;
}

const char *ct_xml_attribute(const xmlNode *node, const char *name)
{
    return ct_xml_attribute_of(node, "", name);
}

int ct_xml_resolve(const xmlNode *node, const char *qname, const char *otherwise,
                   struct ct_pool *pool, struct ct_name *name)
{
    qname += strspn(qname, " \t\r\n");
    size_t len = strcspn(qname, " \t\r\n");
    const char *colon = memchr(qname, ':', len);
    char prefix[256] = "";
    size_t prefix_len = colon ? (size_t)(colon - qname) : 0;
    if (len == 0 || prefix_len >= sizeof prefix || (colon && (size_t)(colon + 1 - qname) == len))
        return -1;
    memcpy(prefix, qname, prefix_len);
    xmlNsPtr ns =
        xmlSearchNs(node->doc, (xmlNode *)node, prefix_len ? (const xmlChar *)prefix : NULL);
    if (prefix_len && !ns)
        return -1;
    const char *uri = ns && ns->href && *ns->href ? (const char *)ns->href : otherwise;
    const char *local = colon ? colon + 1 : qname;
    char *uri_copy = ct_pool_copy(pool, uri, strlen(uri));
    char *local_copy = ct_pool_copy(pool, local, (size_t)(qname + len - local));
    if (!uri_copy || !local_copy)
        return -2;
    *name = (struct ct_name){uri_copy, local_copy};
    return 0;
}

/* Adds the text below node to line, white space as one space each; stops at most bytes. */
static size_t add_words(const xmlNode *node, char *line, size_t len, size_t most)
{
    for (const xmlNode *child = node->children; child && len < most; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            len = add_words(child, line, len, most);
        if (child->type != XML_TEXT_NODE || !child->content)
            continue;
        for (const char *at = (const char *)child->content; *at && len < most; at++) {
            if (!isspace((unsigned char)*at))
                line[len++] = *at;
            else if (len > 0 && line[len - 1] != ' ')
                line[len++] = ' ';
        }
    }
    return len;
}

char *ct_xml_line(const xmlNode *node, size_t most, struct ct_pool *pool)
{
    char line[512];
    if (most > sizeof line)
        most = sizeof line;
    size_t len = add_words(node, line, 0, most);
    bool is_cut = len == most;
    while (len > 0 && (line[len - 1] == ' ' || (is_cut && (line[len - 1] & 0x80))))
        len--;
    return len ? ct_pool_copy(pool, line, len) : NULL;
}

/* Declares on copy what is in scope of node and not declared there. */
static bool declare_scope(const xmlNode *node, xmlNode *copy)
{
    for (const xmlNode *at = node->parent; at && at->type == XML_ELEMENT_NODE; at = at->parent) {
        for (const xmlNs *ns = at->nsDef; ns; ns = ns->next) {
            const xmlNs *there = copy->nsDef;
            while (there && !xmlStrEqual(there->prefix, ns->prefix))
                there = there->next;
            bool is_default_of_none = !ns->prefix && !copy->ns;
            if (!there && !is_default_of_none && !xmlNewNs(copy, ns->href, ns->prefix))
                return false;
        }
    }
    return true;
}

/* Takes away what is white space alone between elements. */
static void strip_blanks(xmlNode *node)
{
    bool has_text = false;
    for (xmlNode *child = node->children; child; child = child->next)
        has_text |= child->type == XML_TEXT_NODE && !xmlIsBlankNode(child);
    xmlNode *next;
    for (xmlNode *child = node->children; child; child = next) {
        next = child->next;
        if (child->type == XML_ELEMENT_NODE) {
            strip_blanks(child);
        } else if (child->type == XML_TEXT_NODE && !has_text && ct_xml_first(node)) {
            xmlUnlinkNode(child);
            xmlFreeNode(child);
        }
    }
}

bool ct_xml_write(xmlNode *node, bool is_indented, struct ct_text *out)
{
    xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *copy = doc ? xmlDocCopyNode(node, doc, 1) : NULL;
    xmlBufferPtr buffer = xmlBufferCreate();
    bool ok = false;
    xmlResetLastError();
    if (copy) {
        xmlDocSetRootElement(doc, copy);
        if (is_indented)
            strip_blanks(copy);
        xmlSaveCtxtPtr save = buffer && declare_scope(node, copy)
                                  ? xmlSaveToBuffer(buffer, "UTF-8",
                                                    XML_SAVE_NO_DECL | XML_SAVE_AS_XML |
                                                        (is_indented ? XML_SAVE_FORMAT : 0))
                                  : NULL;
        ok = save && xmlSaveTree(save, copy) >= 0;
        if (save && xmlSaveClose(save) < 0)
            ok = false;
        if (ok)
            ct_text_add(out, (const char *)xmlBufferContent(buffer),
                        (size_t)xmlBufferLength(buffer));
    }
    const xmlError *last = xmlGetLastError();
    xmlBufferFree(buffer);
    xmlFreeDoc(doc);
    return ok && !(last && last->code == XML_ERR_NO_MEMORY);
}
