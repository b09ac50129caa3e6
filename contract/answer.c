/* See answer.h. */
#include "contract/answer.h"

#include <stdlib.h>
#include <string.h>

#include "contract/answer_fault.h"
#include "contract/json.h"
#include "contract/operation.h"
#include "contract/value_text.h"
#include "contract/xml.h"

enum { MOST_ELEMENTS = 500000 };

struct ct_answer {
    struct ct_pool pool;
    struct ct_shapes shapes;
    struct ct_values values;
    xmlDocPtr doc;
    xmlNode *body;
    enum ct_version version;
    struct ct_value *value; /* what the Body says */
    struct ct_fault fault;
    bool is_fault;
};

static xmlNode *find_body(struct ct_answer *answer)
{
    const xmlNode *root = xmlDocGetRootElement(answer->doc);
    answer->version = ct_xml_is(root, CT_XML_SOAP_11, "Envelope")   ? CT_SOAP_11
                      : ct_xml_is(root, CT_XML_SOAP_12, "Envelope") ? CT_SOAP_12
                                                                    : CT_SOAP_ANY;
    return answer->version == CT_SOAP_ANY ? NULL : ct_xml_child(root, ct_xml_ns(root), "Body");
}

/* The shape of what the operation answers with; NULL: another element, or it isn't known. */
static const struct ct_shape *
expected_shape(struct ct_answer *answer, const struct ct_operation *operation, const xmlNode *node)
{
    struct ct_name name = {ct_xml_ns(node), ct_xml_local(node)};
    const struct ct_shape *shape = NULL;
    struct ct_error ignored;
    for (int version = CT_SOAP_12; operation && version >= CT_SOAP_11; version--) {
        const struct ct_bound *bound = operation->bindings[version];
        const struct ct_element *output = bound ? bound->output : NULL;
        if (output && ct_name_equal(output->name, name) &&
            ct_shape_of_element(&answer->shapes, output, &shape, &ignored) == CT_OK)
            return shape;
    }
    return ct_value_global_shape(&answer->values, node);
}

/* Whether the element is a value itself, and not what holds the values. */
static bool is_leaf(const xmlNode *node, const struct ct_shape *shape)
{
    if (shape)
        return shape->simple && !shape->content;
    return !ct_xml_first(node) && node->children;
}

static bool read_body(struct ct_answer *answer, const struct ct_operation *operation)
{
    const struct ct_values *values = &answer->values;
    const xmlNode *first = ct_xml_first(answer->body);
    const struct ct_shape *shape = first ? expected_shape(answer, operation, first) : NULL;
    if (first && !ct_xml_next(first) && !is_leaf(first, shape)) {
        answer->value = ct_value_read(values, first, shape);
        if (answer->value && answer->value->text && !*answer->value->text)
            answer->value->text = NULL; /* it holds nothing */
        return answer->value != NULL;
    }
    answer->value = ct_value_new(values);
    for (const xmlNode *child = first; child && answer->value; child = ct_xml_next(child))
        if (!ct_value_add_child(values, answer->value, child, NULL))
            return false;
    return answer->value != NULL;
}

static enum ct_err interpret(struct ct_answer *answer, const struct ct_operation *operation,
                             struct ct_error *error)
{
    answer->body = find_body(answer);
    if (answer->version == CT_SOAP_ANY)
        return ct_error_set(error, CT_EANSWER, "the answer is no SOAP envelope: its root is %.100s",
                            ct_xml_local(xmlDocGetRootElement(answer->doc)));
    if (!answer->body)
        return ct_error_set(error, CT_EANSWER, "the answer's envelope has no Body");
    xmlNode *fault = ct_xml_child(answer->body, ct_xml_ns(answer->body), "Fault");
    bool ok;
    if (fault) {
        answer->is_fault = true;
        ok = ct_answer_fault_read(&answer->values, fault, answer->version, &answer->fault,
                                  &answer->value);
    } else {
        ok = read_body(answer, operation);
    }
    return ok ? CT_OK : ct_pool_error(&answer->pool, "the answer", error);
}

enum ct_err ct_answer_read(const struct ct_contract *contract, const struct ct_operation *operation,
                           const char *bytes, size_t len, struct ct_answer **answer,
                           struct ct_error *error)
{
    struct ct_answer *read = calloc(1, sizeof *read);
    if (!read)
        return ct_error_no_memory(error);
    read->values.pool = &read->pool;
    if (contract) {
        ct_shape_begin(&read->shapes, &contract->wsdl.model, &read->pool);
        read->values.shapes = &read->shapes;
    }
    enum ct_err err =
        ct_xml_parse(bytes, len, MOST_ELEMENTS, "the answer", CT_EANSWER, &read->doc, error);
    if (!err)
        err = interpret(read, contract ? operation : NULL, error);
    if (err)
        ct_answer_free(read);
    else
        *answer = read;
    return err;
}

void ct_answer_free(struct ct_answer *answer)
{
    if (!answer)
        return;
    ct_pool_fini(&answer->pool);
    xmlFreeDoc(answer->doc);
    free(answer);
}

enum ct_version ct_answer_version(const struct ct_answer *answer)
{
    return answer->version;
}

const struct ct_fault *ct_answer_fault(const struct ct_answer *answer)
{
    return answer->is_fault ? &answer->fault : NULL;
}

static enum ct_err finish(struct ct_text *out, size_t before, const char *what,
                          struct ct_error *error)
{
    enum ct_err err = ct_text_check(out, what, error);
    if (err)
        ct_text_cut(out, before);
    return err;
}

enum ct_err ct_answer_write_values(const struct ct_answer *answer, struct ct_text *out,
                                   struct ct_error *error)
{
    size_t before = out->len;
    ct_value_text_lines(answer->value, out);
    return finish(out, before, "the answer's values", error);
}

enum ct_err ct_answer_write_json(const struct ct_answer *answer, unsigned indent,
                                 struct ct_text *out, struct ct_error *error)
{
    size_t before = out->len;
    struct ct_json json = {.out = out, .indent = indent};
    ct_value_text_json(answer->value, &json);
    return finish(out, before, "the answer's JSON", error);
}

enum ct_err ct_answer_write_body(const struct ct_answer *answer, bool is_indented,
                                 struct ct_text *out, struct ct_error *error)
{
    size_t before = out->len;
    for (xmlNode *child = ct_xml_first(answer->body); child; child = ct_xml_next(child)) {
        if (!ct_xml_write(child, is_indented, out))
            return ct_text_cut(out, before), ct_error_no_memory(error);
        ct_text_put(out, "\n");
    }
    return finish(out, before, "the answer's Body", error);
}
