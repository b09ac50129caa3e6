/* wsdl.c - one document of a contract is read.
 *
 * Invariant: kinds[] has what each open element is; what stands where WSDL 1.1 or XML Schema don't
 * expect it is OTHER, and so is all inside.
 *
 * Happy path: expat tells a start tag -> what it is, by its name and its parent -> what it says is
 * noted, where it stands is too -> end tags alone end places that span an element.
 * Failure: the first one stops the parser; what was noted is freed.
 */
#include "soap/wsdl.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "soap/scan.h"
#include "xml/namespace.h"
#include "xml/quota.h"
#include "xml/token.h"

enum {
    MAX_DEPTH = 256,
    PARSER_BYTES = 16 << 20 /* of expat's memory: names and attributes of 4 MiB at most */
};

enum kind {
    OTHER,
    DOCUMENT, /* around the root */
    DEFINITIONS,
    IMPORT,
    TYPES,
    SCHEMA,
    XSD_IMPORT,
    XSD_INCLUDE,
    MESSAGE,
    PART,
    PORT_TYPE,
    OPERATION,
    INPUT,
    BINDING,
    BOUND_OPERATION,
    BOUND_INPUT,
    SOAP_BODY,
    SERVICE,
    PORT,
    ADDRESS
};

struct reading {
    struct sx_wsdl *wsdl;
    XML_Parser parser;
    struct sx_quota quota;
    const char *bytes;
    struct sx_namespaces namespaces;
    unsigned char kinds[MAX_DEPTH + 1];
    unsigned depth;
    char *schema_uri;     /* target namespace of the schema that is open */
    char *current;        /* the portType or what a binding binds: "{namespace}local" */
    char *operation_name; /* of the binding's operation that is open */
    enum sx_err err;
    char *why;
    size_t why_bytes;
};

static void fail(struct reading *reading, enum sx_err err, const char *clause)
{
    if (reading->err)
        return;
    reading->err = err;
    snprintf(reading->why, reading->why_bytes, "%s", clause);
    XML_StopParser(reading->parser, XML_FALSE);
}

/* ---- texts ---- */

/* text, NULL as ""; NULL: no memory, which has been told. */
static char *copy(struct reading *reading, const char *text)
{
    char *bytes = strdup(text ? text : "");
    if (!bytes)
        fail(reading, SX_ENOMEM, "memory is short");
    return bytes;
}

/* "{uri}local" */
static char *name_of(struct reading *reading, const char *uri, const char *local)
{
    char *name = NULL;
    if (asprintf(&name, "{%s}%s", uri, local ? local : "") < 0) {
        fail(reading, SX_ENOMEM, "memory is short");
        return NULL;
    }
    return name;
}

/* The name that a QName in a value means; NULL: there is none, or its prefix is bound nowhere. */
static char *resolve(struct reading *reading, const char *qname)
{
    const char *uri, *local;
    local = qname ? sx_namespaces_resolve(&reading->namespaces, qname, false, &uri) : NULL;
    return local ? name_of(reading, uri, local) : NULL;
}

static const char *attribute_of(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}

/* ---- lists ---- */

/* One more zeroed item at the end of a list, whose capacity is a power of two. NULL: no memory. */
static void *append(struct reading *reading, void *list, size_t *count, size_t item_bytes)
{
    void **items = list;
    if ((*count & (*count - 1)) == 0) {
        size_t capacity = *count ? 2 * *count : 1;
        void *more = realloc(*items, capacity * item_bytes);
        if (!more) {
            fail(reading, SX_ENOMEM, "memory is short");
            return NULL;
        }
        *items = more;
    }
    return memset((char *)*items + (*count)++ * item_bytes, 0, item_bytes);
}

static struct sx_wsdl_place *add_place(struct reading *reading, enum sx_wsdl_place_kind kind,
                                       size_t at, size_t len)
{
    struct sx_wsdl *wsdl = reading->wsdl;
    struct sx_wsdl_place *place =
        append(reading, &wsdl->places, &wsdl->place_count, sizeof *wsdl->places);
    if (place)
        *place = (struct sx_wsdl_place){.kind = kind, .at = at, .len = len};
    return place;
}

/* ---- places ---- */

static size_t byte_index(const struct reading *reading)
{
    return (size_t)XML_GetCurrentByteIndex(reading->parser);
}

/* The start tag that is being told, and in it the attribute of this very name. */
static bool find_attribute(const struct reading *reading, const char *name,
                           struct sx_token_attribute *attribute)
{
    struct sx_token token;
    const char *tag = reading->bytes + byte_index(reading), *at;
    if (!sx_token_read(&token, tag, tag + XML_GetCurrentByteCount(reading->parser)))
        return false;
    at = token.bytes + 1 + sx_token_name_len(&token);
    while (sx_token_attribute(&token, &at, attribute))
        if (attribute->name_len == strlen(name) &&
            memcmp(attribute->name, name, attribute->name_len) == 0)
            return true;
    return false;
}

