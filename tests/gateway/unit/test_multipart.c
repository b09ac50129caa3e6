/* Bodies of parts, as clients write them and as we do. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "soap/mime_header.h"
#include "soap/multipart.h"

#define ENVELOPE                                                                                   \
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>"

/* Copied to its size, so that a sanitizer sees what is read beyond it. */
static int read_body(struct gw_multipart *multipart, const char *content_type, const char *body,
                     size_t bytes, char *why, size_t why_bytes)
{
    struct gw_media_type type;
    char *copy = malloc(bytes ? bytes : 1);
    memcpy(copy, body, bytes);
    CU_ASSERT(gw_media_type_read(&type, content_type, why, why_bytes) == 0);
    int result = gw_multipart_read(multipart, &type, copy, bytes, why, why_bytes);
    free(copy);
    return result;
}

static struct gw_multipart expect_read(const char *content_type, const char *body)
{
    struct gw_multipart multipart;
    char why[256] = "";
    CU_ASSERT(read_body(&multipart, content_type, body, strlen(body), why, sizeof why) == 0);
    ASSERT_TEXT(why, "");
    return multipart;
}

static void expect_part(const struct gw_multipart *multipart, size_t which, const char *id,
                        const char *type, const char *bytes)
{
    CU_ASSERT_FATAL(which < multipart->part_count);
    ASSERT_TEXT(multipart->parts[which].id, id);
    ASSERT_TEXT(multipart->parts[which].type, type);
    ASSERT_TEXT(multipart->parts[which].bytes, bytes);
    CU_ASSERT_EQUAL(multipart->parts[which].len, strlen(bytes));
}

/* After "Messaging Protocols" of WCF's documentation, "MTOM": ids are URLs, start-info is 1.1's. */
static void test_the_shape_of_wcf(void)
{
    struct gw_multipart multipart = expect_read(
        "multipart/related;type=\"application/xop+xml\";boundary=\"uuid:7c1b+id=1\";start=\""
        "<http://tempuri.org/0>\";start-info=\"text/xml\"",
        "--uuid:7c1b+id=1\r\nContent-ID: <http://tempuri.org/0>\r\nContent-Transfer-Encoding: 8bit"
        "\r\nContent-Type: application/xop+xml;charset=utf-8;type=\"text/xml\"\r\n\r\n" ENVELOPE
        "\r\n--uuid:7c1b+id=1\r\nContent-ID: <http://tempuri.org/1/6326>\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-Type: application/octet-stream\r\n\r\n"
        "bytes\r\n--uuid:7c1b+id=1--\r\n");
    CU_ASSERT(multipart.is_xop);
    ASSERT_TEXT(multipart.root.type, "text/xml");
    ASSERT_TEXT(multipart.envelope, ENVELOPE);
    CU_ASSERT_EQUAL(multipart.part_count, 1);
    expect_part(&multipart, 0, "http://tempuri.org/1/6326", "application/octet-stream", "bytes");
    CU_ASSERT_PTR_EQUAL(gw_multipart_find(&multipart, "cid:http%3A%2F%2Ftempuri.org%2F1%2F6326"),
                        &multipart.parts[0]);
    gw_multipart_free(&multipart);
}

/* After JAX-WS's requests (coderanch.com/t/637546): small letters, the root's id with a star; and
 * python-zeep's issue 781: Content-Id, a root of text/xml. */
