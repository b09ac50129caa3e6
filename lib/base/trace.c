/* trace.c - lines for a human, secrets blotted out.
 *
 * Invariant: a line that leaves this file has no control character and no secret of XMPP or WSSE.
 * In doubt (truncated or broken XML) more is blotted out, not less.
 *
 * Happy path: level on? -> format or redact into a buffer (on the stack if it fits) -> cut -> one
 * call of the callback, which without one is the log's. Failure modes: without memory a
 * stanza is cut at 8 KiB; none is reported. errno survives, so that a trace between a failure and
 * its report is harmless.
 *
 * Thread: any, one at a time in the callback. A line that is turned away there (turn.h) is lost,
 * and told of before the next one that goes out.
 */
#include "base/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum {
    LINE_BYTES = 1000,
    STACK_BYTES = 8192, /* more is allocated */
    DEFAULT_BYTES = 16 << 10,
    LOST_BYTES = 160,
    RATE_US = 1000000
};

/* ---- lines ---- */

/* Both, C0 and C1: U+009B alone can steer a terminal. */
static void blank_controls(char *text)
{
    unsigned char *byte = (unsigned char *)text;
    for (; *byte; byte++) {
        if (*byte == 0xC2 && byte[1] >= 0x80 && byte[1] <= 0x9F)
            byte[0] = byte[1] = ' ';
        else if (*byte < 0x20 || *byte == 0x7F)
            *byte = ' ';
    }
}

/* Ends a line of line_bytes - 1 bytes that had more to say. */
static void mark_cut(char *line, size_t line_bytes)
{
    size_t len = sx_utf8_cut(line, line_bytes - sizeof "...");
    memcpy(line + len, "...", sizeof "...");
}

static void write_log(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    sx_log_write(user, level, line);
}

static void call_back(const struct sx_trace *trace, enum soap_xmpp_trace_level level,
                      const char *line, unsigned long lost)
{
    char notice[LOST_BYTES];
    if (lost) {
        snprintf(notice, sizeof notice, "%s: %lu lines lost, the trace %s was blocked", trace->name,
                 lost, trace->callback == write_log ? "log" : "callback");
        trace->callback(trace->user, level, notice);
    }
    trace->callback(trace->user, level, line);
}

static void emit(const struct sx_trace *trace, enum soap_xmpp_trace_level level, char *line)
{
    /* The struct itself is never const, only its users' view of it. */
    struct sx_turn *turn = (struct sx_turn *)&trace->turn;
    unsigned long lost;
    blank_controls(line);
    if (trace->callback == write_log && trace->log.kind == SX_LOG_STDERR) {
        sx_log_write((struct sx_log *)&trace->log, level, line); /* which never blocks */
    } else if (sx_turn_begin(turn, &lost)) {
        call_back(trace, level, line, lost);
        sx_turn_end(turn);
    }
}

void sx_trace_init(struct sx_trace *trace, enum soap_xmpp_trace_level level,
                   soap_xmpp_trace_fn *callback, void *user, const char *name)
{
    size_t len = strlen(name);
    memset(trace, 0, sizeof *trace);
    (void)sx_turn_init(&trace->turn); /* fails on no system that the library runs on */
    trace->level = level;
    trace->callback = callback ? callback : write_log;
    trace->user = callback ? user : &trace->log;
    trace->max_bytes = DEFAULT_BYTES;
    if (len >= sizeof trace->name)
        len = sx_utf8_cut(name, sizeof trace->name - 1);
    memcpy(trace->name, name, len);
}

bool sx_trace_on(const struct sx_trace *trace, enum soap_xmpp_trace_level level)
{
    return level > SOAP_XMPP_TRACE_DEFAULT && level <= trace->level;
}

static void write_line(const struct sx_trace *trace, enum soap_xmpp_trace_level level,
                       const char *format, va_list arguments)
{
    char line[LINE_BYTES + 1];
    size_t line_bytes = trace->max_bytes < LINE_BYTES ? trace->max_bytes + 1 : sizeof line;
    int saved_errno = errno, len, more;
    len = snprintf(line, line_bytes, "%s: ", trace->name);
    more = vsnprintf(line + len, line_bytes - (size_t)len, format, arguments);
    if (more < 0)
        line[len] = '\0';
    else if ((size_t)len + (size_t)more >= line_bytes)
        mark_cut(line, line_bytes);
    emit(trace, level, line);
    errno = saved_errno;
}

void sx_trace(const struct sx_trace *trace, enum soap_xmpp_trace_level level, const char *format,
              ...)
{
    va_list arguments;
    if (!sx_trace_on(trace, level))
        return;
    va_start(arguments, format);
    write_line(trace, level, format, arguments);
    va_end(arguments);
}

