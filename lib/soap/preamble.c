/* preamble.c - a pass over the raw bytes before an operation.
 *
 * Invariant: depth is the number of elements open, last the byte before in the same text, value or
 * CDATA section (0 at its beginning). Nothing is looked at once it is over.
 *
 * Happy path: root, Header and Body go by -> the first start tag inside of the Body: over.
 * Failure modes: an ambiguity: over, and told with each further feed. What isn't well-formed was
 * refused before; here it may be told as anything, but ends nowhere it shouldn't.
 */
#include "soap/preamble.h"

#include <string.h>

#include "soap/scan.h"

enum state { TEXT, MARKUP, CDATA_NAME, CDATA, END_TAG, NAME, TAG, ATTRIBUTE, VALUE };
enum { BODY_DEPTH = 2 };

static void refuse(struct sx_preamble *preamble, const char *clause)
{
    preamble->ambiguity = clause;
    preamble->is_over = true;
}

static void enter(struct sx_preamble *preamble, enum state state)
{
    preamble->state = (unsigned char)state;
    preamble->last = preamble->matched = preamble->quote = 0;
}

/* A byte of text, of a value or of a CDATA section. */
static void read_content(struct sx_preamble *preamble, char c)
{
    if (c == '>' && preamble->last == '/')
        refuse(preamble, "\"/>\" stands in text or in a value before the operation");
    preamble->last = (unsigned char)c;
}

static void read_text(struct sx_preamble *preamble, char c)
{
    if (c == '<')
        enter(preamble, MARKUP);
    else if (preamble->in_body && !sx_scan_is_space(c))
        refuse(preamble, "text stands in the Body before the operation");
    else
        read_content(preamble, c);
}

static void read_markup(struct sx_preamble *preamble, char c)
{
    preamble->name_len = 0;
    if (c == '/') {
        enter(preamble, END_TAG);
    } else if (c == '!' && !preamble->in_body) {
        enter(preamble, CDATA_NAME);
    } else if (c == '!' || c == '?') {
        refuse(preamble, "a CDATA section or an instruction stands before the operation");
    } else if (preamble->in_body) {
        preamble->is_over = true;
    } else {
        enter(preamble, NAME);
        preamble->name[preamble->name_len++] = c;
    }
}

/* Ends at "]]>", with more brackets before it perhaps. */
static void read_cdata(struct sx_preamble *preamble, char c)
{
    if (c == '>' && preamble->matched == 2) {
        enter(preamble, TEXT);
        return;
    }
    read_content(preamble, c);
    if (c != ']')
        preamble->matched = 0;
    else if (preamble->matched < 2)
        preamble->matched++;
}

static void close_element(struct sx_preamble *preamble)
{
    preamble->in_body = false;
    if (preamble->depth)
        preamble->depth--;
}

static void open_element(struct sx_preamble *preamble)
{
    bool is_body = preamble->name_len == 4 && memcmp(preamble->name, "Body", 4) == 0;
    preamble->depth++;
    if (is_body && preamble->depth != BODY_DEPTH)
        refuse(preamble, "a Body stands inside of another element before the operation");
    else if (is_body && preamble->had_body)
        refuse(preamble, "a second Body stands before the operation");
    else if (is_body)
        preamble->had_body = preamble->in_body = true;
}

static void end_start_tag(struct sx_preamble *preamble)
{
    if (preamble->last == '/')
        close_element(preamble);
    enter(preamble, TEXT);
}

/* Between attributes; what begins one is matched with "xmlns". */
static void read_tag(struct sx_preamble *preamble, char c)
{
    if (c == '>') {
        end_start_tag(preamble);
    } else if (c == '/' || sx_scan_is_space(c)) {
        preamble->last = (unsigned char)c;
    } else {
        enter(preamble, ATTRIBUTE);
        preamble->matched = c == 'x';
    }
}

static void read_name(struct sx_preamble *preamble, char c)
{
    if (c == ':') {
        preamble->name_len = 0;
    } else if (c == '>' || c == '/' || sx_scan_is_space(c)) {
        enter(preamble, TAG);
        open_element(preamble);
        if (!preamble->is_over)
            read_tag(preamble, c);
    } else if (preamble->name_len < sizeof preamble->name) {
        preamble->name[preamble->name_len++] = c;
    }
}

/* The attribute's name, up to the quote that begins its value. */
static void read_attribute(struct sx_preamble *preamble, char c)
{
    static const char xmlns[] = "xmlns";
    bool is_whole = preamble->matched == sizeof xmlns - 1;
    if (c == '"' || c == '\'') {
        enter(preamble, VALUE);
        preamble->quote = (unsigned char)c;
    } else if (is_whole && (c == ':' || c == '=' || sx_scan_is_space(c))) {
        preamble->matched = 0;
        if (++preamble->declarations > SX_PREAMBLE_DECLARATIONS)
            refuse(preamble, "more than 64 namespace declarations stand before the operation");
    } else {
        preamble->matched = !is_whole && preamble->matched && c == xmlns[preamble->matched]
                                ? preamble->matched + 1
                                : 0;
    }
}

static void read_value(struct sx_preamble *preamble, char c)
{
    if ((unsigned char)c == preamble->quote)
        enter(preamble, TAG);
    else
        read_content(preamble, c);
}

static void read_end_tag(struct sx_preamble *preamble, char c)
{
    if (c != '>')
        return;
    close_element(preamble);
    enter(preamble, TEXT);
}

static void read_byte(struct sx_preamble *preamble, char c)
{
    switch ((enum state)preamble->state) {
    case TEXT:
        read_text(preamble, c);
        break;
    case MARKUP:
        read_markup(preamble, c);
        break;
    case CDATA_NAME:
        if (c == '[' && ++preamble->matched == 2) /* <![CDATA[ */
            enter(preamble, CDATA);
        break;
    case CDATA:
        read_cdata(preamble, c);
        break;
    case END_TAG:
        read_end_tag(preamble, c);
        break;
    case NAME:
        read_name(preamble, c);
        break;
    case TAG:
        read_tag(preamble, c);
        break;
    case ATTRIBUTE:
        read_attribute(preamble, c);
        break;
    case VALUE:
        read_value(preamble, c);
        break;
    }
}

const char *sx_preamble_feed(struct sx_preamble *preamble, const char *bytes, size_t len)
{
    size_t i;
    for (i = 0; i < len && !preamble->is_over; i++)
        read_byte(preamble, bytes[i]);
    return preamble->ambiguity;
}
