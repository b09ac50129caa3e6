/* repair.c - one pass over the bytes of an envelope that a scan has found well-formed.
 *
 * Invariant: beside declarations behind the root's name, prefixes of values are all that changes.
 * No name is looked up twice: there are SX_REPAIR_MEANINGS at most, and as many new prefixes.
 *
 * Happy path: mark (did Prosody write it?) -> pass: each type and each code is looked up, and gets
 * its prefix from the root, or a new one in the value -> assemble: the root's declarations.
 * Failure: a type that stays unknown, too many names, no memory: the envelope as it was.
 */
#include "soap/repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/token.h"

enum { DEPTH_PART = 2, DEPTH_BLOCK, DEPTH_FAULT_PART, BASE_BYTES = 2, SHOWN_BYTES = 64 };
enum binding { LEFT_ALONE, BY_ROOT, BY_NEW_PREFIX };

/* What one name means wherever its prefix is unbound. */
struct meaning {
    struct sx_qname qname;    /* into the envelope's bytes */
    bool is_code, is_servers; /* the second: its prefix is bound, to what Prosody made up */
    enum binding binding;
    const char *uri;     /* unless it is left alone */
    unsigned new_number; /* of the new prefix: equal ones have the same uri */
};

struct pass {
    const struct sx_repair *repair;
    const struct sx_envelope *envelope;
    struct sx_vocabulary vocabulary;
    struct sx_namespaces namespaces;
    struct sx_buffer declaration; /* the one that is being read */
    bool has_mark;                /* Prosody's */
    unsigned depth;
    bool in_body, in_fault, in_code, is_code_leaf;
    struct meaning meanings[SX_REPAIR_MEANINGS];
    size_t count;
    unsigned new_count;
    char base[BASE_BYTES + 1]; /* of new prefixes; "" until one is needed */
    struct sx_buffer out;      /* what stands behind the root's name, as far as copied */
    const char *copied;
    char *why;
};

static bool is_text(const char *bytes, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(bytes, text, len) == 0;
}

static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* The local part of a name. */
static const char *local_of(const char *name, size_t *len)
{
    const char *colon = memchr(name, ':', *len);
    if (!colon)
        return name;
    *len -= (size_t)(colon + 1 - name);
    return colon + 1;
}

static bool is_declaration(const struct sx_token_attribute *attribute)
{
    return attribute->name_len >= 5 && memcmp(attribute->name, "xmlns", 5) == 0 &&
           (attribute->name_len == 5 || attribute->name[5] == ':');
}

static bool is_start(const struct sx_token *token)
{
    return token->kind == SX_TOKEN_START || token->kind == SX_TOKEN_EMPTY;
}

/* ---- Prosody's mark ---- */

static bool has_prefix(const struct sx_token_attribute *attribute, const struct sx_qname *qname)
{
    return attribute->name_len > qname->prefix_len && attribute->name[qname->prefix_len] == ':' &&
           memcmp(attribute->name, qname->prefix, qname->prefix_len) == 0;
}

/* It declares one prefix for one attribute, which follows. The stream's own prefixes stand on an
 * envelope's root, too. */
static bool are_servers_declarations(const struct sx_token *token, const char *at)
{
    struct sx_token_attribute attribute;
    struct sx_qname name = {0};
    while (sx_token_attribute(token, &at, &attribute)) {
        if (name.prefix_len && !has_prefix(&attribute, &name))
            return false;
        name.prefix_len = 0;
        if (!is_declaration(&attribute) || attribute.name_len == 5)
            continue;
        name.prefix = attribute.name + 6;
        name.prefix_len = attribute.name_len - 6;
        if (is_text(name.prefix, name.prefix_len, "stream") ||
            is_text(name.prefix, name.prefix_len, "db"))
            name.prefix_len = 0;
        else if (!sx_qname_is_numbered(&name))
            return false;
    }
    return !name.prefix_len;
}

static bool has_mark(const char *bytes, const char *end)
{
    struct sx_token token;
    for (; sx_token_read(&token, bytes, end); bytes += token.len) {
        size_t name_len;
        if (!is_start(&token))
            continue;
        name_len = sx_token_name_len(&token);
        if (memchr(token.bytes + 1, ':', name_len) ||
            !are_servers_declarations(&token, token.bytes + 1 + name_len))
            return false;
    }
    return true;
}

