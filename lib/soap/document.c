/* document.c - one pass of expat over a document finds what a stanza can't hold; the rest is
 * copied.
 *
 * Invariant: expat sees the whole document before a byte of it is believed, and only what was
 * copied from it comes out: no entity is ever expanded, since a DOCTYPE, which alone could declare
 * one, ends the pass.
 *
 * Happy path: encoding -> UTF-8 -> expat tells of the root's beginning and end and of each comment
 * and instruction inside it -> the pieces between them are copied.
 * Failure: the first thing that is wrong ends the pass, with its line.
 */
#include "soap/document.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "soap/encoding.h"
#include "xml/namespace.h"
#include "xml/quota.h"
#include "xml/twin.h"

enum {
    /* What expat may hold: some times the document, for its attributes' names and its copy. */
    QUOTA_BASE_BYTES = 1 << 20,
    QUOTA_FACTOR = 64
};

struct pass {
    XML_Parser parser;
    struct sx_quota quota;
    const char *text; /* UTF-8 */
    struct sx_buffer *out;
    size_t first;  /* byte of out that is the document's */
    size_t copied; /* bytes of the text that were copied or left out */
    unsigned depth;
    struct sx_namespaces namespaces;
    enum sx_err err;
    char why[160];
};

/* The first refusal counts; expat may still deliver the event it was about to. */
__attribute__((format(printf, 3, 4))) static void refuse(struct pass *pass, enum sx_err err,
                                                         const char *format, ...)
{
    va_list arguments;
    if (pass->err)
        return;
    pass->err = err;
    va_start(arguments, format);
    vsnprintf(pass->why, sizeof pass->why, format, arguments);
    va_end(arguments);
    XML_StopParser(pass->parser, XML_FALSE);
}

static unsigned long line_of(const struct pass *pass)
{
    return (unsigned long)XML_GetCurrentLineNumber(pass->parser);
}

static size_t byte_of(const struct pass *pass)
{
    return (size_t)XML_GetCurrentByteIndex(pass->parser);
}

static size_t end_of(const struct pass *pass)
{
    return byte_of(pass) + (size_t)XML_GetCurrentByteCount(pass->parser);
}

/* ---- what is copied ---- */

/* "]]>" must not stand in a text (XML 1.0 2.4), nor come to stand there. Nothing but a text ends in
 * a bracket. */
static size_t split_end(const struct pass *pass, const char *bytes, size_t len)
{
    const struct sx_buffer *out = pass->out;
    size_t before = 0;
    while (before < 2 && before < out->len - pass->first &&
           out->bytes[out->len - 1 - before] == ']')
        before++;
    if (before == 2 && len >= 1 && bytes[0] == '>')
        return 1;
    return before >= 1 && len >= 2 && bytes[0] == ']' && bytes[1] == '>' ? 2 : 0;
}

static void copy_until(struct pass *pass, size_t end)
{
    const char *bytes = pass->text + pass->copied;
    size_t len = end - pass->copied, split = split_end(pass, bytes, len);
    if (split) {
        sx_buffer_add(pass->out, bytes, split - 1);
        sx_buffer_add_text(pass->out, "&gt;");
    }
    sx_buffer_add(pass->out, bytes + split, len - split);
    pass->copied = end;
}

/* Outside of the root nothing is copied anyway. */
static void leave_out(struct pass *pass)
{
    if (pass->depth == 0 || pass->err)
        return;
    copy_until(pass, byte_of(pass));
    pass->copied = end_of(pass);
}

/* ---- what expat tells ---- */

static void refuse_declaration(struct pass *pass, enum sx_err err)
{
    if (err == SX_ENOMEM)
        refuse(pass, err, "%s", sx_fault_text(err));
    else if (err == SX_ETOOBIG)
        refuse(pass, err, "in line %lu more than %d namespace declarations are in scope",
               line_of(pass), SX_NAMESPACES_COUNT);
    else
        refuse(pass, SX_EUNCARRIABLE,
               "in line %lu a prefix is declared as Namespaces in XML doesn't allow",
               line_of(pass));
}

static void check_twins(struct pass *pass, const char **attributes)
{
    const char *twin;
    if (sx_twin_find(&pass->namespaces, attributes, &twin))
        refuse(pass, SX_ENOMEM, "%s", sx_fault_text(SX_ENOMEM));
    else if (twin)
        refuse(pass, SX_EUNCARRIABLE,
               "in line %lu the attribute %.60s stands there under another prefix, too",
               line_of(pass), twin);
}

/* A server closes the stream for a prefix that is bound nowhere, and for a twin. */
static void check_prefixes(struct pass *pass, const char *qname, const char **attributes)
{
    enum sx_err err = sx_namespaces_push(&pass->namespaces, pass->depth, attributes);
    const char **all = attributes, *uri, *unbound = NULL;
    if (err) {
        refuse_declaration(pass, err);
        return;
    }
    if (!sx_namespaces_resolve(&pass->namespaces, qname, false, &uri))
        unbound = qname;
    for (; !unbound && *attributes; attributes += 2)
        if (!sx_namespaces_declares(attributes[0]) &&
            !sx_namespaces_resolve(&pass->namespaces, attributes[0], true, &uri))
            unbound = attributes[0];
    if (unbound)
        refuse(pass, SX_EUNCARRIABLE, "in line %lu the prefix of %.60s is bound nowhere",
               line_of(pass), unbound);
    else
        check_twins(pass, all);
}

