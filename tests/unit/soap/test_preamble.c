/* preamble.c: what before an operation could be read in two ways, however it is cut into pieces. */
#include "soap/preamble.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/suite.h"
#include "soap/envelope.h"

#define ROOT  "<e:Envelope xmlns:e='" SX_NS_SOAP12 "' xmlns:p='urn:p'>"
#define BODY  "<e:Body><c:sub xmlns:c='urn:c'/></e:Body></e:Envelope>"
#define BLOCK ROOT "<e:Header><u>"
#define REST  "</u></e:Header>" BODY

#define CONTENT     "\"/>\" stands in text or in a value before the operation"
#define NESTED_BODY "a Body stands inside of another element before the operation"
#define SECOND_BODY "a second Body stands before the operation"
#define BODY_TEXT   "text stands in the Body before the operation"
#define SECTION     "a CDATA section or an instruction stands before the operation"

static const char *feed(const char *bytes, size_t piece)
{
    struct sx_preamble preamble = {0};
    size_t len = strlen(bytes), done;
    for (done = 0; done < len; done += piece)
        (void)sx_preamble_feed(&preamble, bytes + done, len - done < piece ? len - done : piece);
    return sx_preamble_feed(&preamble, "", 0);
}

static void assert_rows(const char *const (*rows)[2], size_t count)
{
    size_t i, piece;
    for (i = 0; i < count; i++)
        for (piece = 1; piece < 8; piece += 3) {
            const char *ambiguity = feed(rows[i][0], piece);
            ASSERT_TEXT(ambiguity ? ambiguity : "", rows[i][1]);
            if (strcmp(ambiguity ? ambiguity : "", rows[i][1]) != 0)
                printf("\n    %s", rows[i][0]);
        }
}

#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof *(rows))

static void the_case_that_ran_another_operation(void)
{
    static const char *const rows[][2] = {
        {"<e:Envelope xmlns:e='" SX_NS_SOAP12 "' xmlns:p='" SX_NS_SOAP12 "'><e:Header>"
         "<u xmlns='urn:u' xmlns:p='urn:x'><w><y>/>/></y></w><p:Body><c:add xmlns:c='urn:c'>"
         "<c:a>40</c:a><c:b>2</c:b></c:add></p:Body></u></e:Header><e:Body>"
         "<c:sub xmlns:c='urn:c'><c:a>40</c:a><c:b>2</c:b></c:sub></e:Body></e:Envelope>",
         CONTENT},
    };
    ASSERT_ROWS(rows);
}

static void ends_of_tags_in_content(void)
{
    static const char *const rows[][2] = {
        {BLOCK "/>" REST, CONTENT},
        {BLOCK "a/>b" REST, CONTENT},
        {BLOCK "<![CDATA[/>]]>" REST, CONTENT},
        {BLOCK "<![CDATA[]]]]/>]]>" REST, CONTENT},
        {BLOCK "<v a='/>'/>" REST, CONTENT},
        {BLOCK "<v a=\"/>\"/>" REST, CONTENT},
        {ROOT "/><e:Header/>" BODY, CONTENT},
        {ROOT "<e:Body a='/>'><c:sub xmlns:c='urn:c'/></e:Body></e:Envelope>", CONTENT},
        {"<e:Envelope xmlns:e='/>'>" BODY, CONTENT},
        {BLOCK "/ >" REST, ""},
        {BLOCK ">" REST, ""},
        {BLOCK "<v/>>" REST, ""},
        {BLOCK "</v/></u>", ""}, /* not well-formed: it only has to end */
        {BLOCK "/&gt;&#47;>" REST, ""},
        {BLOCK "<![CDATA[/]]>>" REST, ""},
        {BLOCK "<v a='/' b='>'/>" REST, ""},
        {BLOCK "<v a='\"' b=\"'\"/>" REST, ""},
    };
    ASSERT_ROWS(rows);
}

