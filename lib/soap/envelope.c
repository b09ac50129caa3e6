/* envelope.c - envelopes on their way out (check, format) and in (set, repair).
 *
 * Invariant: the bytes of an envelope are only ever cut at its ends and inserted into at the end of
 * a start tag's name or right after a start tag; nothing else is changed, nothing is re-serialised.
 *
 * Happy path out: checker_check scans gSOAP's bytes (markup.c if they are plain, else expat, which
 * alone knows what is wrong with them), format appends them to a stanza.
 * Happy path in:  stream.c scans and captures, set takes the bytes, repair declares what is
 * missing. Failure: what a stanza can't carry is refused with its offset before it is sent: a
 * server would answer it with a stream error, which costs every call of the link (RFC 6120 11).
 */
#include "soap/envelope.h"

#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/markup.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t leading_spaces(const char *bytes, size_t len)
{
    size_t lead = 0;
    while (lead < len && is_space(bytes[lead]))
        lead++;
    return lead;
}

/* ---- check ---- */

struct sx_checker {
    struct sx_markup markup;
    XML_Parser parser; /* for what the markup isn't plain enough for */
    struct sx_scan scan;
    const char **open_uris; /* the scan's, while it measures: a check's */
    enum sx_err err;        /* SX_OK, SX_EUNCARRIABLE, SX_EDEPTH, SX_ETOOBIG, SX_ENOMEM */
    size_t lead;            /* white space before the root, not given to expat */
    bool glancing, known;   /* stops as soon as it is known what a glance tells */
    bool has_begun;         /* the root has */
    size_t glanced;         /* bytes so far */
    size_t bad_byte;
    char why[160];
};

/* Left for others of the SX_NAMESPACES_COUNT that a receiver takes: sx_envelope_format adds up to
 * two declarations, and those of the stream and the stanza are in scope as well. */
enum { SPARE_DECLARATIONS = 16 };

struct sx_checker *sx_checker_new(unsigned max_depth)
{
    struct sx_checker *checker = calloc(1, sizeof *checker);
    if (!checker)
        return NULL;
    sx_scan_init(&checker->scan, max_depth);
    checker->open_uris = calloc(max_depth, sizeof *checker->open_uris);
    checker->parser = XML_ParserCreate("UTF-8");
    if (!sx_markup_init(&checker->markup, max_depth) || !checker->parser || !checker->open_uris) {
        sx_checker_free(checker);
        return NULL;
    }
    checker->scan.namespaces.max_count = SX_NAMESPACES_COUNT - SPARE_DECLARATIONS;
    return checker;
}

void sx_checker_free(struct sx_checker *checker)
{
    if (!checker)
        return;
    if (checker->parser)
        XML_ParserFree(checker->parser);
    sx_markup_fini(&checker->markup);
    free(checker->open_uris);
    sx_scan_fini(&checker->scan);
    free(checker);
}

/* Expat has no index before its first token, which memory may be short for. */
static size_t event_byte(const struct sx_checker *checker)
{
    XML_Index index = XML_GetCurrentByteIndex(checker->parser);
    return checker->lead + (index > 0 ? (size_t)index : 0);
}

/* The first refusal counts; expat may still deliver the event it was about to. */
static void refuse(struct sx_checker *checker, enum sx_err err, size_t bad_byte, const char *why)
{
    if (checker->err)
        return;
    checker->err = err;
    checker->bad_byte = bad_byte;
    snprintf(checker->why, sizeof checker->why, "%s", why);
}

static void stop(struct sx_checker *checker, enum sx_err err, const char *why)
{
    refuse(checker, err, event_byte(checker), why);
    XML_StopParser(checker->parser, XML_FALSE);
}

static void stop_for_scan(struct sx_checker *checker)
{
    enum sx_err err = checker->scan.err;
    stop(checker, err == SX_EDEPTH || err == SX_ENOMEM ? err : SX_EUNCARRIABLE, checker->scan.why);
}

/* What a glance is for. */
static bool has_told(const struct sx_scan *scan)
{
    return scan->operation[0] && (!scan->is_fault || scan->fault_code[0]);
}

