/* document.c: what others write, fit for a stanza; encoding.c: in which encoding that is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap/document.h"
#include "soap_xmpp.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_document[];

/* The document cleaned, or why it can't be; until the next call. */
static const char *clean(const char *bytes, size_t len, const char *charset)
{
    static char told[2000];
    struct sx_buffer out = {0}, again = {0};
    char why[200] = "", *copy = malloc(len ? len : 1); /* without a NUL: reading beyond it shows */
    memcpy(copy, bytes, len);
    if (sx_document_clean(copy, len, charset, &out, why, sizeof why) == SX_OK) {
        CU_ASSERT_FALSE(out.failed);
        snprintf(told, sizeof told, "%s", out.bytes);
        CU_ASSERT_EQUAL(sx_document_clean(out.bytes, out.len, NULL, &again, why, sizeof why),
                        SX_OK);
        ASSERT_TEXT(again.bytes, told); /* the second time nothing changes */
    } else {
        CU_ASSERT_EQUAL(out.len, 0);
        CU_ASSERT_TRUE(*why);
        snprintf(told, sizeof told, "refused: %s", why);
    }
    sx_buffer_fini(&out);
    sx_buffer_fini(&again);
    free(copy);
    return told;
}

#define CLEAN(literal)           clean(literal, sizeof literal - 1, NULL)
#define CLEAN_AS(charset, bytes) clean(bytes, sizeof bytes - 1, charset)

/* The ASCII text in characters of so many bytes, cleaned. */
static const char *clean_wide(const char *mark, size_t mark_len, const char *text, unsigned width,
                              bool is_big, const char *charset)
{
    char bytes[2000];
    size_t len = mark_len;
    memcpy(bytes, mark, mark_len);
    for (; *text; text++) {
        memset(bytes + len, 0, width);
        bytes[is_big ? len + width - 1 : len] = *text;
        len += width;
    }
    return clean(bytes, len, charset);
}

/* ---- what is left out ---- */

static void a_document_that_is_clean_stays_as_it_is(void)
{
    ASSERT_TEXT(
        CLEAN("<a b='1'  c=\"&lt;2\"\r\n >x &amp; &#xE4; \xC3\xA4<b/><![CDATA[<!-- ]] -->]]>"
              "\t</a >"),
        "<a b='1'  c=\"&lt;2\"\r\n >x &amp; &#xE4; \xC3\xA4<b/><![CDATA[<!-- ]] -->]]>"
        "\t</a >");
}

static void declaration_comments_and_instructions_go(void)
{
    ASSERT_TEXT(CLEAN("<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!-- 1 -->\n"
                      "<?p 2?><a>3<!--Optional:-->4<?p?>5<b><!-- > ]]> --></b></a>\n<!-- 6 --> "),
                "<a>345<b></b></a>");
    ASSERT_TEXT(CLEAN("\xEF\xBB\xBF<a/>\n"), "<a/>");
    ASSERT_TEXT(CLEAN(" \n<a><!----></a>"), "<a></a>");
}

/* "]]>" would not be well-formed. */
static void what_a_comment_kept_apart_stays_apart(void)
{
    ASSERT_TEXT(CLEAN("<a>]]<!---->></a>"), "<a>]]&gt;</a>");
    ASSERT_TEXT(CLEAN("<a>]<!---->]></a>"), "<a>]]&gt;</a>");
    ASSERT_TEXT(CLEAN("<a>]<?p?>]<!---->>]]</a>"), "<a>]]&gt;]]</a>");
    ASSERT_TEXT(CLEAN("<a>x<!---->]<!---->></a>"), "<a>x]></a>");
    ASSERT_TEXT(CLEAN("<a><![CDATA[]]]]><!---->></a>"), "<a><![CDATA[]]]]>></a>");
}

/* ---- what is refused ---- */

#define LAUGHS                                                                                     \
    "<?xml version='1.0'?>\n<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;'>"   \
    "<!ENTITY lol3 '&lol2;&lol2;&lol2;'>]>\n<lolz>&lol3;</lolz>"