static void note_address(struct reading *reading)
{
    struct sx_token_attribute attribute;
    if (find_attribute(reading, "location", &attribute))
        add_place(reading, SX_WSDL_ADDRESS, (size_t)(attribute.value - reading->bytes),
                  attribute.value_len);
}

/* An import or an include: what it refers to. */
static void note_reference(struct reading *reading, enum sx_wsdl_place_kind kind, size_t at,
                           size_t len, const char *location)
{
    struct sx_wsdl_place *place = add_place(reading, kind, at, len);
    if (!place)
        return;
    place->location = copy(reading, location);
    place->namespace_uri = copy(reading, reading->schema_uri);
}

static void note_xsd_import(struct reading *reading, const char *location)
{
    struct sx_token_attribute attribute;
    const char *from, *end;
    if (!location || !find_attribute(reading, "schemaLocation", &attribute))
        return;
    from = attribute.name;
    end = attribute.value + attribute.value_len + 1;
    while (sx_scan_is_space(from[-1]))
        from--;
    note_reference(reading, SX_WSDL_XSD_IMPORT, (size_t)(from - reading->bytes),
                   (size_t)(end - from), location);
}

/* The whole element, whose end tag ends the place. */
static void note_element(struct reading *reading, enum sx_wsdl_place_kind kind,
                         const char *location)
{
    if (location)
        note_reference(reading, kind, byte_index(reading), 0, location);
}

static void end_element(struct reading *reading, enum sx_wsdl_place_kind kind)
{
    struct sx_wsdl *wsdl = reading->wsdl;
    struct sx_wsdl_place *last = wsdl->place_count ? &wsdl->places[wsdl->place_count - 1] : NULL;
    /* expat tells the end of an empty element where the tag begins or ends, with or without bytes:
     * the tag itself has told its length then. */
    if (last && last->kind == kind && !last->len)
        last->len =
            byte_index(reading) + (size_t)XML_GetCurrentByteCount(reading->parser) - last->at;
}

/* ---- what elements say ---- */

static void enter_root(struct reading *reading, const char *qname, const char **attributes)
{
    struct sx_wsdl *wsdl = reading->wsdl;
    wsdl->target_namespace = copy(reading, attribute_of(attributes, "targetNamespace"));
    wsdl->declares_default = attribute_of(attributes, "xmlns") != NULL;
    add_place(reading, SX_WSDL_ROOT_NAME, byte_index(reading) + 1 + strlen(qname), 0);
}

static void enter_schema(struct reading *reading, const char **attributes)
{
    free(reading->schema_uri);
    reading->schema_uri = copy(reading, attribute_of(attributes, "targetNamespace"));
}

static void enter_message(struct reading *reading, const char **attributes)
{
    struct sx_wsdl *wsdl = reading->wsdl;
    struct sx_wsdl_message *message =
        append(reading, &wsdl->messages, &wsdl->message_count, sizeof *wsdl->messages);
    if (message)
        message->name = name_of(reading, wsdl->target_namespace ? wsdl->target_namespace : "",
                                attribute_of(attributes, "name"));
}

static void enter_part(struct reading *reading, const char **attributes)
{
    struct sx_wsdl *wsdl = reading->wsdl;
    struct sx_wsdl_message *message = &wsdl->messages[wsdl->message_count - 1];
    if (!message->element)
        message->element = resolve(reading, attribute_of(attributes, "element"));
}

static void set_current(struct reading *reading, char *name)
{
    free(reading->current);
    reading->current = name;
}

static void enter_operation(struct reading *reading, const char **attributes)
{
    free(reading->operation_name);
    reading->operation_name = copy(reading, attribute_of(attributes, "name"));
}

static void enter_input(struct reading *reading, const char **attributes)
{
    struct sx_wsdl *wsdl = reading->wsdl;
    struct sx_wsdl_operation *operation =
        append(reading, &wsdl->operations, &wsdl->operation_count, sizeof *wsdl->operations);
    if (!operation)
        return;
    operation->port_type = copy(reading, reading->current);
    operation->name = copy(reading, reading->operation_name);
    operation->message = resolve(reading, attribute_of(attributes, "message"));
}

static void enter_body(struct reading *reading, const char **attributes)
{
    struct sx_wsdl *wsdl = reading->wsdl;
    const char *uri = attribute_of(attributes, "namespace");
    struct sx_wsdl_binding *binding;
    if (!uri)
        return;
    binding = append(reading, &wsdl->bindings, &wsdl->binding_count, sizeof *wsdl->bindings);
    if (!binding)
        return;
    binding->port_type = copy(reading, reading->current);
    binding->operation = copy(reading, reading->operation_name);
    binding->body_uri = copy(reading, uri);
}

