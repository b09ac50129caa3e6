/* See scan.h. */
#include "soap/scan.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No namespace has a line's end in it that expat takes: it refuses one with its separator. */
#define SEPARATOR "\n"

/* For small documents: expat's tables and buffers. */
enum { SPARE_BYTES = 16 * 1024 * 1024 };

struct scan {
    const char *document, *what;
    XML_Parser parser;
    gw_scan_fn *take;
    void *user;
    unsigned depth;
    int result; /* of the last take; -1: why is written */
    char *why;
    size_t why_bytes;
};

/* What expat may allocate for a document, of this thread. It repeats a namespace for each attribute
 * with a prefix, which would be gigabytes; and it doesn't tell of each allocation that fails: of a
 * prefix that it can't note it takes the declaration for an attribute. */
static _Thread_local struct {
    size_t left;
    bool has_failed, is_over; /* there was no memory; it would have been more than is allowed */
} memory;

static bool may_allocate(size_t bytes)
{
    memory.is_over = memory.is_over || bytes > memory.left;
    return !memory.is_over;
}

/* What is allocated, or NULL. */
static void *count(void *block)
{
    size_t bytes = block ? malloc_usable_size(block) : 0;
    memory.left -= bytes < memory.left ? bytes : memory.left;
    memory.has_failed = memory.has_failed || !block;
    return block;
}

static void *allocate(size_t bytes)
{
    return count(may_allocate(bytes) ? malloc(bytes) : NULL);
}

static void *allocate_again(void *old, size_t bytes)
{
    size_t old_bytes = malloc_usable_size(old);
    size_t more = bytes > old_bytes ? bytes - old_bytes : 0;
    void *block = may_allocate(more) ? realloc(old, bytes) : NULL;
    if (block)
        memory.left += old_bytes;
    return count(block);
}

