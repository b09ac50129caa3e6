/* Programs that change a struct soap's modes in the middle: an operation before its answer is
 * written, a client before a call or between its halves. What is on the wire stays the same. */
#include "ground.h"

#include <string.h>

static const soap_mode modes[] = {SOAP_IO_FLUSH,
                                  SOAP_IO_BUFFER,
                                  SOAP_IO_STORE,
                                  SOAP_IO_CHUNK,
                                  SOAP_IO_UDP,
                                  SOAP_IO_KEEPALIVE,
                                  SOAP_ENC_PLAIN,
                                  SOAP_ENC_DIME,
                                  SOAP_ENC_MIME,
                                  SOAP_ENC_MTOM,
                                  SOAP_ENC_ZLIB,
                                  SOAP_ENC_MTOM | SOAP_ENC_MIME,
                                  SOAP_ENC_MTOM | SOAP_IO_STORE,
                                  SOAP_ENC_MTOM | SOAP_ENC_MIME | SOAP_IO_STORE,
                                  SOAP_ENC_MTOM | SOAP_ENC_DIME | SOAP_IO_CHUNK,
                                  SOAP_ENC_ZLIB | SOAP_IO_CHUNK,
                                  SOAP_ENC_ZLIB | SOAP_IO_STORE};
enum { MODES = sizeof modes / sizeof modes[0] };
#define ENDING_MODES (SOAP_ENC_MIME | SOAP_ENC_DIME) /* soap_end() clears them */

/* ---- how a mode is changed ---- */

static soap_mode wanted; /* of the running test, set before the call */

static void add_omode(struct soap *soap)
{
    soap_set_omode(soap, wanted);
}

static void add_mode(struct soap *soap)
{
    soap_set_mode(soap, wanted);
}

static void replace_omode(struct soap *soap)
{
    soap->omode = wanted;
}

static void replace_modes(struct soap *soap)
{
    soap->omode = soap->imode = wanted;
    soap->prolog = "<?xml version=\"1.0\"?>\n";
}

static void clear_plain(struct soap *soap)
{
    soap_clr_mode(soap, SOAP_ENC_PLAIN | SOAP_IO);
    soap_set_mode(soap, wanted);
}

static void (*const changes[])(struct soap *) = {add_omode, add_mode, replace_omode, replace_modes,
                                                 clear_plain};
enum { CHANGES = sizeof changes / sizeof changes[0] };

/* ---- calls ---- */

static void assert_blob(struct soap *soap)
{
    static unsigned char bytes[3000];
    struct calc__Blob blob = {0}, back = {0};
    size_t i;
    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    blob.data.__ptr = bytes;
    blob.data.__size = sizeof bytes;
    blob.data.type = (char *)"image/png";
    CU_ASSERT_EQUAL(soap_call_calc__blob(soap, CALC, NULL, &blob, &back), SOAP_OK);
    if (soap->error)
        ASSERT_TEXT(ground_fault(soap), "(no error)");
    CU_ASSERT(back.data.__size == sizeof bytes && !memcmp(back.data.__ptr, bytes, sizeof bytes));
    ASSERT_LACKS(loopback_last_envelope(ground.near), "Include");
    ASSERT_LACKS(loopback_last_envelope(ground.near), "cid:");
}

static int note(struct soap *soap, const char *text)
{
    return soap_send_calc__note(soap, CALC, NULL, (char *)(size_t)text) ||
                   soap_recv_empty_response(soap)
               ? soap->error
               : SOAP_OK;
}