static void end_glance(struct sx_checker *checker)
{
    if (!checker->glancing || !has_told(&checker->scan))
        return;
    checker->known = true;
    XML_StopParser(checker->parser, XML_FALSE);
}

static void XMLCALL on_start(void *user, const char *qname, const char **attributes)
{
    struct sx_checker *checker = user;
    bool had_header = checker->scan.has_header;
    if (checker->err || checker->known)
        return;
    if (sx_scan_start(&checker->scan, qname, attributes))
        stop_for_scan(checker);
    else if (checker->scan.has_header && !had_header)
        checker->scan.header_byte = event_byte(checker);
    end_glance(checker);
}

static void XMLCALL on_text(void *user, const char *text, int len)
{
    struct sx_checker *checker = user;
    if (!checker->err && !checker->known && sx_scan_text(&checker->scan, text, len))
        stop_for_scan(checker);
}

static void XMLCALL on_end(void *user, const char *qname)
{
    struct sx_checker *checker = user;
    (void)qname;
    if (checker->err || checker->known)
        return;
    if (sx_scan_end(&checker->scan))
        stop_for_scan(checker);
    end_glance(checker);
}

static void XMLCALL on_comment(void *user, const char *text)
{
    (void)text;
    stop(user, SX_EUNCARRIABLE, "XMPP forbids comments");
}

static void XMLCALL on_instruction(void *user, const char *target, const char *data)
{
    (void)target;
    (void)data;
    stop(user, SX_EUNCARRIABLE, "XMPP forbids processing instructions");
}

static void XMLCALL on_declaration(void *user, const char *version, const char *encoding,
                                   int standalone)
{
    (void)version;
    (void)encoding;
    (void)standalone;
    stop(user, SX_EUNCARRIABLE, "an XML declaration can't stand inside a stanza");
}

/* Expat calls this behind the name. All else that may precede a DOCTYPE is refused, so that it
 * begins where the root would. */
static void XMLCALL on_doctype(void *user, const char *name, const char *system_id,
                               const char *public_id, int has_subset)
{
    struct sx_checker *checker = user;
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    refuse(checker, SX_EUNCARRIABLE, checker->lead, "XMPP forbids a DOCTYPE");
    XML_StopParser(checker->parser, XML_FALSE);
}

/* expat, for an envelope from its beginning. */
static bool prepare(struct sx_checker *checker)
{
    XML_Parser parser = checker->parser;
    if (!XML_ParserReset(parser, "UTF-8")) {
        refuse(checker, SX_ENOMEM, 0, "memory is short");
        return false;
    }
    XML_SetUserData(parser, checker);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetCommentHandler(parser, on_comment);
    XML_SetProcessingInstructionHandler(parser, on_instruction);
    XML_SetXmlDeclHandler(parser, on_declaration);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    sx_scan_reset(&checker->scan, 0);
    return true;
}

/* bytes stand at offset first of the envelope. */
static void refuse_syntax(struct sx_checker *checker, const char *bytes, size_t first, size_t len)
{
    enum XML_Error code = XML_GetErrorCode(checker->parser);
    size_t bad_byte = event_byte(checker);
    bool is_here = bad_byte >= first && bad_byte - first < len;
    unsigned char byte = is_here ? (unsigned char)bytes[bad_byte - first] : ' ';
    char why[sizeof checker->why];

    if (code == XML_ERROR_NO_MEMORY) {
        refuse(checker, SX_ENOMEM, bad_byte, "memory is short");
        return;
    }
    if (code == XML_ERROR_INVALID_TOKEN && byte < ' ')
        snprintf(why, sizeof why, "XML forbids the character U+%04X", byte);
    else if (code == XML_ERROR_PARTIAL_CHAR || (code == XML_ERROR_INVALID_TOKEN && byte >= 0x80))
        snprintf(why, sizeof why, "the byte 0x%02X begins no character that UTF-8 and XML allow",
                 byte);
    else if (code == XML_ERROR_BAD_CHAR_REF)
        snprintf(why, sizeof why, "XML forbids the character of this reference");
    else if (code == XML_ERROR_INVALID_TOKEN)
        snprintf(why, sizeof why, "it is not well-formed");
    else
        snprintf(why, sizeof why, "it is not well-formed (%s)", XML_ErrorString(code));
    refuse(checker, SX_EUNCARRIABLE, bad_byte, why);
}