static void release(void *block)
{
    memory.left += malloc_usable_size(block);
    free(block);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void fail(struct scan *scan, const char *text)
{
    scan->result = -1;
    snprintf(scan->why, scan->why_bytes, "%s %s", scan->what, text);
    errno = EINVAL;
    XML_StopParser(scan->parser, XML_FALSE);
}

static void tell(struct scan *scan, struct gw_scan_event *event)
{
    if (scan->result)
        return;
    event->begin = (size_t)XML_GetCurrentByteIndex(scan->parser);
    event->end = event->begin + (size_t)XML_GetCurrentByteCount(scan->parser);
    event->depth = scan->depth;
    event->tag = scan->document + event->begin;
    event->tag_bytes = event->end - event->begin;
    if (event->kind == GW_SCAN_START) {
        size_t at = 1;
        event->local = event->tag + at;
        for (; at < event->tag_bytes && !is_space(event->tag[at]) && event->tag[at] != '/' &&
               event->tag[at] != '>';
             at++)
            if (event->tag[at] == ':')
                event->local = event->tag + at + 1;
        event->local_len = (size_t)(event->tag + at - event->local);
        event->is_empty = event->tag_bytes >= 2 && event->tag[event->tag_bytes - 2] == '/';
    }
    scan->result = scan->take(scan->user, event);
    if (scan->result)
        XML_StopParser(scan->parser, XML_FALSE);
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct scan *scan = user;
    struct gw_scan_event event = {
        .kind = GW_SCAN_START, .name = name, .attributes = (const char **)attributes};
    if (++scan->depth > GW_SCAN_DEPTH)
        fail(scan, "nests more than 1,024 elements");
    tell(scan, &event);
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct scan *scan = user;
    struct gw_scan_event event = {.kind = GW_SCAN_END, .name = name};
    tell(scan, &event);
    scan->depth--;
}

static void XMLCALL on_text(void *user, const XML_Char *chars, int len)
{
    struct gw_scan_event event = {.kind = GW_SCAN_TEXT, .chars = chars, .len = (size_t)len};
    tell(user, &event);
}

static void XMLCALL on_cdata(void *user)
{
    struct gw_scan_event event = {.kind = GW_SCAN_CDATA};
    tell(user, &event);
}

static void XMLCALL on_cdata_end(void *user)
{
    struct gw_scan_event event = {.kind = GW_SCAN_CDATA_END};
    tell(user, &event);
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal;
    fail(user, "has a DOCTYPE, which SOAP forbids");
}

/* expat goes on with the tag, and gets no more memory for it. */
static void XMLCALL on_namespace(void *user, const XML_Char *prefix, const XML_Char *uri)
{
    struct scan *scan = user;
    (void)prefix;
    if (!uri || strnlen(uri, GW_SCAN_NAMESPACE_BYTES + 1) <= GW_SCAN_NAMESPACE_BYTES ||
        scan->result)
        return;
    fail(scan, "has a namespace of more than 512 bytes");
    memory.is_over = true;
}

static void set_handlers(struct scan *scan)
{
    XML_SetUserData(scan->parser, scan);
    XML_SetElementHandler(scan->parser, on_start, on_end);
    XML_SetCharacterDataHandler(scan->parser, on_text);
    XML_SetCdataSectionHandler(scan->parser, on_cdata, on_cdata_end);
    XML_SetStartDoctypeDeclHandler(scan->parser, on_doctype);
    XML_SetStartNamespaceDeclHandler(scan->parser, on_namespace);
}

/* What expat itself found wrong. */
static int explain(const struct scan *scan)
{
    enum XML_Error error = XML_GetErrorCode(scan->parser);
    errno = memory.is_over ? EFBIG : memory.has_failed ? ENOMEM : EINVAL;
    if (memory.is_over)
        snprintf(scan->why, scan->why_bytes, "%s would take too much memory to read", scan->what);
    else if (memory.has_failed)
        snprintf(scan->why, scan->why_bytes, "there is no memory to read %s", scan->what);
    else
        snprintf(scan->why, scan->why_bytes, "%s is no XML: %s at byte %lld", scan->what,
                 XML_ErrorString(error), (long long)XML_GetCurrentByteIndex(scan->parser));
    return -1;
}

/* expat takes a byte order mark or a NUL for UTF-16, whatever it is told. */
static bool is_utf16(const char *document, size_t bytes)
{
    if (bytes < 2)
        return false;
    return !document[0] || !document[1] || memcmp(document, "\xFE\xFF", 2) == 0 ||
           memcmp(document, "\xFF\xFE", 2) == 0;
}

int gw_scan_read(const char *document, size_t bytes, const char *what, gw_scan_fn *take, void *user,
                 char *why, size_t why_bytes)
{
    static const XML_Memory_Handling_Suite suite = {allocate, allocate_again, release};
    struct scan scan = {.document = document,
                        .what = what,
                        .take = take,
                        .user = user,
                        .why = why,
                        .why_bytes = why_bytes};
    if (bytes > INT_MAX || is_utf16(document, bytes)) {
        snprintf(why, why_bytes, "%s %s", what,
                 bytes > INT_MAX ? "has 2 GiB or more" : "isn't UTF-8");
        errno = bytes > INT_MAX ? EFBIG : EINVAL;
        return -1;
    }
    memory.left = 4 * bytes + SPARE_BYTES;
    memory.has_failed = memory.is_over = false;
    scan.parser = XML_ParserCreate_MM("UTF-8", &suite, SEPARATOR);
    if (!scan.parser) {
        snprintf(why, why_bytes, "there is no memory to read %s", what);
        errno = ENOMEM;
        return -1;
    }
    set_handlers(&scan);
    /* At once: expat reads the bytes in their place then, without a copy. */
    enum XML_Status status = XML_Parse(scan.parser, document, (int)bytes, XML_TRUE);
    int result = scan.result < 0 ? -1 : 0;
    if (result == 0 && (memory.has_failed || (!scan.result && status != XML_STATUS_OK)))
        result = explain(&scan);
    XML_ParserFree(scan.parser);
    return result;
}

/* Whether expat's name is that; reads no more of it than the namespace is long. */
static bool is_name(const char *name, const char *namespace_, const char *local)
{
    size_t len = strlen(namespace_);
    if (!len)
        return strcmp(name, local) == 0;
    return strncmp(name, namespace_, len) == 0 && name[len] == SEPARATOR[0] &&
           strcmp(name + len + 1, local) == 0;
}

bool gw_scan_is(const struct gw_scan_event *event, const char *namespace_, const char *local)
{
    return event->local_len == strlen(local) &&
           memcmp(event->local, local, event->local_len) == 0 &&
           is_name(event->name, namespace_, local);
}

bool gw_scan_is_listed(const struct gw_scan_event *event, const struct gw_strings *elements)
{
    for (size_t i = 0; i < elements->count; i++) {
        const char *element = elements->list[i], *brace = strrchr(element, '}');
        size_t len = brace && *element == '{' ? (size_t)(brace - element - 1) : 0;
        const char *local = brace ? brace + 1 : element;
        if (event->local_len != strlen(local) || memcmp(event->local, local, event->local_len) != 0)
            continue;
        if (len ? strncmp(event->name, element + 1, len) == 0 && event->name[len] == SEPARATOR[0]
                : strcmp(event->name, local) == 0)
            return true;
    }
    return false;
}

const char *gw_scan_attribute(const struct gw_scan_event *event, const char *namespace_,
                              const char *local)
{
    for (const char **at = event->attributes; *at; at += 2)
        if (is_name(at[0], namespace_, local))
            return at[1];
    return NULL;
}

/* The tag is well-formed, since expat has read it: NAME [space] = [space] quote value quote. */
bool gw_scan_find_value(const struct gw_scan_event *event, const char *name, size_t *begin,
                        size_t *end)
{
    const char *at = event->local + event->local_len, *behind = event->tag + event->tag_bytes;
    size_t len = strlen(name);
    while (at < behind) {
        while (at < behind && is_space(*at))
            at++;
        const char *attribute = at;
        while (at < behind && *at != '=' && !is_space(*at))
            at++;
        size_t attribute_len = (size_t)(at - attribute);
        while (at < behind && *at != '"' && *at != '\'')
            at++;
        if (at >= behind)
            return false;
        const char *value = at + 1;
        const char *quote = memchr(value, *at, (size_t)(behind - value));
        if (!quote)
            return false;
        if (attribute_len == len && memcmp(attribute, name, len) == 0) {
            *begin = event->begin + (size_t)(value - event->tag);
            *end = event->begin + (size_t)(quote - event->tag);
            return true;
        }
        at = quote + 1;
    }
    return false;
}
