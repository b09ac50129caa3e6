/* gauge.c - the tokens of an XML document, as far as counting elements and attributes needs them.
 *
 * Invariant: at any byte the gauge and gSOAP's parser are in the same kind of token, so that every
 * tag which one sees the other sees too. gSOAP reads much that is no XML, and where that could part
 * the two the gauge refuses, rather than copy what it does. Found in stdsoap2.c 2.8.124:
 *
 *   soap_char      takes up to seven bytes behind an &, markup too, up to a semicolon, and a
 *                  negative number for the code of a tag: references are letters and digits
 *   soap_getutf8   takes as many bytes as the first one promises, whatever they are: a character
 *                  is whole or refused
 *   soap_get       sees markup inside attribute values, blanks behind <, <% and any <![..[:
 *                  none of them passes, nor < or > in a processing instruction, nor -- in a comment
 *   soap_begin_recv  takes what begins with other bytes than markup for MIME, gzip, HTTP:
 *                  outside of the root there are blanks, comments and instructions alone
 *   soap_peek_element  takes nearly any byte for part of a name, and a control character for a
 *                  blank: names are names, and control characters are refused
 *
 * Happy path: init -> feed, piece by piece -> SX_OK each time.
 * Failure: the first error stays.
 */
#include "xml/gauge.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum state {
    TEXT,          /* between tags */
    MARKUP,        /* behind < */
    START_NAME,    /* of an element */
    START_BLANK,   /* in a start tag, behind a blank */
    ATTRIBUTE,     /* its name */
    EQUALS,        /* behind its name and a blank */
    QUOTE,         /* behind = */
    VALUE,         /* behind the quote */
    VALUE_END,     /* behind the second one */
    EMPTY,         /* behind the / of an empty element */
    END_FIRST,     /* behind </ */
    END_NAME,      /* the rest of the name */
    END_BLANK,     /* behind it */
    REFERENCE,     /* behind & */
    REFERENCE_END, /* behind its first letter */
    DECLARATION,   /* behind <! */
    COMMENT_BEGIN, /* behind <!- */
    COMMENT,
    COMMENT_DASH,   /* behind a - */
    COMMENT_DASHES, /* behind -- */
    CDATA_BEGIN,    /* behind <![ */
    CDATA,
    CDATA_BRACKET,  /* behind ] */
    CDATA_BRACKETS, /* behind ]] */
    INSTRUCTION,
    INSTRUCTION_MARK /* behind a ? */
};

/* What a byte can be. */
enum { BLANK = 1, FIRST = 2, NAME = 4, LETTER = 8, PLAIN = 16, MARK = 32 };

#define Q  (MARK)
#define B  (BLANK | PLAIN)
#define P  (PLAIN)
#define N  (NAME | PLAIN)
#define D  (NAME | PLAIN | LETTER)
#define L  (FIRST | NAME | PLAIN | LETTER)
#define F  (FIRST | NAME | PLAIN)
#define H  (FIRST | NAME)
#define H8 H, H, H, H, H, H, H, H

/* PLAIN stands for itself in text and in values, a quotation MARK in text alone. */
static const unsigned char kinds[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  B,  B,  0,  0,  B,  0,  0,  /* TAB LF CR */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /**/
    B,  P,  Q,  P,  P,  P,  0,  Q,  P,  P,  P,  P,  P,  N,  N,  P,  /*  !"#$%&'()*+,-./ */
    D,  D,  D,  D,  D,  D,  D,  D,  D,  D,  F,  P,  0,  P,  P,  P,  /* 0123456789:;<=>? */
    P,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  /* @ABC */
    L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  P,  P,  P,  P,  F,  /* ...XYZ[\]^_ */
    P,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  /* `abc */
    L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  L,  P,  P,  P,  P,  P,  /* ...xyz{|}~ */
    H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, /* parts of characters */
};

#define IS(byte, kind) (kinds[(unsigned char)(byte)] & (kind))

/* The names that declare a namespace. */
static const char declares[] = "xmlns:";
enum { DEFAULT = sizeof declares - 2, PREFIXED = sizeof declares - 1, OTHER };

static const char cdata_begin[] = "CDATA[";

void sx_gauge_init(struct sx_gauge *gauge, const struct sx_gauge_limits *limits)
{
    *gauge = (struct sx_gauge){.limits = *limits};
}

/* Ends the document here. */
static const char *refuse(struct sx_gauge *gauge, enum sx_err err, const char *end)
{
    gauge->err = err;
    return end;
}

static void judge(struct sx_gauge *gauge, enum sx_err err)
{
    if (err && !gauge->err)
        gauge->err = err;
}

static void open_element(struct sx_gauge *gauge)
{
    if (gauge->depth++ >= gauge->limits.max_depth)
        gauge->err = SX_EDEPTH;
    judge(gauge, sx_names_walk(&gauge->names));
}

