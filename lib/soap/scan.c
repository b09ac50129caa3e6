/* scan.c - one pass over an envelope's elements.
 *
 * Invariant: depth counts the open elements whatever happened; findings don't change after an
 * error. An element's declarations stand in namespaces at base_depth + depth - 1 while it is open.
 *
 * Happy path: start pushes declarations, resolves the names, notes where in the envelope it is;
 *             text of an element without children is collected; end reads that text (action, fault
 *             code, QNames) and pops.
 * Failure: a prefix bound nowhere, a forbidden declaration or too many, too deep, no memory:
 *          err and why, and the rest of the envelope is only counted.
 *
 * Runs over every byte of every message: nothing is allocated per element, only per declaration.
 */
#include "soap/scan.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "soap/qname.h"
#include "xml/twin.h"

enum { DEPTH_ROOT = 1, DEPTH_PART, DEPTH_BLOCK, DEPTH_FAULT_PART, DEPTH_CODE_VALUE };
enum { WHY_NAME_BYTES = 64 }; /* of a peer's name quoted in why */
enum { NAME_STEPS = 16 };     /* an element or an attribute, before it is looked up */

int sx_scan_version(const char *uri, const char *local_name)
{
    if (strcmp(local_name, "Envelope") != 0)
        return 0;
    if (strcmp(uri, SX_NS_SOAP11) == 0)
        return 11;
    return strcmp(uri, SX_NS_SOAP12) == 0 ? 12 : 0;
}

void sx_scan_init(struct sx_scan *scan, unsigned max_depth)
{
    memset(scan, 0, sizeof *scan);
    scan->max_depth = max_depth;
}

void sx_scan_reset(struct sx_scan *scan, unsigned base_depth)
{
    sx_namespaces_pop(&scan->namespaces, base_depth);
    scan->version = 0;
    scan->has_body = scan->has_header = scan->is_fault = scan->root_declares_default = false;
    scan->has_lookalike = scan->has_doubtful = scan->has_prefixed_element = false;
    scan->header_byte = 0;
    scan->operation[0] = scan->operation_uri[0] = scan->fault_code[0] = scan->action[0] =
        scan->addressing_action[0] = scan->traceparent[0] = scan->unbound[0] = '\0';
    scan->err = SX_OK;
    scan->why[0] = '\0';
    scan->base_depth = base_depth;
    scan->depth = 0;
    scan->in_body = scan->in_header = scan->in_fault = scan->in_code = scan->collecting = false;
    scan->text_len = scan->unbound_len = 0;
    scan->rewritten_bytes = 0;
}

void sx_scan_fini(struct sx_scan *scan)
{
    sx_namespaces_fini(&scan->namespaces);
    memset(scan, 0, sizeof *scan);
}

/* Length of text, or less than max, without a character cut in two. */
static int cut_len(const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    return (int)(len == max ? sx_utf8_cut(text, len) : len);
}

static void copy_cut(char *out, size_t out_bytes, const char *text)
{
    int len = cut_len(text, out_bytes - 1);
    memcpy(out, text, (size_t)len);
    out[len] = '\0';
}

/* format has one %.*s for name. */
static enum sx_err fail(struct sx_scan *scan, enum sx_err err, const char *format, const char *name)
{
    scan->err = err;
    snprintf(scan->why, sizeof scan->why, format, cut_len(name, WHY_NAME_BYTES), name);
    return err;
}

bool sx_scan_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t sx_scan_spaces(const char *bytes, size_t len)
{
    size_t count = 0;
    while (count < len && sx_scan_is_space(bytes[count]))
        count++;
    return count;
}

static void trim(const char **text, size_t *len)
{
    size_t lead = sx_scan_spaces(*text, *len);
    *text += lead;
    *len -= lead;
    while (*len && sx_scan_is_space((*text)[*len - 1]))
        --*len;
}

/* ---- QName-like values ---- */

/* Bounded: false, what doesn't fit isn't recorded. */
static bool record_unbound(struct sx_scan *scan, const char *prefix, size_t len)
{
    const char *known;
    for (known = scan->unbound; *known; known += strlen(known) + 1)
        if (strlen(known) == len && memcmp(known, prefix, len) == 0)
            return true;
    if (scan->unbound_len + len + 2 > sizeof scan->unbound)
        return false;
    memcpy(scan->unbound + scan->unbound_len, prefix, len);
    scan->unbound_len += (unsigned)len;
    scan->unbound[scan->unbound_len++] = '\0';
    scan->unbound[scan->unbound_len] = '\0';
    return true;
}

