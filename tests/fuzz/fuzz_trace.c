/* fuzz_trace.c - what a trace shows of stanzas that anybody may have written.
 *
 * Input: two bytes for the lengths of what is written, then a stanza. In it '$' and the byte behind
 * it stand for a word of its own, written in one of several ways: plain, in CDATA, beside
 * references, in a comment, in an attribute's value, in an element.
 *
 * expat, which knows no more of it than which elements are secret, says of each word whether it
 * stands inside of such an element. Claims: as far as expat can read, none of these words comes
 * through, however little fits; in a stanza without secrets everything does; a line is one, and no
 * longer than it may be.
 */
#include <expat.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/trace.h"
#include "fuzz.h"

enum { WORDS = 100, WORD_BYTES = 8, LINE_LEAST = 100, PREFIX_BYTES = 64 };

#define IBB "http://jabber.org/protocol/ibb"

struct world {
    struct sx_buffer text; /* the stanza as it is written */
    unsigned words;
    bool is_secret[WORDS];
    XML_Parser parser;
    unsigned depth; /* of elements in the outermost secret one, itself included; 0: outside */
    bool has_secrets, is_whole;
};

/* ---- writing ---- */

static void write_word(struct world *world, uint8_t form)
{
    static const char *const forms[] = {"%s",
                                        "<![CDATA[%s]]>",
                                        "&#x41;%s&lt;",
                                        "<!--%s-->",
                                        "<a:b c='%s'/>",
                                        "<a b=\"/>\">%s</a>",
                                        "<?a %s?>",
                                        ">]]%s'\"",
                                        "<![CDATA[</Password>]]>%s",
                                        "<!--</data>-->%s"};
    char word[WORD_BYTES];
    const char *how = forms[form % (sizeof forms / sizeof *forms)], *at = strstr(how, "%s");
    snprintf(word, sizeof word, "q%02uz", world->words++);
    sx_buffer_add(&world->text, how, (size_t)(at - how));
    sx_buffer_add_text(&world->text, word);
    sx_buffer_add_text(&world->text, at + 2);
}

static void write_stanza(struct world *world, const uint8_t *bytes, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        if (bytes[i] == '$' && i + 1 < len && world->words < WORDS)
            write_word(world, bytes[++i]);
        else /* no word begins by chance */
            sx_buffer_add(&world->text, bytes[i] == 'q' ? "p" : (const char *)&bytes[i], 1);
    }
    CLAIM(!world->text.failed);
}

/* ---- what expat says ---- */

/* trace.h's list. */
static bool is_secret(const char *name, const char **attributes)
{
    static const char *const names[] = {"Password", "password",  "BinarySecret",
                                        "auth",     "response",  "challenge",
                                        "success",  "handshake", "packed"};
    const char *colon = strrchr(name, ':'), *local = colon ? colon + 1 : name;
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(local, names[i]) == 0)
            return true;
    if (strcmp(local, "data") != 0)
        return false;
    for (; *attributes; attributes += 2)
        if (strncmp(attributes[0], "xmlns", 5) == 0 && strcmp(attributes[1], IBB) == 0)
            return true;
    return false;
}

static void note_words(struct world *world, const char *text, size_t len)
{
    size_t i;
    if (!world->depth)
        return;
    for (i = 0; i + 4 <= len; i++)
        if (text[i] == 'q') /* a word begins */
            world->is_secret[(text[i + 1] - '0') * 10 + text[i + 2] - '0'] = true;
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct world *world = user;
    const char **attribute;
    note_words(world, name, strlen(name));
    for (attribute = attributes; *attribute; attribute++)
        note_words(world, *attribute, strlen(*attribute));
    if (world->depth || is_secret(name, attributes)) {
        world->depth++;
        world->has_secrets = true;
    }
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct world *world = user;
    (void)name;
    world->depth -= world->depth > 0;
}

static void XMLCALL on_text(void *user, const char *text, int len)
{
    note_words(user, text, (size_t)len);
}

static void XMLCALL on_comment(void *user, const char *text)
{
    note_words(user, text, strlen(text));
}

static void XMLCALL on_instruction(void *user, const char *target, const char *text)
{
    on_comment(user, target);
    on_comment(user, text);
}

/* XMPP has none (RFC 6120 11.1), and our parser ends the stream. */
static void XMLCALL on_doctype(void *user, const char *name, const char *system, const char *public,
                               int has_subset)
{
    struct world *world = user;
    (void)name, (void)system, (void)public, (void)has_subset;
    XML_StopParser(world->parser, XML_FALSE);
}

static void parse(struct world *world)
{
    world->parser = XML_ParserCreate("UTF-8");
    CLAIM(world->parser);
    XML_SetUserData(world->parser, world);
    XML_SetElementHandler(world->parser, on_start, on_end);
    XML_SetCharacterDataHandler(world->parser, on_text);
    XML_SetCommentHandler(world->parser, on_comment);
    XML_SetProcessingInstructionHandler(world->parser, on_instruction);
    XML_SetStartDoctypeDeclHandler(world->parser, on_doctype);
    world->is_whole =
        XML_Parse(world->parser, world->text.bytes, (int)world->text.len, 1) == XML_STATUS_OK;
    XML_ParserFree(world->parser);
}

/* ---- claims ---- */

static void claim_no_secret(const struct world *world, const char *shown)
{
    unsigned i;
    for (i = 0; i < world->words; i++) {
        char word[WORD_BYTES];
        snprintf(word, sizeof word, "q%02u", i); /* it may be cut */
        CLAIM(!world->is_secret[i] || !strstr(shown, word));
    }
}

static void claims_about_redaction(const struct world *world, size_t out_bytes)
{
    char *out = malloc(out_bytes), *bytes = fuzz_bytes(world->text.bytes, world->text.len);
    size_t shown = world->text.len < out_bytes ? world->text.len : out_bytes - 1;
    CLAIM(out);
    sx_trace_redact(bytes, world->text.len, out, out_bytes);
    CLAIM(strlen(out) < out_bytes);
    claim_no_secret(world, out);
    if (world->is_whole && !world->has_secrets)
        CLAIM(strlen(out) == shown && memcmp(out, bytes, shown) == 0);
    free(bytes);
    free(out);
}

static void on_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    const unsigned char *byte = (const unsigned char *)line;
    CLAIM(level == SOAP_XMPP_TRACE_STANZA);
    for (; *byte; byte++)
        CLAIM(*byte >= 0x20 && *byte != 0x7F &&
              (*byte != 0xC2 || byte[1] < 0x80 || byte[1] > 0x9F));
    *(char **)user = fuzz_text(line, strlen(line));
}

static void claims_about_line(const struct world *world, size_t max_bytes)
{
    struct sx_trace trace;
    char *line = NULL;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, on_line, &line, "alice@example.org");
    trace.max_bytes = max_bytes;
    sx_trace_stanza(&trace, "received", world->text.bytes, world->text.len);
    CLAIM(line && strlen(line) <= max_bytes);
    CLAIM(strncmp(line, "alice@example.org: received ", 28) == 0);
    claim_no_secret(world, line);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {.words = 0};
    if (len < 3)
        return 0;
    write_stanza(&world, bytes + 2, len - 2);
    parse(&world);
    claims_about_redaction(&world, 1 + bytes[0]);
    claims_about_redaction(&world, 2 * world.text.len + PREFIX_BYTES);
    claims_about_line(&world, LINE_LEAST + 4 * (size_t)bytes[1]);
    sx_buffer_fini(&world.text);
    return 0;
}
