/* metadata.c - a request for metadata is read, its answer written.
 *
 * Happy path: expat tells the tags; of the header WS-Addressing's blocks are read, of the body what
 * GetMetadata asks for -> the sections that fit are written.
 * Failure: not well-formed, no memory: said. What the request wants and this can't give (a header
 * that has to be understood, a Get with a body) is a fault, as SOAP has it.
 */
#include "soap/metadata.h"

#include <stdio.h>
#include <string.h>

#include "soap/scan.h"
#include "xml/namespace.h"
#include "xml/quota.h"

#define GET        "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
#define GET_ANSWER "http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse"
#define MEX_ANSWER SX_NS_MEX "/GetMetadata/Response"
#define NS_SERVICE "urn:soap-xmpp:service:1"

enum { MAX_DEPTH = 64, PARSER_BYTES = 1 << 20 };

/* The versions of WS-Addressing, newest first. */
static const char *const addressing_uris[] = {
    "http://www.w3.org/2005/08/addressing",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing",
};

bool sx_metadata_is_asked(const char *uri, const char *operation, const char *action,
                          const char *addressing_action)
{
    if (*operation)
        return strcmp(operation, "GetMetadata") == 0 && strcmp(uri, SX_NS_MEX) == 0;
    return strcmp(action, GET) == 0 || strcmp(addressing_action, GET) == 0;
}

/* ---- reading ---- */

enum { DEPTH_PART = 2, DEPTH_BLOCK, DEPTH_ARGUMENT };

struct reading {
    struct sx_metadata_question *question;
    XML_Parser parser;
    struct sx_quota quota;
    struct sx_namespaces namespaces;
    unsigned depth;
    bool in_header, in_body, in_get_metadata;
    char *text; /* what the element that is open is read into; NULL: nothing */
    size_t text_len;
    enum sx_err err;
};

static void fail(struct reading *reading, enum sx_err err)
{
    if (reading->err)
        return;
    reading->err = err;
    XML_StopParser(reading->parser, XML_FALSE);
}

static const char *addressing_uri_of(const char *uri)
{
    size_t i;
    for (i = 0; i < sizeof addressing_uris / sizeof addressing_uris[0]; i++)
        if (strcmp(uri, addressing_uris[i]) == 0)
            return addressing_uris[i];
    return NULL;
}

static bool is_soap(const struct reading *reading, const char *uri)
{
    return strcmp(uri, reading->question->version == 11 ? SX_NS_SOAP11 : SX_NS_SOAP12) == 0;
}

/* Whether a header block is for whoever answers, and has to be understood. */
static bool is_mandatory(struct reading *reading, const char **attributes)
{
    bool is_mandatory = false, is_ours = true;
    for (; *attributes; attributes += 2) {
        const char *uri, *name, *value = attributes[1];
        name = sx_namespaces_resolve(&reading->namespaces, attributes[0], true, &uri);
        if (!name || !is_soap(reading, uri))
            continue;
        if (strcmp(name, "mustUnderstand") == 0)
            is_mandatory = strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
        else if (strcmp(name, "actor") == 0 || strcmp(name, "role") == 0)
            is_ours = !*value || strstr(value, "/next") || strstr(value, "/ultimateReceiver");
    }
    return is_mandatory && is_ours;
}

static void read_into(struct reading *reading, char text[SX_METADATA_TEXT_BYTES])
{
    reading->text = text;
    reading->text_len = 0;
    text[0] = '\0';
}

static void enter_header_block(struct reading *reading, const char *uri, const char *name,
                               const char **attributes)
{
    struct sx_metadata_question *question = reading->question;
    const char *addressing = addressing_uri_of(uri);
    if (addressing) {
        question->addressing_uri = addressing;
        if (strcmp(name, "MessageID") == 0)
            read_into(reading, question->message_id);
    } else if (strcmp(uri, SX_NS_ACTION) != 0 && is_mandatory(reading, attributes) &&
               strlen(name) < sizeof question->not_understood) {
        memcpy(question->not_understood, name, strlen(name) + 1);
    }
}

static void enter_block(struct reading *reading, const char *uri, const char *name,
                        const char **attributes)
{
    if (reading->in_header) {
        enter_header_block(reading, uri, name, attributes);
    } else if (reading->in_body && !reading->question->has_body_child) {
        reading->question->has_body_child = true;
        reading->in_get_metadata = strcmp(uri, SX_NS_MEX) == 0 && strcmp(name, "GetMetadata") == 0;
        reading->question->is_get = !reading->in_get_metadata;
    }
}