/* An answer, a fault, data, a large answer, and empty results of either kind. */
static void assert_each_kind(struct soap *soap)
{
    struct calc__Records in = {0}, out = {0};
    double quotient;
    int i;
    ASSERT_ADD(soap, CALC, 1, 2);
    CU_ASSERT_NOT_EQUAL(soap_call_calc__div(soap, CALC, NULL, 1, 0, &quotient), SOAP_OK);
    ASSERT_TEXT(ground_fault(soap), "division by zero");
    assert_blob(soap);
    in.__size = 3000;
    in.record = soap_malloc(soap, (size_t)in.__size * sizeof *in.record);
    for (i = 0; i < in.__size; i++)
        in.record[i] = (struct calc__Record){(char *)"name", i, 0.5};
    CU_ASSERT_EQUAL(soap_call_calc__bulk(soap, CALC, NULL, &in, &out), SOAP_OK);
    CU_ASSERT(out.__size == in.__size && out.record[2999].quantity == 2999);
    CU_ASSERT_EQUAL(note(soap, "normal"), SOAP_OK);
    CU_ASSERT_EQUAL(note(soap, "early"), SOAP_OK);
    CU_ASSERT_EQUAL(note(soap, "fault"), SOAP_SVR_FAULT);
    ASSERT_TEXT(ground_fault(soap), "the note is lost");
    soap_destroy(soap);
    soap_end(soap);
}

static void operation_changes(void)
{
    size_t i, k;
    for (k = 0; k < CHANGES; k++) {
        for (i = 0; i < MODES; i++) {
            wanted = modes[i];
            ground_change(changes[k]);
            assert_each_kind(ground.client);
        }
    }
}

static void client_changes(void)
{
    size_t i, k;
    for (k = 0; k < CHANGES; k++) {
        for (i = 0; i < MODES; i++) {
            struct soap *soap = ground_context(ground.near, SOAP_IO_DEFAULT);
            soap_mode omode;
            wanted = modes[i];
            changes[k](soap);
            omode = soap->omode;
            assert_each_kind(soap);
            CU_ASSERT_EQUAL(soap->omode | ENDING_MODES, omode | ENDING_MODES);
            changes[k](soap);
            assert_each_kind(soap);
            ground_free(soap);
        }
    }
}

/* The program changes modes while it awaits an answer, or leaves a call alone. */
static void client_changes_between(void)
{
    size_t i, k;
    for (k = 0; k < CHANGES; k++) {
        for (i = 0; i < MODES; i++) {
            struct soap *soap = ground_context(ground.near, SOAP_IO_DEFAULT);
            double sum = 0;
            wanted = modes[i];
            CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
            changes[k](soap);
            CU_ASSERT_EQUAL(soap_recv_calc__add(soap, &sum), SOAP_OK);
            CU_ASSERT_EQUAL(sum, 3);
            CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
            changes[k](soap);
            ASSERT_ADD(soap, CALC, 3, 4);
            ground_free(soap);
        }
    }
}

static void answer_goes_elsewhere(void)
{
    size_t i, k;
    loopback_answer_bytes(ground.far, NULL);
    for (k = 0; k < CHANGES; k++) {
        for (i = 0; i < MODES; i++) {
            double sum;
            wanted = modes[i];
            ground_change(changes[k]);
            CU_ASSERT_EQUAL(soap_call_calc__relay(ground.client, CALC, NULL,
                                                  (char *)"answer xmpp:third@example.org/desk", 40,
                                                  2, &sum),
                            202);
            ASSERT_CONTAINS(loopback_last_envelope(ground.far), "<sum>42</sum>");
            ASSERT_LACKS(loopback_last_envelope(ground.far), "HTTP");
        }
    }
}

/* ---- by hand ---- */

/* What soapcpp2 generates begins with soap_begin_count(), which this doesn't. */
static int answer_by_hand(struct soap *soap)
{
    static const char answer[] = ADD_RESPONSE("3");
    size_t i;
    if (soap_begin_serve(soap))
        return soap->error;
    soap_set_omode(soap, wanted);
    if (soap_response(soap, SOAP_OK))
        return soap->error;
    for (i = 0; i < sizeof answer - 1; i++)
        if (soap_send_raw(soap, answer + i, 1))
            return soap->error;
    for (i = 0; i < SOAP_BUFLEN; i++) /* more than one chunk */
        if (soap_send_raw(soap, " ", 1))
            return soap->error;
    return soap_end_send(soap) || soap_closesock(soap);
}

static int change_and_serve(struct soap *soap)
{
    replace_modes(soap);
    return soap_serve(soap);
}