/* ---- what a name means ---- */

static bool is_encoding(const char *uri)
{
    return strcmp(uri, SX_NS_ENCODING11) == 0 || strcmp(uri, SX_NS_ENCODING12) == 0;
}

static bool is_envelopes(const char *uri)
{
    return strcmp(uri, SX_NS_SOAP11) == 0 || strcmp(uri, SX_NS_SOAP12) == 0;
}

static bool is_xsi(const char *uri)
{
    static const char begin[] = "http://www.w3.org/", end[] = "/XMLSchema-instance";
    size_t len = strlen(uri);
    return len > sizeof begin + sizeof end - 2 && memcmp(uri, begin, sizeof begin - 1) == 0 &&
           strcmp(uri + len - (sizeof end - 1), end) == 0;
}

/* Whether a prefix is bound to uri by Prosody alone. */
static bool is_made_up(const struct pass *pass, const struct sx_qname *qname, const char *uri,
                       bool is_code)
{
    if (!sx_qname_is_numbered(qname))
        return false;
    if (pass->has_mark || is_xsi(uri))
        return true;
    if (is_encoding(uri))
        return !sx_qname_is_schema_type(qname) && !sx_qname_is_encoding_type(qname);
    return is_envelopes(uri) && !is_code;
}

static bool is_told(const struct sx_repair *repair)
{
    return repair->trace && sx_trace_on(repair->trace, SOAP_XMPP_TRACE_DEBUG);
}

static void tell(const struct pass *pass, const struct meaning *meaning)
{
    const struct sx_repair *repair = pass->repair;
    const struct sx_qname *qname = &meaning->qname;
    if (!is_told(repair))
        return;
    sx_trace(repair->trace, SOAP_XMPP_TRACE_DEBUG,
             "%.200s: a server lost the prefix of %s \"%.*s:%.*s\": %s%.200s", repair->sender,
             meaning->is_code ? "the fault code" : "the type",
             (int)(qname->prefix_len < SHOWN_BYTES ? qname->prefix_len : SHOWN_BYTES),
             qname->prefix, (int)(qname->local_len < SHOWN_BYTES ? qname->local_len : SHOWN_BYTES),
             qname->local, meaning->uri ? "taken as one of " : "left as it is",
             meaning->uri ? meaning->uri : "");
}

/* What the prefix means on the root, if a name before needed it. */
static const struct meaning *find_on_root(const struct pass *pass, const char *prefix,
                                          size_t prefix_len)
{
    size_t i;
    for (i = 0; i < pass->count; i++)
        if (pass->meanings[i].binding == BY_ROOT &&
            is_same(pass->meanings[i].qname.prefix, pass->meanings[i].qname.prefix_len, prefix,
                    prefix_len))
            return &pass->meanings[i];
    return NULL;
}

/* Two letters behind which no declaration of the envelope's continues. */
static enum sx_err choose_base(struct pass *pass)
{
    char declared[] = "xmlns:qa";
    char *letter = declared + sizeof declared - 2;
    for (; *letter <= 'z'; ++*letter)
        if (!memmem(pass->envelope->bytes, pass->envelope->len, declared, sizeof declared - 1)) {
            memcpy(pass->base, letter - 1, BASE_BYTES);
            return SX_OK;
        }
    snprintf(pass->why, SX_REPAIR_WHY_BYTES,
             "no prefix is left for types that a server took "
             "theirs from");
    return SX_EMALFORMED;
}

static enum sx_err bind_anew(struct pass *pass, struct meaning *meaning)
{
    size_t i;
    meaning->binding = BY_NEW_PREFIX;
    for (i = 0; i < pass->count; i++)
        if (pass->meanings[i].binding == BY_NEW_PREFIX &&
            strcmp(pass->meanings[i].uri, meaning->uri) == 0) {
            meaning->new_number = pass->meanings[i].new_number;
            return SX_OK;
        }
    meaning->new_number = pass->new_count++;
    return *pass->base ? SX_OK : choose_base(pass);
}