static void a_doctype_is_refused(void)
{
    ASSERT_TEXT(CLEAN(LAUGHS), "refused: it has a DOCTYPE, in line 2, which XMPP forbids");
    ASSERT_CONTAINS(CLEAN("<!DOCTYPE a SYSTEM 'http://example.org/'><a/>"), "DOCTYPE");
    ASSERT_CONTAINS(CLEAN("<!DOCTYPE a><a/>"), "DOCTYPE");
}

static void what_is_not_well_formed_is_refused_with_its_line(void)
{
    ASSERT_TEXT(CLEAN("<a>\n<b>\n</a>"),
                "refused: it is not well-formed in line 3 (mismatched tag)");
    ASSERT_CONTAINS(CLEAN("<a>&b;</a>"), "line 1 (undefined entity)");
    ASSERT_CONTAINS(CLEAN("<a>&#1;</a>"), "line 1 (reference to invalid character number)");
    ASSERT_CONTAINS(CLEAN("<a/><b/>"), "junk after document element");
    ASSERT_CONTAINS(CLEAN("<a/>x"), "line 1");
    ASSERT_CONTAINS(CLEAN("<a>\n\xC3</a>"), "line 2");
    ASSERT_CONTAINS(CLEAN("<a>\x01</a>"), "line 1");
    ASSERT_CONTAINS(CLEAN("\n<?xml version='1.0'?><a/>"), "line 2");
    ASSERT_CONTAINS(CLEAN("<a"), "unclosed token");
    ASSERT_CONTAINS(CLEAN("a"), "line 1");
}

static void what_binds_no_prefix_is_refused(void)
{
    ASSERT_TEXT(CLEAN("<p:a xmlns:p='urn:p' p:b='' xml:lang='en'><b xmlns=''/></p:a>"),
                "<p:a xmlns:p='urn:p' p:b='' xml:lang='en'><b xmlns=''/></p:a>");
    ASSERT_TEXT(CLEAN("<a>\n<p:b/></a>"), "refused: in line 2 the prefix of p:b is bound nowhere");
    ASSERT_TEXT(CLEAN("<a><p:b xmlns:p='urn:p'/><c p:d=''/></a>"),
                "refused: in line 1 the prefix of p:d is bound nowhere");
    ASSERT_TEXT(CLEAN("<p:a xmlns:p=''/>"),
                "refused: in line 1 a prefix is declared as Namespaces in XML doesn't allow");
    ASSERT_TEXT(CLEAN("<a xmlns:p='u' xmlns:q='u'>\n<b p:c='' q:c=''/></a>"),
                "refused: in line 2 the attribute q:c stands there under another prefix, too");
    ASSERT_TEXT(CLEAN("<a xmlns:p='u' xmlns:q='v' p:c='' q:c='' c='' xml:lang=''/>"),
                "<a xmlns:p='u' xmlns:q='v' p:c='' q:c='' c='' xml:lang=''/>");
}

static void what_declares_too_much_is_refused(void)
{
    struct sx_buffer document = {0};
    unsigned i;
    sx_buffer_add_text(&document, "<a");
    for (i = 0; i <= 256; i++)
        sx_buffer_add_format(&document, " xmlns:p%u='urn:p'", i);
    sx_buffer_add_text(&document, "/>");
    ASSERT_TEXT(clean(document.bytes, document.len, NULL),
                "refused: in line 1 more than 256 namespace declarations are in scope");
    sx_buffer_fini(&document);
}

static void what_has_no_element_is_refused(void)
{
    ASSERT_TEXT(CLEAN(""), "refused: it is empty");
    ASSERT_TEXT(CLEAN("\xEF\xBB\xBF"), "refused: it is empty");
    ASSERT_TEXT(CLEAN("\xFF\xFE"), "refused: it is empty");
    ASSERT_TEXT(CLEAN(" \n"), "refused: it has no element");
    ASSERT_TEXT(CLEAN("<!-- a -->"), "refused: it has no element");
    ASSERT_TEXT(CLEAN("<a>\0</a>"), "refused: XML forbids its character U+0000 (byte 3 in UTF-8)");
}