static void test_the_shape_of_java(void)
{
    struct gw_multipart multipart =
        expect_read("Multipart/Related; start=\"<rootpart*5e@example.jaxws.sun.com>\"; "
                    "type=\"application/xop+xml\"; boundary=\"uuid:5e\"; start-info=\"text/xml\"",
                    "--uuid:5e\r\nContent-Id: <rootpart*5e@example.jaxws.sun.com>\r\n"
                    "Content-Type: application/xop+xml;charset=utf-8;type=\"text/xml\"\r\n"
                    "Content-Transfer-Encoding: binary\r\n\r\n" ENVELOPE "\r\n--uuid:5e\r\n"
                    "Content-Id: <2f3a@example.jaxws.sun.com>\r\nContent-Type: image/png\r\n"
                    "Content-Transfer-Encoding: binary\r\n\r\n\x89PNG\r\n\r\n--uuid:5e--");
    ASSERT_TEXT(multipart.envelope, ENVELOPE);
    expect_part(&multipart, 0, "2f3a@example.jaxws.sun.com", "image/png", "\x89PNG\r\n");
    gw_multipart_free(&multipart);
    multipart = expect_read("multipart/related; type=\"text/xml\"; start=\"<FC3F>\"; "
                            "boundary=\"----=_Part_187\"",
                            "\r\n------=_Part_187\r\nContent-Type: text/xml; charset=UTF-8\r\n"
                            "Content-Id: <FC3F>\r\n\r\n" ENVELOPE "\r\n------=_Part_187\r\n"
                            "Content-Type: application/octet-stream\r\nContent-Id: <26B9>\r\n\r\n"
                            "%PDF\r\n------=_Part_187--\r\n");
    CU_ASSERT(!multipart.is_xop);
    CU_ASSERT_EQUAL(multipart.root.media, GW_MEDIA_SOAP_11);
    ASSERT_TEXT(multipart.root.charset, "UTF-8");
    expect_part(&multipart, 0, "26B9", "application/octet-stream", "%PDF");
    gw_multipart_free(&multipart);
}

#define TYPE "multipart/related; boundary=b"

static void test_the_root_is_what_start_names(void)
{
    static const char body[] = "--b\r\nContent-ID: <a>\r\n\r\n1\r\n--b\r\nContent-ID: "
                               "<r%40x>\r\nContent-Type: text/xml\r\n\r\n<e/>\r\n--b--";
    static const char *const starts[] = {"; start=\"<r%40x>\"", "; start=\"r@x\"",
                                         "; start=\"<r@x>\""};
    for (size_t i = 0; i < 3; i++) {
        char type[64];
        snprintf(type, sizeof type, "%s%s", TYPE, starts[i]);
        struct gw_multipart multipart = expect_read(type, body);
        ASSERT_TEXT(multipart.envelope, "<e/>");
        CU_ASSERT_EQUAL(multipart.part_count, 1);
        expect_part(&multipart, 0, "a", "", "1");
        gw_multipart_free(&multipart);
    }
}

static void test_headers_in_all_their_forms(void)
{
    struct gw_multipart multipart = expect_read(
        TYPE,
        "preamble --b\r\n--bb\r\n--b \t\r\n\r\n<e/>\r\n--b\r\ncontent-type :\r\n\ttext/plain;\r\n"
        " charset=utf-8 \r\nX: y\r\nCONTENT-ID:<a>\r\ncontent-transfer-encoding: BASE64"
        "\r\n\r\nQUJD\r\nRA==\r\n--b\r\n\r\n\r\n--b\r\nContent-ID: <c>\r\n\r\n--b\r\n--b\r\n"
        "Content-ID: d\r\n\r\n--bb\r\n--b-\r\n --b\r\n\n--b\r\n\r\r\n--b--epilogue\r\n--b\r\n");
    ASSERT_TEXT(multipart.envelope, "<e/>");
    CU_ASSERT_EQUAL_FATAL(multipart.part_count, 5);
    expect_part(&multipart, 0, "a", "text/plain; charset=utf-8", "ABCD");
    expect_part(&multipart, 1, "", "", "");
    expect_part(&multipart, 2, "c", "", "");
    expect_part(&multipart, 3, "", "", "");
    expect_part(&multipart, 4, "d", "", "--bb\r\n--b-\r\n --b\r\n\n--b\r\n\r");
    gw_multipart_free(&multipart);
}

static void test_lines_that_end_in_lf(void)
{
    struct gw_multipart multipart = expect_read(
        TYPE, "--b\nContent-ID: <r>\n\n<e/>\n--b\nContent-ID: <a>\n\ncr\r\n--b\n\n\n--b--\n");
    ASSERT_TEXT(multipart.envelope, "<e/>");
    CU_ASSERT_EQUAL_FATAL(multipart.part_count, 2);
    expect_part(&multipart, 0, "a", "", "cr\r");
    expect_part(&multipart, 1, "", "", "");
    gw_multipart_free(&multipart);
}

static void expect_error(const char *content_type, const char *body, const char *sentence)
{
    struct gw_multipart multipart;
    char why[256] = "";
    memset(&multipart, 0x55, sizeof multipart);
    CU_ASSERT(read_body(&multipart, content_type, body, strlen(body), why, sizeof why) == -1);
    ASSERT_CONTAINS(why, sentence);
    CU_ASSERT(!multipart.envelope && !multipart.parts && !multipart.part_count);
}