/* "xsi" is kept for attributes. */
static enum sx_err bind(struct pass *pass, struct meaning *meaning)
{
    const struct sx_qname *qname = &meaning->qname;
    const struct meaning *other = find_on_root(pass, qname->prefix, qname->prefix_len);
    if (meaning->is_servers || is_text(qname->prefix, qname->prefix_len, "xsi") ||
        (other && strcmp(other->uri, meaning->uri) != 0))
        return bind_anew(pass, meaning);
    meaning->binding = BY_ROOT;
    return SX_OK;
}

static enum sx_err refuse(const struct pass *pass, const struct sx_qname *qname)
{
    snprintf(pass->why, SX_REPAIR_WHY_BYTES,
             "the prefix of the type \"%.*s:%.*s\" is bound nowhere, since a server on the way "
             "dropped its declaration, and no namespace is sure to be meant",
             (int)(qname->prefix_len < SHOWN_BYTES ? qname->prefix_len : SHOWN_BYTES),
             qname->prefix, (int)(qname->local_len < SHOWN_BYTES ? qname->local_len : SHOWN_BYTES),
             qname->local);
    return SX_EMALFORMED;
}

static enum sx_err add_meaning(struct pass *pass, const struct sx_qname *qname, bool is_code,
                               bool is_servers)
{
    struct meaning *meaning = &pass->meanings[pass->count];
    enum sx_err err = SX_OK;
    if (pass->count == SX_REPAIR_MEANINGS) {
        snprintf(pass->why, SX_REPAIR_WHY_BYTES,
                 "more than %d names of types have lost their prefixes on the way",
                 SX_REPAIR_MEANINGS);
        return SX_EMALFORMED;
    }
    *meaning = (struct meaning){.qname = *qname, .is_code = is_code, .is_servers = is_servers};
    meaning->uri = is_code ? sx_vocabulary_code(&pass->vocabulary, qname)
                           : sx_vocabulary_type(&pass->vocabulary, qname);
    if (!meaning->uri && !pass->envelope->is_fault)
        return refuse(pass, qname);
    if (meaning->uri)
        err = bind(pass, meaning);
    if (err)
        return err;
    pass->count++;
    tell(pass, meaning);
    return SX_OK;
}

static const struct meaning *find_meaning(const struct pass *pass, const struct sx_qname *qname,
                                          bool is_code, bool is_servers)
{
    size_t i;
    for (i = 0; i < pass->count; i++) {
        const struct meaning *meaning = &pass->meanings[i];
        if (meaning->is_code == is_code && meaning->is_servers == is_servers &&
            is_same(meaning->qname.prefix, meaning->qname.prefix_len, qname->prefix,
                    qname->prefix_len) &&
            is_same(meaning->qname.local, meaning->qname.local_len, qname->local, qname->local_len))
            return meaning;
    }
    return NULL;
}

static void rewrite(struct pass *pass, const struct sx_qname *qname, const struct meaning *meaning)
{
    sx_buffer_add(&pass->out, pass->copied, (size_t)(qname->prefix - pass->copied));
    sx_buffer_add_format(&pass->out, "%s%u", pass->base, meaning->new_number);
    pass->copied = qname->prefix + qname->prefix_len;
}

/* A value that names a type or a code. */
static enum sx_err read_value(struct pass *pass, const char *text, size_t len, bool is_code)
{
    const struct meaning *meaning;
    struct sx_qname qname;
    const char *uri;
    bool is_servers;
    size_t lead = sx_scan_spaces(text, len);
    text += lead;
    len -= lead;
    while (len && sx_scan_is_space(text[len - 1]))
        len--;
    if (!sx_qname_read(text, len, &qname))
        return SX_OK;
    uri = sx_namespaces_lookup(&pass->namespaces, qname.prefix, qname.prefix_len);
    is_servers = uri && is_made_up(pass, &qname, uri, is_code);
    if (uri && !is_servers)
        return SX_OK;
    if (!find_meaning(pass, &qname, is_code, is_servers)) {
        enum sx_err err = add_meaning(pass, &qname, is_code, is_servers);
        if (err)
            return err;
    }
    meaning = find_meaning(pass, &qname, is_code, is_servers);
    if (meaning->binding == BY_NEW_PREFIX)
        rewrite(pass, &qname, meaning);
    return SX_OK;
}

/* ---- elements ---- */

