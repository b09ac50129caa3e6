/* Calls that succeed, in every mode that a struct soap can be in. */
#include "ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE_NS                                                                                \
    "xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" "                                \
    "xmlns:SOAP-ENC=\"http://schemas.xmlsoap.org/soap/encoding/\""

static void calls(void)
{
    int i;
    for (i = 0; i < 100; i++)
        ASSERT_ADD(ground.client, CALC, i, 1);
    ASSERT_TEXT(loopback_last_to(ground.near), "calc@example.org/soap");
}

static void uses_location(void)
{
    ASSERT_ADD(ground.client, NULL, 1, 2);
    ASSERT_ADD(ground.client, "XMPP:calc@example.org", 1, 2);
    ASSERT_TEXT(loopback_last_to(ground.near), "calc@example.org/soap");
}

static void assert_wire(soap_mode mode, const char *first, const char *sure)
{
    struct soap *soap = ground_context(ground.near, mode);
    char *before = NULL;
    int i;
    for (i = 0; i < 3; i++) {
        const char *wire;
        size_t len;
        ASSERT_ADD(soap, CALC, 1, 2);
        wire = loopback_last_envelope(ground.near);
        len = strlen(wire);
        CU_ASSERT_EQUAL(strncmp(wire, first, strlen(first)), 0);
        CU_ASSERT(len > 10 && strcmp(wire + len - 9, "Envelope>") == 0);
        ASSERT_CONTAINS(wire, sure);
        ASSERT_LACKS(wire, "<?xml");
        ASSERT_LACKS(wire, "POST");
        ASSERT_LACKS(wire, "Content-");
        if (before && !(mode & SOAP_XML_INDENT))
            ASSERT_TEXT(wire, before); /* with and without the count pass */
        free(before);
        before = strdup(wire);
    }
    CU_ASSERT_EQUAL(soap->omode, mode);
    CU_ASSERT_EQUAL(soap->imode & ~SOAP_IO, mode & ~SOAP_IO);
    ASSERT_CONTAINS(soap->prolog, "<?xml");
    free(before);
    ground_free(soap);
}

static void wire_modes(void)
{
    static const soap_mode plain[] = {SOAP_IO_DEFAULT, SOAP_IO_STORE,     SOAP_IO_CHUNK,
                                      SOAP_IO_BUFFER,  SOAP_IO_FLUSH,     SOAP_ENC_ZLIB,
                                      SOAP_ENC_MTOM,   SOAP_IO_KEEPALIVE, SOAP_ENC_DIME,
                                      SOAP_ENC_PLAIN,  SOAP_ENC_MIME,     SOAP_IO_UDP};
    size_t i;
    for (i = 0; i < sizeof plain / sizeof plain[0]; i++)
        assert_wire(plain[i], "<SOAP-ENV:Envelope xmlns=\"\"",
                    "<calc:add><a>1</a><b>2</b></calc:add></SOAP-ENV:Body></SOAP-ENV:Envelope>");
    assert_wire(SOAP_XML_INDENT, "<SOAP-ENV:Envelope", "\n\t\t\t<a>1</a>");
    assert_wire(SOAP_XML_CANONICAL, "<SOAP-ENV:Envelope", "<a>1</a>");
    assert_wire(SOAP_XML_DEFAULTNS | SOAP_IO_KEEPALIVE, "<Envelope", "1</");
}

static void exact_bytes(void)
{
    ASSERT_ADD(ground.client, CALC, 1, 2);
    ASSERT_CONTAINS(loopback_last_envelope(ground.near),
                    "<SOAP-ENV:Envelope xmlns=\"\" " ENVELOPE_NS);
    ASSERT_TEXT(loopback_last_action(ground.near), "urn:soapxmpp:test:calc#add");
}

