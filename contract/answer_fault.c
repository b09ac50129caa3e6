/* See answer_fault.h. SOAP 1.1: section 4.4; SOAP 1.2 part 1: section 5.4. */
#include "contract/answer_fault.h"

#include <string.h>

#include "contract/text.h"
#include "contract/xml.h"

/* The text of an element without white space around it; "" of none. NULL: no memory. */
static const char *text_of(const struct ct_values *values, const xmlNode *node)
{
    const char *text = node ? ct_value_text(values, node) : "";
    if (!text)
        return NULL;
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        len--;
    return ct_pool_copy(values->pool, text, len);
}

static const char *without_prefix(const char *qname)
{
    const char *colon = qname ? strchr(qname, ':') : NULL;
    return colon ? colon + 1 : qname;
}

/* "ter:InvalidArgVal/ter:NoToken" */
static const char *read_subcodes(const struct ct_values *values, const xmlNode *code)
{
    struct ct_text text = {0};
    const xmlNode *at = code;
    while (at && (at = ct_xml_child(at, CT_XML_SOAP_12, "Subcode"))) {
        const char *value = text_of(values, ct_xml_child(at, CT_XML_SOAP_12, "Value"));
        ct_text_print(&text, "%s%s", text.len ? "/" : "", value ? value : "");
    }
    const char *copy = ct_text_failed(&text)
                           ? NULL
                           : ct_pool_copy(values->pool, text.bytes ? text.bytes : "", text.len);
    ct_text_fini(&text);
    return copy;
}

/* The reason in English, or the first one. */
static const xmlNode *choose_reason(const xmlNode *reason)
{
    const xmlNode *first = reason ? ct_xml_child(reason, CT_XML_SOAP_12, "Text") : NULL;
    for (const xmlNode *text = first; text; text = ct_xml_next(text)) {
        const char *language = ct_xml_attribute_of(text, CT_XML_XML, "lang");
        if (language && strncmp(language, "en", 2) == 0 &&
            (language[2] == '\0' || language[2] == '-'))
            return text;
    }
    return first;
}

static void read_12(const struct ct_values *values, const xmlNode *node, struct ct_fault *fault)
{
    const xmlNode *code = ct_xml_child(node, CT_XML_SOAP_12, "Code");
    const xmlNode *value = code ? ct_xml_child(code, CT_XML_SOAP_12, "Value") : NULL;
    fault->code = without_prefix(text_of(values, value));
    fault->subcode = read_subcodes(values, code);
    fault->reason = text_of(values, choose_reason(ct_xml_child(node, CT_XML_SOAP_12, "Reason")));
    fault->node = text_of(values, ct_xml_child(node, CT_XML_SOAP_12, "Node"));
    fault->role = text_of(values, ct_xml_child(node, CT_XML_SOAP_12, "Role"));
}

/* Its elements are in no namespace; some write them in the envelope's. */
static xmlNode *child_11(const xmlNode *node, const char *local)
{
    xmlNode *child = ct_xml_child(node, "", local);
    return child ? child : ct_xml_child(node, CT_XML_SOAP_11, local);
}

static void read_11(const struct ct_values *values, const xmlNode *node, struct ct_fault *fault)
{
    const char *code = without_prefix(text_of(values, child_11(node, "faultcode")));
    size_t len = code ? strcspn(code, ".") : 0;
    fault->code = code ? ct_pool_copy(values->pool, code, len) : NULL;
    fault->subcode = code && code[len] ? code + len + 1 : "";
    fault->reason = text_of(values, child_11(node, "faultstring"));
    fault->node = text_of(values, child_11(node, "faultactor"));
    fault->role = "";
}

static bool read_detail(const struct ct_values *values, const xmlNode *node, struct ct_fault *fault,
                        struct ct_value *value)
{
    struct ct_text text = {0};
    struct ct_value *detail = ct_value_new(values);
    bool ok = detail != NULL;
    for (xmlNode *entry = node ? ct_xml_first(node) : NULL; entry && ok; entry = ct_xml_next(entry))
        ok = ct_xml_write(entry, false, &text) && ct_value_add_child(values, detail, entry, NULL);
    const char *plain = node && ok && text.len == 0 ? text_of(values, node) : "";
    if (ok && text.len == 0 && plain && *plain)
        detail->text = plain;
    fault->detail = ok && !ct_text_failed(&text)
                        ? ct_pool_copy(values->pool, text.bytes ? text.bytes : "", text.len)
                        : NULL;
    ct_text_fini(&text);
    bool says_something = ok && (detail->groups || detail->text);
    return fault->detail && plain &&
           (!says_something || ct_value_add(values, value, "detail", detail));
}

bool ct_answer_fault_read(const struct ct_values *values, xmlNode *node, enum ct_version version,
                          struct ct_fault *fault, struct ct_value **value)
{
    bool is_12 = version == CT_SOAP_12;
    *value = ct_value_new(values);
    fault->version = version;
    if (is_12)
        read_12(values, node, fault);
    else
        read_11(values, node, fault);
    if (!*value || !fault->code || !fault->subcode || !fault->reason || !fault->node ||
        !fault->role)
        return false;
    const struct {
        const char *key, *text;
    } members[] = {{"code", fault->code},
                   {"subcode", fault->subcode},
                   {"reason", fault->reason},
                   {"node", fault->node},
                   {"role", fault->role}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if ((i == 0 || *members[i].text || strcmp(members[i].key, "reason") == 0) &&
            !ct_value_add_text(values, *value, members[i].key, members[i].text))
            return false;
    return read_detail(
        values, is_12 ? ct_xml_child(node, CT_XML_SOAP_12, "Detail") : child_11(node, "detail"),
        fault, *value);
}