static void parse(struct sx_checker *checker, const char *bytes, size_t len)
{
    size_t lead = checker->lead;

    if (lead == len) {
        refuse(checker, SX_EUNCARRIABLE, len, "it is empty");
    } else if (bytes[lead] != '<') {
        refuse(checker, SX_EUNCARRIABLE, lead, "it doesn't begin with an element");
    } else if (lead + 1 < len && !bytes[lead + 1]) {
        /* expat would take it for UTF-16, whatever encoding it was told */
        refuse(checker, SX_EUNCARRIABLE, lead + 1, "XML forbids the character U+0000");
    } else if (len - lead > INT_MAX) {
        refuse(checker, SX_EUNCARRIABLE, INT_MAX, "it is larger than 2 GiB");
    } else if (XML_Parse(checker->parser, bytes + lead, (int)(len - lead), 1) != XML_STATUS_OK) {
        refuse_syntax(checker, bytes, 0, len);
    } else if (!checker->scan.has_body) {
        refuse(checker, SX_EUNCARRIABLE, lead, "the envelope has no Body");
    }
}

/* Nearly every envelope that gSOAP writes. */
static bool is_plain(struct sx_checker *checker, const char *bytes, size_t len)
{
    size_t lead = leading_spaces(bytes, len);
    sx_scan_reset(&checker->scan, 0);
    if (len - lead > INT_MAX ||
        !sx_scan_markup(&checker->scan, &checker->markup, bytes + lead, len - lead))
        return false;
    checker->scan.header_byte += checker->scan.has_header ? lead : 0;
    return checker->scan.has_body;
}

enum sx_err sx_checker_check(struct sx_checker *checker, const char *bytes, size_t len,
                             const struct sx_scan **scan, size_t *bad_byte, char *why,
                             size_t why_bytes)
{
    checker->err = SX_OK;
    checker->glancing = checker->known = false;
    checker->scan.open_uris = checker->open_uris;
    if (is_plain(checker, bytes, len)) {
        *scan = &checker->scan;
        return SX_OK;
    }
    checker->lead = leading_spaces(bytes, len);
    if (prepare(checker))
        parse(checker, bytes, len);
    if (checker->err) {
        *bad_byte = checker->bad_byte;
        snprintf(why, why_bytes, "%s", checker->why);
        return checker->err;
    }
    *scan = &checker->scan;
    return SX_OK;
}

/* ---- glance ---- */

void sx_checker_begin(struct sx_checker *checker)
{
    checker->err = SX_OK;
    checker->glancing = true;
    checker->known = checker->has_begun = false;
    checker->scan.open_uris = NULL;
    checker->lead = checker->glanced = 0;
}

/* For markup.c */
static bool glance_start(void *user, const char *qname, const char **attributes)
{
    struct sx_scan *scan = user;
    return sx_scan_start(scan, qname, attributes) == SX_OK && !has_told(scan);
}

static bool glance_text(void *user, const char *text, int len)
{
    return sx_scan_text(user, text, len) == SX_OK;
}

static bool glance_end(void *user)
{
    struct sx_scan *scan = user;
    return sx_scan_end(scan) == SX_OK && !has_told(scan);
}

/* What nearly every first piece does. */
static bool tells_plainly(struct sx_checker *checker, const char *bytes, size_t len)
{
    const struct sx_markup_sink sink = {glance_start, glance_text, glance_end, &checker->scan};
    sx_scan_reset(&checker->scan, 0);
    sx_markup_read(&checker->markup, bytes, len, &sink);
    checker->known = checker->scan.err == SX_OK && has_told(&checker->scan);
    return checker->known;
}

/* White space is skipped until the root begins; expat would take '<' with U+0000 behind it for
 * UTF-16, whatever encoding it was told. */