static void bodies(void)
{
    static const char *const rows[][2] = {
        {BLOCK "<p:Body/>" REST, NESTED_BODY},
        {BLOCK "<Body></Body>" REST, NESTED_BODY},
        {ROOT "<e:Header><q:Body xmlns:q='urn:q'/></e:Header>" BODY, NESTED_BODY},
        {"<Body>", NESTED_BODY},
        {ROOT "<e:Body/>" BODY, SECOND_BODY},
        {ROOT "<e:Body> </e:Body>" BODY, SECOND_BODY},
        {ROOT BODY, ""},
        {BLOCK "<Bod/><Bodyy/><Body.x/><NoBody/><bodies:b/>" REST, ""},
        {ROOT "<e:Body>\r\n <Body xmlns='urn:c'><Body/>/></Body></e:Body></e:Envelope>", ""},
        {ROOT "<e:Body><c:sub a='/>'><Body/>", ""},
        {ROOT "<e:Body/></e:Envelope>", ""},
    };
    ASSERT_ROWS(rows);
}

static void what_else_may_stand_in_the_body(void)
{
    static const char *const rows[][2] = {
        {ROOT "<e:Body>x<c:sub xmlns:c='urn:c'/></e:Body></e:Envelope>", BODY_TEXT},
        {ROOT "<e:Body>&#32;<c:sub xmlns:c='urn:c'/></e:Body></e:Envelope>", BODY_TEXT},
        {ROOT "<e:Body><![CDATA[]]><c:sub xmlns:c='urn:c'/></e:Body></e:Envelope>", SECTION},
        {ROOT "<e:Body> \t\r\n<c:sub xmlns:c='urn:c'/></e:Body></e:Envelope>", ""},
    };
    ASSERT_ROWS(rows);
}

static void declarations(void)
{
    char bytes[8000] = ROOT; /* has two */
    const char *ambiguity;
    int i;
    for (i = 0; i < 31; i++)
        sprintf(bytes + strlen(bytes), "<a%d xmlns:x%d='u' xmlns='v' xmlnsx='' axmlns=''/>", i, i);
    CU_ASSERT_PTR_NULL(feed(bytes, 5));
    strcat(bytes, "<e:Body><c xmlns:a='' xmlns:b=''>");
    CU_ASSERT_PTR_NULL(feed(bytes, 5));
    strcpy(strstr(bytes, "<e:Body>"), "<e:Body xmlns = 'x'>");
    ambiguity = feed(bytes, 5);
    ASSERT_TEXT(ambiguity ? ambiguity : "",
                "more than 64 namespace declarations stand before the operation");
}

static const char *set(const char *bytes)
{
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_envelope envelope = {
        .form = SX_FORM_STORED, .bytes = (char *)(size_t)bytes, .len = strlen(bytes)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(checker);
    sx_envelope_glance(&envelope, checker, 1 << 20, 1 << 20);
    CU_ASSERT_EQUAL(envelope.err, SX_OK);
    sx_checker_free(checker);
    return envelope.ambiguity ? envelope.ambiguity : "";
}

static void lookalikes(void)
{
    static const char look[] = "a namespace looks like SOAP's before the operation";
    ASSERT_TEXT(set(BLOCK "<v xmlns='http://www.w3.org/2003/05/S&#79;AP-envelope'/>" REST), look);
    ASSERT_TEXT(set(BLOCK "<v xmlns:v='http://www.w3.org/ANY/soap-envelope'/>" REST), look);
    ASSERT_TEXT(set(BLOCK "<v xmlns:v=' " SX_NS_SOAP11 "'/>" REST), look);
    ASSERT_TEXT(set(BLOCK "<v xmlns:v='" SX_NS_SOAP11 "' xmlns:w='" SX_NS_SOAP12 "'/>" REST), "");
    ASSERT_TEXT(set(BLOCK "<v xmlns:v='urn:soap'/>" REST), "");
    ASSERT_TEXT(set(BLOCK "<v/>/>" REST), CONTENT);
    ASSERT_TEXT(set(ROOT "<e:Body><c:sub xmlns:c='http://x/soap-envelope'><c:a>/></c:a></c:sub>"
                         "</e:Body></e:Envelope>"),
                look);
}

CU_TestInfo tests_preamble[] = {
    {"a Header that gSOAP ends early is told", the_case_that_ran_another_operation},
    {"what ends a tag stands in no text, section or value", ends_of_tags_in_content},
    {"the Envelope has one Body, and nothing else has one", bodies},
    {"before the operation its Body holds white space alone", what_else_may_stand_in_the_body},
    {"so many declarations and no more", declarations},
    {"no namespace looks like SOAP's, in packed envelopes, too", lookalikes},
    CU_TEST_INFO_NULL,
};