/* Before a name is looked up. */
static void count_steps(struct sx_scan *scan)
{
    scan->steps += NAME_STEPS + scan->namespaces.count;
}

/* Whether a prefix of a value may be bound to what Prosody has made up for an attribute
 * (repair.h). It writes no prefix for an element. */
static bool is_doubtful(const struct sx_scan *scan, const struct sx_qname *qname)
{
    return !scan->has_prefixed_element && sx_qname_is_numbered(qname);
}

/* text is NUL-terminated at len or later. */
static void look_for_qname(struct sx_scan *scan, const char *text, size_t len)
{
    struct sx_qname qname;
    if (!memchr(text, ':', len))
        return;
    trim(&text, &len);
    if (!sx_qname_read(text, len, &qname))
        return;
    count_steps(scan);
    if (!sx_namespaces_lookup(&scan->namespaces, qname.prefix, qname.prefix_len))
        (void)record_unbound(scan, qname.prefix, qname.prefix_len);
    else if (is_doubtful(scan, &qname))
        scan->has_doubtful = true;
}

/* ---- measuring ---- */

/* What servers escape where they needn't, in bytes beyond the character's own. Found with Prosody
 * and ejabberd: all five entities in texts, and references for white space in attributes. */
static const unsigned char text_growth[256] = {
    ['&'] = 4, ['<'] = 3, ['>'] = 3, ['"'] = 5, ['\''] = 5};
static const unsigned char value_growth[256] = {
    ['&'] = 4, ['<'] = 3, ['>'] = 3, ['"'] = 5, ['\''] = 5, ['\t'] = 4, ['\n'] = 4, ['\r'] = 4};

size_t sx_scan_quoted_bytes(const char *text)
{
    size_t bytes = 0;
    for (; *text; text++)
        bytes += 1 + (size_t)value_growth[(unsigned char)*text];
    return bytes;
}

static void measure_text(struct sx_scan *scan, const char *text, int len)
{
    size_t growth = 0;
    int i;
    for (i = 0; i < len; i++)
        growth += text_growth[(unsigned char)text[i]];
    scan->rewritten_bytes += (size_t)len + growth;
}

/* Prosody declares the namespace on each element that isn't in its parent's. */
static void measure_element(struct sx_scan *scan, const char *qname, const char *uri)
{
    const char *outer = scan->depth > 1 ? scan->open_uris[scan->depth - 2] : "";
    scan->rewritten_bytes += 2 * strlen(qname) + sizeof "<></>" - 1;
    if (strcmp(outer, uri) != 0)
        scan->rewritten_bytes += sizeof " xmlns=''" - 1 + sx_scan_quoted_bytes(uri);
    scan->open_uris[scan->depth - 1] = uri;
}

/* ejabberd keeps declarations, Prosody makes one of its own for each prefixed attribute. */
static void measure_attribute(struct sx_scan *scan, const char **attribute, const char *uri,
                              unsigned number)
{
    unsigned digits = number < 10 ? 1 : number < 100 ? 2 : 8;
    scan->rewritten_bytes +=
        strlen(attribute[0]) + sizeof " =''" - 1 + sx_scan_quoted_bytes(attribute[1]);
    if (*uri && strncmp(attribute[0], "xml:", 4) != 0)
        scan->rewritten_bytes +=
            sizeof " xmlns:ns='' ns" - 1 + 2 * (size_t)digits + sx_scan_quoted_bytes(uri);
}

/* ---- elements ---- */

/* gSOAP's table has a pattern that ignores case, and it trims: with such a declaration SOAP's own
 * namespace isn't that any longer. */
static bool is_lookalike(const char *uri)
{
    return (strcasestr(uri, "soap-envelope") && strcmp(uri, SX_NS_SOAP12) != 0) ||
           (strcasestr(uri, "soap/envelope") && strcmp(uri, SX_NS_SOAP11) != 0);
}

static void look_for_lookalike(struct sx_scan *scan, const char **attributes)
{
    for (; *attributes; attributes += 2)
        if (sx_namespaces_declares(attributes[0]) && is_lookalike(attributes[1]))
            scan->has_lookalike = true;
}