/* Whether the innermost open element has declared something. */
static bool has_scope(const struct sx_gauge *gauge, unsigned depth)
{
    return gauge->scopes_count && gauge->scopes[gauge->scopes_count - 1].depth == depth;
}

static void close_element(struct sx_gauge *gauge)
{
    if (!gauge->depth) {
        gauge->err = SX_EMALFORMED;
        return;
    }
    if (has_scope(gauge, gauge->depth))
        gauge->in_scope -= gauge->scopes[--gauge->scopes_count].count;
    gauge->depth--;
}

static void count_declaration(struct sx_gauge *gauge)
{
    unsigned limit = gauge->limits.max_namespaces;

    if ((++gauge->declarations > limit && limit) || gauge->in_scope >= SX_GAUGE_SCOPE) {
        gauge->err = SX_ETOOBIG;
        return;
    }
    if (!has_scope(gauge, gauge->depth)) {
        gauge->scopes[gauge->scopes_count].depth = gauge->depth;
        gauge->scopes[gauge->scopes_count++].count = 0;
    }
    gauge->scopes[gauge->scopes_count - 1].count++;
    gauge->in_scope++;
    judge(gauge, sx_names_walk(&gauge->names));
}

static void count_attribute(struct sx_gauge *gauge)
{
    unsigned limit = gauge->limits.max_attributes;

    if (gauge->matched == DEFAULT || gauge->matched == PREFIXED)
        count_declaration(gauge);
    else if (++gauge->attributes > limit && limit)
        gauge->err = SX_ETOOBIG;
    else
        judge(gauge, sx_names_add(&gauge->names, gauge->name));
}

/* ---- characters ---- */

/* One that isn't ASCII: how many bytes are still due is kept, it may be cut. RFC 3629 section 4 has
 * finer rules; they don't change where it ends. */
static const char *pass_character(struct sx_gauge *gauge, const char *at, const char *end)
{
    if (!gauge->due) {
        unsigned char lead = (unsigned char)*at++;

        if (lead < 0xC2 || lead > 0xF4)
            return refuse(gauge, SX_EMALFORMED, end);
        gauge->due = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    }
    for (; gauge->due && at < end; at++, gauge->due--)
        if (((unsigned char)*at & 0xC0) != 0x80)
            return refuse(gauge, SX_EMALFORMED, end);
    return at;
}

/* Eight bytes at a time, as long as all of them are plain; it may stop early. */
static const char *pass_words(const char *at, const char *end)
{
    const uint64_t ones = UINT64_MAX / 0xFF, highs = ones * 0x80;

    for (; end - at >= 8; at += 8) {
        uint64_t word, less, reference;

        memcpy(&word, at, sizeof word);
        less = word ^ ones * '<';
        reference = word ^ ones * '&';
        if ((word | (word - ones * 0x20) | (less - ones) | (reference - ones)) & highs)
            break;
    }
    return at;
}

static const char *pass(const char *at, const char *end, unsigned kind)
{
    while (at < end && IS(*at, kind))
        at++;
    return at;
}

/* ---- text ---- */

/* <name> and </name>, as long as nothing else comes, are most of most envelopes: both whole,
 * without a step for each part, while no element costs more for the names that came. Stops before
 * anything else, and before what may be cut off. */
static const char *pass_simple_tags(struct sx_gauge *gauge, const char *at, const char *end)
{
    unsigned depth = gauge->depth, max_depth = gauge->limits.max_depth;
    bool is_counted = gauge->names.count > SX_NAMES_FREE;
    const char *name;
    bool is_end;

    while (depth && depth < max_depth && !is_counted) {
        at = pass(at, end, PLAIN | MARK);
        if (end - at < 4 || *at != '<')
            break;
        is_end = at[1] == '/';
        if (is_end && has_scope(gauge, depth))
            break;
        name = at + 1 + is_end;
        if (!IS(*name, FIRST))
            break;
        name = pass(name + 1, end, NAME);
        if (name == end || *name != '>')
            break;
        depth = is_end ? depth - 1 : depth + 1;
        at = name + 1;
    }
    gauge->depth = depth;
    return at;
}

static const char *feed_text(struct sx_gauge *gauge, const char *at, const char *end)
{
    if (gauge->depth)
        at = pass_simple_tags(gauge, pass_words(at, end), end);
    at = gauge->depth ? pass(at, end, PLAIN | MARK) : pass(at, end, BLANK);
    if (at == end)
        return at;
    if (*at == '<') {
        gauge->state = MARKUP;
        return at + 1;
    }
    if (!gauge->depth)
        return refuse(gauge, SX_EMALFORMED, end);
    if (*at != '&')
        return pass_character(gauge, at, end);
    gauge->quote = 0;
    gauge->state = REFERENCE;
    return at + 1;
}

