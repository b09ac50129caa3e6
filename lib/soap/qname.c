/* qname.c - the form of a QName, and the names that everybody knows.
 *
 * Invariant: nothing is read behind text[len - 1]. Failure: none; what is no QName is false.
 */
#include "soap/qname.h"

#include <string.h>

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t ncname_len(const char *text, size_t len)
{
    size_t i;
    if (!len || !is_name_start(*text))
        return 0;
    for (i = 1; i < len; i++) {
        char c = text[i];
        if (!is_name_start(c) && !is_digit(c) && c != '.' && c != '-')
            break;
    }
    return i;
}

/* The dimensions in SOAP-ENC:arrayType="xsd:int[2,3]" (SOAP 1.1 section 5.4.2). */
static bool is_dimensions(const char *text, size_t len)
{
    size_t i;
    if (*text != '[' || text[len - 1] != ']')
        return false;
    for (i = 0; i < len; i++)
        if (!is_digit(text[i]) && text[i] != '[' && text[i] != ']' && text[i] != ',')
            return false;
    return true;
}

/* One of the words, which end in NULL. */
static bool is_among(const char *text, size_t len, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == len && memcmp(*words, text, len) == 0)
            return true;
    return false;
}

/* What looks like a prefix in everyday values; "xmlns" can't be declared. */
static bool is_no_prefix(const char *text, size_t len)
{
    static const char *const words[] = {"http", "https",  "urn",   "uuid",
                                        "xmpp", "mailto", "xmlns", NULL};
    return is_among(text, len, words);
}

bool sx_qname_read(const char *text, size_t len, struct sx_qname *qname)
{
    size_t rest;
    qname->prefix = text;
    qname->prefix_len = ncname_len(text, len);
    if (!qname->prefix_len || qname->prefix_len == len || text[qname->prefix_len] != ':')
        return false;
    qname->local = text + qname->prefix_len + 1;
    rest = len - qname->prefix_len - 1;
    qname->local_len = ncname_len(qname->local, rest);
    if (!qname->local_len)
        return false;
    rest -= qname->local_len;
    if (rest && !is_dimensions(qname->local + qname->local_len, rest))
        return false;
    return !is_no_prefix(text, qname->prefix_len);
}

bool sx_qname_is_numbered(const struct sx_qname *qname)
{
    size_t i;
    if (qname->prefix_len < 3 || memcmp(qname->prefix, "ns", 2) != 0 || qname->prefix[2] == '0')
        return false;
    for (i = 2; i < qname->prefix_len; i++)
        if (!is_digit(qname->prefix[i]))
            return false;
    return true;
}

/* XML Schema Part 2, sections 3.2 and 3.3, and the two ur-types. */
static const char *const schema_types[] = {"string",
                                           "boolean",
                                           "decimal",
                                           "float",
                                           "double",
                                           "duration",
                                           "dateTime",
                                           "time",
                                           "date",
                                           "gYearMonth",
                                           "gYear",
                                           "gMonthDay",
                                           "gDay",
                                           "gMonth",
                                           "hexBinary",
                                           "base64Binary",
                                           "anyURI",
                                           "QName",
                                           "NOTATION",
                                           "normalizedString",
                                           "token",
                                           "language",
                                           "NMTOKEN",
                                           "NMTOKENS",
                                           "Name",
                                           "NCName",
                                           "ID",
                                           "IDREF",
                                           "IDREFS",
                                           "ENTITY",
                                           "ENTITIES",
                                           "integer",
                                           "nonPositiveInteger",
                                           "negativeInteger",
                                           "long",
                                           "int",
                                           "short",
                                           "byte",
                                           "nonNegativeInteger",
                                           "unsignedLong",
                                           "unsignedInt",
                                           "unsignedShort",
                                           "unsignedByte",
                                           "positiveInteger",
                                           "anyType",
                                           "anySimpleType",
                                           NULL};

bool sx_qname_is_schema_type(const struct sx_qname *qname)
{
    return is_among(qname->local, qname->local_len, schema_types);
}

bool sx_qname_is_encoding_type(const struct sx_qname *qname)
{
    static const char *const words[] = {"Array", "Struct", "base64", NULL};
    return is_among(qname->local, qname->local_len, words);
}

bool sx_qname_is_fault_code(const struct sx_qname *qname)
{
    static const char *const words[] = {"VersionMismatch",
                                        "MustUnderstand",
                                        "DataEncodingUnknown",
                                        "Client",
                                        "Server",
                                        "Sender",
                                        "Receiver",
                                        NULL};
    const char *dot = memchr(qname->local, '.', qname->local_len);
    return is_among(qname->local, dot ? (size_t)(dot - qname->local) : qname->local_len, words);
}