static void a_document_that_is_nested_too_deep_is_refused(void)
{
    char bytes[7 * (SX_DOCUMENT_DEPTH + 1) + 1] = "";
    unsigned depth;
    for (depth = 0; depth < SX_DOCUMENT_DEPTH; depth++)
        strcat(bytes, "<a>");
    for (depth = 0; depth < SX_DOCUMENT_DEPTH; depth++)
        strcat(bytes, "</a>");
    ASSERT_TEXT(clean(bytes, strlen(bytes), NULL), bytes);
    memmove(bytes + 3, bytes, strlen(bytes) + 1);
    memcpy(bytes, "<a>", 3);
    strcat(bytes, "</a>");
    ASSERT_TEXT(clean(bytes, strlen(bytes), NULL),
                "refused: in line 1 it is nested deeper than 256 elements");
}

/* ---- encodings ---- */

#define DECLARED(encoding) "<?xml version=\"1.0\" encoding=\"" encoding "\"?>"

static void characters_of_two_and_four_bytes_are_known_with_and_without_a_mark(void)
{
    static const char *const texts[] = {"<a>b</a>", DECLARED("UTF-16") "<a>b</a>",
                                        DECLARED("utf-8") "<a>b</a>", " <a>b</a>"};
    size_t i;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        ASSERT_TEXT(clean_wide("", 0, texts[i], 2, true, NULL), "<a>b</a>");
        ASSERT_TEXT(clean_wide("", 0, texts[i], 2, false, NULL), "<a>b</a>");
        ASSERT_TEXT(clean_wide("\xFE\xFF", 2, texts[i], 2, true, NULL), "<a>b</a>");
        ASSERT_TEXT(clean_wide("\xFF\xFE", 2, texts[i], 2, false, NULL), "<a>b</a>");
        ASSERT_TEXT(clean_wide("", 0, texts[i], 4, true, NULL), "<a>b</a>");
        ASSERT_TEXT(clean_wide("", 0, texts[i], 4, false, NULL), "<a>b</a>");
        ASSERT_TEXT(clean_wide("\0\0\xFE\xFF", 4, texts[i], 4, true, NULL), "<a>b</a>");
        ASSERT_TEXT(clean_wide("\xFF\xFE\0\0", 4, texts[i], 4, false, NULL), "<a>b</a>");
    }
}

static void a_pair_of_utf_16_is_one_character(void)
{
    ASSERT_TEXT(CLEAN("\xFE\xFF\0<\0a\0>\xD8\x3D\xDE\x00\0<\0/\0a\0>"), "<a>\xF0\x9F\x98\x80</a>");
    ASSERT_TEXT(CLEAN("\xFE\xFF\0<\0a\0>\xD8\x3D\0<\0/\0a\0>"),
                "refused: its byte 8 begins no character of UTF-16BE");
    ASSERT_TEXT(CLEAN("\0<\0a\0/\0"), "refused: its last 1 bytes are no whole character of "
                                      "UTF-16BE");
}

static void a_declaration_names_the_encoding(void)
{
    ASSERT_TEXT(CLEAN(DECLARED("ISO-8859-1") "<a>\xE4\x80</a>"), "<a>\xC3\xA4\xC2\x80</a>");
    ASSERT_TEXT(CLEAN("<?xml version='1.0'  encoding = 'windows-1252' ?><a>\x80</a>"),
                "<a>\xE2\x82\xAC</a>");
    ASSERT_TEXT(CLEAN(DECLARED("Shift_JIS") "<a>\x83\x41</a>"), "<a>\xE3\x82\xA2</a>");
    ASSERT_TEXT(CLEAN(DECLARED("us-ascii") "<a>\xE4</a>"),
                "refused: its byte 44 begins no character of us-ascii");
}