static const char *feed_reference(struct sx_gauge *gauge, const char *at, const char *end)
{
    if (gauge->state == REFERENCE) {
        if (*at != '#' && !IS(*at, LETTER))
            return refuse(gauge, SX_EMALFORMED, end);
        gauge->state = REFERENCE_END;
        at++;
    }
    at = pass(at, end, LETTER);
    if (at == end)
        return at;
    if (*at != ';')
        return refuse(gauge, SX_EMALFORMED, end);
    gauge->state = gauge->quote ? VALUE : TEXT;
    return at + 1;
}

/* ---- tags ---- */

static const char *feed_markup(struct sx_gauge *gauge, const char *at, const char *end)
{
    if (IS(*at, FIRST)) {
        open_element(gauge);
        gauge->state = START_NAME;
    } else if (*at == '/') {
        gauge->state = END_FIRST;
    } else if (*at == '!') {
        gauge->state = DECLARATION;
    } else if (*at == '?') {
        gauge->state = INSTRUCTION;
    } else {
        return refuse(gauge, SX_EMALFORMED, end);
    }
    return at + 1;
}

/* The byte that ends a name or a value in a start tag, or a blank further on. */
static const char *feed_start(struct sx_gauge *gauge, const char *at, const char *end)
{
    if (IS(*at, BLANK)) {
        gauge->state = START_BLANK;
    } else if (*at == '>') {
        gauge->state = TEXT;
    } else if (*at == '/') {
        gauge->state = EMPTY;
    } else {
        return refuse(gauge, SX_EMALFORMED, end);
    }
    return at + 1;
}

static const char *feed_start_name(struct sx_gauge *gauge, const char *at, const char *end)
{
    at = pass(at, end, NAME);
    return at < end ? feed_start(gauge, at, end) : at;
}

static const char *feed_start_blank(struct sx_gauge *gauge, const char *at, const char *end)
{
    at = pass(at, end, BLANK);
    if (at == end)
        return at;
    if (!IS(*at, FIRST))
        return feed_start(gauge, at, end);
    gauge->matched = 0;
    gauge->name = 0;
    gauge->state = ATTRIBUTE;
    return at;
}

static const char *feed_attribute(struct sx_gauge *gauge, const char *at, const char *end)
{
    const char *begin = at;

    for (; gauge->matched < PREFIXED && at < end && IS(*at, NAME); at++)
        gauge->matched = *at == declares[gauge->matched] ? gauge->matched + 1 : OTHER;
    at = pass(at, end, NAME);
    gauge->name = sx_names_hash(gauge->name, begin, (size_t)(at - begin));
    if (at == end)
        return at;
    if (*at != '=' && !IS(*at, BLANK))
        return refuse(gauge, SX_EMALFORMED, end);
    count_attribute(gauge);
    gauge->state = *at == '=' ? QUOTE : EQUALS;
    return at + 1;
}

static const char *feed_equals(struct sx_gauge *gauge, const char *at, const char *end)
{
    at = pass(at, end, BLANK);
    if (at == end)
        return at;
    if (*at != '=')
        return refuse(gauge, SX_EMALFORMED, end);
    gauge->state = QUOTE;
    return at + 1;
}

static const char *feed_quote(struct sx_gauge *gauge, const char *at, const char *end)
{
    at = pass(at, end, BLANK);
    if (at == end)
        return at;
    if (!IS(*at, MARK))
        return refuse(gauge, SX_EMALFORMED, end);
    gauge->quote = (unsigned char)*at;
    gauge->state = VALUE;
    return at + 1;
}

static const char *feed_value(struct sx_gauge *gauge, const char *at, const char *end)
{
    at = pass(at, end, PLAIN);
    if (at == end)
        return at;
    if (IS(*at, MARK)) {
        if ((unsigned char)*at == gauge->quote)
            gauge->state = VALUE_END;
        return at + 1;
    }
    if (*at != '&')
        return pass_character(gauge, at, end); /* refuses < */
    gauge->state = REFERENCE;
    return at + 1;
}

/* Behind the / of <a/>, and in </a>. */
static const char *feed_end(struct sx_gauge *gauge, const char *at, const char *end)
{
    if (gauge->state == END_FIRST) {
        if (!IS(*at, FIRST))
            return refuse(gauge, SX_EMALFORMED, end);
        gauge->state = END_NAME;
    }
    if (gauge->state == END_NAME)
        at = pass(at, end, NAME);
    if (at < end && gauge->state != EMPTY && IS(*at, BLANK)) {
        gauge->state = END_BLANK;
        at = pass(at, end, BLANK);
    }
    if (at == end)
        return at;
    if (*at != '>')
        return refuse(gauge, SX_EMALFORMED, end);
    close_element(gauge);
    gauge->state = TEXT;
    return at + 1;
}

/* ---- what is no element ---- */