static enum sx_err push(struct pass *pass, const struct sx_token_attribute *attribute)
{
    struct sx_buffer *text = &pass->declaration;
    const char *pair[3] = {NULL, NULL, NULL};
    sx_buffer_clear(text);
    sx_buffer_add(text, attribute->name, attribute->name_len);
    sx_buffer_add(text, "", 1);
    sx_buffer_add(text, attribute->value, attribute->value_len);
    sx_buffer_add(text, "", 1);
    if (text->failed)
        return SX_ENOMEM;
    pair[0] = text->bytes;
    pair[1] = text->bytes + attribute->name_len + 1;
    return sx_namespaces_push(&pass->namespaces, pass->depth, pair);
}

static bool names_type(const struct pass *pass, const struct sx_token_attribute *attribute)
{
    size_t len = attribute->name_len, prefix_len;
    const char *local = local_of(attribute->name, &len), *uri;
    bool is_type = is_text(local, len, "type");
    if (local == attribute->name ||
        (!is_type && !is_text(local, len, "arrayType") && !is_text(local, len, "itemType")))
        return false;
    prefix_len = attribute->name_len - len - 1;
    uri = sx_namespaces_lookup(&pass->namespaces, attribute->name, prefix_len);
    if (!uri) /* the scan has let one pass */
        return is_type && is_text(attribute->name, prefix_len, "xsi");
    return is_type ? is_xsi(uri) : is_encoding(uri);
}

static void enter(struct pass *pass, const struct sx_token *token, size_t name_len)
{
    const char *local = local_of(token->bytes + 1, &name_len);
    bool is_12 = pass->envelope->version == 12;
    if (pass->depth == DEPTH_PART)
        pass->in_body = is_text(local, name_len, "Body");
    else if (pass->depth == DEPTH_BLOCK)
        pass->in_fault = pass->in_body && is_text(local, name_len, "Fault");
    else if (pass->depth == DEPTH_FAULT_PART)
        pass->in_code = pass->in_fault && is_12 && is_text(local, name_len, "Code");
    pass->is_code_leaf =
        (pass->depth == DEPTH_FAULT_PART && pass->in_fault && !is_12 &&
         is_text(local, name_len, "faultcode")) ||
        (pass->depth > DEPTH_FAULT_PART && pass->in_code && is_text(local, name_len, "Value"));
}

static enum sx_err start(struct pass *pass, const struct sx_token *token)
{
    size_t name_len = sx_token_name_len(token);
    const char *first = token->bytes + 1 + name_len, *at = first;
    struct sx_token_attribute attribute;
    enum sx_err err = SX_OK;
    pass->depth++;
    enter(pass, token, name_len);
    while (!err && sx_token_attribute(token, &at, &attribute))
        if (is_declaration(&attribute))
            err = push(pass, &attribute);
    at = first;
    while (!err && sx_token_attribute(token, &at, &attribute))
        if (names_type(pass, &attribute))
            err = read_value(pass, attribute.value, attribute.value_len, false);
    return err;
}

static void end(struct pass *pass)
{
    if (pass->depth == DEPTH_PART)
        pass->in_body = false;
    if (pass->depth == DEPTH_BLOCK)
        pass->in_fault = false;
    if (pass->depth == DEPTH_FAULT_PART)
        pass->in_code = false;
    pass->is_code_leaf = false;
    sx_namespaces_pop(&pass->namespaces, pass->depth);
    pass->depth--;
}

static enum sx_err run(struct pass *pass)
{
    const char *at = pass->envelope->bytes, *behind = at + pass->envelope->len;
    struct sx_token token;
    enum sx_err err = SX_OK;
    for (; !err && sx_token_read(&token, at, behind); at += token.len) {
        if (is_start(&token))
            err = start(pass, &token);
        if (token.kind == SX_TOKEN_TEXT && pass->is_code_leaf)
            err = read_value(pass, token.bytes, token.len, true);
        if ((token.kind == SX_TOKEN_EMPTY || token.kind == SX_TOKEN_END) && pass->depth)
            end(pass);
    }
    sx_buffer_add(&pass->out, pass->copied, (size_t)(behind - pass->copied));
    return pass->out.failed ? SX_ENOMEM : err;
}

/* ---- declarations ---- */

static void declare(struct sx_buffer *out, const char *prefix, size_t prefix_len, const char *uri)
{
    sx_buffer_add_text(out, " xmlns:");
    sx_buffer_add(out, prefix, prefix_len);
    sx_buffer_add_text(out, "=\"");
    sx_buffer_add_escaped(out, uri);
    sx_buffer_add_text(out, "\"");
}