/* .NET writes so what it then sends as UTF-8. */
static void a_declaration_of_characters_of_another_width_is_wrong(void)
{
    ASSERT_TEXT(CLEAN(DECLARED("utf-16") "<a>\xC3\xA4</a>"), "<a>\xC3\xA4</a>");
    ASSERT_TEXT(CLEAN(DECLARED("ISO-10646-UCS-4") "<a/>"), "<a/>");
}

static void a_charset_goes_before_the_declaration_and_a_mark_before_both(void)
{
    ASSERT_TEXT(CLEAN_AS("utf-8", DECLARED("ISO-8859-1") "<a>\xC3\xA4</a>"), "<a>\xC3\xA4</a>");
    ASSERT_TEXT(CLEAN_AS(" \"iso-8859-15\"; x", DECLARED("utf-8") "<a>\xA4</a>"),
                "<a>\xE2\x82\xAC</a>");
    ASSERT_TEXT(CLEAN_AS("iso-8859-1", "\xEF\xBB\xBF" DECLARED("ISO-8859-1") "<a>\xC3\xA4</a>"),
                "<a>\xC3\xA4</a>");
    ASSERT_TEXT(CLEAN_AS("", DECLARED("ISO-8859-1") "<a>\xE4</a>"), "<a>\xC3\xA4</a>");
    ASSERT_TEXT(clean_wide("", 0, "<a/>", 2, true, "utf-16"), "<a/>");
    ASSERT_TEXT(clean_wide("", 0, "<a/>", 2, false, "UTF-16"), "<a/>");
    ASSERT_TEXT(clean_wide("", 0, "<a/>", 4, false, "UTF-32"), "<a/>");
    ASSERT_TEXT(clean_wide("", 0, "<a/>", 2, false, "UTF-16LE"), "<a/>");
}

static void ebcdic_says_which_it_is(void)
{
    static const char which[] = "\x4C\x6F\xA7\x94\x93\x40\xA5\x85\x99\xA2\x89\x96\x95\x7E\x7D\xF1"
                                "\x4B\xF0\x7D\x40\x85\x95\x83\x96\x84\x89\x95\x87\x7E\x7D\xC9\xC2"
                                "\xD4\xF0\xF3\xF7\x7D\x6F\x6E\x4C\x81\x61\x6E";
    static const char none[] = "\x4C\x6F\xA7\x94\x93\x40\xA5\x85\x99\xA2\x89\x96\x95\x7E\x7D\xF1"
                               "\x4B\xF0\x7D\x6F\x6E\x4C\x81\x61\x6E";
    ASSERT_TEXT(CLEAN(which), "<a/>");
    ASSERT_TEXT(CLEAN(none), "refused: it is EBCDIC, and doesn't say which");
}

static void an_encoding_that_nobody_knows_is_refused(void)
{
    ASSERT_TEXT(CLEAN(DECLARED("klingon") "<a/>"),
                "refused: its encoding klingon isn't known here");
    ASSERT_TEXT(CLEAN(DECLARED("utf-8//TRANSLIT") "<a/>"),
                "refused: its declaration names no encoding");
    ASSERT_TEXT(CLEAN(DECLARED("") "<a/>"), "refused: its declaration names no encoding");
    ASSERT_TEXT(CLEAN_AS("a b/c", "<a/>"), "refused: its encoding a isn't known here");
    ASSERT_TEXT(CLEAN_AS("/", "<a/>"), "refused: its charset names no encoding");
    ASSERT_TEXT(CLEAN_AS("x01234567890123456789012345678901234567890", "<a/>"),
                "refused: its charset names no encoding");
}

/* More than one piece of output, a character of which is cut by its end. */
static void a_large_document_is_converted_whole(void)
{
    enum { LETTERS = 300001 };
    struct sx_buffer document = {0}, out = {0};
    char why[200];
    size_t i;
    sx_buffer_add_text(&document, DECLARED("ISO-8859-1") "<a>x");
    for (i = 0; i < LETTERS; i++)
        sx_buffer_add_text(&document, "\xE4");
    sx_buffer_add_text(&document, "</a>");
    CU_ASSERT_EQUAL(sx_document_clean(document.bytes, document.len, NULL, &out, why, sizeof why),
                    SX_OK);
    CU_ASSERT_EQUAL(out.len, strlen("<a>x</a>") + (size_t)2 * LETTERS);
    CU_ASSERT(strncmp(out.bytes + out.len - 6, "\xC3\xA4</a>", 6) == 0);
    sx_buffer_fini(&document);
    sx_buffer_fini(&out);
}