static void test_what_cannot_be_read(void)
{
    struct ct_text long_header = {0};
    ct_text_put(&long_header, "--b\r\nX: ");
    for (int i = 0; i < GW_MIME_HEADER_BYTES; i++)
        ct_text_put(&long_header, "y");
    ct_text_put(&long_header, "\r\n\r\n\r\n--b--");
    expect_error("multipart/related", "--b--", "no boundary");
    expect_error(TYPE, "", "doesn't have the boundary");
    expect_error(TYPE, "--a--\r\n -- b\r\n--", "doesn't have the boundary");
    expect_error(TYPE, "--b--", "no part");
    expect_error(TYPE, "--b\r\n", "ends before its last boundary");
    expect_error(TYPE, "--b\r\n\r\n<e/>", "ends before its last boundary");
    expect_error(TYPE, "--b\r\n\r\n<e/>\r\n--b\r\n\r\n<e/>\n--b--", "ends before its last");
    expect_error(TYPE, "--b\r\nContent-ID: a\r\n--b--", "has no end within 8 KiB");
    expect_error(TYPE, long_header.bytes, "has no end within 8 KiB");
    expect_error(TYPE, "--b\r\nContent-ID: a\r\n\r\n\r\n--b\r\nContent-ID: <a>\r\n\r\n\r\n--b--",
                 "one Content-ID");
    expect_error(TYPE, "--b\r\nContent-ID: \xC3\xA4\r\n\r\n\r\n--b--", "printable ASCII");
    expect_error(TYPE, "--b\r\nContent-Type: a\rb\r\n\r\n\r\n--b--", "printable ASCII");
    expect_error(TYPE, "--b\r\nContent-Transfer-Encoding: uuencode\r\n\r\n\r\n--b--",
                 "Content-Transfer-Encoding is none of");
    expect_error(TYPE, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ\r\n--b--",
                 "isn't encoded as its header says");
    expect_error(TYPE, "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=4\r\n--b--",
                 "isn't encoded as its header says");
    expect_error(TYPE "; start=c", "--b\r\nContent-ID: a\r\n\r\n\r\n--b--", "start names");
    expect_error(TYPE, "--b\r\nContent-Type: xml\r\n\r\n\r\n--b--", "has no '/'");
    ct_text_fini(&long_header);
}

