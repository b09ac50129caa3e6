/* checker.c - what a stanza can't carry is refused before it is sent.
 *
 * Invariant: an envelope that passed the check ends no stream; the first refusal counts.
 *
 * Happy path: check reads gSOAP's bytes as plain markup, nearly always; else expat does, which
 * alone knows what is wrong with them. A glance does the same, and stops as soon as it knows
 * enough. Failure: what a stanza can't carry is refused with its offset: a server would answer it
 * with a stream error, which costs every call of the link (RFC 6120 11).
 */
#include "soap/checker.h"

#include <expat.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/markup.h"
#include "xml/quota.h"

struct sx_checker {
    struct sx_markup markup;
    XML_Parser parser;     /* for what the markup isn't plain enough for */
    struct sx_quota quota; /* of memory without end: the envelope is our own */
    struct sx_scan scan;
    const char **open_uris; /* the scan's, while it measures: a check's */
    enum sx_err err; /* SX_OK, SX_EUNCARRIABLE, SX_EVERSION, SX_EDEPTH, SX_ETOOBIG, SX_ENOMEM */
    size_t lead;     /* white space before the root, not given to expat */
    bool glancing, known;           /* stops as soon as it is known what a glance tells */
    bool has_begun;                 /* the root has */
    size_t glanced;                 /* bytes so far */
    unsigned long steps, max_steps; /* of a glance; the scan counts more */
    size_t bad_byte;
    char why[160];
};

/* Left for others of the SX_NAMESPACES_COUNT that a receiver takes: sx_envelope_format adds up to
 * two declarations, and those of the stream and the stanza are in scope as well. */
enum { SPARE_DECLARATIONS = 16 };

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
    bool passes = err == SX_EDEPTH || err == SX_ENOMEM || (checker->glancing && err == SX_EVERSION);
    stop(checker, passes ? err : SX_EUNCARRIABLE, checker->scan.why);
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

/* A DOCTYPE is told behind its name. All else that may precede one is refused, so that it begins
 * where the root would. */
static void on_restricted(void *user, enum sx_quota_markup markup, const char *encoding)
{
    static const char *const texts[] = {
        [SX_QUOTA_COMMENT] = "XMPP forbids comments",
        [SX_QUOTA_INSTRUCTION] = "XMPP forbids processing instructions",
        [SX_QUOTA_DOCTYPE] = "XMPP forbids a DOCTYPE",
        [SX_QUOTA_DECLARATION] = "an XML declaration can't stand inside a stanza",
    };
    struct sx_checker *checker = user;
    (void)encoding;
    refuse(checker, SX_EUNCARRIABLE,
           markup == SX_QUOTA_DOCTYPE ? checker->lead : event_byte(checker), texts[markup]);
    XML_StopParser(checker->parser, XML_FALSE);
}

struct sx_checker *sx_checker_new(unsigned max_depth)
{
    struct sx_checker *checker = calloc(1, sizeof *checker);
    if (!checker)
        return NULL;
    sx_scan_init(&checker->scan, max_depth);
    checker->open_uris = calloc(max_depth, sizeof *checker->open_uris);
    checker->quota = (struct sx_quota){.max_bytes = SIZE_MAX, .restricted = on_restricted};
    checker->parser = sx_quota_parser(&checker->quota);
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

/* expat, for an envelope from its beginning. */
static bool prepare(struct sx_checker *checker)
{
    XML_Parser parser = checker->parser;
    if (!sx_quota_reset(&checker->quota, parser)) {
        refuse(checker, SX_ENOMEM, 0, "memory is short");
        return false;
    }
    XML_SetUserData(parser, checker);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
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
    } else if (sx_quota_parse(&checker->quota, checker->parser, bytes + lead, (int)(len - lead),
                              true) != XML_STATUS_OK) {
        refuse_syntax(checker, bytes, 0, len);
    } else if (!checker->scan.has_body) {
        refuse(checker, SX_EUNCARRIABLE, lead, "the envelope has no Body");
    }
}

/* Nearly every envelope that gSOAP writes. */
static bool is_plain(struct sx_checker *checker, const char *bytes, size_t len)
{
    size_t lead = sx_scan_spaces(bytes, len);
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
    checker->lead = sx_scan_spaces(bytes, len);
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

void sx_checker_begin(struct sx_checker *checker, unsigned long max_steps)
{
    checker->err = SX_OK;
    checker->glancing = true;
    checker->known = checker->has_begun = false;
    checker->scan.open_uris = NULL;
    checker->lead = checker->glanced = 0;
    checker->scan.steps = checker->steps = 0;
    checker->max_steps = max_steps;
}

unsigned long sx_checker_steps(const struct sx_checker *checker)
{
    return checker->steps + checker->scan.steps;
}

/* Whether so many more may be taken. */
static bool has_steps(struct sx_checker *checker, size_t more)
{
    unsigned long taken = sx_checker_steps(checker);
    if (taken > checker->max_steps || more > checker->max_steps - taken)
        refuse(checker, SX_EFULL, checker->glanced,
               "too much stands before the operation, for now");
    return !checker->err;
}

/* A glance at plain markup: goes on until enough is known. */
static bool glance_start(void *user, const char *qname, const char **attributes)
{
    struct sx_checker *checker = user;
    return sx_scan_start(&checker->scan, qname, attributes) == SX_OK && !has_told(&checker->scan) &&
           has_steps(checker, 0);
}

static bool glance_text(void *user, const char *text, int len)
{
    struct sx_checker *checker = user;
    return sx_scan_text(&checker->scan, text, len) == SX_OK;
}

static bool glance_end(void *user)
{
    struct sx_checker *checker = user;
    return sx_scan_end(&checker->scan) == SX_OK && !has_told(&checker->scan);
}

/* What nearly every first piece does. */
static bool tells_plainly(struct sx_checker *checker, const char *bytes, size_t len)
{
    const struct sx_markup_sink sink = {glance_start, glance_text, glance_end, checker};
    sx_scan_reset(&checker->scan, 0);
    sx_markup_read(&checker->markup, bytes, len, &sink);
    checker->steps += (size_t)(checker->markup.at - bytes);
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
    size_t lead = checker->has_begun ? 0 : sx_scan_spaces(piece, len), first = checker->glanced;
    bool begins = !checker->has_begun && lead < len;
    checker->lead += lead;
    if (!is_fit_for_expat(checker, piece, len, lead))
        return;
    checker->glanced += len;
    checker->has_begun = checker->has_begun || begins;
    if (begins &&
        (tells_plainly(checker, piece + lead, len - lead) || checker->err || !prepare(checker)))
        return;
    if (!has_steps(checker, len * SX_GLANCE_EXPAT_STEPS))
        return;
    checker->steps += len * SX_GLANCE_EXPAT_STEPS;
    if (checker->has_begun &&
        sx_quota_parse(&checker->quota, checker->parser, piece + lead, (int)(len - lead), last) !=
            XML_STATUS_OK &&
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
