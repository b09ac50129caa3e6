/* wsdl_definitions.c - messages, port types, bindings and ports of a definitions element: wsdl.h.
 */
#include <string.h>

#include "contract/schema.h"
#include "contract/wsdl.h"
#include "contract/xml.h"

#define BINDING_11 "http://schemas.xmlsoap.org/wsdl/soap/"
#define BINDING_12 "http://schemas.xmlsoap.org/wsdl/soap12/"

enum { DOCUMENTATION_BYTES = 400 };

/* What a schema's reader offers (copies, names, errors) serves here, too. */
typedef struct ct_schema reading;

static bool is_wsdl(const xmlNode *node, const char *local)
{
    return ct_xml_is(node, CT_XML_WSDL, local);
}

static bool is_soap(const xmlNode *node, const char *local)
{
    return ct_xml_is(node, BINDING_12, local) || ct_xml_is(node, BINDING_11, local);
}

/* Reads the attribute name, without which nothing else makes sense. */
static bool read_name(reading *in, const xmlNode *node, const char **name)
{
    *name = ct_schema_text(in, node, "name");
    if (!in->err && !*name)
        ct_schema_fail(in, node, "a %s has no name", ct_xml_local(node));
    return !in->err;
}

static void add(reading *in, enum ct_kind kind, const char *local, void *what)
{
    struct ct_name name = {in->ns, local};
    if (!in->err && !ct_table_add(&in->model->table, &in->model->pool, kind, name, what))
        in->err = ct_pool_error(&in->model->pool, "the contract", in->error);
}

static void read_message(reading *in, const xmlNode *node)
{
    struct ct_message *message = ct_schema_take(in, sizeof *message);
    const char *name;
    if (!message || !read_name(in, node, &name))
        return;
    struct ct_part **last = &message->parts;
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        struct ct_part *part = is_wsdl(child, "part") ? ct_schema_take(in, sizeof *part) : NULL;
        if (!part || !read_name(in, child, &part->name))
            continue;
        if (!ct_schema_name(in, child, "element", &part->element))
            ct_schema_name(in, child, "type", &part->type);
        *last = part;
        last = &part->next;
    }
    add(in, CT_KIND_MESSAGE, name, message);
}

/* The addressing action of an input, whichever of its namespaces declares it. */
static const char *find_action(reading *in, const xmlNode *node)
{
    for (const xmlAttr *a = node->properties; a; a = a->next)
        if (a->ns && strcmp((const char *)a->name, "Action") == 0)
            return ct_pool_copy(&in->model->pool, ct_xml_value(a), strlen(ct_xml_value(a)));
    return NULL;
}

static struct ct_exchange *read_exchange(reading *in, const xmlNode *node)
{
    struct ct_exchange *exchange = ct_schema_take(in, sizeof *exchange);
    if (!exchange || !read_name(in, node, &exchange->name))
        return NULL;
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        if (is_wsdl(child, "input")) {
            ct_schema_name(in, child, "message", &exchange->input);
            exchange->action = find_action(in, child);
        } else if (is_wsdl(child, "output")) {
            ct_schema_name(in, child, "message", &exchange->output);
        } else if (is_wsdl(child, "documentation")) {
            exchange->documentation = ct_xml_line(child, DOCUMENTATION_BYTES, &in->model->pool);
        }
    }
    return in->err ? NULL : exchange;
}

static void read_port_type(reading *in, const xmlNode *node)
{
    struct ct_port_type *type = ct_schema_take(in, sizeof *type);
    if (!type || !read_name(in, node, &type->name))
        return;
    ct_table_init(&type->by_name);
    struct ct_exchange **last = &type->exchanges;
    for (const xmlNode *child = ct_xml_first(node); child && !in->err; child = ct_xml_next(child)) {
        struct ct_exchange *exchange =
            is_wsdl(child, "operation") ? read_exchange(in, child) : NULL;
        if (!exchange)
            continue;
        *last = exchange;
        last = &exchange->next;
        struct ct_name key = {"", exchange->name};
        struct ct_exchange *first =
            ct_table_add(&type->by_name, &in->model->pool, 0, key, exchange);
        if (!first)
            in->err = ct_pool_error(&in->model->pool, "the contract", in->error);
        else
            first->is_overloaded = first != exchange;
    }
    add(in, CT_KIND_PORT_TYPE, type->name, type);
}

static void read_header(reading *in, const xmlNode *node, struct ct_body *body)
{
    struct ct_header_part *header = ct_schema_take(in, sizeof *header);
    const char *part = ct_schema_text(in, node, "part");
    if (!header || !part)
        return;
    header->part = part;
    ct_schema_name(in, node, "message", &header->message);
    header->next = body->headers;
    body->headers = header;
}