static void enter(struct reading *reading, enum kind kind, const char **attributes)
{
    const char *target = reading->wsdl->target_namespace;
    switch (kind) {
    case IMPORT:
        note_element(reading, SX_WSDL_IMPORT, attribute_of(attributes, "location"));
        break;
    case SCHEMA:
        enter_schema(reading, attributes);
        break;
    case XSD_IMPORT:
        note_xsd_import(reading, attribute_of(attributes, "schemaLocation"));
        break;
    case XSD_INCLUDE:
        note_element(reading, SX_WSDL_XSD_INCLUDE, attribute_of(attributes, "schemaLocation"));
        break;
    case MESSAGE:
        enter_message(reading, attributes);
        break;
    case PART:
        enter_part(reading, attributes);
        break;
    case PORT_TYPE:
        set_current(reading,
                    name_of(reading, target ? target : "", attribute_of(attributes, "name")));
        break;
    case BINDING:
        set_current(reading, resolve(reading, attribute_of(attributes, "type")));
        break;
    case OPERATION:
    case BOUND_OPERATION:
        enter_operation(reading, attributes);
        break;
    case INPUT:
        enter_input(reading, attributes);
        break;
    case SOAP_BODY:
        enter_body(reading, attributes);
        break;
    case ADDRESS:
        note_address(reading);
        break;
    default:
        break;
    }
}

/* ---- what an element is ---- */

static const struct {
    enum kind parent;
    const char *uri, *name;
    enum kind kind;
} grammar[] = {
    {DOCUMENT, SX_NS_WSDL, "definitions", DEFINITIONS},
    {DOCUMENT, SX_NS_XSD, "schema", SCHEMA},
    {DEFINITIONS, SX_NS_WSDL, "import", IMPORT},
    {DEFINITIONS, SX_NS_WSDL, "types", TYPES},
    {TYPES, SX_NS_XSD, "schema", SCHEMA},
    {SCHEMA, SX_NS_XSD, "import", XSD_IMPORT},
    {SCHEMA, SX_NS_XSD, "include", XSD_INCLUDE},
    {DEFINITIONS, SX_NS_WSDL, "message", MESSAGE},
    {MESSAGE, SX_NS_WSDL, "part", PART},
    {DEFINITIONS, SX_NS_WSDL, "portType", PORT_TYPE},
    {PORT_TYPE, SX_NS_WSDL, "operation", OPERATION},
    {OPERATION, SX_NS_WSDL, "input", INPUT},
    {DEFINITIONS, SX_NS_WSDL, "binding", BINDING},
    {BINDING, SX_NS_WSDL, "operation", BOUND_OPERATION},
    {BOUND_OPERATION, SX_NS_WSDL, "input", BOUND_INPUT},
    {BOUND_INPUT, SX_NS_WSDL_SOAP11, "body", SOAP_BODY},
    {BOUND_INPUT, SX_NS_WSDL_SOAP12, "body", SOAP_BODY},
    {DEFINITIONS, SX_NS_WSDL, "service", SERVICE},
    {SERVICE, SX_NS_WSDL, "port", PORT},
    {PORT, SX_NS_WSDL_SOAP11, "address", ADDRESS},
    {PORT, SX_NS_WSDL_SOAP12, "address", ADDRESS},
};

static enum kind kind_of(enum kind parent, const char *uri, const char *name)
{
    size_t i;
    for (i = 0; i < sizeof grammar / sizeof grammar[0]; i++)
        if (grammar[i].parent == parent && strcmp(grammar[i].name, name) == 0 &&
            strcmp(grammar[i].uri, uri) == 0)
            return grammar[i].kind;
    return OTHER;
}

static bool redefines(enum kind parent, const char *uri, const char *name)
{
    return parent == SCHEMA && strcmp(uri, SX_NS_XSD) == 0 &&
           (strcmp(name, "redefine") == 0 || strcmp(name, "override") == 0);
}

static bool push_declarations(struct reading *reading, const char **attributes)
{
    switch (sx_namespaces_push(&reading->namespaces, reading->depth, attributes)) {
    case SX_OK:
        return true;
    case SX_ENOMEM:
        fail(reading, SX_ENOMEM, "memory is short");
        return false;
    default:
        fail(reading, SX_EMALFORMED, "its namespace declarations are none, or too many");
        return false;
    }
}