static enum sx_err push_declarations(struct sx_scan *scan, const char *qname,
                                     const char **attributes)
{
    enum sx_err err =
        sx_namespaces_push(&scan->namespaces, scan->base_depth + scan->depth - 1, attributes);
    switch (err) {
    case SX_OK:
        return SX_OK;
    case SX_EMALFORMED:
        return fail(scan, err, "<%.*s> declares a prefix as Namespaces in XML forbids", qname);
    case SX_ETOOBIG:
        return fail(scan, err, "too many namespace declarations are in scope of <%.*s>", qname);
    default:
        return fail(scan, err, "memory is short at <%.*s>", qname);
    }
}

/* ejabberd drops what was declared on the iq: this one prefix means the same to everybody, and an
 * attribute without it would be lost. */
static bool bind_xsi(struct sx_scan *scan, const char *attribute, const char **uri)
{
    if (!scan->has_passed_server || strncmp(attribute, "xsi:", 4) != 0 || !attribute[4] ||
        strchr(attribute + 4, ':') || sx_namespaces_lookup(&scan->namespaces, "xsi", 3))
        return false;
    *uri = SX_NS_XSI;
    return record_unbound(scan, "xsi", 3);
}

/* What arrives has passed a server, or stays with us. */
static enum sx_err refuse_twin(struct sx_scan *scan, const char **attributes)
{
    const char *twin;
    if (sx_twin_find(&scan->namespaces, attributes, &twin))
        return fail(scan, SX_ENOMEM, "memory is short at the attribute %.*s", attributes[0]);
    if (twin)
        return fail(scan, SX_EMALFORMED,
                    "the attribute %.*s stands there under another prefix, too", twin);
    return SX_OK;
}

static enum sx_err scan_attributes(struct sx_scan *scan, const char **attributes)
{
    unsigned number = 0;
    const char *uri;
    if (scan->open_uris && refuse_twin(scan, attributes))
        return scan->err;
    for (; *attributes; attributes += 2) {
        if (sx_namespaces_declares(attributes[0])) {
            if (scan->open_uris)
                measure_attribute(scan, attributes, "", 0);
            continue;
        }
        count_steps(scan);
        if (!sx_namespaces_resolve(&scan->namespaces, attributes[0], true, &uri) &&
            !bind_xsi(scan, attributes[0], &uri))
            return fail(scan, SX_EMALFORMED, "the prefix of the attribute %.*s is bound nowhere",
                        attributes[0]);
        look_for_qname(scan, attributes[1], strlen(attributes[1]));
        if (scan->open_uris)
            measure_attribute(scan, attributes, uri, ++number);
    }
    return SX_OK;
}

static bool is_soap(const struct sx_scan *scan, const char *uri)
{
    return strcmp(uri, scan->version == 11 ? SX_NS_SOAP11 : SX_NS_SOAP12) == 0;
}

static enum sx_err enter_part(struct sx_scan *scan, const char *uri, const char *local_name)
{
    if (!is_soap(scan, uri)) {
        /* gSOAP takes that of the other version, and of http://www.w3.org/ANY/soap-envelope, for
         * the Body: the operation must not be one in the eyes of the rules and another one in its.
         */
        if (!scan->has_body && strcmp(local_name, "Body") == 0)
            return fail(scan, SX_EMALFORMED, "the <%.*s> isn't in the Envelope's namespace",
                        local_name);
        return SX_OK;
    }
    /* A second Body or Header is none: gSOAP reads the first. */
    if (!scan->has_body && strcmp(local_name, "Body") == 0)
        scan->has_body = scan->in_body = true;
    else if (!scan->has_header && strcmp(local_name, "Header") == 0)
        scan->has_header = scan->in_header = true;
    return SX_OK;
}

static bool is_addressing_action(const char *uri, const char *local_name)
{
    return strcmp(local_name, "Action") == 0 &&
           (strcmp(uri, "http://www.w3.org/2005/08/addressing") == 0 ||
            strcmp(uri, "http://schemas.xmlsoap.org/ws/2004/08/addressing") == 0);
}

static void read_trace(struct sx_scan *scan, const char **attributes)
{
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], "parent") == 0 && sx_traceparent_is_valid(attributes[1]))
            snprintf(scan->traceparent, sizeof scan->traceparent, "%s", attributes[1]);
}