static void soap12(void)
{
    double quotient;
    soap_set_namespaces(ground.client, ground_soap12);
    ASSERT_ADD(ground.client, CALC, 2, 3);
    CU_ASSERT_EQUAL(ground.client->version, 2);
    ASSERT_CONTAINS(loopback_last_envelope(ground.near), "http://www.w3.org/2003/05/soap-envelope");
    CU_ASSERT_NOT_EQUAL(soap_call_calc__div(ground.client, CALC, NULL, 1, 0, &quotient), SOAP_OK);
    CU_ASSERT_EQUAL(ground.client->version, 2);
    ASSERT_TEXT(ground_fault(ground.client), "division by zero");
    ASSERT_TEXT(*soap_faultcode(ground.client), "SOAP-ENV:Sender");
}

static void soap_faults(void)
{
    double quotient;
    CU_ASSERT_EQUAL(soap_call_calc__div(ground.client, CALC, NULL, 6, 3, &quotient), SOAP_OK);
    CU_ASSERT_EQUAL(quotient, 2);
    CU_ASSERT_EQUAL(soap_call_calc__div(ground.client, CALC, NULL, 1, 0, &quotient),
                    SOAP_CLI_FAULT);
    ASSERT_TEXT(ground_fault(ground.client), "division by zero");
    ASSERT_TEXT(*soap_faultcode(ground.client), "SOAP-ENV:Client");
    ASSERT_CONTAINS(soap_fault_detail(ground.client), "urn:why");
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "");
    ASSERT_ADD(ground.client, CALC, 1, 1);
}

static int note(struct soap *soap, const char *endpoint, const char *text)
{
    return soap_send_calc__note(soap, endpoint, NULL, (char *)(size_t)text) ||
                   soap_recv_empty_response(soap)
               ? soap->error
               : SOAP_OK;
}

static void one_way(void)
{
    struct soap *soap = ground.client;
    soap_mode omode = soap->omode;
    CU_ASSERT_EQUAL(note(soap, CALC, "hello"), SOAP_OK);
    CU_ASSERT(ground_wait_notes(1));
    CU_ASSERT_EQUAL(note(soap, CALC, "early"), SOAP_OK);
    CU_ASSERT(ground_wait_notes(2));
    CU_ASSERT_EQUAL(note(soap, CALC, "nested"), SOAP_OK); /* answered before it went wrong */
    CU_ASSERT(ground_wait_notes(3));
    CU_ASSERT_EQUAL(note(soap, CALC, "fault"), SOAP_SVR_FAULT);
    ASSERT_TEXT(ground_fault(soap), "the note is lost");
    CU_ASSERT_EQUAL(soap->omode, omode);
    CU_ASSERT_NOT_EQUAL(note(soap, CALC, "number"), SOAP_OK);
    ASSERT_CONTAINS(ground_fault(soap), "404");
    ASSERT_ADD(soap, CALC, 1, 1);
}