static void serve_one(int (*serve)(struct soap *))
{
    double sum = 0;
    CU_ASSERT_EQUAL_FATAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, 10), SOAP_OK);
    CU_ASSERT_EQUAL(serve(ground.service), SOAP_OK);
    soap_destroy(ground.service);
    soap_end(ground.service);
    CU_ASSERT_EQUAL(ground.service->omode & ~(soap_mode)SOAP_IO_KEEPALIVE, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

static void serves_by_hand(void)
{
    size_t i;
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -1), SOAP_TCP_ERROR);
    for (i = 0; i < MODES; i++) {
        wanted = modes[i];
        serve_one(change_and_serve);
    }
    for (i = SOAP_IO_FLUSH; i <= SOAP_IO_CHUNK; i++) {
        wanted = (soap_mode)i;
        serve_one(answer_by_hand);
    }
}

/* ---- attachments ---- */

static void attach_mime(struct soap *soap)
{
    soap_set_mime(soap, NULL, NULL);
    (void)soap_set_mime_attachment(soap, "bytes", 5, SOAP_MIME_BINARY, "text/plain", "<a@b>", NULL,
                                   NULL);
}

static void attach_dime(struct soap *soap)
{
    soap_set_dime(soap);
    (void)soap_set_dime_attachment(soap, "bytes", 5, "text/plain", "a@b", 0, NULL);
}

static void attach_mtom(struct soap *soap)
{
    soap_set_mode(soap, SOAP_ENC_MTOM | SOAP_IO_STORE);
    attach_mime(soap);
}

static void (*const attaches[])(struct soap *) = {attach_mime, attach_dime, attach_mtom};

static void operation_attaches(void)
{
    size_t i;
    for (i = 0; i < sizeof attaches / sizeof attaches[0]; i++) {
        double result;
        ground_change(attaches[i]);
        CU_ASSERT_EQUAL(soap_call_calc__add(ground.client, CALC, NULL, 1, 2, &result), 500);
        ASSERT_TEXT(soap_xmpp_condition(ground.client), "internal-server-error");
        ASSERT_CONTAINS(ground_fault(ground.client), "it has attachments (XEP-0072 3.3)");
        CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_UNKNOWN);
        /* A fault tells more than the attachments that would go with it. */
        CU_ASSERT_EQUAL(soap_call_calc__div(ground.client, CALC, NULL, 1, 0, &result),
                        SOAP_CLI_FAULT);
        ASSERT_TEXT(ground_fault(ground.client), "division by zero");
        CU_ASSERT_EQUAL(note(ground.client, "normal"), SOAP_OK);
        ground_change(NULL);
        ASSERT_ADD(ground.client, CALC, 1, 2);
    }
}

static void client_attaches(void)
{
    size_t i;
    for (i = 0; i < sizeof attaches / sizeof attaches[0]; i++) {
        struct soap *soap = ground_context(ground.near, SOAP_IO_DEFAULT);
        double sum;
        attaches[i](soap);
        CU_ASSERT_EQUAL(soap_call_calc__add(soap, CALC, NULL, 1, 2, &sum), SOAP_MIME_ERROR);
        ASSERT_CONTAINS(ground_fault(soap), "attachments can't be carried over XMPP");
        CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
        ASSERT_ADD(soap, CALC, 1, 2); /* the attachments went with the call that failed */
        ground_free(soap);
    }
}

CU_TestInfo tests_modes[] = {
    {"whatever modes an operation sets, its caller has the answer", operation_changes},
    {"whatever modes a client sets before a call, it has the answer and its modes", client_changes},
    {"modes that change between a request and its answer do no harm", client_changes_between},
    {"an answer to another endpoint likewise", answer_goes_elsewhere},
    {"an operation that adds attachments is refused with a sentence, its faults aren't",
     operation_attaches},
    {"a client that adds attachments is refused with a sentence, and goes on", client_attaches},
    CU_TEST_INFO_NULL,
};

CU_TestInfo tests_modes_by_hand[] = {
    {"modes that change before a request is read, or an answer that nobody counted",
     serves_by_hand},
    CU_TEST_INFO_NULL,
};
