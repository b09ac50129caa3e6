/* Tests of gateway/soap/media_type.c: what clients write as Content-Type and SOAPAction. */
#include <string.h>

#include "../../lib/suite.h"
#include "soap/media_type.h"

static struct gw_media_type type;
static char why[256];

static int read_type(const char *text)
{
    why[0] = '\0';
    return gw_media_type_read(&type, text, why, sizeof why);
}

static void test_the_types_of_both_versions(void)
{
    static const struct {
        const char *text;
        enum gw_media media;
        const char *charset, *action;
    } rows[] = {
        {"text/xml", GW_MEDIA_SOAP_11, "", ""},
        {"text/xml; charset=utf-8", GW_MEDIA_SOAP_11, "utf-8", ""},
        {"text/xml;charset=\"UTF-8\"", GW_MEDIA_SOAP_11, "UTF-8", ""},
        {"Text/XML ; Charset='utf-16'", GW_MEDIA_SOAP_11, "utf-16", ""},
        {" text/xml;charset=utf-8; ", GW_MEDIA_SOAP_11, "utf-8", ""},
        {"text/xml;", GW_MEDIA_SOAP_11, "", ""},
        {"text/xml; charset=utf-8; charset=utf-8", GW_MEDIA_SOAP_11, "utf-8", ""},
        {"application/xml", GW_MEDIA_SOAP_11, "", ""},
        {"application/soap+xml; charset=utf-8; action=\"urn:a/B\"", GW_MEDIA_SOAP_12, "utf-8",
         "urn:a/B"},
        {"application/soap+xml;action=urn:a", GW_MEDIA_SOAP_12, "", "urn:a"},
        {"application/soap+xml; action=\"a;b\\\"c\"; x=y", GW_MEDIA_SOAP_12, "", "a;b\"c"},
        {"application/soap+xml; action=\"\"", GW_MEDIA_SOAP_12, "", ""},
        {"application/json", GW_MEDIA_OTHER, "", ""},
        {"text/xmlish", GW_MEDIA_OTHER, "", ""},
        {"", GW_MEDIA_NONE, "", ""},
        {"  ", GW_MEDIA_NONE, "", ""},
        {NULL, GW_MEDIA_NONE, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(read_type(rows[i].text), 0);
        CU_ASSERT_EQUAL(type.media, rows[i].media);
        ASSERT_TEXT(type.charset, rows[i].charset);
        ASSERT_TEXT(type.action, rows[i].action);
    }
}

static void test_a_package_names_its_root(void)
{
    CU_ASSERT_EQUAL(read_type("multipart/related; type=\"application/xop+xml\";"
                              "start=\"<http://tempuri.org/0>\";boundary=\"uuid:1+id=1\";"
                              "start-info=\"application/soap+xml\""),
                    0);
    CU_ASSERT_EQUAL(type.media, GW_MEDIA_MULTIPART);
    ASSERT_TEXT(type.type, "application/xop+xml");
    ASSERT_TEXT(type.start, "<http://tempuri.org/0>");
    ASSERT_TEXT(type.boundary, "uuid:1+id=1");
    ASSERT_TEXT(type.start_info, "application/soap+xml");
}

static void test_an_action_within_a_package_type_is_found(void)
{
    CU_ASSERT_EQUAL(read_type("multipart/related; boundary=b; type=\"application/xop+xml\"; "
                              "start-info=\"application/soap+xml; action=\\\"urn:go\\\"\""),
                    0);
    ASSERT_TEXT(type.start_info, "application/soap+xml");
    ASSERT_TEXT(type.action, "urn:go");
    CU_ASSERT_EQUAL(read_type("application/xop+xml; type=\"application/soap+xml\";charset=UTF-8"),
                    0);
    CU_ASSERT_EQUAL(type.media, GW_MEDIA_XOP);
    ASSERT_TEXT(type.type, "application/soap+xml");
}

static void test_what_cannot_be_read_is_told(void)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"xml", "no '/'"},
        {"text/xml; charset=\"utf-8", "quote"},
        {"text/xml; charset=utf-8; charset=utf-16", "charset twice"},
        {"text/xml; a=\x01", "control character"},
        {"multipart/related; boundary=a; boundary=b", "boundary twice"},
        {"text/xml; charset="
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "charset is longer"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(read_type(rows[i].text), -1);
        ASSERT_CONTAINS(why, rows[i].told);
        CU_ASSERT_EQUAL(type.media, GW_MEDIA_OTHER);
        ASSERT_TEXT(type.charset, "");
    }
}

static void test_an_action_comes_in_many_forms(void)
{
    static const struct {
        const char *header, *action;
    } rows[] = {
        {"\"urn:a\"", "urn:a"},
        {"urn:a", "urn:a"},
        {"'urn:a'", "urn:a"},
        {"\"\"", ""},
        {"", ""},
        {NULL, ""},
        {"  \"urn:a\"  ", "urn:a"},
        {"\"urn:a", "urn:a"},
        {"\"", ""},
        {"\"http://a/b?c=d\"", "http://a/b?c=d"},
    };
    char action[32];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(gw_media_type_read_action(rows[i].header, action, sizeof action), 0);
        ASSERT_TEXT(action, rows[i].action);
    }
    CU_ASSERT_EQUAL(gw_media_type_read_action("a\x01", action, sizeof action), -1);
    CU_ASSERT_EQUAL(
        gw_media_type_read_action("12345678901234567890123456789012", action, sizeof action), -1);
    ASSERT_TEXT(action, "");
    CU_ASSERT_EQUAL(
        gw_media_type_read_action("1234567890123456789012345678901", action, sizeof action), 0);
}

static void test_what_is_written_is_read_again(void)
{
    char text[128];
    gw_media_type_write(11, "urn:a", text, sizeof text);
    ASSERT_TEXT(text, "text/xml; charset=utf-8");
    gw_media_type_write(12, "", text, sizeof text);
    ASSERT_TEXT(text, "application/soap+xml; charset=utf-8");
    gw_media_type_write(12, "a\"b\\;c", text, sizeof text);
    CU_ASSERT_EQUAL(read_type(text), 0);
    ASSERT_TEXT(type.action, "a\"b\\;c");
    for (size_t bytes = 36; bytes < 64; bytes++) { /* an action that has no room is left out */
        gw_media_type_write(12, "urn:action", text, bytes);
        CU_ASSERT_EQUAL(read_type(text), 0);
        CU_ASSERT_TRUE(!*type.action || strcmp(type.action, "urn:action") == 0);
        CU_ASSERT_TRUE(strlen(text) < bytes);
    }
}

CU_TestInfo gateway_tests_media_type[] = {
    {"the types of both versions", test_the_types_of_both_versions},
    {"a package names its root", test_a_package_names_its_root},
    {"an action within a package's type is found", test_an_action_within_a_package_type_is_found},
    {"what can't be read is told", test_what_cannot_be_read_is_told},
    {"an action comes in many forms", test_an_action_comes_in_many_forms},
    {"what is written is read again", test_what_is_written_is_read_again},
    CU_TEST_INFO_NULL,
};