static void enter(struct reading *reading, const char *uri, const char *name,
                  const char **attributes)
{
    struct sx_metadata_question *question = reading->question;
    reading->text = NULL;
    if (reading->depth == 1) {
        question->version = sx_scan_version(uri, name);
        if (!question->version)
            fail(reading, SX_EMALFORMED);
    } else if (reading->depth == DEPTH_PART) {
        reading->in_header = is_soap(reading, uri) && strcmp(name, "Header") == 0;
        reading->in_body = is_soap(reading, uri) && strcmp(name, "Body") == 0;
    } else if (reading->depth == DEPTH_BLOCK) {
        enter_block(reading, uri, name, attributes);
    } else if (reading->depth == DEPTH_ARGUMENT && reading->in_get_metadata &&
               strcmp(uri, SX_NS_MEX) == 0) {
        if (strcmp(name, "Dialect") == 0)
            read_into(reading, question->dialect);
        else if (strcmp(name, "Identifier") == 0)
            read_into(reading, question->identifier);
    }
}

static void XMLCALL on_start(void *user, const XML_Char *qname, const XML_Char **attributes)
{
    struct reading *reading = user;
    const char *uri, *name;
    enum sx_err err;
    if (reading->depth == MAX_DEPTH) {
        fail(reading, SX_EMALFORMED);
        return;
    }
    err = sx_namespaces_push(&reading->namespaces, ++reading->depth, attributes);
    if (err) {
        fail(reading, err == SX_ENOMEM ? SX_ENOMEM : SX_EMALFORMED);
        return;
    }
    name = sx_namespaces_resolve(&reading->namespaces, qname, false, &uri);
    if (name)
        enter(reading, uri, name, attributes);
    else
        fail(reading, SX_EMALFORMED);
}

/* One that is too long is none: an id that is cut would be another one. */
static void XMLCALL on_text(void *user, const XML_Char *text, int len)
{
    struct reading *reading = user;
    if (!reading->text)
        return;
    if (reading->text_len + (size_t)len >= SX_METADATA_TEXT_BYTES) {
        reading->text[0] = '\0';
        reading->text = NULL;
        return;
    }
    memcpy(reading->text + reading->text_len, text, (size_t)len);
    reading->text_len += (size_t)len;
    reading->text[reading->text_len] = '\0';
}

static void trim(char *text)
{
    size_t lead = sx_scan_spaces(text, strlen(text)), len = strlen(text + lead);
    while (len && sx_scan_is_space(text[lead + len - 1]))
        len--;
    memmove(text, text + lead, len);
    text[len] = '\0';
}

static void XMLCALL on_end(void *user, const XML_Char *qname)
{
    struct reading *reading = user;
    (void)qname;
    if (reading->err)
        return;
    if (reading->text)
        trim(reading->text);
    reading->text = NULL;
    sx_namespaces_pop(&reading->namespaces, reading->depth);
    if (reading->depth == DEPTH_PART)
        reading->in_header = reading->in_body = false;
    if (reading->depth == DEPTH_BLOCK)
        reading->in_get_metadata = false;
    reading->depth--;
}

static void on_restricted(void *user, enum sx_quota_markup markup, const char *encoding)
{
    (void)markup, (void)encoding;
    fail(user, SX_EMALFORMED);
}

enum sx_err sx_metadata_read(struct sx_metadata_question *question, const char *envelope,
                             size_t len)
{
    struct reading reading = {
        .question = question,
        .quota = {.max_bytes = PARSER_BYTES, .restricted = on_restricted},
    };
    size_t lead = sx_scan_spaces(envelope, len); /* before it no declaration stands */
    memset(question, 0, sizeof *question);
    if (len > SX_METADATA_BYTES || memchr(envelope, '\0', len))
        return SX_EMALFORMED;
    reading.parser = sx_quota_parser(&reading.quota);
    if (!reading.parser)
        return SX_ENOMEM;
    XML_SetUserData(reading.parser, &reading);
    XML_SetElementHandler(reading.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reading.parser, on_text);
    if (sx_quota_parse(&reading.quota, reading.parser, envelope + lead, (int)(len - lead), true) !=
        XML_STATUS_OK)
        fail(&reading,
             XML_GetErrorCode(reading.parser) == XML_ERROR_NO_MEMORY ? SX_ENOMEM : SX_EMALFORMED);
    question->is_get = question->is_get || !question->has_body_child;
    XML_ParserFree(reading.parser);
    sx_namespaces_fini(&reading.namespaces);
    if (reading.err)
        memset(question, 0, sizeof *question);
    return reading.err;
}

/* ---- writing ---- */