/* ---- rate ---- */

bool sx_trace_is_due(const struct sx_trace_rate *rate, int64_t now_us)
{
    return !rate->told_us || now_us - rate->told_us >= RATE_US;
}

bool sx_trace_begin(struct sx_trace_rate *rate, int64_t now_us, const char *what,
                    char more[SX_TRACE_MORE_BYTES])
{
    if (!sx_trace_is_due(rate, now_us)) {
        rate->left_out++;
        return false;
    }
    more[0] = '\0';
    if (rate->left_out)
        snprintf(more, SX_TRACE_MORE_BYTES, " (%lu other %s left out)", rate->left_out, what);
    *rate = (struct sx_trace_rate){.told_us = now_us};
    return true;
}

/* Two threads may begin a second, and both take what was left out: one of them gets nothing. */
static bool take_peer_line(struct sx_trace *trace, int64_t now_us)
{
    int64_t begun_us = atomic_load(&trace->peers_us);
    if ((!begun_us || now_us - begun_us >= RATE_US) &&
        atomic_compare_exchange_strong(&trace->peers_us, &begun_us, now_us))
        atomic_store(&trace->peer_lines, 0);
    if (atomic_fetch_add(&trace->peer_lines, 1) < SX_TRACE_PEER_LINES)
        return true;
    atomic_fetch_add(&trace->left_out, 1);
    return false;
}

void sx_trace_peer(const struct sx_trace *trace, int64_t now_us, const char *format, ...)
{
    struct sx_trace *counted = (struct sx_trace *)trace; /* as in emit() */
    char text[LINE_BYTES + 1], more[SX_TRACE_MORE_BYTES] = "";
    unsigned long left_out;
    va_list arguments;
    if (!sx_trace_on(trace, SOAP_XMPP_TRACE_ERROR) || !take_peer_line(counted, now_us))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    left_out = atomic_exchange(&counted->left_out, 0);
    if (left_out)
        snprintf(more, sizeof more, " (%lu other lines about requests left out)", left_out);
    sx_trace(trace, SOAP_XMPP_TRACE_ERROR, "%s%s", text, more);
}

/* ---- redaction ---- */

enum tag_kind { TAG_START, TAG_EMPTY, TAG_END, TAG_OTHER };

struct tag {
    enum tag_kind kind;
    const char *name; /* local part */
    size_t name_len;
    size_t len; /* from '<' to behind '>' */
};

struct writer {
    char *out;
    size_t len, capacity; /* capacity without the NUL */
};

static void put(struct writer *writer, const char *bytes, size_t len)
{
    size_t room = writer->capacity - writer->len;
    if (len > room)
        len = room;
    memcpy(writer->out + writer->len, bytes, len);
    writer->len += len;
}