static void XMLCALL on_start(void *user, const XML_Char *qname, const XML_Char **attributes)
{
    struct reading *reading = user;
    enum kind parent = (enum kind)reading->kinds[reading->depth], kind;
    const char *uri, *name;
    if (reading->depth == MAX_DEPTH) {
        fail(reading, SX_EDEPTH, "elements are nested too deep");
        return;
    }
    reading->depth++;
    if (!push_declarations(reading, attributes))
        return;
    name = sx_namespaces_resolve(&reading->namespaces, qname, false, &uri);
    kind = name ? kind_of(parent, uri, name) : OTHER;
    reading->kinds[reading->depth] = (unsigned char)kind;
    if (!name)
        fail(reading, SX_EMALFORMED, "the prefix of an element is bound nowhere");
    else if (redefines(parent, uri, name))
        fail(reading, SX_EMALFORMED, "it redefines a schema, which can't be given away");
    else if (parent == DOCUMENT && kind == OTHER)
        fail(reading, SX_EMALFORMED, "it is neither a WSDL 1.1 document nor a schema");
    if (reading->err)
        return;
    if (parent == DOCUMENT) {
        reading->wsdl->is_schema = kind == SCHEMA;
        enter_root(reading, qname, attributes);
    }
    enter(reading, kind, attributes);
}

static void XMLCALL on_end(void *user, const XML_Char *qname)
{
    struct reading *reading = user;
    (void)qname;
    if (reading->err)
        return;
    switch ((enum kind)reading->kinds[reading->depth]) {
    case IMPORT:
        end_element(reading, SX_WSDL_IMPORT);
        break;
    case XSD_INCLUDE:
        end_element(reading, SX_WSDL_XSD_INCLUDE);
        break;
    case TYPES:
        add_place(reading, SX_WSDL_TYPES_END, byte_index(reading), 0);
        break;
    default:
        break;
    }
    sx_namespaces_pop(&reading->namespaces, reading->depth);
    reading->depth--;
}

/* ---- reading ---- */

static void on_restricted(void *user, enum sx_quota_markup markup, const char *encoding)
{
    struct reading *reading = user;
    (void)encoding;
    if (markup == SX_QUOTA_DOCTYPE)
        fail(reading, SX_EMALFORMED, "it has a DOCTYPE");
}

static void parse(struct reading *reading, size_t len)
{
    char clause[100];
    XML_SetUserData(reading->parser, reading);
    XML_SetElementHandler(reading->parser, on_start, on_end);
    if (len <= INT_MAX && sx_quota_parse(&reading->quota, reading->parser, reading->bytes, (int)len,
                                         true) == XML_STATUS_OK)
        return;
    if (len <= INT_MAX && XML_GetErrorCode(reading->parser) == XML_ERROR_NO_MEMORY) {
        fail(reading, SX_ENOMEM, "memory is short");
        return;
    }
    snprintf(clause, sizeof clause, "it is not well-formed at line %lu",
             (unsigned long)XML_GetCurrentLineNumber(reading->parser));
    fail(reading, SX_EMALFORMED, clause);
}

enum sx_err sx_wsdl_read(struct sx_wsdl *wsdl, const char *bytes, size_t len, char *why,
                         size_t why_bytes)
{
    struct reading reading = {
        .wsdl = wsdl,
        .quota = {.max_bytes = PARSER_BYTES, .restricted = on_restricted},
        .bytes = bytes,
        .kinds = {DOCUMENT},
        .why = why,
        .why_bytes = why_bytes,
    };
    memset(wsdl, 0, sizeof *wsdl);
    reading.parser = sx_quota_parser(&reading.quota);
    if (!reading.parser) {
        snprintf(why, why_bytes, "memory is short");
        return SX_ENOMEM;
    }
    parse(&reading, len);
    XML_ParserFree(reading.parser);
    sx_namespaces_fini(&reading.namespaces);
    free(reading.schema_uri);
    free(reading.current);
    free(reading.operation_name);
    if (reading.err)
        sx_wsdl_fini(wsdl);
    return reading.err;
}

void sx_wsdl_fini(struct sx_wsdl *wsdl)
{
    size_t i;
    for (i = 0; i < wsdl->place_count; i++) {
        free(wsdl->places[i].location);
        free(wsdl->places[i].namespace_uri);
    }
    for (i = 0; i < wsdl->message_count; i++) {
        free(wsdl->messages[i].name);
        free(wsdl->messages[i].element);
    }
    for (i = 0; i < wsdl->operation_count; i++) {
        free(wsdl->operations[i].port_type);
        free(wsdl->operations[i].name);
        free(wsdl->operations[i].message);
    }
    for (i = 0; i < wsdl->binding_count; i++) {
        free(wsdl->bindings[i].port_type);
        free(wsdl->bindings[i].operation);
        free(wsdl->bindings[i].body_uri);
    }
    free(wsdl->places);
    free(wsdl->messages);
    free(wsdl->operations);
    free(wsdl->bindings);
    free(wsdl->target_namespace);
    memset(wsdl, 0, sizeof *wsdl);
}