static void add_header(struct sx_buffer *out, const struct sx_metadata_question *question,
                       const char *action)
{
    bool is_2005 = question->addressing_uri == addressing_uris[0];
    if (!question->addressing_uri)
        return;
    sx_buffer_add_format(out, "<s:Header><a:Action xmlns:a=\"%s\">%s</a:Action>",
                         question->addressing_uri, action);
    if (*question->message_id) {
        sx_buffer_add_format(out, "<a:RelatesTo xmlns:a=\"%s\">", question->addressing_uri);
        sx_buffer_add_escaped(out, question->message_id);
        sx_buffer_add_text(out, "</a:RelatesTo>");
    }
    sx_buffer_add_format(out, "<a:To xmlns:a=\"%s\">%s%s</a:To></s:Header>",
                         question->addressing_uri, question->addressing_uri,
                         is_2005 ? "/anonymous" : "/role/anonymous");
}

static void begin(struct sx_buffer *out, const struct sx_metadata_question *question,
                  const char *action)
{
    sx_buffer_add_format(out, "<s:Envelope xmlns:s=\"%s\">",
                         question->version == 11 ? SX_NS_SOAP11 : SX_NS_SOAP12);
    add_header(out, question, action);
    sx_buffer_add_text(out, "<s:Body>");
}

static void end(struct sx_buffer *out)
{
    sx_buffer_add_text(out, "</s:Body></s:Envelope>");
}

/* code: as SOAP 1.2 calls it. */
static void add_fault(struct sx_buffer *out, const struct sx_metadata_question *question,
                      const char *code, const char *reason)
{
    char action[128];
    const char *uri = question->addressing_uri ? question->addressing_uri : "";
    const char *code11 = strcmp(code, "Sender") == 0 ? "Client" : code;
    snprintf(action, sizeof action, "%s%s/fault", uri, uri == addressing_uris[0] ? "/soap" : "");
    begin(out, question, action);
    if (question->version == 11)
        sx_buffer_add_format(out, "<s:Fault><faultcode>s:%s</faultcode><faultstring>", code11);
    else
        sx_buffer_add_format(out,
                             "<s:Fault><s:Code><s:Value>s:%s</s:Value></s:Code><s:Reason>"
                             "<s:Text xml:lang=\"en\">",
                             code);
    sx_buffer_add_escaped(out, reason);
    sx_buffer_add_text(out, question->version == 11 ? "</faultstring></s:Fault>"
                                                    : "</s:Text></s:Reason></s:Fault>");
    end(out);
}

static bool is_wanted(const struct sx_metadata_question *question, const struct sx_wsdl *wsdl)
{
    bool wants_schemas = strcmp(question->dialect, SX_NS_XSD) == 0;
    if (*question->dialect && !wants_schemas && strcmp(question->dialect, SX_NS_WSDL) != 0)
        return false;
    return wsdl->is_schema == wants_schemas &&
           (!*question->identifier || strcmp(question->identifier, wsdl->target_namespace) == 0);
}

static void add_section(struct sx_buffer *out, const struct sx_wsdl_document *document,
                        const struct sx_wsdl_text *text, const char *address)
{
    sx_buffer_add_text(out, "<mex:MetadataSection");
    sx_buffer_add_attribute(out, "Dialect", document->wsdl.is_schema ? SX_NS_XSD : SX_NS_WSDL);
    sx_buffer_add_attribute(out, "Identifier", document->wsdl.target_namespace);
    if (*document->path)
        sx_buffer_add_attribute(out, "d:location", document->path);
    sx_buffer_add_text(out, " xmlns:d=\"" NS_SERVICE "\">");
    sx_wsdl_text_write(text, address, out);
    sx_buffer_add_text(out, "</mex:MetadataSection>");
}

void sx_metadata_write(struct sx_buffer *out, const struct sx_metadata_question *question,
                       const struct sx_wsdl_set *set, const struct sx_wsdl_text *texts,
                       const char *address)
{
    char reason[SX_METADATA_TEXT_BYTES + 100];
    size_t i;
    if (*question->not_understood) {
        snprintf(reason, sizeof reason, "the header block <%s> isn't understood",
                 question->not_understood);
        add_fault(out, question, "MustUnderstand", reason);
        return;
    }
    if (question->is_get && question->has_body_child) {
        add_fault(out, question, "Sender", "a Get of WS-Transfer has an empty body");
        return;
    }
    begin(out, question, question->is_get ? GET_ANSWER : MEX_ANSWER);
    sx_buffer_add_text(out, "<mex:Metadata xmlns:mex=\"" SX_NS_MEX "\">");
    for (i = 0; set && i < set->count; i++)
        if (is_wanted(question, &set->documents[i].wsdl))
            add_section(out, &set->documents[i], &texts[i], address);
    sx_buffer_add_text(out, "</mex:Metadata>");
    end(out);
}