static bool is_fit_for_expat(struct sx_checker *checker, const char *piece, size_t len, size_t lead)
{
    if (!checker->has_begun && lead < len && piece[lead] != '<')
        refuse(checker, SX_EUNCARRIABLE, checker->lead, "it doesn't begin with an element");
    else if (len && memchr(piece, 0, len))
        refuse(checker, SX_EUNCARRIABLE,
               checker->glanced + (size_t)((const char *)memchr(piece, 0, len) - piece),
               "XML forbids the character U+0000");
    return !checker->err;
}

static void glance(struct sx_checker *checker, const char *piece, size_t len, bool last)
{
    size_t lead = checker->has_begun ? 0 : leading_spaces(piece, len), first = checker->glanced;
    bool begins = !checker->has_begun && lead < len;
    checker->lead += lead;
    if (!is_fit_for_expat(checker, piece, len, lead))
        return;
    checker->glanced += len;
    checker->has_begun = checker->has_begun || begins;
    if (begins && (tells_plainly(checker, piece + lead, len - lead) || !prepare(checker)))
        return;
    if (checker->has_begun &&
        XML_Parse(checker->parser, piece + lead, (int)(len - lead), last) != XML_STATUS_OK &&
        !checker->known)
        refuse_syntax(checker, piece, first, len);
    else if (last && !checker->has_begun)
        refuse(checker, SX_EUNCARRIABLE, checker->glanced, "it is empty");
    else if (last && !checker->known && !checker->scan.has_body)
        refuse(checker, SX_EUNCARRIABLE, 0, "the envelope has no Body");
    else if (!last && !checker->known && checker->glanced > SX_GLANCE_BYTES)
        refuse(checker, SX_ETOOBIG, checker->glanced, "too much stands before the operation");
}

enum sx_err sx_checker_glance(struct sx_checker *checker, const char *piece, size_t len, bool last,
                              const struct sx_scan **scan, size_t *bad_byte, char *why,
                              size_t why_bytes)
{
    glance(checker, piece, len, last);
    if (checker->err) {
        *bad_byte = checker->bad_byte;
        snprintf(why, why_bytes, "%s", checker->why);
        return checker->err;
    }
    *scan = checker->known || last ? &checker->scan : NULL;
    return SX_OK;
}

/* ---- insert ---- */

/* Length of a start tag's "<name"; bytes begin with it, and are known to be well-formed. */
static size_t tag_name_len(const char *bytes)
{
    return strcspn(bytes, " \t\r\n/>");
}

/* Length of a start tag with its '>'. An attribute value may hold '>' (XML 1.0 section 2.4). */
static size_t tag_len(const char *bytes)
{
    size_t len = 0;
    while (bytes[len] != '>') {
        if (bytes[len] == '"' || bytes[len] == '\'')
            len += strcspn(bytes + len + 1, bytes[len] == '"' ? "\"" : "'") + 1;
        len++;
    }
    return len + 1;
}

static void add_block(struct sx_buffer *out, const char *action)
{
    sx_buffer_add_text(out, "<soapAction xmlns=\"" SX_NS_ACTION "\">");
    sx_buffer_add_escaped(out, action);
    sx_buffer_add_text(out, "</soapAction>");
}

/* Bytes of an envelope to copy from, and how far they have been copied. */
struct copy {
    struct sx_buffer *out;
    const char *bytes;
    size_t len, done;
};

static void copy_to(struct copy *copy, size_t offset)
{
    sx_buffer_add(copy->out, copy->bytes + copy->done, offset - copy->done);
    copy->done = offset;
}

static void add_into_header(struct copy *copy, size_t header, const char *action)
{
    const char *tag = copy->bytes + header;
    size_t end = header + tag_len(tag);
    bool is_empty = copy->bytes[end - 2] == '/';

    copy_to(copy, is_empty ? end - 2 : end);
    if (is_empty) {
        sx_buffer_add_text(copy->out, ">");
        copy->done = end;
    }
    add_block(copy->out, action);
    if (is_empty) {
        sx_buffer_add_text(copy->out, "</");
        sx_buffer_add(copy->out, tag + 1, tag_name_len(tag) - 1);
        sx_buffer_add_text(copy->out, ">");
    }
}