static void fire_and_forget(void)
{
    int i;
    for (i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(soap_send_calc__note(ground.client, CALC, NULL, (char *)"x"), SOAP_OK);
    ASSERT_ADD(ground.client, CALC, 1, 1);
    CU_ASSERT(ground_wait_notes(10));
}

static void ends_with_soap_end(void)
{
    struct soap *soap = ground.client;
    struct sx_exchange_counts counts;
    double sum;
    ground_shut_gate();
    CU_ASSERT_EQUAL(soap_send_calc__slow(soap, CALC, NULL, 1, 2), SOAP_OK);
    soap_end(soap);
    sx_exchange_count(sx_link_exchange(ground.near), &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    CU_ASSERT_EQUAL(soap->omode, SOAP_IO_DEFAULT);
    CU_ASSERT_NOT_EQUAL(soap_recv_calc__slow(soap, &sum), SOAP_OK);
    ground_open_gate();
    ASSERT_ADD(soap, CALC, 1, 2);
}

static void freed_mid_call(void)
{
    struct soap *soap = ground_context(ground.near, SOAP_IO_DEFAULT), stack;
    struct sx_exchange_counts counts;
    ground_shut_gate();
    CU_ASSERT_EQUAL(soap_send_calc__slow(soap, CALC, NULL, 1, 2), SOAP_OK);
    soap_copy_context(&stack, soap);
    CU_ASSERT_EQUAL(soap_send_calc__slow(&stack, CALC, NULL, 1, 2), SOAP_OK);
    /* Their memory without soap_end(), which would have cancelled already. */
    soap_dealloc(soap, NULL);
    soap_free(soap);
    soap_dealloc(&stack, NULL);
    soap_done(&stack);
    sx_exchange_count(sx_link_exchange(ground.near), &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    ground_open_gate();
}

static void copied_mid_call(void)
{
    struct soap *soap = ground.client, *copy;
    double sum;
    ground_shut_gate();
    CU_ASSERT_EQUAL(soap_send_calc__slow(soap, CALC, NULL, 1, 2), SOAP_OK);
    copy = soap_copy(soap);
    CU_ASSERT_EQUAL(copy->omode, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(copy->imode, SOAP_IO_DEFAULT);
    ASSERT_CONTAINS(copy->prolog, "<?xml");
    ASSERT_ADD(copy, CALC, 3, 4);
    ground_free(copy);
    ground_open_gate();
    CU_ASSERT_EQUAL(soap_recv_calc__slow(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

/* Around each multiple of the buffer the last flush may be empty. */
static void buffer_sizes(void)
{
    struct soap *soap = ground.client;
    size_t overhead, len, multiple;
    int delta;
    char *text = calloc(1, 2 * SOAP_BUFLEN + 100), *said;
    CU_ASSERT_EQUAL(soap_send_calc__say(soap, CALC, NULL, (char *)"", 1), SOAP_OK);
    /* On the wire xmlns="" has been added and the line break dropped. */
    overhead = strlen(loopback_last_envelope(ground.near)) - strlen(" xmlns=\"\"") + 2;
    for (multiple = 1; multiple <= 2; multiple++) {
        for (delta = -6; delta <= 6; delta++) {
            len = (size_t)((long)(multiple * SOAP_BUFLEN - overhead) + delta);
            memset(text, 'x', len);
            text[len] = '\0';
            CU_ASSERT_EQUAL(soap_send_calc__say(soap, CALC, NULL, text, 1), SOAP_OK);
            CU_ASSERT_PTR_NOT_NULL(strstr(loopback_last_envelope(ground.near), text));
            CU_ASSERT_EQUAL(soap_recv_calc__say(soap, &said), SOAP_OK);
            CU_ASSERT(!soap->error && strcmp(said, text) == 0);
            soap_destroy(soap);
            soap_end(soap);
        }
    }
    free(text);
}

static void bulk(void)
{
    struct soap *soap = ground.client;
    struct calc__Records in = {0}, out;
    int i, n;
    for (n = 1; n < 4000; n = n * 3 + 1) {
        in.__size = n;
        in.record = soap_malloc(soap, (size_t)n * sizeof *in.record);
        for (i = 0; i < n; i++) {
            in.record[i].name = (char *)"a <&> name";
            in.record[i].quantity = i;
            in.record[i].price = 1.5 * i;
        }
        CU_ASSERT_EQUAL_FATAL(soap_call_calc__bulk(soap, CALC, NULL, &in, &out), SOAP_OK);
        CU_ASSERT_EQUAL_FATAL(out.__size, n);
        CU_ASSERT_EQUAL(out.record[n - 1].quantity, n - 1);
        ASSERT_TEXT(out.record[n - 1].name, "a <&> name");
        soap_destroy(soap);
        soap_end(soap);
    }
}

static void assert_inline(struct soap *soap)
{
    static unsigned char bytes[3000];
    struct calc__Blob blob = {0}, blob_back;
    struct calc__Image image = {0}, image_back;
    size_t i;
    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    blob.data.__ptr = image.data.__ptr = bytes;
    blob.data.__size = image.data.__size = sizeof bytes;
    blob.data.type = image.data.type = (char *)"image/png";
    CU_ASSERT_EQUAL_FATAL(soap_call_calc__blob(soap, CALC, NULL, &blob, &blob_back), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(blob_back.data.__size, sizeof bytes);
    CU_ASSERT_EQUAL(memcmp(blob_back.data.__ptr, bytes, sizeof bytes), 0);
    ASSERT_LACKS(loopback_last_envelope(ground.near), "cid:");
    ASSERT_LACKS(loopback_last_envelope(ground.near), "href");
    CU_ASSERT_EQUAL_FATAL(soap_call_calc__image(soap, CALC, NULL, &image, &image_back), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(image_back.data.__size, sizeof bytes);
    CU_ASSERT_EQUAL(memcmp(image_back.data.__ptr, bytes, sizeof bytes), 0);
    ASSERT_LACKS(loopback_last_envelope(ground.near), "cid:");
}

static void mtom_inline(void)
{
    static const soap_mode modes[] = {SOAP_ENC_MTOM, SOAP_IO_DEFAULT, SOAP_ENC_DIME,
                                      SOAP_ENC_MTOM | SOAP_IO_STORE, SOAP_ENC_MTOM | SOAP_IO_CHUNK};
    size_t i;
    for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct soap *soap = ground_context(ground.near, modes[i]);
        assert_inline(soap);
        assert_inline(soap);
        CU_ASSERT_EQUAL(soap->omode, modes[i]);
        CU_ASSERT_EQUAL(soap->imode & SOAP_ENC_MTOM, modes[i] & SOAP_ENC_MTOM);
        ground_free(soap);
    }
}

static void repairs_prefixes(void)
{
    double sum = 0;
    /* As Prosody hands a fault on: the prefix of the code is bound nowhere. */
    loopback_answer_bytes(
        ground.near, "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Body><Fault>"
                     "<faultcode xmlns=''>SOAP-ENV:Client</faultcode>"
                     "<faultstring xmlns=''>no</faultstring></Fault></Body></Envelope>");
    CU_ASSERT_EQUAL(soap_call_calc__add(ground.client, CALC, NULL, 1, 2, &sum), SOAP_CLI_FAULT);
    ASSERT_TEXT(ground_fault(ground.client), "no");
    loopback_answer_bytes(
        ground.near,
        "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Body><addResponse "
        "xmlns='urn:soapxmpp:test:calc'><sum xmlns='' xmlns:n='http://www.w3.org/2001/"
        "XMLSchema-instance' n:type='xsd:double'>5</sum></addResponse></Body></Envelope>");
    CU_ASSERT_EQUAL(soap_call_calc__add(ground.client, CALC, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 5);
}

static void ignores_late_answers(void)
{
    double sum;
    struct sx_exchange_counts counts;
    ground_shut_gate();
    ground.client->recv_timeout = -20000;
    CU_ASSERT_EQUAL(soap_call_calc__slow(ground.client, CALC, NULL, 5, 5, &sum), SOAP_EOF);
    ground.client->recv_timeout = 10;
    ground_open_gate();
    ASSERT_ADD(ground.client, CALC, 1, 2);
    sx_exchange_count(sx_link_exchange(ground.near), &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    CU_ASSERT_EQUAL(counts.timed_out, 1);
}

CU_TestInfo tests_client[] = {
    {"a hundred calls on one context get their sums", calls},
    {"the contract's location is the default, a resource defaults to soap", uses_location},
    {"every mode puts the same bare envelope on the wire and is restored", wire_modes},
    {"the envelope declares no namespace as default and takes its soapAction along", exact_bytes},
    {"SOAP 1.2 calls and faults travel as such", soap12},
    {"a SOAP fault keeps code, text and detail", soap_faults},
    {"a one-way call ends with the empty result or with the service's fault", one_way},
    {"a request nobody waits for is forgotten by the next call", fire_and_forget},
    {"soap_end between send and receive cancels the call", ends_with_soap_end},
    {"soap_free and soap_done cancel a call under way", freed_mid_call},
    {"a copy made during a call starts idle with its owner's modes", copied_mid_call},
    {"messages around multiples of gSOAP's buffer arrive whole", buffer_sizes},
    {"thousands of records come back", bulk},
    {"MTOM and attachment types travel inline as base64 both ways", mtom_inline},
    {"prefixes that a server dropped are bound again", repairs_prefixes},
    {"an answer after its deadline is dropped", ignores_late_answers},
    CU_TEST_INFO_NULL,
};
