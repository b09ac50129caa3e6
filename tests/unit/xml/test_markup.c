/* Plain markup against expat: whatever is read here, expat reads the same.
 *
 * Envelopes are changed at random places (a seed of their own), so that many are broken in one way:
 * those that the markup's reader takes must be well-formed and tell the scan the same. */
#include <expat.h>

#include "xml/markup.h"
#include "../envelope_fixture.h"

enum { ROUNDS = 60000, EDITED_BYTES = 2000 };

struct both {
    struct sx_markup markup;
    struct sx_scan plain, expats;
    const char *uris[2][MAX_DEPTH];
    XML_Parser parser;
    bool is_refused;
};

static void XMLCALL on_start(void *user, const char *qname, const char **attributes)
{
    struct both *both = user;
    bool had_header = both->expats.has_header;
    sx_scan_start(&both->expats, qname, attributes);
    if (both->expats.has_header && !had_header)
        both->expats.header_byte = (size_t)XML_GetCurrentByteIndex(both->parser);
}

static void XMLCALL on_text(void *user, const char *text, int len)
{
    struct both *both = user;
    sx_scan_text(&both->expats, text, len);
}

static void XMLCALL on_end(void *user, const char *qname)
{
    struct both *both = user;
    (void)qname;
    sx_scan_end(&both->expats);
}

static void XMLCALL on_comment(void *user, const char *text)
{
    struct both *both = user;
    (void)text;
    both->is_refused = true;
}

static void XMLCALL on_instruction(void *user, const char *target, const char *data)
{
    (void)target;
    on_comment(user, data);
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system_id,
                               const char *public_id, int has_subset)
{
    (void)system_id, (void)public_id, (void)has_subset;
    on_comment(user, name);
}

static void XMLCALL on_declaration(void *user, const char *version, const char *encoding,
                                   int standalone)
{
    (void)encoding, (void)standalone;
    on_comment(user, version);
}

static void start(struct both *both)
{
    memset(both, 0, sizeof *both);
    CU_ASSERT_FATAL(sx_markup_init(&both->markup, MAX_DEPTH));
    sx_scan_init(&both->plain, MAX_DEPTH);
    sx_scan_init(&both->expats, MAX_DEPTH);
    both->plain.open_uris = both->uris[0];
    both->expats.open_uris = both->uris[1];
    both->parser = XML_ParserCreate("UTF-8");
    CU_ASSERT_PTR_NOT_NULL_FATAL(both->parser);
}

static void stop(struct both *both)
{
    XML_ParserFree(both->parser);
    sx_markup_fini(&both->markup);
    sx_scan_fini(&both->plain);
    sx_scan_fini(&both->expats);
}

static bool is_good_to_expat(struct both *both, const char *bytes, size_t len)
{
    both->is_refused = false;
    XML_ParserReset(both->parser, "UTF-8");
    XML_SetUserData(both->parser, both);
    XML_SetElementHandler(both->parser, on_start, on_end);
    XML_SetCharacterDataHandler(both->parser, on_text);
    XML_SetCommentHandler(both->parser, on_comment);
    XML_SetProcessingInstructionHandler(both->parser, on_instruction);
    XML_SetStartDoctypeDeclHandler(both->parser, on_doctype);
    XML_SetXmlDeclHandler(both->parser, on_declaration);
    sx_scan_reset(&both->expats, 0);
    return XML_Parse(both->parser, bytes, (int)len, 1) == XML_STATUS_OK && !both->is_refused &&
           both->expats.err == SX_OK;
}

static bool have_told_the_same(const struct sx_scan *one, const struct sx_scan *other)
{
    return one->version == other->version && one->has_body == other->has_body &&
           one->has_header == other->has_header && one->is_fault == other->is_fault &&
           one->root_declares_default == other->root_declares_default &&
           (!one->has_header || one->header_byte == other->header_byte) &&
           one->rewritten_bytes == other->rewritten_bytes &&
           strcmp(one->operation, other->operation) == 0 &&
           strcmp(one->fault_code, other->fault_code) == 0 &&
           strcmp(one->action, other->action) == 0 &&
           memcmp(one->unbound, other->unbound, one->unbound_len + 1) == 0;
}

/* Whether the markup is plain; if so expat must have told the same. */
static bool compare(struct both *both, const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1); /* shows reads beyond the end to the sanitizer */
    bool is_plain, is_same;
    memcpy(copy, bytes, len);
    sx_scan_reset(&both->plain, 0);
    is_plain = sx_scan_markup(&both->plain, &both->markup, copy, len);
    is_same = !is_plain || (is_good_to_expat(both, copy, len) &&
                            have_told_the_same(&both->plain, &both->expats));
    if (!is_same)
        printf("\n    not the same: %.*s", (int)len, bytes);
    CU_ASSERT(is_same);
    free(copy);
    return is_plain;
}

#define GSOAPS                                                                                     \
    "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"" URI12 "\" xmlns:c=\"urn:c\"\n xmlns:xsi='urn:x'>"       \
    "<SOAP-ENV:Header >" ACTION("urn:a") "</SOAP-ENV:Header><SOAP-ENV:Body>"                       \
                                         "<c:add xsi:type=\"c:t\" q='a > b'><a>1.5</a><b>x "       \
                                         "&lt;&amp;&gt; \xC3\xA9</b><e/></c:add>"                  \
                                         "</SOAP-ENV:Body></SOAP-ENV:Envelope>\r\n"
