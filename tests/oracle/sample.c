/* sample.c - random envelopes out of a small grammar.
 *
 * Invariant: each start tag that is written gets its end tag, each prefix is bound, and no element
 * has an attribute twice; a sample that doesn't fit is cut, and whoever parses it first refuses it.
 *
 * Happy path: make -> root, Header (blocks, sometimes Bodies), Body (operation), now and then a
 * second Body. Failure modes: none.
 */
#include "sample.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define XSI    "http://www.w3.org/2001/XMLSchema-instance"
#define WSA    "http://www.w3.org/2005/08/addressing"
#define ACTION "urn:soap-xmpp:action:1"

#define PICK(chance, list) ((list)[chance_below(chance, sizeof(list) / sizeof *(list))])

const char *const sample_operations[] = {"add", "sub", "note", "none", "doc", "read", "Fault"};

static const char *const uris[] = {
    SOAP12,
    SOAP11,
    "urn:x",
    "urn:c",
    "urn:h",
    "",
    "http://www.w3.org/2003/05/SOAP-envelope",
    "http://www.w3.org/ANY/soap-envelope",
    "urn:soap",
    "http://www.w3.org/2003/05/s&#111;ap-envelope",
    XSI,
    WSA,
};
static const char *const prefixes[] = {"e", "p", "q", "h", "c", "x", "w"};
static const char *const names[] = {
    "Body", "Header", "Envelope", "add",    "sub", "note", "none",    "doc", "read",
    "sec",  "user",   "inner",    "name",   "n",   "to",   "i",       "u",   "a",
    "b",    "result", "Fault",    "Action", "To",  "From", "ReplyTo",
};
static const char *const texts[] = {
    "",
    "x",
    " ",
    "/>",
    "/>/>",
    "1",
    "]]",
    "&gt;",
    "/&gt;",
    "&#47;>",
    "'",
    "\"",
    "#",
    "%>",
    "?>",
    "-- >",
    "=",
    "\n",
    "\t",
    "&amp;",
    "->",
    "<![CDATA[x]]>",
    "<![CDATA[/>]]>",
    "<![CDATA[<e:Body>]]>",
    "<![CDATA[]]>",
    "<![CDATA[]]]]>",
    "<![CDATA[</e:Header>]]>",
    "\xc3\xa9",
    "&#x2f;&#x3e;",
    "&lt;/h&gt;",
    "<![CDATA[<x]]>",
    "&#32;",
};
static const char *const attributes[] = {
    " id='i1'",
    " href='#i1'",
    " ref='#i1'",
    " a='/>'",
    " a='>'",
    " i:nil='true'",
    " i:type='c:add'",
    " i:type='h:inner'",
    " o:mustUnderstand='1'",
    " o:mustUnderstand='true'",
    " o:role='urn:z'",
    " o:encodingStyle=''",
    " o:encodingStyle='urn:q'",
    " o:actor='x'",
    " o:relay='1'",
    " i:nil='1'",
    " xml:lang='en'",
    " h2:id='q'",
    " id='/>'",
    " b=\"'\"",
    " b='\"'",
    " c='&gt;'",
    " a='/>/>'",
    " a='&#47;>'",
    " a=\"=/>'\"",
    " n:id='z'",
};

/* ---- chance ---- */

unsigned chance_below(struct chance *chance, unsigned below)
{
    if (chance->len) {
        chance->len--;
        return *chance->bytes++ % below;
    }
    chance->state ^= chance->state << 13;
    chance->state ^= chance->state >> 7;
    chance->state ^= chance->state << 17;
    return (unsigned)((chance->state >> 11) % below);
}

static bool once_in(struct chance *chance, unsigned count)
{
    return chance_below(chance, count) == 0;
}

/* ---- writing ---- */

struct writer {
    struct sample *sample;
    struct chance *chance;
};

static void put(struct writer *writer, const char *text)
{
    struct sample *sample = writer->sample;
    size_t len = strlen(text), room = sizeof sample->bytes - 1 - sample->len;
    len = len < room ? len : room;
    memcpy(sample->bytes + sample->len, text, len);
    sample->len += len;
}

__attribute__((format(printf, 2, 3))) static void put_format(struct writer *writer,
                                                             const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(writer, text);
}

/* Of a list; a mild sample takes none that ends a tag or looks like SOAP's namespace. */
static const char *pick(struct writer *writer, const char *const *list, size_t count)
{
    const char *text = list[chance_below(writer->chance, (unsigned)count)];
    if (!writer->sample->is_mild)
        return text;
    return strstr(text, "/>") || strcasestr(text, "p-envelope") ? list[0] : text;
}

#define PICK_MILD(writer, list) pick(writer, list, sizeof(list) / sizeof *(list))

static void put_text(struct writer *writer)
{
    put(writer, PICK_MILD(writer, texts));
}

/* A prefix needs a namespace, the default one doesn't. */
static void put_declaration(struct writer *writer)
{
    const char *uri = PICK_MILD(writer, uris);
    if (once_in(writer->chance, 4) || !*uri)
        put_format(writer, " xmlns='%s'", uri);
    else
        put_format(writer, " xmlns:%s='%s'", PICK(writer->chance, prefixes), uri);
}