static void the_program_gets_the_document_or_a_sentence(void)
{
    char why[200] = "x", *out;
    size_t len = 7;
    out = soap_xmpp_clean("<a><!-- --></a>", 15, NULL, &len, why, sizeof why);
    ASSERT_TEXT(out, "<a></a>");
    CU_ASSERT_EQUAL(len, 7);
    ASSERT_TEXT(why, "");
    free(out);
    CU_ASSERT_PTR_NULL(soap_xmpp_clean("<a>", 3, NULL, &len, why, sizeof why));
    ASSERT_TEXT(why, "the document can't be sent: it ends, in line 1, before its elements do");
    CU_ASSERT_PTR_NULL(soap_xmpp_clean(NULL, 0, NULL, &len, why, sizeof why));
    ASSERT_TEXT(why, "the document can't be sent: there is none");
    CU_ASSERT_PTR_NULL(soap_xmpp_clean("", 0, "utf-8", &len, NULL, 0));
    CU_ASSERT_EQUAL(len, 7); /* untouched */
}

/* ---- short memory ---- */

static bool attempt_clean(struct shortage shortage)
{
    static const char document[] =
        DECLARED("ISO-8859-1") "<a b='\xE4' xmlns='urn:a'>]]<!-- -->><b/></a>";
    struct sx_buffer out = {0};
    char why[200] = "";
    enum sx_err err;
    bool has_failed;
    shortage_begin(shortage);
    err = sx_document_clean(document, sizeof document - 1, NULL, &out, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    if (has_failed)
        ASSERT_TEXT(why, sx_fault_text(SX_ENOMEM));
    else
        ASSERT_TEXT(out.bytes, "<a b='\xC3\xA4' xmlns='urn:a'>]]&gt;<b/></a>");
    sx_buffer_fini(&out);
    return has_failed;
}
SHORTAGE_TEST(clean, 5)

CU_TestInfo tests_document[] = {
    {"a document that is clean stays as it is", a_document_that_is_clean_stays_as_it_is},
    {"declaration comments and instructions go", declaration_comments_and_instructions_go},
    {"what a comment kept apart stays apart", what_a_comment_kept_apart_stays_apart},
    {"a doctype is refused", a_doctype_is_refused},
    {"what is not well formed is refused with its line",
     what_is_not_well_formed_is_refused_with_its_line},
    {"what binds no prefix is refused", what_binds_no_prefix_is_refused},
    {"what declares too much is refused", what_declares_too_much_is_refused},
    {"what has no element is refused", what_has_no_element_is_refused},
    {"a document that is nested too deep is refused",
     a_document_that_is_nested_too_deep_is_refused},
    {"characters of two and four bytes are known with and without a mark",
     characters_of_two_and_four_bytes_are_known_with_and_without_a_mark},
    {"a pair of utf 16 is one character", a_pair_of_utf_16_is_one_character},
    {"a declaration names the encoding", a_declaration_names_the_encoding},
    {"a declaration of characters of another width is wrong",
     a_declaration_of_characters_of_another_width_is_wrong},
    {"a charset goes before the declaration and a mark before both",
     a_charset_goes_before_the_declaration_and_a_mark_before_both},
    {"ebcdic says which it is", ebcdic_says_which_it_is},
    {"an encoding that nobody knows is refused", an_encoding_that_nobody_knows_is_refused},
    {"a large document is converted whole", a_large_document_is_converted_whole},
    {"the program gets the document, or a sentence", the_program_gets_the_document_or_a_sentence},
    {"with memory short it says so", test_clean},
    CU_TEST_INFO_NULL,
};