/* The soap:body of an input or output, which may lie within MIME. */
static void read_side(reading *in, const xmlNode *side, struct ct_body *body)
{
    for (const xmlNode *child = ct_xml_first(side); child; child = ct_xml_next(child)) {
        if (is_soap(child, "body")) {
            const char *use = ct_xml_attribute(child, "use");
            body->is_encoded = use && strcmp(use, "encoded") == 0;
            body->parts = ct_schema_text(in, child, "parts");
            body->ns = ct_schema_text(in, child, "namespace");
        } else if (is_soap(child, "header")) {
            read_header(in, child, body);
        } else if (strcmp(ct_xml_local(child), "multipartRelated") == 0 ||
                   strcmp(ct_xml_local(child), "part") == 0) {
            read_side(in, child, body);
        }
    }
}

static bool is_rpc(const xmlNode *node, bool otherwise)
{
    const char *style = ct_xml_attribute(node, "style");
    return style ? strcmp(style, "rpc") == 0 : otherwise;
}

static struct ct_binding_operation *read_operation(reading *in, const xmlNode *node, bool rpc)
{
    struct ct_binding_operation *operation = ct_schema_take(in, sizeof *operation);
    if (!operation || !read_name(in, node, &operation->name))
        return NULL;
    operation->is_rpc = rpc;
    operation->place = ct_schema_place(in, node);
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        if (is_soap(child, "operation")) {
            operation->action = ct_schema_text(in, child, "soapAction");
            operation->is_rpc = is_rpc(child, rpc);
        } else if (is_wsdl(child, "input")) {
            read_side(in, child, &operation->input);
        } else if (is_wsdl(child, "output")) {
            read_side(in, child, &operation->output);
        }
    }
    return operation;
}

static const xmlNode *soap_binding_of(const xmlNode *node)
{
    const xmlNode *child = ct_xml_first(node);
    while (child && !is_soap(child, "binding"))
        child = ct_xml_next(child);
    return child;
}

static void read_binding(reading *in, const xmlNode *node, struct ct_wsdl *wsdl)
{
    const xmlNode *soap = soap_binding_of(node);
    struct ct_soap_binding *binding = soap ? ct_schema_take(in, sizeof *binding) : NULL;
    if (!binding || !read_name(in, node, &binding->name))
        return;
    binding->version = strcmp(ct_xml_ns(soap), BINDING_11) == 0 ? CT_SOAP_11 : CT_SOAP_12;
    ct_schema_name(in, node, "type", &binding->port_type);
    struct ct_binding_operation **last = &binding->operations;
    for (const xmlNode *child = ct_xml_first(node); child && !in->err; child = ct_xml_next(child)) {
        struct ct_binding_operation *operation =
            is_wsdl(child, "operation") ? read_operation(in, child, is_rpc(soap, false)) : NULL;
        if (!operation)
            continue;
        *last = operation;
        last = &operation->next;
    }
    *wsdl->last_binding = binding;
    wsdl->last_binding = &binding->next;
    add(in, CT_KIND_BINDING, binding->name, binding);
}

static void read_service(reading *in, const xmlNode *node, struct ct_wsdl *wsdl)
{
    for (const xmlNode *child = ct_xml_first(node); child && !in->err; child = ct_xml_next(child)) {
        struct ct_port *port = is_wsdl(child, "port") ? ct_schema_take(in, sizeof *port) : NULL;
        if (!port || !read_name(in, child, &port->name) ||
            !ct_schema_name(in, child, "binding", &port->binding))
            continue;
        for (const xmlNode *inner = ct_xml_first(child); inner; inner = ct_xml_next(inner))
            if (is_soap(inner, "address"))
                port->address = ct_schema_text(in, inner, "location");
        *wsdl->last_port = port;
        wsdl->last_port = &port->next;
    }
}

enum ct_err ct_wsdl_read_definitions(struct ct_wsdl *wsdl, const xmlNode *definitions,
                                     const char *document, struct ct_error *error)
{
    reading in = {.model = &wsdl->model, .document = document, .error = error};
    in.ns = ct_schema_text(&in, definitions, "targetNamespace");
    if (!in.ns)
        in.ns = "";
    for (const xmlNode *child = ct_xml_first(definitions); child && !in.err;
         child = ct_xml_next(child)) {
        if (is_wsdl(child, "message"))
            read_message(&in, child);
        else if (is_wsdl(child, "portType"))
            read_port_type(&in, child);
        else if (is_wsdl(child, "binding"))
            read_binding(&in, child, wsdl);
        else if (is_wsdl(child, "service"))
            read_service(&in, child, wsdl);
    }
    return in.err;
}