/* The Header is the Envelope's first child, in the same namespace: it can use the same prefix. */
static void add_header(struct copy *copy, const char *action)
{
    size_t name_len = tag_name_len(copy->bytes);
    const char *colon = memchr(copy->bytes, ':', name_len);
    int prefix_len = colon ? (int)(colon - copy->bytes) : 0;
    const char *prefix = copy->bytes + 1;

    copy_to(copy, tag_len(copy->bytes));
    sx_buffer_add_format(copy->out, "<%.*sHeader>", prefix_len, prefix);
    add_block(copy->out, action);
    sx_buffer_add_format(copy->out, "</%.*sHeader>", prefix_len, prefix);
}

void sx_envelope_format(struct sx_buffer *out, const char *bytes, size_t len,
                        const struct sx_scan *scan, const char *action)
{
    size_t lead = leading_spaces(bytes, len);
    struct copy copy = {.out = out, .bytes = bytes + lead, .len = len - lead};

    while (copy.len && is_space(copy.bytes[copy.len - 1]))
        copy.len--;
    sx_buffer_reserve(out, copy.len + sizeof " xmlns=\"\"");
    copy_to(&copy, tag_name_len(copy.bytes));
    if (!scan->root_declares_default)
        sx_buffer_add_text(out, " xmlns=\"\"");
    /* Of two blocks a receiver reads the first: one that is there already stays the only one. */
    if (action && *action && !scan->action[0]) {
        if (scan->has_header)
            add_into_header(&copy, scan->header_byte - lead, action);
        else
            add_header(&copy, action);
    }
    copy_to(&copy, copy.len);
}

/* ---- in ---- */

void sx_envelope_fini(struct sx_envelope *envelope)
{
    free(envelope->bytes);
    envelope->bytes = NULL;
    envelope->len = 0;
    envelope->version = 0;
    envelope->has_body = envelope->is_fault = false;
    envelope->err = SX_OK;
    /* Texts, not 2 KiB of zeros: this is done several times per call. */
    envelope->why[0] = envelope->operation[0] = envelope->action[0] = envelope->unbound[0] = '\0';
}

/* The findings of a scan, but for what it has against the envelope. */
static void set_findings(struct sx_envelope *envelope, const struct sx_scan *scan)
{
    envelope->version = scan->version;
    envelope->has_body = scan->has_body;
    envelope->is_fault = scan->is_fault;
    memcpy(envelope->operation, scan->operation, sizeof envelope->operation);
    memcpy(envelope->unbound, scan->unbound, sizeof envelope->unbound);
}

void sx_envelope_set(struct sx_envelope *envelope, char *bytes, size_t len,
                     const struct sx_scan *scan)
{
    envelope->bytes = bytes;
    envelope->len = len;
    envelope->form = SX_FORM_PLAIN;
    set_findings(envelope, scan);
    envelope->err = scan->err;
    memcpy(envelope->why, scan->why, sizeof envelope->why);
    memcpy(envelope->action, scan->action, sizeof envelope->action);
    if (!envelope->err && !envelope->has_body) {
        envelope->err = SX_EMALFORMED;
        snprintf(envelope->why, sizeof envelope->why, "the envelope has no Body");
    }
}

/* Full pieces, however small those are in which they were packed: expat looks at a token that is
 * cut from its beginning again. */
static enum sx_err read_piece(struct sx_unpacker *unpacker, char *piece, size_t room, size_t *len)
{
    size_t got = 1;
    *len = 0;
    while (*len < room && got) {
        enum sx_err err = sx_unpacker_read(unpacker, piece + *len, room - *len, &got);
        if (err)
            return err;
        *len += got;
    }
    return SX_OK;
}

static enum sx_err glance_packed(struct sx_checker *checker, struct sx_unpacker *unpacker,
                                 const struct sx_scan **scan, char *why, size_t why_bytes)
{
    enum sx_err err = SX_OK;
    char piece[4096];
    size_t len = 0, bad_byte;
    *scan = NULL;
    sx_checker_begin(checker);
    while (err == SX_OK && !*scan) {
        err = read_piece(unpacker, piece, sizeof piece, &len);
        if (err)
            snprintf(why, why_bytes, "%s", sx_fault_text(err));
        else
            err = sx_checker_glance(checker, piece, len, len < sizeof piece, scan, &bad_byte, why,
                                    why_bytes);
    }
    return err;
}