static const char *feed_declaration(struct sx_gauge *gauge, const char *at, const char *end)
{
    if (*at == '-') {
        gauge->state = COMMENT_BEGIN;
    } else if (*at == '[' && gauge->depth) {
        gauge->matched = 0;
        gauge->state = CDATA_BEGIN;
    } else {
        return refuse(gauge, SX_EMALFORMED, end);
    }
    return at + 1;
}

static const char *feed_comment(struct sx_gauge *gauge, const char *at, const char *end)
{
    switch (gauge->state) {
    case COMMENT:
        at = memchr(at, '-', (size_t)(end - at));
        if (!at)
            return end;
        gauge->state = COMMENT_DASH;
        return at + 1;
    case COMMENT_DASH:
        gauge->state = *at == '-' ? COMMENT_DASHES : COMMENT;
        return at + 1;
    default: /* the second - of the beginning, or the > of the end */
        if (*at != (gauge->state == COMMENT_BEGIN ? '-' : '>'))
            return refuse(gauge, SX_EMALFORMED, end);
        gauge->state = gauge->state == COMMENT_BEGIN ? COMMENT : TEXT;
        return at + 1;
    }
}

static const char *feed_cdata_begin(struct sx_gauge *gauge, const char *at, const char *end)
{
    for (; cdata_begin[gauge->matched] && at < end; at++, gauge->matched++)
        if (*at != cdata_begin[gauge->matched])
            return refuse(gauge, SX_EMALFORMED, end);
    if (!cdata_begin[gauge->matched])
        gauge->state = CDATA;
    return at;
}

static const char *feed_cdata(struct sx_gauge *gauge, const char *at, const char *end)
{
    for (; at < end; at++)
        if (*at == ']' || !(IS(*at, PLAIN | MARK) || *at == '<' || *at == '&'))
            break;
    if (at == end)
        return at;
    if (*at != ']')
        return pass_character(gauge, at, end);
    gauge->state = CDATA_BRACKET;
    return at + 1;
}

static const char *feed_cdata_end(struct sx_gauge *gauge, const char *at)
{
    if (*at == ']') {
        gauge->state = CDATA_BRACKETS;
    } else if (*at == '>' && gauge->state == CDATA_BRACKETS) {
        gauge->state = TEXT;
    } else {
        gauge->state = CDATA;
        return at; /* it may be part of a character */
    }
    return at + 1;
}

static const char *feed_instruction(struct sx_gauge *gauge, const char *at, const char *end)
{
    bool is_marked = gauge->state == INSTRUCTION_MARK;

    if (*at == '<' || (*at == '>' && !is_marked))
        return refuse(gauge, SX_EMALFORMED, end);
    gauge->state = *at == '?' ? INSTRUCTION_MARK : *at == '>' ? TEXT : INSTRUCTION;
    return at + 1;
}

/* ---- all of it ---- */

static const char *feed_rest(struct sx_gauge *gauge, const char *at, const char *end)
{
    switch (gauge->state) {
    case REFERENCE:
    case REFERENCE_END:
        return feed_reference(gauge, at, end);
    case DECLARATION:
        return feed_declaration(gauge, at, end);
    case CDATA_BEGIN:
        return feed_cdata_begin(gauge, at, end);
    case CDATA:
        return feed_cdata(gauge, at, end);
    case CDATA_BRACKET:
    case CDATA_BRACKETS:
        return feed_cdata_end(gauge, at);
    case INSTRUCTION:
    case INSTRUCTION_MARK:
        return feed_instruction(gauge, at, end);
    default:
        return feed_comment(gauge, at, end);
    }
}

static const char *feed_state(struct sx_gauge *gauge, const char *at, const char *end)
{
    switch (gauge->state) {
    case TEXT:
        return feed_text(gauge, at, end);
    case MARKUP:
        return feed_markup(gauge, at, end);
    case START_NAME:
        return feed_start_name(gauge, at, end);
    case START_BLANK:
        return feed_start_blank(gauge, at, end);
    case ATTRIBUTE:
        return feed_attribute(gauge, at, end);
    case EQUALS:
        return feed_equals(gauge, at, end);
    case QUOTE:
        return feed_quote(gauge, at, end);
    case VALUE:
        return feed_value(gauge, at, end);
    case VALUE_END:
        return feed_start(gauge, at, end);
    case EMPTY:
    case END_FIRST:
    case END_NAME:
    case END_BLANK:
        return feed_end(gauge, at, end);
    default:
        return feed_rest(gauge, at, end);
    }
}

enum sx_err sx_gauge_feed(struct sx_gauge *gauge, const char *bytes, size_t len)
{
    const char *at = bytes, *end = bytes + len;

    while (at < end && !gauge->err)
        at = gauge->due ? pass_character(gauge, at, end) : feed_state(gauge, at, end);
    return gauge->err;
}
