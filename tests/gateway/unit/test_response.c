/* What a backend's HTTP response becomes. */
#include <stdlib.h>
#include <string.h>

#include "serve/response.h"
#include "serving.h"
#include "shortage.h"
#include "suite.h"

#define SOAP_11        "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP_12        "http://www.w3.org/2003/05/soap-envelope"
#define E_11(inside)   "<e:Envelope xmlns:e='" SOAP_11 "'><e:Body>" inside "</e:Body></e:Envelope>"
#define E_12(inside)   "<e:Envelope xmlns:e='" SOAP_12 "'><e:Body>" inside "</e:Body></e:Envelope>"
#define FAULT_11(code) E_11("<e:Fault><faultcode>e:" code "</faultcode></e:Fault>")

static struct gw_backend backend;

static void read_body(struct gw_response *response, int status, const char *type, const char *body,
                      int version)
{
    struct gw_client_answer came = {.end = GW_CLIENT_ANSWERED,
                                    .was_sent = true,
                                    .status = status,
                                    .content_type = type,
                                    .body = (char *)body,
                                    .body_bytes = strlen(body)};
    gw_response_read(response, &came, version, &backend, 100000);
}

static void an_envelope_is_cleaned_and_its_addresses_turned(void)
{
    struct gw_response response;
    serving_begin(&backend);
    read_body(&response, 200, "application/soap+xml",
              "<?xml version='1.0'?><!-- x --> " E_12(
                  "<t:r xmlns:t='http://www.onvif.org/ver10/schema'><t:XAddr>"
                  "http://cam1.lan/onvif/media</t:XAddr></t:r>") "\n",
              12);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_ANSWER);
    CU_ASSERT_FALSE(response.is_fault);
    ASSERT_TEXT(response.envelope, E_12("<t:r xmlns:t='http://www.onvif.org/ver10/schema'><t:XAddr>"
                                        "xmpp:cam1@cams.test/onvif/media</t:XAddr></t:r>"));
    CU_ASSERT_EQUAL(response.envelope_bytes, strlen(response.envelope));
    free(response.envelope);
    serving_end();
}

static void an_envelope_counts_whatever_it_is_called(void)
{
    static const char *const types[] = {"",          "text/plain", "text/html; charset=utf-8",
                                        "multipart", "a/b; c=\"",  "application/octet-stream"};
    struct gw_response response;
    serving_begin(&backend);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        read_body(&response, 500, types[i], FAULT_11("Server"), 11);
        CU_ASSERT_EQUAL(response.reply, GW_REPLY_ANSWER);
        CU_ASSERT_TRUE(response.is_fault);
        free(response.envelope);
    }
    serving_end();
}

static void what_is_no_envelope_is_shown(void)
{
    struct gw_response response;
    serving_begin(&backend);
    read_body(&response, 200, "text/html", "<html>Log in</html>", 11);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_REFUSE);
    ASSERT_TEXT(response.why, "the backend answered 200: <html>Log in</html>");
    ASSERT_TEXT(response.brief, "the backend answered 200");
    CU_ASSERT_PTR_NULL(response.envelope);
    read_body(&response, 200, "text/xml", "<!DOCTYPE x>" E_11("<x/>"), 11);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_REFUSE);
    read_body(&response, 200, "text/xml", "<e:Envelope xmlns:e='" SOAP_11 "'><e:Body>", 11);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_REFUSE);
    read_body(&response, 403, "text/xml", "<x/>", 11);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_DECLINE);
    ASSERT_TEXT(response.condition, "forbidden");
    serving_end();
}

static void white_space_is_an_empty_result(void)
{
    struct gw_response response;
    serving_begin(&backend);
    read_body(&response, 202, "", " \r\n\t", 11);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_EMPTY);
    CU_ASSERT_PTR_NULL(response.envelope);
    serving_end();
}

static void another_version_is_no_answer(void)
{
    struct gw_response response;
    serving_begin(&backend);
    read_body(&response, 200, "text/xml", E_11("<x/>"), 12);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_REFUSE);
    CU_ASSERT_TRUE(response.was_executed);
    CU_ASSERT_PTR_NULL(response.envelope);
    ASSERT_TEXT(response.brief, response.why);
    ASSERT_CONTAINS(response.why, "SOAP 1.1 what it was asked in SOAP 1.2");
    read_body(&response, 500, "text/xml", FAULT_11("VersionMismatch"), 12);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_DECLINE);
    ASSERT_TEXT(response.condition, "not-acceptable");
    read_body(&response, 500, "text/xml", FAULT_11("Client"), 12);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_REFUSE);
    read_body(&response, 500, "text/xml", E_11("<x>VersionMismatch</x>"), 12);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_REFUSE);
    serving_end();
}

