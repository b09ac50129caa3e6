/* JIDs as URIs, and the paths in them. */
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "wire/uri.h"

enum { URI_BYTES = 3 * SX_JID_BYTES };

static void expect(const char *jid, const char *uri, const char *path)
{
    char out[URI_BYTES];
    CU_ASSERT_EQUAL(sx_uri_write(jid, out, sizeof out), strlen(uri));
    ASSERT_TEXT(out, uri);
    ASSERT_TEXT(sx_uri_path(out), path);
}

static void resources_are_paths(void)
{
    expect("svc.example", "xmpp:svc.example", "/");
    expect("cam1@svc.example", "xmpp:cam1@svc.example", "/");
    expect("cam1@svc.example/soap", "xmpp:cam1@svc.example/soap", "/");
    expect("cam1@svc.example/onvif/media", "xmpp:cam1@svc.example/onvif/media", "/onvif/media");
    expect("cam1@svc.example/soap/onvif/media", "xmpp:cam1@svc.example/soap/onvif/media",
           "/onvif/media");
    expect("svc.example/desk", "xmpp:svc.example/desk", "/desk");
    expect("svc.example/soapy", "xmpp:svc.example/soapy", "/soapy");
    expect("svc.example/Soap/a", "xmpp:svc.example/Soap/a", "/Soap/a");
    expect("svc.example/soap/soap", "xmpp:svc.example/soap/soap", "/soap");
    expect("svc.example/soap/", "xmpp:svc.example/soap/", "/");
    expect("svc.example//soap", "xmpp:svc.example//soap", "//soap");
    expect("svc.example/a@b/c", "xmpp:svc.example/a@b/c", "/a@b/c");
}

static void what_has_a_meaning_is_escaped(void)
{
    expect("svc.example/a b", "xmpp:svc.example/a%20b", "/a%20b");
    expect("svc.example/a?wsdl#b", "xmpp:svc.example/a%3Fwsdl%23b", "/a%3Fwsdl%23b");
    expect("svc.example/100%", "xmpp:svc.example/100%25", "/100%25");
    expect("svc.example/%2F", "xmpp:svc.example/%252F", "/%252F");
    expect("svc.example/<\"\\>", "xmpp:svc.example/%3C%22%5C%3E", "/%3C%22%5C%3E");
    expect("k\xC3\xA4se@svc.example/k\xC3\xA4se", "xmpp:k%C3%A4se@svc.example/k%C3%A4se",
           "/k%C3%A4se");
    expect(
        "svc.example/-._~!$&'()*+,;=:", "xmpp:svc.example/-._~!$&'()*+,;=:", "/-._~!$&'()*+,;=:");
}

static void reading_gives_the_same_jid(void)
{
    static const char *const jids[] = {"svc.example", "a%20b@svc.example/x",
                                       "k\xC3\xA4se@svc.example/a?b#c d%41/%2F//",
                                       "svc.example/\xE2\x82\xAC \xF0\x9F\x98\x80"};
    char out[URI_BYTES], why[200];
    size_t i;
    for (i = 0; i < sizeof jids / sizeof jids[0]; i++) {
        char *jid = NULL;
        (void)sx_uri_write(jids[i], out, sizeof out);
        CU_ASSERT_EQUAL_FATAL(sx_jid_parse_uri(out, &jid, why, sizeof why), SX_OK);
        ASSERT_TEXT(jid, jids[i]);
        free(jid);
    }
}

static void what_does_not_fit_is_not_written(void)
{
    char out[16] = "before";
    CU_ASSERT_EQUAL(sx_uri_write("abcdefghij", out, sizeof out), 15);
    ASSERT_TEXT(out, "xmpp:abcdefghij");
    CU_ASSERT_EQUAL(sx_uri_write("abcdefghijk", out, sizeof out), 16);
    ASSERT_TEXT(out, "");
    CU_ASSERT_EQUAL(sx_uri_write("abcdefgh ", out, sizeof out), 16);
    ASSERT_TEXT(out, "");
    CU_ASSERT_EQUAL(sx_uri_write("abcdefgh ", NULL, 0), 16);
}

CU_TestInfo tests_uri[] = {
    {"a resource is a path, and soap the root", resources_are_paths},
    {"what has a meaning in a path is escaped", what_has_a_meaning_is_escaped},
    {"a URI reads as the JID that it was written of", reading_gives_the_same_jid},
    {"what doesn't fit isn't written", what_does_not_fit_is_not_written},
    CU_TEST_INFO_NULL,
};