static void XMLCALL on_start(void *user, const char *qname, const char **attributes)
{
    struct pass *pass = user;
    if (pass->err)
        return;
    if (pass->depth == 0)
        pass->copied = byte_of(pass);
    check_prefixes(pass, qname, attributes);
    if (++pass->depth > SX_DOCUMENT_DEPTH)
        refuse(pass, SX_EDEPTH, "in line %lu it is nested deeper than %d elements", line_of(pass),
               SX_DOCUMENT_DEPTH);
}

static void XMLCALL on_end(void *user, const char *qname)
{
    struct pass *pass = user;
    (void)qname;
    if (pass->err)
        return;
    sx_namespaces_pop(&pass->namespaces, --pass->depth);
    if (pass->depth == 0)
        copy_until(pass, end_of(pass));
}

static void on_restricted(void *user, enum sx_quota_markup markup, const char *encoding)
{
    struct pass *pass = user;
    (void)encoding;
    if (markup == SX_QUOTA_DOCTYPE)
        refuse(pass, SX_EUNCARRIABLE, "it has a DOCTYPE, in line %lu, which XMPP forbids",
               line_of(pass));
    else if (markup != SX_QUOTA_DECLARATION)
        leave_out(pass);
}

/* ---- a pass ---- */

static void refuse_syntax(struct pass *pass)
{
    enum XML_Error code = XML_GetErrorCode(pass->parser);
    if (code == XML_ERROR_NO_MEMORY)
        refuse(pass, SX_ENOMEM, "%s", sx_fault_text(SX_ENOMEM));
    else if (code == XML_ERROR_NO_ELEMENTS && pass->depth == 0)
        refuse(pass, SX_EUNCARRIABLE, "it has no element");
    else if (code == XML_ERROR_NO_ELEMENTS)
        refuse(pass, SX_EUNCARRIABLE, "it ends, in line %lu, before its elements do",
               line_of(pass));
    else
        refuse(pass, SX_EUNCARRIABLE, "it is not well-formed in line %lu (%s)", line_of(pass),
               XML_ErrorString(code));
}

static void parse(struct pass *pass, size_t len)
{
    pass->parser = sx_quota_parser(&pass->quota);
    if (!pass->parser) {
        pass->err = SX_ENOMEM;
        snprintf(pass->why, sizeof pass->why, "%s", sx_fault_text(SX_ENOMEM));
        return;
    }
    XML_SetUserData(pass->parser, pass);
    XML_SetElementHandler(pass->parser, on_start, on_end);
    if (sx_quota_parse(&pass->quota, pass->parser, pass->text, (int)len, true) != XML_STATUS_OK)
        refuse_syntax(pass);
    XML_ParserFree(pass->parser);
    sx_namespaces_fini(&pass->namespaces);
}

/* expat would take '<' with U+0000 behind it for UTF-16, whatever encoding it was told. */
static enum sx_err check_bytes(const char *text, size_t len, char *why, size_t why_bytes)
{
    const char *zero = len ? memchr(text, 0, len) : NULL;
    if (zero)
        snprintf(why, why_bytes, "XML forbids its character U+0000 (byte %zu in UTF-8)",
                 (size_t)(zero - text));
    else if (len > INT_MAX)
        snprintf(why, why_bytes, "it is larger than 2 GiB");
    else if (len == 0)
        snprintf(why, why_bytes, "it is empty");
    else
        return SX_OK;
    return !zero && len > INT_MAX ? SX_ETOOBIG : SX_EUNCARRIABLE;
}

static enum sx_err clean_text(const char *text, size_t len, struct sx_buffer *out, char *why,
                              size_t why_bytes)
{
    struct pass pass = {.text = text, .out = out, .first = out->len};
    enum sx_err err = check_bytes(text, len, why, why_bytes);
    if (err)
        return err;
    pass.quota.restricted = on_restricted;
    pass.quota.max_bytes =
        len < SIZE_MAX / QUOTA_FACTOR / 2 ? QUOTA_BASE_BYTES + len * QUOTA_FACTOR : SIZE_MAX;
    parse(&pass, len);
    if (!pass.err && out->failed) {
        pass.err = SX_ENOMEM;
        snprintf(pass.why, sizeof pass.why, "%s", sx_fault_text(SX_ENOMEM));
    }
    if (!pass.err)
        return SX_OK;
    if (out->bytes) {
        out->len = pass.first;
        out->bytes[out->len] = '\0';
    }
    snprintf(why, why_bytes, "%s", pass.why);
    return pass.err;
}

enum sx_err sx_document_clean(const char *document, size_t len, const char *charset,
                              struct sx_buffer *out, char *why, size_t why_bytes)
{
    struct sx_encoding encoding;
    struct sx_buffer text = {0};
    enum sx_err err = sx_encoding_find(document, len, charset, &encoding, why, why_bytes);
    if (err)
        return err;
    if (sx_encoding_is_utf8(&encoding))
        return clean_text(document + encoding.mark_bytes, len - encoding.mark_bytes, out, why,
                          why_bytes);
    err = sx_encoding_convert(&encoding, document, len, INT_MAX, &text, why, why_bytes);
    if (err == SX_OK)
        err = clean_text(text.bytes ? text.bytes : "", text.len, out, why, why_bytes);
    sx_buffer_fini(&text);
    return err;
}