void sx_envelope_glance(struct sx_envelope *envelope, struct sx_checker *checker, size_t max_bytes)
{
    struct sx_unpacker *unpacker =
        sx_unpacker_new(envelope->form, envelope->bytes, envelope->len, max_bytes);
    const struct sx_scan *scan;
    if (!unpacker) {
        envelope->err = SX_ENOMEM;
        snprintf(envelope->why, sizeof envelope->why, "memory is short");
        return;
    }
    envelope->err = glance_packed(checker, unpacker, &scan, envelope->why, sizeof envelope->why);
    if (envelope->err == SX_EUNCARRIABLE)
        envelope->err = SX_EMALFORMED;
    if (envelope->err == SX_OK) {
        envelope->why[0] = '\0';
        set_findings(envelope, scan);
    }
    sx_unpacker_free(unpacker);
}

#define ENC11 "http://schemas.xmlsoap.org/soap/encoding/"
#define ENC12 "http://www.w3.org/2003/05/soap-encoding"
#define WSS   "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"

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
    {"SOAP-ENC", ENC11},
    {"soapenc", ENC11},
    {"enc", ENC11},
    {"xsi", "http://www.w3.org/2001/XMLSchema-instance"},
    {"xsd", "http://www.w3.org/2001/XMLSchema"},
    {"xs", "http://www.w3.org/2001/XMLSchema"},
    {"wsu", WSS "utility-1.0.xsd"},
    {"wsse", WSS "secext-1.0.xsd"},
    {"wsa", "http://www.w3.org/2005/08/addressing"},
};

static const char *usual_name(const char *prefix)
{
    size_t i;
    for (i = 0; i < sizeof usual_names / sizeof *usual_names; i++)
        if (strcmp(usual_names[i].prefix, prefix) == 0)
            return usual_names[i].uri;
    return NULL;
}

/* A receiver's table may be set to the other SOAP version than the envelope that arrived. */
static const char *in_version(const char *uri, int version)
{
    if (strcmp(uri, SX_NS_SOAP11) == 0 || strcmp(uri, SX_NS_SOAP12) == 0)
        return version == 12 ? SX_NS_SOAP12 : SX_NS_SOAP11;
    if (strcmp(uri, ENC11) == 0 || strcmp(uri, ENC12) == 0)
        return version == 12 ? ENC12 : ENC11;
    return uri;
}

enum sx_err sx_envelope_repair(struct sx_envelope *envelope, sx_prefix_fn *lookup, void *user)
{
    struct sx_buffer out = {0};
    const char *prefix;
    size_t name_len;

    if (!envelope->bytes || envelope->err || envelope->form || !envelope->unbound[0])
        return SX_OK;
    name_len = tag_name_len(envelope->bytes);
    sx_buffer_reserve(&out, envelope->len + SX_SCAN_UNBOUND_BYTES);
    sx_buffer_add(&out, envelope->bytes, name_len);
    for (prefix = envelope->unbound; *prefix; prefix += strlen(prefix) + 1) {
        const char *uri = lookup ? lookup(user, prefix) : NULL;
        if (!uri || !*uri)
            uri = usual_name(prefix);
        if (!uri)
            continue;
        sx_buffer_add_format(&out, " xmlns:%s=\"", prefix);
        sx_buffer_add_escaped(&out, in_version(uri, envelope->version));
        sx_buffer_add_text(&out, "\"");
    }
    sx_buffer_add(&out, envelope->bytes + name_len, envelope->len - name_len);
    if (out.failed) {
        sx_buffer_fini(&out);
        return SX_ENOMEM;
    }
    free(envelope->bytes);
    envelope->bytes = sx_buffer_take(&out, &envelope->len);
    envelope->unbound[0] = '\0';
    return SX_OK;
}