/* Once for each prefix. */
static void declare_meanings(const struct pass *pass, struct sx_buffer *out)
{
    unsigned new_count = 0;
    size_t i;
    for (i = 0; i < pass->count; i++) {
        const struct meaning *meaning = &pass->meanings[i];
        const struct sx_qname *qname = &meaning->qname;
        if (meaning->binding == BY_ROOT &&
            find_on_root(pass, qname->prefix, qname->prefix_len) == meaning)
            declare(out, qname->prefix, qname->prefix_len, meaning->uri);
        if (meaning->binding == BY_NEW_PREFIX && meaning->new_number == new_count) {
            char prefix[BASE_BYTES + 16];
            int len = snprintf(prefix, sizeof prefix, "%s%u", pass->base, new_count++);
            declare(out, prefix, (size_t)len, meaning->uri);
        }
    }
}

/* Of values that are neither types nor codes, and of attributes that say xsi. */
static void declare_others(const struct pass *pass, struct sx_buffer *out)
{
    const char *prefix;
    for (prefix = pass->envelope->unbound; *prefix; prefix += strlen(prefix) + 1) {
        size_t len = strlen(prefix);
        const char *uri = strcmp(prefix, "xsi") == 0
                              ? SX_NS_XSI
                              : sx_vocabulary_prefix(&pass->vocabulary, prefix, len);
        if (!uri || find_on_root(pass, prefix, len))
            continue;
        declare(out, prefix, len, uri);
        if (is_told(pass->repair))
            sx_trace(pass->repair->trace, SOAP_XMPP_TRACE_DEBUG,
                     "%.200s: a server lost the prefix \"%.64s\": taken for that of %.200s",
                     pass->repair->sender, prefix, uri);
    }
}

/* Puts the root's name and its declarations before what is copied. */
static enum sx_err assemble(struct pass *pass, struct sx_envelope *envelope, size_t name_len)
{
    struct sx_buffer head = {0}, *out = &pass->out;
    sx_buffer_add(&head, envelope->bytes, name_len);
    declare_meanings(pass, &head);
    declare_others(pass, &head);
    if (head.failed || !sx_buffer_reserve(out, head.len)) {
        sx_buffer_fini(&head);
        return SX_ENOMEM;
    }
    memmove(out->bytes + head.len, out->bytes, out->len + 1);
    memcpy(out->bytes, head.bytes, head.len);
    out->len += head.len;
    sx_buffer_fini(&head);
    free(envelope->bytes);
    envelope->bytes = sx_buffer_take(out, &envelope->len);
    envelope->unbound[0] = '\0';
    envelope->has_doubtful = false;
    return SX_OK;
}

bool sx_repair_is_due(const struct sx_envelope *envelope)
{
    return envelope->bytes && !envelope->err && !envelope->form &&
           (envelope->unbound[0] || envelope->has_doubtful);
}

enum sx_err sx_repair_envelope(const struct sx_repair *repair, struct sx_envelope *envelope,
                               char *why)
{
    struct sx_vocabulary vocabulary = {repair->row, repair->user, envelope->version,
                                       envelope->operation_uri};
    struct pass pass = {
        .repair = repair, .envelope = envelope, .vocabulary = vocabulary, .why = why};
    struct sx_token root;
    enum sx_err err;
    size_t name_len;

    *why = '\0';
    if (!sx_repair_is_due(envelope) ||
        !sx_token_read(&root, envelope->bytes, envelope->bytes + envelope->len))
        return SX_OK;
    name_len = 1 + sx_token_name_len(&root);
    pass.copied = envelope->bytes + name_len;
    /* Room for all of it at once: the envelope is there twice, not three times. */
    sx_buffer_reserve(&pass.out, envelope->len + SX_SCAN_UNBOUND_BYTES);
    pass.has_mark = has_mark(envelope->bytes, envelope->bytes + envelope->len);
    err = run(&pass);
    if (!err)
        err = assemble(&pass, envelope, name_len);
    sx_namespaces_fini(&pass.namespaces);
    sx_buffer_fini(&pass.declaration);
    sx_buffer_fini(&pass.out);
    return err;
}