static void put_extras(struct writer *writer, unsigned declarations, unsigned others)
{
    if (once_in(writer->chance, declarations))
        put_declaration(writer);
    else if (once_in(writer->chance, 12))
        put(writer, " xmlns:p='urn:x' xmlns:q='urn:h'");
    if (once_in(writer->chance, others))
        put(writer, PICK_MILD(writer, attributes));
}

static void put_element(struct writer *writer, unsigned depth)
{
    struct chance *chance = writer->chance;
    const char *colon = once_in(chance, 4) ? "" : ":";
    const char *prefix = *colon ? PICK(chance, prefixes) : "", *name = PICK(chance, names);
    unsigned children = depth > 5 ? 0 : chance_below(chance, 4), i;
    if (writer->sample->is_mild && strcmp(name, "Body") == 0)
        name = "u";
    put_format(writer, "<%s%s%s", prefix, colon, name);
    put_extras(writer, 3, 4);
    if (once_in(chance, 5)) {
        put(writer, "/>");
        return;
    }
    put(writer, ">");
    for (i = 0; i < children; i++) {
        if (once_in(chance, 2))
            put_text(writer);
        put_element(writer, depth + 1);
    }
    if (!children || once_in(chance, 3))
        put_text(writer);
    put_format(writer, "</%s%s%s>", prefix, colon, name);
}

/* ---- operations ---- */

static const char *parameters_of(const char *operation)
{
    if (strcmp(operation, "add") == 0 || strcmp(operation, "sub") == 0)
        return "<c:a xmlns:c='urn:c'>4</c:a><c:b xmlns:c='urn:c'>2</c:b>";
    if (strcmp(operation, "note") == 0)
        return "<c:Body xmlns:c='urn:c'>/></c:Body><c:add xmlns:c='urn:c'/>";
    return strcmp(operation, "doc") == 0 ? "x" : "";
}

static void put_operation(struct writer *writer, const char *name, const char *prefix,
                          const char *uri)
{
    const char *colon = *prefix ? ":" : "", *parameters = parameters_of(name);
    put_format(writer, "<%s%s%s", prefix, colon, name);
    if (uri)
        put_format(writer, " xmlns%s%s='%s'", colon, prefix, uri);
    /* gSOAP runs an operation without input by no empty element. */
    if (!*parameters && once_in(writer->chance, 2) && !writer->sample->is_calm) {
        put(writer, "/>");
        return;
    }
    put_format(writer, ">%s</%s%s%s>", parameters, prefix, colon, name);
}

const char *sample_uri(const char *operation)
{
    return strcmp(operation, "Fault") == 0 ? SOAP12 : "urn:c";
}

/* As a client would write it; or in a namespace that isn't the service's. */
static void put_body_operation(struct writer *writer)
{
    static const char *const foreign[] = {"urn:other", "urn:x", "urn:C", "urn:c ", "", "urn:h"};
    struct sample *sample = writer->sample;
    const char *name = PICK(writer->chance, sample_operations), *uri = sample_uri(name);
    const char *prefix = once_in(writer->chance, 3) ? "" : "c";
    if (!sample->is_calm && once_in(writer->chance, 4))
        uri = PICK(writer->chance, foreign);
    if (!*uri)
        prefix = "";
    if (sample->operation || !sample->uri) { /* not the first child */
        put_operation(writer, name, prefix, uri);
        return;
    }
    sample->operation = name;
    sample->uri = uri;
    put_operation(writer, name, prefix, uri);
}

static void put_false_body(struct writer *writer)
{
    if (writer->sample->is_mild)
        return;
    put(writer, "<p:Body>");
    put_operation(writer, PICK(writer->chance, sample_operations), "c", "urn:c");
    put(writer, "</p:Body>");
}

/* ---- the Header ---- */

/* A block that gSOAP may skip, with a Body inside whose prefix isn't SOAP's any longer. */
static void put_trap(struct writer *writer)
{
    static const struct {
        const char *start, *end;
    } blocks[] = {
        {"<u xmlns:p='urn:x'>", "</u>"},
        {"<h:sec xmlns:p='urn:x'>", "</h:sec>"},
        {"<h:to xmlns:p='urn:x'>", "</h:to>"},
        {"<h:i xmlns:p='urn:x' xmlns:e='urn:x'>", "</h:i>"},
        {"<w:ReplyTo xmlns:p='urn:h'>", "</w:ReplyTo>"},
    };
    unsigned block = chance_below(writer->chance, sizeof blocks / sizeof *blocks);
    unsigned children = chance_below(writer->chance, 3);
    put(writer, blocks[block].start);
    for (; children; children--) {
        if (once_in(writer->chance, 3))
            put_text(writer);
        put_element(writer, 3);
    }
    if (once_in(writer->chance, 2))
        put_false_body(writer);
    if (once_in(writer->chance, 3))
        put_text(writer);
    put(writer, blocks[block].end);
}