static void parts_go_along_and_includes_into_the_envelope(void)
{
    static const char swa[] = "--b\r\nContent-Type: text/xml\r\nContent-ID: <r>\r\n\r\n" E_11(
        "<x/>") "\r\n--b\r\nContent-Type: text/plain\r\nContent-ID: <p>\r\n\r\nhello\r\n--b--\r\n";
    static const char xop[] =
        "--b\r\nContent-Type: application/xop+xml; type=\"text/xml\"\r\nContent-ID: "
        "<r>\r\n\r\n" E_11(
            "<x><i:Include xmlns:i='http://www.w3.org/2004/08/xop/include' "
            "href='cid:p'/></x>") "\r\n--b\r\nContent-ID: <p>\r\n\r\nhello\r\n--b--\r\n";
    struct gw_response response;
    serving_begin(&backend);
    read_body(&response, 200, "multipart/related; type=\"text/xml\"; boundary=b; start=\"<r>\"",
              swa, 11);
    CU_ASSERT_EQUAL_FATAL(response.reply, GW_REPLY_ANSWER);
    ASSERT_CONTAINS(response.envelope, "urn:soap-xmpp:gateway:1");
    ASSERT_CONTAINS(response.envelope, "aGVsbG8=");
    free(response.envelope);
    read_body(&response, 200,
              "multipart/related; type=\"application/xop+xml\"; boundary=b; start=\"<r>\"; "
              "start-info=\"text/xml\"",
              xop, 11);
    CU_ASSERT_EQUAL_FATAL(response.reply, GW_REPLY_ANSWER);
    ASSERT_TEXT(response.envelope, E_11("<x>aGVsbG8=</x>"));
    free(response.envelope);
    read_body(&response, 200, "multipart/related; boundary=other", xop, 11);
    CU_ASSERT_EQUAL(response.reply, GW_REPLY_REFUSE);
    serving_end();
}

static void each_end_without_an_answer_has_its_sentence(void)
{
    static const enum gw_client_end ends[] = {GW_CLIENT_UNREACHED, GW_CLIENT_LOST,
                                              GW_CLIENT_TOO_LARGE, GW_CLIENT_STOPPED};
    struct gw_response response;
    serving_begin(&backend);
    for (size_t i = 0; i < 4; i++) {
        struct gw_client_answer came = {
            .end = ends[i], .was_sent = i > 0, .content_type = "", .why = "this is why"};
        gw_response_read(&response, &came, 12, &backend, 1000);
        CU_ASSERT_EQUAL(response.reply, i == 0 ? GW_REPLY_DECLINE : GW_REPLY_REFUSE);
        ASSERT_CONTAINS(response.why, "this is why");
        ASSERT_TEXT(response.brief, response.why);
        CU_ASSERT_EQUAL(response.was_executed, ends[i] == GW_CLIENT_TOO_LARGE);
    }
    serving_end();
}

static bool read_short(unsigned number, bool lasts)
{
    struct gw_response response;
    bool failed;
    shortage_begin(number, lasts);
    read_body(&response, 200, "text/xml",
              "<?xml version='1.0'?>" E_11("<t:XAddr xmlns:t='http://www.onvif.org/ver10/schema'>"
                                           "http://cam1.lan/onvif/media</t:XAddr>"),
              11);
    failed = shortage_end();
    CU_ASSERT(response.reply == GW_REPLY_ANSWER || response.reply == GW_REPLY_REFUSE);
    CU_ASSERT_EQUAL(response.reply == GW_REPLY_ANSWER, response.envelope != NULL);
    free(response.envelope);
    return failed;
}

/* It was executed: a shortage makes no decline of it. */
static void without_memory_it_is_refused_or_stays_as_it_is(void)
{
    serving_begin(&backend);
    CU_ASSERT(shortage_sweep(read_short) > 0);
    serving_end();
}

CU_TestInfo gateway_tests_response[] = {
    {"an envelope is cleaned, and its addresses turned",
     an_envelope_is_cleaned_and_its_addresses_turned},
    {"an envelope counts, whatever it is called", an_envelope_counts_whatever_it_is_called},
    {"what is no envelope is shown", what_is_no_envelope_is_shown},
    {"white space is an empty result", white_space_is_an_empty_result},
    {"another version is no answer", another_version_is_no_answer},
    {"parts go along, and Includes into the envelope",
     parts_go_along_and_includes_into_the_envelope},
    {"each end without an answer has its sentence", each_end_without_an_answer_has_its_sentence},
    {"without memory it is refused, or stays as it is",
     without_memory_it_is_refused_or_stays_as_it_is},
    CU_TEST_INFO_NULL,
};
