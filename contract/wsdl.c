/* See wsdl.h.
 *
 * A list of what is still to be read, not recursion, follows the imports: each definitions element
 * once, each schema once for each namespace that it is read for (an include without a namespace of
 * its own takes that of who includes it). */
#include "contract/wsdl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/builtin.h"
#include "contract/document.h"
#include "contract/schema.h"
#include "contract/xml.h"

/* A definitions or schema element that is to be read. */
struct task {
    xmlNode *node;
    struct ct_document *document;
    const char *ns; /* for which; NULL: the element's own */
    struct task *next;
};

struct reader {
    struct ct_wsdl *wsdl;
    struct ct_documents documents;
    struct task *first, **last;
    enum ct_err err;
    struct ct_error *error;
};

static void *take(struct reader *reader, size_t bytes)
{
    void *taken = reader->err ? NULL : ct_pool_take(&reader->wsdl->model.pool, bytes);
    if (!taken && !reader->err)
        reader->err = ct_pool_error(&reader->wsdl->model.pool, "the contract", reader->error);
    return taken;
}

static char *copy(struct reader *reader, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *taken = take(reader, bytes);
    return taken ? memcpy(taken, text, bytes) : NULL;
}

/* The table's answer tells whether it was there already. */
static bool is_new(struct reader *reader, const xmlNode *node, const char *ns)
{
    char number[24];
    snprintf(number, sizeof number, "%p", (const void *)node);
    struct ct_name name = {copy(reader, ns ? ns : ""), copy(reader, number)};
    if (!name.ns || !name.local)
        return false;
    struct ct_model *model = &reader->wsdl->model;
    void *there =
        ct_table_add(&model->table, &model->pool, CT_KIND_VISITED, name, (void *)name.local);
    if (!there)
        reader->err = ct_pool_error(&model->pool, "the contract", reader->error);
    return there == name.local;
}

static void add_task(struct reader *reader, xmlNode *node, struct ct_document *document,
                     const char *ns)
{
    if (!is_new(reader, node, ns))
        return;
    struct task *task = take(reader, sizeof *task);
    if (!task)
        return;
    *task = (struct task){node, document, ns, NULL};
    *reader->last = task;
    reader->last = &task->next;
}

bool ct_wsdl_note(struct ct_wsdl *wsdl, const char *text)
{
    struct ct_note *note = ct_pool_take(&wsdl->model.pool, sizeof *note);
    if (!note || !(note->text = ct_pool_copy(&wsdl->model.pool, text, strlen(text))))
        return false;
    *wsdl->last_note = note;
    wsdl->last_note = &note->next;
    return true;
}

static void add_note(struct reader *reader, const struct task *task, const xmlNode *node,
                     const struct ct_document *missing)
{
    char text[700];
    snprintf(text, sizeof text, "%.100s, line %ld: %.200s wasn't read: %.250s",
             ct_document_name(task->document), xmlGetLineNo(node), missing->location, missing->why);
    if (!ct_wsdl_note(reader->wsdl, text))
        reader->err = ct_pool_error(&reader->wsdl->model.pool, "the contract", reader->error);
}

/* Namespaces of which nothing has to be read: they are known, or of no use here. */
static bool is_known(const char *ns)
{
    static const char *const known[] = {
        CT_XML_SCHEMA,
        CT_XML_INSTANCE,
        CT_XML_XML,
        CT_XML_SOAP_11,
        CT_XML_SOAP_12,
        "http://schemas.xmlsoap.org/soap/encoding/",
        "http://www.w3.org/2003/05/soap-encoding",
    };
    for (size_t i = 0; ns && i < sizeof known / sizeof known[0]; i++)
        if (strcmp(ns, known[i]) == 0)
            return true;
    return false;
}

/* Follows an import or include; ns: for which namespace a schema is read, NULL: its own. */
static void follow(struct reader *reader, const struct task *task, const xmlNode *node,
                   const char *location, const char *import_ns, const char *ns)
{
    struct ct_document *found = NULL;
    if (reader->err || is_known(import_ns))
        return;
    reader->err =
        ct_document_find(&reader->documents, task->document, ct_xml_attribute(node, location),
                         import_ns, &found, reader->error);
    if (reader->err || !found)
        return;
    xmlNode *root = found->doc ? xmlDocGetRootElement(found->doc) : NULL;
    if (ct_xml_is(root, CT_XML_SCHEMA, "schema") || ct_xml_is(root, CT_XML_WSDL, "definitions"))
        add_task(reader, root, found, ns);
    else if (!root && found->why[0])
        add_note(reader, task, node, found);
}

