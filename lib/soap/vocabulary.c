/* vocabulary.c - the rules of repair.h, one after the other.
 *
 * Invariant: SOAP's namespaces are given out in the envelope's version, whatever the table has.
 * Failure: none; what isn't known is NULL.
 */
#include "soap/vocabulary.h"

#include <string.h>

#include "soap/scan.h"

#define WSS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"

/* What every toolkit calls these namespaces. */
static const struct {
    const char *prefix, *uri;
} usual_names[] = {
    {"SOAP-ENV", SX_NS_SOAP11},
    {"soap", SX_NS_SOAP11},
    {"soapenv", SX_NS_SOAP11},
    {"env", SX_NS_SOAP11},
    {"s", SX_NS_SOAP11},
    {"S", SX_NS_SOAP11},
    {"SOAP-ENC", SX_NS_ENCODING11},
    {"soapenc", SX_NS_ENCODING11},
    {"enc", SX_NS_ENCODING11},
    {"xsi", SX_NS_XSI},
    {"xsd", SX_NS_XSD},
    {"xs", SX_NS_XSD},
    {"wsu", WSS "utility-1.0.xsd"},
    {"wsse", WSS "secext-1.0.xsd"},
    {"wsa", "http://www.w3.org/2005/08/addressing"},
};

static bool is_text(const char *text, const char *bytes, size_t len)
{
    return strlen(text) == len && memcmp(text, bytes, len) == 0;
}

static const char *usual_name(const char *prefix, size_t prefix_len)
{
    size_t i;
    for (i = 0; i < sizeof usual_names / sizeof *usual_names; i++)
        if (is_text(usual_names[i].prefix, prefix, prefix_len))
            return usual_names[i].uri;
    return NULL;
}

static const char *in_version(const char *uri, int version)
{
    if (strcmp(uri, SX_NS_SOAP11) == 0 || strcmp(uri, SX_NS_SOAP12) == 0)
        return version == 12 ? SX_NS_SOAP12 : SX_NS_SOAP11;
    if (strcmp(uri, SX_NS_ENCODING11) == 0 || strcmp(uri, SX_NS_ENCODING12) == 0)
        return version == 12 ? SX_NS_ENCODING12 : SX_NS_ENCODING11;
    return uri;
}

/* Those of standards: no service has its types there. */
static bool is_standard(const char *uri)
{
    static const char *const owners[] = {"http://www.w3.org/", "http://schemas.xmlsoap.org/",
                                         "http://docs.oasis-open.org/"};
    size_t i;
    for (i = 0; i < sizeof owners / sizeof *owners; i++)
        if (strncmp(uri, owners[i], strlen(owners[i])) == 0)
            return true;
    return false;
}

static bool is_own(const char *uri)
{
    return uri && *uri && *uri != ' ' && !is_standard(uri);
}

/* ---- the table ---- */

static bool read_row(const struct sx_vocabulary *vocabulary, size_t number, const char **prefix,
                     const char **uri)
{
    return vocabulary->row && vocabulary->row(vocabulary->user, number, prefix, uri);
}

/* The only namespace of the table's own, NULL if there are none or several. */
static const char *only_own(const struct sx_vocabulary *vocabulary, bool *has_own)
{
    const char *prefix, *uri, *found = NULL;
    size_t number;
    *has_own = false;
    for (number = 0; read_row(vocabulary, number, &prefix, &uri); number++) {
        if (!is_own(uri))
            continue;
        if (found && strcmp(found, uri) != 0)
            return NULL;
        found = uri;
        *has_own = true;
    }
    return found;
}

static const char *row_of_prefix(const struct sx_vocabulary *vocabulary, const char *prefix,
                                 size_t prefix_len)
{
    const char *id, *uri;
    size_t number;
    for (number = 0; read_row(vocabulary, number, &id, &uri); number++)
        if (id && uri && *uri && is_text(id, prefix, prefix_len))
            return uri;
    return NULL;
}

static bool has_row(const struct sx_vocabulary *vocabulary, const char *wanted)
{
    const char *prefix, *uri;
    size_t number;
    for (number = 0; read_row(vocabulary, number, &prefix, &uri); number++)
        if (uri && strcmp(uri, wanted) == 0)
            return true;
    return false;
}

/* ---- the rules ---- */

const char *sx_vocabulary_prefix(const struct sx_vocabulary *vocabulary, const char *prefix,
                                 size_t prefix_len)
{
    const char *uri = row_of_prefix(vocabulary, prefix, prefix_len);
    if (!uri)
        uri = usual_name(prefix, prefix_len);
    return uri ? in_version(uri, vocabulary->version) : NULL;
}

static const char *own_type(const struct sx_vocabulary *vocabulary, const struct sx_qname *qname)
{
    bool has_own;
    const char *uri = only_own(vocabulary, &has_own);
    if (uri)
        return uri;
    uri = row_of_prefix(vocabulary, qname->prefix, qname->prefix_len);
    if (is_own(uri))
        return uri;
    if (is_own(vocabulary->body_uri) && (!has_own || has_row(vocabulary, vocabulary->body_uri)))
        return vocabulary->body_uri;
    return NULL;
}

const char *sx_vocabulary_type(const struct sx_vocabulary *vocabulary, const struct sx_qname *qname)
{
    const char *uri;
    if (sx_qname_is_schema_type(qname))
        return SX_NS_XSD;
    uri = row_of_prefix(vocabulary, qname->prefix, qname->prefix_len);
    if (sx_qname_is_encoding_type(qname) && !is_own(uri))
        return in_version(SX_NS_ENCODING11, vocabulary->version);
    uri = own_type(vocabulary, qname);
    return uri ? uri : sx_vocabulary_prefix(vocabulary, qname->prefix, qname->prefix_len);
}

const char *sx_vocabulary_code(const struct sx_vocabulary *vocabulary, const struct sx_qname *qname)
{
    const char *uri = NULL;
    bool has_own;
    if (!sx_qname_is_fault_code(qname)) {
        uri = sx_vocabulary_prefix(vocabulary, qname->prefix, qname->prefix_len);
        if (!uri)
            uri = only_own(vocabulary, &has_own);
    }
    return uri ? uri : in_version(SX_NS_SOAP11, vocabulary->version);
}