/* As javax.mail and Python's email write text that isn't ASCII. */
static void test_quoted_printable(void)
{
    static const char *const cases[][2] = {
        {"Gr=C3=BC=c3=9Fe", "Gr\xC3\xBC\xC3\x9F"
                            "e"},
        {"a=\r\nb=  \r\nc=\nd=", "abcd"},
        {"a =20 \t\r\nb\t\nc  ", "a  \r\nb\nc"},
        {"=3D=0D=0A", "=\r\n"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ct_text body = {0};
        ct_text_print(&body,
                      "--b\r\n\r\n<e/>\r\n--b\r\nContent-Transfer-Encoding: "
                      "Quoted-Printable\r\n\r\n%s\r\n--b--",
                      cases[i][0]);
        struct gw_multipart multipart = expect_read(TYPE, body.bytes);
        expect_part(&multipart, 0, "", "", cases[i][1]);
        gw_multipart_free(&multipart);
        ct_text_fini(&body);
    }
    expect_error(TYPE, "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=x\r\n--b--",
                 "isn't encoded as its header says");
}

static char *repeat(const char *one, unsigned count)
{
    struct ct_text text = {0};
    for (unsigned i = 0; i < count; i++)
        ct_text_put(&text, one);
    ct_text_put(&text, "--b--");
    return ct_text_take(&text);
}

static void test_a_thousand_parts(void)
{
    char *body = repeat("--b\r\n\r\n\r\n", GW_CARGO_PARTS + 1);
    struct gw_multipart multipart = expect_read(TYPE, body);
    CU_ASSERT_EQUAL(multipart.part_count, GW_CARGO_PARTS);
    gw_multipart_free(&multipart);
    free(body);
    body = repeat("--b\r\n\r\n\r\n", GW_CARGO_PARTS + 2);
    expect_error(TYPE, body, "more than 1,000 parts");
    free(body);
}

static void test_ids_as_clients_encode_them(void)
{
    struct gw_part parts[] = {{"a@b", "", "", 0},
                              {"c%40d", "", "", 0},
                              {"c@d", "", "", 0},
                              {"e%2Ff", "", "", 0},
                              {"100%", "", "", 0}};
    struct gw_multipart multipart = {.parts = parts, .part_count = 5};
    static const struct {
        const char *url;
        int which; /* -1: none */
    } cases[] = {
        {"cid:a@b", 0},    {"cid:a%40b", 0},   {"CID:a%40b", 0}, {"a@b", 0},       {"cid:c@d", 2},
        {"cid:c%40d", 2},  {"cid:c%2540d", 1}, {"cid:e/f", 3},   {"cid:e%2ff", 3}, {"cid:100%", 4},
        {"cid:100%25", 4}, {"cid:", -1},       {"", -1},         {"cid:x", -1},    {"cid:a%4", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_part *found = gw_multipart_find(&multipart, cases[i].url);
        CU_ASSERT_PTR_EQUAL(found, cases[i].which < 0 ? NULL : &parts[cases[i].which]);
    }
}

static void expect_round(struct gw_multipart *multipart, int version, const char *action)
{
    char content_type[1024], why[256] = "";
    size_t bytes = 0;
    struct gw_multipart back;
    char *body =
        gw_multipart_write(multipart, version, action, &bytes, content_type, sizeof content_type);
    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    CU_ASSERT(read_body(&back, content_type, body, bytes, why, sizeof why) == 0);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(back.envelope, multipart->envelope);
    CU_ASSERT(back.is_xop == multipart->is_xop);
    ASSERT_TEXT(back.root.action, version == 12 ? action : "");
    CU_ASSERT_EQUAL_FATAL(back.part_count, multipart->part_count);
    for (size_t i = 0; i < back.part_count; i++) {
        ASSERT_TEXT(back.parts[i].id, multipart->parts[i].id);
        CU_ASSERT_EQUAL_FATAL(back.parts[i].len, multipart->parts[i].len);
        CU_ASSERT(memcmp(back.parts[i].bytes, multipart->parts[i].bytes, back.parts[i].len) == 0);
    }
    gw_multipart_free(&back);
    free(body);
}

static void test_what_is_written_can_be_read(void)
{
    struct gw_part parts[] = {{"a@b", "image/jpeg", "\r\n--\0\xFF\r\n", 8},
                              {"", "", "", 0},
                              {"c", "text/plain; charset=\"x\"", "\r", 1}};
    struct gw_multipart multipart = {
        .envelope = ENVELOPE, .envelope_bytes = sizeof ENVELOPE - 1, .parts = parts};
    for (multipart.part_count = 0; multipart.part_count <= 3; multipart.part_count++)
        for (int form = 0; form < 4; form++) {
            multipart.is_xop = form & 1;
            expect_round(&multipart, form & 2 ? 12 : 11, "urn:a\"b\\c");
        }
}

static void test_the_content_type_that_is_written(void)
{
    struct gw_multipart multipart = {
        .is_xop = true, .envelope = ENVELOPE, .envelope_bytes = sizeof ENVELOPE - 1};
    char content_type[1024];
    size_t bytes;
    char *body =
        gw_multipart_write(&multipart, 12, "urn:a", &bytes, content_type, sizeof content_type);
    ASSERT_CONTAINS(content_type, "multipart/related; type=\"application/xop+xml\"; "
                                  "start=\"<soap-xmpp-");
    ASSERT_CONTAINS(content_type, "; start-info=\"application/soap+xml\"; action=\"urn:a\"");
    ASSERT_CONTAINS(body, "\r\nContent-Type: application/xop+xml; charset=UTF-8; "
                          "type=\"application/soap+xml\"; action=\"urn:a\"\r\n");
    free(body);
    CU_ASSERT_PTR_NULL(gw_multipart_write(&multipart, 12, "urn:a", &bytes, content_type, 100));
    multipart.is_xop = false;
    body = gw_multipart_write(&multipart, 11, "urn:a", &bytes, content_type, sizeof content_type);
    ASSERT_CONTAINS(content_type, "multipart/related; type=\"text/xml\"; start=");
    ASSERT_LACKS(content_type, "urn:a");
    free(body);
}

/* A hostile part can't put a field of its own into the body. */
static void test_fields_have_one_line(void)
{
    struct gw_part part = {"a\r\nB: c", "text/plain\r\n\r\nx", "", 0};
    struct gw_multipart multipart = {.envelope = ENVELOPE,
                                     .envelope_bytes = sizeof ENVELOPE - 1,
                                     .parts = &part,
                                     .part_count = 1};
    char content_type[1024];
    size_t bytes;
    char *body = gw_multipart_write(&multipart, 12, "urn:a\r\nB: c", &bytes, content_type,
                                    sizeof content_type);
    ASSERT_LACKS(body, "\nB: c");
    ASSERT_LACKS(content_type, "\n");
    ASSERT_CONTAINS(body, "Content-ID: <aB: c>\r\n");
    ASSERT_CONTAINS(body, "Content-Type: text/plainx\r\n");
    free(body);
}

static void test_many_lines_take_few_allocations(void)
{
    unsigned allocations[2];
    for (unsigned i = 0; i < 2; i++) {
        char *lines = repeat("--bx\r\n--b-x\r\n", 2000U << i);
        struct ct_text body = {0};
        char why[256] = "";
        struct gw_multipart multipart;
        ct_text_put(&body, "--b\r\n\r\n<e/>\r\n--b\r\n\r\n");
        ct_text_put(&body, lines);
        shortage_begin(0, false);
        CU_ASSERT(read_body(&multipart, TYPE, body.bytes, body.len, why, sizeof why) == 0);
        shortage_end();
        allocations[i] = shortage_count();
        CU_ASSERT_EQUAL(multipart.part_count, 1);
        gw_multipart_free(&multipart);
        ct_text_fini(&body);
        free(lines);
    }
    CU_ASSERT_EQUAL(allocations[0], allocations[1]);
}

static bool attempt_reading(unsigned number, bool lasts)
{
    static const char body[] = "--b\r\nContent-ID: a\r\nContent-Type: text/xml\r\n\r\n<e/>\r\n"
                               "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==\r\n--b--";
    struct gw_media_type type;
    struct gw_multipart multipart;
    char why[256] = "";
    CU_ASSERT(gw_media_type_read(&type, TYPE, why, sizeof why) == 0);
    shortage_begin(number, lasts);
    int result = gw_multipart_read(&multipart, &type, body, sizeof body - 1, why, sizeof why);
    int error = errno;
    bool has_failed = shortage_end();
    CU_ASSERT(!has_failed || error == ENOMEM);
    CU_ASSERT(result == (has_failed ? -1 : 0));
    if (has_failed)
        ASSERT_TEXT(why, "there is no memory for the parts");
    gw_multipart_free(&multipart);
    return has_failed;
}

static bool attempt_writing(unsigned number, bool lasts)
{
    struct gw_part part = {"a", "b/c", "d", 1};
    struct gw_multipart multipart = {
        .envelope = "<e/>", .envelope_bytes = 4, .parts = &part, .part_count = 1};
    char content_type[1024];
    size_t bytes;
    shortage_begin(number, lasts);
    char *body =
        gw_multipart_write(&multipart, 12, "urn:a", &bytes, content_type, sizeof content_type);
    bool has_failed = shortage_end();
    CU_ASSERT((body == NULL) == has_failed);
    free(body);
    return has_failed;
}

static void test_shortages_of_memory_are_told(void)
{
    CU_ASSERT(shortage_sweep(attempt_reading) == 7);
    CU_ASSERT(shortage_sweep(attempt_writing) > 2);
}

CU_TestInfo gateway_tests_multipart[] = {
    {"the shape of WCF", test_the_shape_of_wcf},
    {"the shape of Java", test_the_shape_of_java},
    {"the root is what start names", test_the_root_is_what_start_names},
    {"headers in all their forms", test_headers_in_all_their_forms},
    {"lines that end in LF", test_lines_that_end_in_lf},
    {"what cannot be read is told", test_what_cannot_be_read},
    {"quoted-printable", test_quoted_printable},
    {"a thousand parts", test_a_thousand_parts},
    {"ids as clients encode them", test_ids_as_clients_encode_them},
    {"what is written can be read", test_what_is_written_can_be_read},
    {"the Content-Type that is written", test_the_content_type_that_is_written},
    {"fields have one line", test_fields_have_one_line},
    {"many lines take few allocations", test_many_lines_take_few_allocations},
    {"shortages of memory are told", test_shortages_of_memory_are_told},
    CU_TEST_INFO_NULL,
};