#define FAULT                                                                                      \
    ROOT11 "<E:Body><E:Fault><faultcode>E:Client</faultcode><faultstring>&quot;&apos;\t"           \
           "</faultstring><d y:z='1'/></E:Fault>" TAIL

static const char *const plain[] = {
    GSOAPS,
    ROOT11 BODY "<x/>" TAIL,
    "<Envelope xmlns='" URI12 "'><Body><Fault><Code><Value>p:Sender</Value></Code></Fault>"
    "</Body></Envelope>  ",
    ROOT12 "<E:Body a='1' b = \"2\"\tc\n=\n'\xF0\x9F\x98\x80'/></E:Envelope>",
};

static void test_plain(void)
{
    struct both both;
    size_t i;
    start(&both);
    for (i = 0; i < sizeof plain / sizeof *plain; i++)
        CU_ASSERT(compare(&both, plain[i], strlen(plain[i])));
    stop(&both);
}

static void test_left_to_expat(void)
{
    static const char *const others[] = {
        "",
        "<",
        ROOT11,
        ROOT11 BODY "<!-- c -->" TAIL,
        ROOT11 BODY "<![CDATA[c]]>" TAIL,
        ROOT11 BODY "<?p i?>" TAIL,
        ROOT11 BODY "&#65;" TAIL,
        ROOT11 BODY "&nbsp;" TAIL,
        ROOT11 BODY "]]>" TAIL,
        ROOT11 BODY "\r" TAIL,
        ROOT11 BODY "\x01" TAIL,
        ROOT11 BODY "\x80" TAIL,
        ROOT11 BODY "\xEF\xBF\xBF" TAIL,
        ROOT11 BODY "<x a='&amp;'/>" TAIL,
        ROOT11 BODY "<x a='\n'/>" TAIL,
        ROOT11 BODY "<x a='<'/>" TAIL,
        ROOT11 BODY "<x a='1' a='2'/>" TAIL,
        ROOT11 BODY "<x a='1'b='2'/>" TAIL,
        ROOT11 BODY "<x a/>" TAIL,
        ROOT11 BODY "<x / >" TAIL,
        ROOT11 BODY "<x></y>" TAIL,
        ROOT11 BODY "<x></x y=''>" TAIL,
        ROOT11 BODY "<1/>" TAIL,
        ROOT11 BODY "<\xC3\xA9/>" TAIL,
        ROOT11 BODY "<p:x/>" TAIL,
        ROOT11 BODY "<a><b><c><d><e/></d></c></b></a>" TAIL,
        ROOT11 BODY TAIL "x",
        ROOT11 BODY TAIL "<x/>",
        ROOT11 BODY "<x a1='' a2='' a3='' a4='' a5='' a6='' a7='' a8='' a9='' b1='' b2='' b3='' "
                    "b4='' b5='' b6='' b7='' b8=''/>" TAIL,
    };
    struct both both;
    size_t i;
    start(&both);
    for (i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT(!compare(&both, others[i], strlen(others[i])));
    stop(&both);
}

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

/* Bytes of one envelope take the place of another's, or of none. */
static size_t edit(char *out, size_t len, unsigned *seed)
{
    static const char *const pieces[] = {
        "<",        ">", "/", "&",    "'",  "\"", "=",    " ",  "x",   ":", "]",           "\n",
        "xmlns:x=", "!", "?", "\xC3", "</", "/>", "&lt;", "E:", "<x>", "a", "\xE2\x82\xAC"};
    char rest[EDITED_BYTES]; /* valgrind takes a fortified memmove() for an overlap */
    const char *piece = pieces[draw(seed, sizeof pieces / sizeof *pieces)];
    size_t place = draw(seed, (unsigned)len), gone = draw(seed, 4), added = strlen(piece);
    if (gone > len - place)
        gone = len - place;
    memcpy(rest, out + place + gone, len - place - gone);
    memcpy(out + place + added, rest, len - place - gone);
    memcpy(out + place, piece, added);
    return len - gone + added;
}

static void test_edited(void)
{
    static const char *const seeds[] = {GSOAPS, FAULT, ROOT12 "<E:Body a='1'/></E:Envelope>"};
    unsigned seed = 1, round, edits, taken = 0;
    char edited[EDITED_BYTES];
    struct both both;
    start(&both);
    for (round = 0; round < ROUNDS; round++) {
        const char *from = seeds[round % (sizeof seeds / sizeof *seeds)];
        size_t len = strlen(from);
        memcpy(edited, from, len);
        for (edits = 1 + draw(&seed, 3); edits; edits--)
            len = edit(edited, len, &seed);
        taken += compare(&both, edited, len);
    }
    CU_ASSERT(taken > ROUNDS / 100 && taken < ROUNDS / 2);
    stop(&both);
}

CU_TestInfo tests_markup[] = {
    {"what gSOAP writes is plain", test_plain},
    {"what is broken or unusual is left to expat", test_left_to_expat},
    {"expat tells the same of whatever is plain, however it was edited", test_edited},
    CU_TEST_INFO_NULL,
};