static void enter_block(struct sx_scan *scan, const char *uri, const char *local_name,
                        const char **attributes)
{
    if (scan->in_body && !scan->operation[0]) {
        copy_cut(scan->operation, sizeof scan->operation, local_name);
        copy_cut(scan->operation_uri, sizeof scan->operation_uri,
                 strlen(uri) < sizeof scan->operation_uri ? uri : SX_SCAN_LONG_URI);
        scan->is_fault = scan->in_fault = strcmp(local_name, "Fault") == 0 && is_soap(scan, uri);
    } else if (scan->in_header && !scan->action[0] && strcmp(local_name, "soapAction") == 0 &&
               strcmp(uri, SX_NS_ACTION) == 0) {
        scan->leaf = SX_LEAF_ACTION;
    } else if (scan->in_header && is_addressing_action(uri, local_name)) {
        scan->leaf = SX_LEAF_ADDRESSING;
    } else if (scan->in_header && !scan->traceparent[0] && strcmp(local_name, "trace") == 0 &&
               strcmp(uri, SX_NS_TRACE) == 0) {
        read_trace(scan, attributes);
    }
}

/* SOAP 1.1 <faultcode> and SOAP 1.2 <Code><Value>, whatever namespace a server left them in. */
static void enter_fault(struct sx_scan *scan, const char *local_name)
{
    if (!scan->in_fault || scan->fault_code[0])
        return;
    if (scan->depth == DEPTH_FAULT_PART) {
        scan->in_code = scan->version == 12 && strcmp(local_name, "Code") == 0;
        if (scan->version == 11 && strcmp(local_name, "faultcode") == 0)
            scan->leaf = SX_LEAF_FAULT_CODE;
    } else if (scan->in_code && strcmp(local_name, "Value") == 0) {
        scan->leaf = SX_LEAF_FAULT_CODE;
    }
}

static enum sx_err enter_root(struct sx_scan *scan, const char *qname, const char *uri,
                              const char *local_name, const char **attributes)
{
    scan->version = sx_scan_version(uri, local_name);
    if (!scan->version && strcmp(local_name, "Envelope") == 0)
        return fail(scan, SX_EVERSION, "an Envelope of SOAP is not in \"%.*s\"", uri);
    if (!scan->version)
        return fail(scan, SX_EMALFORMED, "the root element <%.*s> is no SOAP 1.1 or 1.2 Envelope",
                    qname);
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], "xmlns") == 0)
            scan->root_declares_default = true;
    return SX_OK;
}

/* Those that gSOAP takes for SOAP's, and more: its table has a pattern that ignores case. */
static bool looks_like_soap(const char *uri)
{
    return !*uri || strcasestr(uri, "soap");
}

/* Until the operation is known. gSOAP cuts long names, and what it gets to see then may be another
 * one. Where it can't make sense of a Header it goes on to the Body from inside: soap_recv_header()
 * takes SOAP_TAG_MISMATCH for no Header. */
static enum sx_err check_name(struct sx_scan *scan, const char *qname, const char *uri,
                              const char *local_name)
{
    if (strlen(qname) > SX_SCAN_QNAME_BYTES)
        return fail(scan, SX_EMALFORMED, "the name <%.*s...> is too long", qname);
    if (!scan->has_body && scan->depth > DEPTH_PART && strcmp(local_name, "Body") == 0 &&
        looks_like_soap(uri))
        return fail(scan, SX_EMALFORMED, "a <%.*s> stands inside of another element", qname);
    return SX_OK;
}

static enum sx_err enter(struct sx_scan *scan, const char *qname, const char **attributes)
{
    const char *uri;
    const char *local_name = sx_namespaces_resolve(&scan->namespaces, qname, false, &uri);

    if (!local_name)
        return fail(scan, SX_EMALFORMED, "the prefix of <%.*s> is bound nowhere", qname);
    if (!scan->operation[0] && check_name(scan, qname, uri, local_name))
        return scan->err;
    if (local_name != qname)
        scan->has_prefixed_element = true;
    if (scan->open_uris)
        measure_element(scan, qname, uri);
    scan->leaf = SX_LEAF_PLAIN;
    scan->text_len = 0;
    scan->collecting = true;
    switch (scan->depth) {
    case DEPTH_ROOT:
        return enter_root(scan, qname, uri, local_name, attributes);
    case DEPTH_PART:
        return enter_part(scan, uri, local_name);
    case DEPTH_BLOCK:
        enter_block(scan, uri, local_name, attributes);
        return SX_OK;
    case DEPTH_FAULT_PART:
    case DEPTH_CODE_VALUE:
        enter_fault(scan, local_name);
        return SX_OK;
    default:
        return SX_OK;
    }
}