/* Comments, CDATA sections, processing instructions: up to behind their end. */
static size_t skip_markup(const char *bytes, size_t len)
{
    static const struct {
        const char *begin, *end;
    } markup[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<!", ">"}};
    size_t i;
    for (i = 0; i < sizeof markup / sizeof markup[0]; i++) {
        size_t begin_len = strlen(markup[i].begin), end_len = strlen(markup[i].end);
        const char *end;
        if (len < begin_len || memcmp(bytes, markup[i].begin, begin_len) != 0)
            continue;
        end = memmem(bytes + begin_len, len - begin_len, markup[i].end, end_len);
        return end ? (size_t)(end - bytes) + end_len : len;
    }
    return 0;
}

/* The length of the tag at bytes. A '<' ends it as well: it stands in no attribute value (XML 1.0
 * 3.1), so behind an unbalanced quote no element hides. */
static size_t tag_len(const char *bytes, size_t len)
{
    char quote = '\0';
    size_t i;
    for (i = 1; i < len && bytes[i] != '<'; i++) {
        if (quote)
            quote = bytes[i] == quote ? '\0' : quote;
        else if (bytes[i] == '"' || bytes[i] == '\'')
            quote = bytes[i];
        else if (bytes[i] == '>')
            return i + 1;
    }
    return i;
}

/* bytes begins with '<' */
static struct tag read_tag(const char *bytes, size_t len)
{
    struct tag tag = {TAG_OTHER, bytes, 0, skip_markup(bytes, len)};
    size_t i;
    if (tag.len)
        return tag;
    tag.len = tag_len(bytes, len);
    i = tag.len > 1 && bytes[1] == '/' ? 2 : 1;
    tag.kind = i == 2 ? TAG_END : TAG_START;
    if (tag.kind == TAG_START && tag.len > 2 && bytes[tag.len - 1] == '>' &&
        bytes[tag.len - 2] == '/')
        tag.kind = TAG_EMPTY;
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a set of bytes, without a NUL */
    for (tag.name = bytes + i; i < tag.len && !memchr(" \t\r\n/>", bytes[i], 6); i++)
        if (bytes[i] == ':')
            tag.name = bytes + i + 1;
    tag.name_len = (size_t)(bytes + i - tag.name);
    return tag;
}

static bool is_secret(const struct tag *tag)
{
    static const char *const names[] = {"Password", "password",  "BinarySecret", "auth",
                                        "response", "challenge", "success",      "handshake"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == tag->name_len && memcmp(names[i], tag->name, tag->name_len) == 0)
            return true;
    return false;
}

/* Compressed or not, an envelope's secrets can be read back from it. A server may write the stanza
 * anew, but <data/> stays in its namespace, whose declaration our own stanzas and the tree's writer
 * put into the tag itself: <data/> of an application isn't meant. */
static bool is_binary(const struct tag *tag, const char *bytes)
{
    static const char ibb[] = "http://jabber.org/protocol/ibb";
    if (tag->name_len == 6)
        return memcmp(tag->name, "packed", 6) == 0;
    return tag->name_len == 4 && memcmp(tag->name, "data", 4) == 0 &&
           memmem(bytes, tag->len, ibb, sizeof ibb - 1);
}

static bool same_name(const struct tag *tag, const struct tag *other)
{
    return tag->name_len == other->name_len && memcmp(tag->name, other->name, tag->name_len) == 0;
}

/* The length of a secret element's content, elements inside it included; all that is left if its
 * end tag is missing. Only tags of its own name count: in broken XML a stray end tag of another
 * element must not end the secret. */
static size_t content_len(const struct tag *secret, const char *bytes, size_t len)
{
    size_t at = 0;
    unsigned long depth = 0;
    while (at < len) {
        const char *open = memchr(bytes + at, '<', len - at);
        struct tag tag;
        if (!open)
            return len;
        at = (size_t)(open - bytes);
        tag = read_tag(open, len - at);
        if (same_name(&tag, secret)) {
            if (tag.kind == TAG_END && depth-- == 0)
                return at;
            if (tag.kind == TAG_START)
                depth++;
        }
        at += tag.len;
    }
    return len;
}

void sx_trace_redact(const char *bytes, size_t len, char *out, size_t out_bytes)
{
    struct writer writer = {out, 0, out_bytes - 1};
    size_t at = 0;
    if (out_bytes == 0)
        return;
    while (at < len && writer.len < writer.capacity) {
        const char *open = memchr(bytes + at, '<', len - at);
        size_t text_len = open ? (size_t)(open - bytes) - at : len - at;
        struct tag tag;
        put(&writer, bytes + at, text_len);
        at += text_len;
        if (!open)
            break;
        tag = read_tag(open, len - at);
        put(&writer, open, tag.len);
        at += tag.len;
        if (tag.kind == TAG_START && (is_secret(&tag) || is_binary(&tag, open))) {
            size_t secret_len = content_len(&tag, bytes + at, len - at);
            put(&writer, "***", secret_len ? 3 : 0);
            at += secret_len;
        }
    }
    out[writer.len] = '\0';
}

static void write_stanza(const struct sx_trace *trace, const char *direction, const char *bytes,
                         size_t len, char *line, size_t line_bytes)
{
    int head = snprintf(line, line_bytes, "%s: %s ", trace->name, direction);
    sx_trace_redact(bytes, len, line + head, line_bytes - (size_t)head);
    if (strlen(line) == line_bytes - 1)
        mark_cut(line, line_bytes);
    emit(trace, SOAP_XMPP_TRACE_STANZA, line);
}

void sx_trace_stanza(const struct sx_trace *trace, const char *direction, const char *bytes,
                     size_t len)
{
    char stack[STACK_BYTES + 1], *heap = NULL;
    size_t line_bytes = trace->max_bytes + 1;
    int saved_errno = errno;
    if (!sx_trace_on(trace, SOAP_XMPP_TRACE_STANZA))
        return;
    /* A secret of one byte becomes three: half as long again is more than a line can grow. */
    if (line_bytes > sizeof stack && len + len / 2 > sizeof stack - 2 * sizeof trace->name)
        heap = malloc(line_bytes);
    if (!heap && line_bytes > sizeof stack)
        line_bytes = sizeof stack;
    write_stanza(trace, direction, bytes, len, heap ? heap : stack, line_bytes);
    free(heap);
    errno = saved_errno;
}