/* The prefixes that a contract declares are those that people know its namespaces by. */
static void keep_prefixes(struct reader *reader, const xmlNode *node)
{
    struct ct_model *model = &reader->wsdl->model;
    for (const xmlNs *ns = node->nsDef; ns && !reader->err; ns = ns->next) {
        if (!ns->prefix || !ns->href || strlen((const char *)ns->prefix) > 32)
            continue;
        struct ct_name name = {copy(reader, (const char *)ns->href), ""};
        char *prefix = copy(reader, (const char *)ns->prefix);
        if (name.ns && prefix &&
            !ct_table_add(&model->table, &model->pool, CT_KIND_PREFIX, name, prefix))
            reader->err = ct_pool_error(&model->pool, "the contract", reader->error);
    }
}

static void read_schema(struct reader *reader, const struct task *task, const char *document)
{
    const char *own = ct_xml_attribute(task->node, "targetNamespace");
    bool is_chameleon = !own && task->ns;
    const char *ns = copy(reader, own ? own : task->ns ? task->ns : "");
    if (!ns)
        return;
    for (xmlNode *child = ct_xml_first(task->node); child; child = ct_xml_next(child)) {
        if (ct_xml_is(child, CT_XML_SCHEMA, "import"))
            follow(reader, task, child, "schemaLocation", ct_xml_attribute(child, "namespace"),
                   NULL);
        else if (ct_xml_is(child, CT_XML_SCHEMA, "include") ||
                 ct_xml_is(child, CT_XML_SCHEMA, "redefine"))
            follow(reader, task, child, "schemaLocation", NULL, ns);
    }
    keep_prefixes(reader, task->node);
    if (!reader->err)
        reader->err = ct_schema_read(&reader->wsdl->model, task->node, ns, is_chameleon, document,
                                     reader->error);
}

static void read_definitions(struct reader *reader, const struct task *task, const char *document)
{
    keep_prefixes(reader, task->node);
    for (xmlNode *child = ct_xml_first(task->node); child; child = ct_xml_next(child)) {
        if (ct_xml_is(child, CT_XML_WSDL, "import"))
            follow(reader, task, child, "location", ct_xml_attribute(child, "namespace"), NULL);
        if (!ct_xml_is(child, CT_XML_WSDL, "types"))
            continue;
        for (xmlNode *schema = ct_xml_first(child); schema; schema = ct_xml_next(schema))
            if (ct_xml_is(schema, CT_XML_SCHEMA, "schema"))
                add_task(reader, schema, task->document, NULL);
    }
    if (!reader->err)
        reader->err = ct_wsdl_read_definitions(reader->wsdl, task->node, document, reader->error);
}

static void read_tasks(struct reader *reader)
{
    for (const struct task *task = reader->first; task && !reader->err; task = task->next) {
        const char *document = copy(reader, ct_document_name(task->document));
        if (document && ct_xml_is(task->node, CT_XML_SCHEMA, "schema"))
            read_schema(reader, task, document);
        else if (document)
            read_definitions(reader, task, document);
    }
}

static void begin(struct reader *reader)
{
    struct ct_wsdl *wsdl = reader->wsdl;
    struct ct_document *document = &reader->documents.list[0];
    xmlNode *root = xmlDocGetRootElement(document->doc);
    if (!ct_xml_is(root, CT_XML_WSDL, "definitions")) {
        reader->err = ct_error_set(reader->error, CT_ECONTRACT,
                                   "%s is no WSDL 1.1: its root is {%.100s}%.100s",
                                   ct_document_name(document), ct_xml_ns(root), ct_xml_local(root));
        return;
    }
    const char *name = ct_xml_attribute(root, "name");
    const char *ns = ct_xml_attribute(root, "targetNamespace");
    wsdl->name = copy(reader, name ? name : "");
    wsdl->ns = copy(reader, ns ? ns : "");
    if (!reader->err && !ct_builtin_declare(&wsdl->model))
        reader->err = ct_pool_error(&wsdl->model.pool, "the contract", reader->error);
    if (!reader->err)
        add_task(reader, root, document, NULL);
}

enum ct_err ct_wsdl_read(struct ct_wsdl *wsdl, const struct ct_reading *reading,
                         struct ct_error *error)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return ct_error_no_memory(error);
    *reader = (struct reader){.wsdl = wsdl, .error = error};
    reader->last = &reader->first;
    ct_table_init(&wsdl->model.table);
    wsdl->model.last_type = &wsdl->model.types;
    wsdl->last_binding = &wsdl->bindings;
    wsdl->last_port = &wsdl->ports;
    wsdl->last_note = &wsdl->notes;
    reader->err = ct_document_begin(&reader->documents, reading, error);
    if (!reader->err)
        begin(reader);
    if (!reader->err)
        read_tasks(reader);
    enum ct_err err = reader->err;
    ct_document_fini(&reader->documents);
    free(reader);
    return err;
}