enum sx_err sx_scan_start(struct sx_scan *scan, const char *qname, const char **attributes)
{
    scan->depth++;
    if (scan->err)
        return scan->err;
    if (scan->depth > scan->max_depth) {
        scan->err = SX_EDEPTH;
        snprintf(scan->why, sizeof scan->why, "elements are nested deeper than %u",
                 scan->max_depth);
        return scan->err;
    }
    if (*attributes && push_declarations(scan, qname, attributes))
        return scan->err;
    count_steps(scan);
    if (*attributes && !scan->operation[0])
        look_for_lookalike(scan, attributes);
    if (enter(scan, qname, attributes))
        return scan->err;
    return *attributes ? scan_attributes(scan, attributes) : SX_OK;
}

enum sx_err sx_scan_text(struct sx_scan *scan, const char *text, int len)
{
    if (scan->err)
        return scan->err;
    if (scan->open_uris)
        measure_text(scan, text, len);
    if (!scan->collecting)
        return SX_OK;
    if ((size_t)len >= sizeof scan->text - scan->text_len) {
        scan->collecting = false; /* longer than anything that is looked for */
        return SX_OK;
    }
    memcpy(scan->text + scan->text_len, text, (size_t)len);
    scan->text_len += (unsigned)len;
    return SX_OK;
}

static void read_leaf(struct sx_scan *scan)
{
    const char *text = scan->text, *colon;
    size_t len = scan->text_len;

    scan->text[len] = '\0';
    if (scan->leaf != SX_LEAF_ACTION) /* which is a URI: its scheme is no prefix */
        look_for_qname(scan, text, len);
    if (scan->leaf == SX_LEAF_PLAIN)
        return;
    trim(&text, &len);
    scan->text[text - scan->text + (ptrdiff_t)len] = '\0';
    if (scan->leaf == SX_LEAF_ACTION) {
        copy_cut(scan->action, sizeof scan->action, text);
        return;
    }
    if (scan->leaf == SX_LEAF_ADDRESSING) {
        if (len < sizeof scan->addressing_action)
            copy_cut(scan->addressing_action, sizeof scan->addressing_action, text);
        return;
    }
    colon = strrchr(text, ':');
    copy_cut(scan->fault_code, sizeof scan->fault_code, colon ? colon + 1 : text);
}

enum sx_err sx_scan_end(struct sx_scan *scan)
{
    if (!scan->depth)
        return scan->err;
    if (!scan->err) {
        if (scan->collecting)
            read_leaf(scan);
        scan->collecting = false;
        if (scan->depth == DEPTH_PART)
            scan->in_body = scan->in_header = false;
        else if (scan->depth == DEPTH_BLOCK)
            scan->in_fault = false;
        sx_namespaces_pop(&scan->namespaces, scan->base_depth + scan->depth - 1);
    }
    scan->depth--;
    return scan->err;
}

/* ---- plain markup ---- */

struct markup_scan {
    struct sx_scan *scan;
    const struct sx_markup *markup;
    const char *bytes;
};

static bool start_plainly(void *user, const char *qname, const char **attributes)
{
    const struct markup_scan *over = user;
    struct sx_scan *scan = over->scan;
    bool had_header = scan->has_header;
    if (sx_scan_start(scan, qname, attributes))
        return false;
    if (scan->has_header && !had_header)
        scan->header_byte = (size_t)(over->markup->token - over->bytes);
    return true;
}

static bool text_plainly(void *user, const char *text, int len)
{
    const struct markup_scan *over = user;
    return sx_scan_text(over->scan, text, len) == SX_OK;
}

static bool end_plainly(void *user)
{
    const struct markup_scan *over = user;
    return sx_scan_end(over->scan) == SX_OK;
}

bool sx_scan_markup(struct sx_scan *scan, struct sx_markup *markup, const char *bytes, size_t len)
{
    struct markup_scan over = {scan, markup, bytes};
    const struct sx_markup_sink sink = {start_plainly, text_plainly, end_plainly, &over};
    size_t read = sx_markup_read(markup, bytes, len, &sink);
    if (!read)
        return false;
    /* gSOAP ends envelopes in CR LF */
    return read + sx_scan_spaces(bytes + read, len - read) == len;
}
