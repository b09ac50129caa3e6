/* See envelope.h. */
#include "contract/envelope.h"

#include <string.h>

#include "contract/xml.h"

enum { MOST_ELEMENTS = 1000000 };

const char *ct_envelope_namespace(enum ct_version version)
{
    return version == CT_SOAP_11 ? CT_XML_SOAP_11 : CT_XML_SOAP_12;
}

/* What stands before the first element and can't stand within another one: byte order mark, XML
 * declaration. */
static const char *skip_declaration(const char *xml)
{
    if (strncmp(xml, "\xEF\xBB\xBF", 3) == 0)
        xml += 3;
    if (strncmp(xml, "<?xml", 5) == 0 && strchr(" \t\r\n", xml[5])) {
        const char *end = strstr(xml, "?>");
        xml = end ? end + 2 : xml;
    }
    return xml;
}

/* Whether the content is well-formed: as that of an element. */
static enum ct_err check(const char *content, const char *what, struct ct_error *error)
{
    struct ct_text text = {0};
    xmlDocPtr doc = NULL;
    ct_text_put(&text, "<content>");
    ct_text_put(&text, content);
    ct_text_put(&text, "</content>");
    enum ct_err err = ct_text_check(&text, what, error);
    if (!err)
        err = ct_xml_parse(text.bytes, text.len, MOST_ELEMENTS, what, CT_EUSAGE, &doc, error);
    xmlFreeDoc(doc);
    ct_text_fini(&text);
    return err;
}

enum ct_err ct_envelope_wrap(enum ct_version version, const char *header, const char *body,
                             const char *what, struct ct_text *out, struct ct_error *error)
{
    size_t before = out->len;
    header = header ? skip_declaration(header) : "";
    body = body ? skip_declaration(body) : "";
    enum ct_err err = *header ? check(header, "the header", error) : CT_OK;
    if (!err && *body)
        err = check(body, what, error);
    if (err)
        return err;
    ct_text_print(out, "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"%s\">", ct_envelope_namespace(version));
    if (*header) {
        ct_text_put(out, "<SOAP-ENV:Header>");
        ct_text_put(out, header);
        ct_text_put(out, "</SOAP-ENV:Header>");
    }
    ct_text_put(out, "<SOAP-ENV:Body>");
    ct_text_put(out, body);
    ct_text_put(out, "</SOAP-ENV:Body></SOAP-ENV:Envelope>");
    err = ct_text_check(out, "the envelope", error);
    if (err)
        ct_text_cut(out, before);
    return err;
}

enum ct_err ct_envelope_look(const char *bytes, size_t len, const char *what,
                             enum ct_version *version, struct ct_error *error)
{
    xmlDocPtr doc = NULL;
    enum ct_err err = ct_xml_parse(bytes, len, MOST_ELEMENTS, what, CT_EUSAGE, &doc, error);
    if (err)
        return err;
    const xmlNode *root = xmlDocGetRootElement(doc);
    *version = ct_xml_is(root, CT_XML_SOAP_11, "Envelope")   ? CT_SOAP_11
               : ct_xml_is(root, CT_XML_SOAP_12, "Envelope") ? CT_SOAP_12
                                                             : CT_SOAP_ANY;
    xmlFreeDoc(doc);
    return CT_OK;
}