static void put_action(struct writer *writer)
{
    const char *name = PICK(writer->chance, sample_operations);
    if (once_in(writer->chance, 2))
        put_format(writer, "<soapAction xmlns='" ACTION "'>urn:c#%s</soapAction>", name);
    else
        put_format(writer, "<w:Action xmlns:w='" WSA "'>urn:c#%s</w:Action>", name);
}

static void put_block(struct writer *writer)
{
    switch (chance_below(writer->chance, 8)) {
    case 0:
    case 1:
        put_false_body(writer);
        break;
    case 2:
    case 3:
        put_trap(writer);
        break;
    case 4:
        put_action(writer);
        break;
    default:
        put_element(writer, 2);
    }
    if (once_in(writer->chance, 6))
        put_text(writer);
}

static void put_header(struct writer *writer)
{
    unsigned blocks = 1 + chance_below(writer->chance, 4);
    put(writer, "<e:Header");
    put_extras(writer, 4, 8);
    put(writer, ">");
    for (; blocks; blocks--)
        put_block(writer);
    put(writer, "</e:Header>");
}

static void put_calm_header(struct writer *writer)
{
    static const char *const blocks[] = {
        "<h:sec><h:user>joe</h:user><h:inner><h:name>n</h:name><h:n>1</h:n></h:inner></h:sec>",
        "<h:to>x</h:to>",
        "<u xmlns='urn:unknown' a='b'><v>text</v><w/></u>",
        "<h:i><h:name>a &amp; b</h:name></h:i>",
        "<w:MessageID>urn:uuid:1</w:MessageID>",
    };
    unsigned count = chance_below(writer->chance, 3);
    if (once_in(writer->chance, 2))
        return;
    put(writer, "<e:Header>\n");
    for (; count; count--)
        put(writer, PICK(writer->chance, blocks));
    put(writer, "</e:Header>\r\n");
}

/* ---- the Body ---- */

static void put_body(struct writer *writer)
{
    struct chance *chance = writer->chance;
    struct sample *sample = writer->sample;
    sample->uri = "";
    put(writer, "<e:Body");
    put_extras(writer, 6, 6);
    if (once_in(chance, 30) && !sample->is_mild)
        put(writer, "/><e:Body>");
    else
        put(writer, ">");
    if (once_in(chance, 12) && !sample->is_mild)
        put_text(writer);
    if (once_in(chance, 10)) {
        put_element(writer, 2);
        sample->uri = NULL;
    }
    put_body_operation(writer);
    put(writer, "</e:Body>");
    if (once_in(chance, 10)) {
        put(writer, "<e:Body>");
        put_operation(writer, PICK(chance, sample_operations), "c", "urn:c");
        put(writer, "</e:Body>");
    }
}

static void put_root(struct writer *writer)
{
    struct chance *chance = writer->chance;
    const char *soap = once_in(chance, 4) && !writer->sample->is_calm ? SOAP11 : SOAP12;
    put_format(writer,
               "<e:Envelope xmlns:e='%s' xmlns:o='%s' xmlns:x='" XSI "' xmlns:i='" XSI
               "' xmlns:h='urn:h' xmlns:h2='urn:h'",
               soap, soap);
    put(writer, " xmlns:c='urn:c' xmlns:q='urn:q' xmlns:w='" WSA
                "' xmlns:n='http://www.w3.org/2003/05/soap-encoding'");
    put_format(writer, " xmlns:p='%s'", once_in(chance, 2) ? SOAP12 : SOAP11);
}

static void put_envelope(struct writer *writer)
{
    struct chance *chance = writer->chance;
    put_root(writer);
    if (once_in(chance, 3))
        put_format(writer, " xmlns='%s'", PICK_MILD(writer, uris));
    if (once_in(chance, 8))
        put(writer, PICK_MILD(writer, attributes));
    put(writer, ">");
    if (once_in(chance, 20))
        put_element(writer, 3);
    if (!once_in(chance, 10))
        put_header(writer);
    if (once_in(chance, 25))
        put_element(writer, 3);
    put_body(writer);
    put(writer, "</e:Envelope>");
}

static void put_calm_envelope(struct writer *writer)
{
    put_root(writer);
    put(writer, ">");
    put_calm_header(writer);
    writer->sample->uri = "";
    put(writer, once_in(writer->chance, 2) ? "<e:Body>" : "<e:Body>\n  ");
    put_body_operation(writer);
    put(writer, "</e:Body></e:Envelope>");
}

void sample_make(struct sample *sample, struct chance *chance)
{
    static const char *const actions[] = {"urn:c#add",  "urn:c#sub", "urn:c#note",
                                          "urn:c#none", "urn:c#doc", "urn:c#read"};
    struct writer writer = {sample, chance};
    sample->len = 0;
    sample->operation = sample->uri = sample->action = NULL;
    sample->is_calm = once_in(chance, 5);
    sample->is_mild = once_in(chance, 2);
    if (sample->is_calm)
        put_calm_envelope(&writer);
    else
        put_envelope(&writer);
    if (once_in(chance, 4))
        sample->action = PICK(chance, actions);
    sample->bytes[sample->len] = '\0';
}
