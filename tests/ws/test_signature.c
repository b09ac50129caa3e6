/* Signatures of gSOAP's wsse plugin, RSA-SHA256 over Body, Timestamp and a header block: they hold
 * over packed envelopes, which arrive as they were signed, and break where a server writes the
 * signed XML anew. Encryption as well, by a key that both have and by the certificate.
 *
 * Happy path: client signs -> service verifies, answers, signs -> client verifies. Key and
 * certificate are made when the program starts; gSOAP wants the latter as a file.
 */
#include "ws.nsmap"
#include "both.h"
#include "signer.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "soap_xmpp.h"
#include "plugin/wsseapi.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "link/link.h"
#include "../integration/scale.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_signature[];

#define NS_SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_WS     "urn:soapxmpp:ws"

#define CALLS ((int)scale_of(1000, 3))
enum { LONG_US = 20000000, LIFETIME_S = 600 };

/* ---- protection ---- */

/* How both ends protect their messages, as gSOAP's wsse sample does, and in which modes an
 * operation has its answer written. Set while nobody calls. */
static struct {
    enum { SIGNED, BODY_BY_KEY, BODY_BY_CERTIFICATE, ALL_BY_CERTIFICATE } scheme;
    soap_mode mode;
} protection;

static char shared_key[32] = "0123456789abcdef0123456789abcde";

static int encrypt(struct soap *soap)
{
    switch (protection.scheme) {
    case BODY_BY_KEY:
        return soap_wsse_add_EncryptedData_KeyInfo_KeyName(soap, "key") ||
               soap_wsse_encrypt_body(soap, SOAP_MEC_ENC_AES256_CBC, shared_key, sizeof shared_key);
    case BODY_BY_CERTIFICATE:
        return soap_wsse_add_EncryptedKey(soap, SOAP_MEC_ENV_ENC_AES256_CBC, "Cert",
                                          signer.certificate, NULL, NULL, NULL);
    case ALL_BY_CERTIFICATE: /* the plugin goes over to chunks for it */
        return soap_wsse_add_EncryptedKey_encrypt_only(soap, SOAP_MEC_ENV_ENC_AES256_CBC, "Cert",
                                                       signer.certificate, NULL, NULL, NULL,
                                                       "ds:Signature SOAP-ENV:Body");
    default:
        return SOAP_OK;
    }
}

static void expect_encrypted(struct soap *soap)
{
    if (protection.scheme == BODY_BY_KEY)
        soap_wsse_decrypt_auto(soap, SOAP_MEC_DEC_AES256_CBC, shared_key, sizeof shared_key);
    else if (protection.scheme != SIGNED)
        soap_wsse_decrypt_auto(soap, SOAP_MEC_ENV_DEC_AES256_CBC, signer.key, 0);
}

static int sign(struct soap *soap)
{
    return encrypt(soap) || soap_wsse_add_Timestamp(soap, "Time", LIFETIME_S) ||
           soap_wsse_add_BinarySecurityTokenX509(soap, "Token", signer.certificate) ||
           soap_wsse_add_KeyInfo_SecurityTokenReferenceX509(soap, "#Token") ||
           soap_wsse_set_wsu_id(soap, "w:ticket") ||
           soap_wsse_sign_body(soap, SOAP_SMD_SIGN_RSA_SHA256, signer.key, 0) ||
           soap_wsse_sign_only(soap, "Time w:ticket Body");
}

/* Not soap_wsse_verify_body(): it counts the Body once more with a signed block that is the last of
 * its Header, and wants one. */
static int verify(struct soap *soap)
{
    if (soap_wsse_verify_Timestamp(soap))
        return soap->error;
    if (!soap_wsse_verify_element(soap, NS_SOAP11, "Body") ||
        !soap_wsse_verify_element(soap, NS_WS, "ticket"))
        return soap_wsse_fault(soap, wsse__FailedCheck, "it isn't signed");
    return SOAP_OK;
}

/* ---- the service ---- */

static int sums;

int w__sum(struct soap *soap, double a, double b, char *note, double *sum)
{
    int err = verify(soap);
    (void)note;
    soap_wsse_delete_Security(soap);
    if (err)
        return soap->error = err;
    __atomic_add_fetch(&sums, 1, __ATOMIC_ACQ_REL);
    *sum = a + b;
    soap_set_omode(soap, protection.mode);
    return sign(soap);
}

static int serve_signed(struct soap *soap)
{
    (void)soap_wsse_verify_auto(soap, SOAP_SMD_NONE, NULL, 0);
    expect_encrypted(soap);
    return soap_serve(soap);
}

/* ---- both ends ---- */

struct ends {
    struct both both;
    double number; /* of the next call */
};

static void open_ends(struct ends *ends, const struct site *site, enum soap_xmpp_packing packing)
{
    signer_make();
    both_open(&ends->both, site, packing, SOAP_XML_CANONICAL, serve_signed);
    ends->number = 0;
}

static void close_ends(struct ends *ends)
{
    both_close(&ends->both);
    signer_drop();
}

/* The answer verified, too. */
static bool call(struct ends *ends)
{
    struct soap *soap = ends->both.client;
    char note[] = " \t'\"<&>\r\n\xE2\x82\xAC ";
    double sum = 0;
    bool is_good;
    soap->header = NULL;
    CU_ASSERT_EQUAL(soap_wsse_add_Security(soap) == NULL, 0);
    soap->header->w__ticket = "one way";
    CU_ASSERT_EQUAL(sign(soap), SOAP_OK);
    (void)soap_wsse_verify_auto(soap, SOAP_SMD_NONE, NULL, 0);
    expect_encrypted(soap);
    is_good =
        soap_call_w__sum(soap, ends->both.xmpp, NULL, ends->number, 1, note, &sum) == SOAP_OK &&
        sum == ends->number + 1 && verify(soap) == SOAP_OK;
    ends->number++;
    return is_good;
}

static void forget_call(struct ends *ends)
{
    both_forget(&ends->both);
}

/* ---- packed ---- */

static void call_packed(const struct site *site)
{
    struct ends ends;
    int i, good = 0, before = sums;
    open_ends(&ends, site, SOAP_XMPP_PACKING_AUTO);
    for (i = 0; i < CALLS; i++) {
        bool is_good = call(&ends);
        if (!is_good && good == i)
            soap_print_fault(ends.both.client, stdout);
        good += is_good;
        forget_call(&ends);
    }
    CU_ASSERT_EQUAL(good, CALLS);
    CU_ASSERT_EQUAL(sums - before, CALLS);
    close_ends(&ends);
}

static void every_signature_holds_over_packed_envelopes(void)
{
    site_each(call_packed);
}

/* ---- encrypted, in each mode ---- */

static void call_encrypted(const struct site *site)
{
    static const soap_mode modes[] = {SOAP_IO_DEFAULT, SOAP_IO_CHUNK, SOAP_ENC_ZLIB, SOAP_ENC_MTOM,
                                      SOAP_ENC_ZLIB | SOAP_IO_CHUNK};
    int scheme;
    size_t i;
    for (scheme = SIGNED; scheme <= ALL_BY_CERTIFICATE; scheme++) {
        struct ends ends;
        protection.scheme = scheme;
        open_ends(&ends, site, SOAP_XMPP_PACKING_AUTO);
        /* Where calls are few, each scheme in other modes. */
        for (i = scale_of(0, (size_t)scheme); i < sizeof modes / sizeof modes[0];
             i += scale_of(1, ALL_BY_CERTIFICATE + 1)) {
            bool is_good;
            protection.mode = modes[i];
            is_good = call(&ends);
            if (!is_good)
                soap_print_fault(ends.both.client, stdout);
            CU_ASSERT_TRUE(is_good);
            forget_call(&ends);
        }
        close_ends(&ends);
    }
    memset(&protection, 0, sizeof protection);
}

static void encrypted_answers_come_in_every_mode(void)
{
    site_each(call_encrypted);
}

/* ---- plain ---- */

static void a_signature_breaks_where_a_server_writes_xml_anew(void)
{
    const struct site *site = site_find("prosody");
    struct ends ends;
    int before = sums;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    open_ends(&ends, site, SOAP_XMPP_PACKING_NEVER);
    CU_ASSERT_FALSE(call(&ends));
    CU_ASSERT_EQUAL(sums, before);
    forget_call(&ends);
    close_ends(&ends);
}

/* ---- tampered with ---- */

static struct sx_buffer captured;
static int (*send_on)(struct soap *soap, const char *bytes, size_t len);

static int capture(struct soap *soap, const char *bytes, size_t len)
{
    sx_buffer_add(&captured, bytes, len);
    return send_on(soap, bytes, len);
}

/* Whether the service answers these very bytes with something else than a fault. */
static bool is_accepted(struct ends *ends)
{
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = ends->both.service_jid,
                              .envelope = captured.bytes,
                              .envelope_len = captured.len,
                              .checker = checker,
                              .online_deadline = sx_clock_deadline(LONG_US),
                              .room_deadline = sx_clock_deadline(LONG_US)};
    struct soap_xmpp_call *call = NULL;
    struct sx_reply reply = {0};
    char why[400];
    bool is_fault;
    CU_ASSERT_EQUAL_FATAL(sx_link_request(ends->both.caller, &out, &call, why, sizeof why), SX_OK);
    sx_exchange_wait(call, sx_clock_deadline(LONG_US), &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    is_fault = reply.envelope.is_fault;
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_checker_free(checker);
    return !is_fault;
}

static char *after(const char *before)
{
    char *at = strstr(captured.bytes, before);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    return at + strlen(before);
}

static void tamper(struct ends *ends, const char *before, char instead)
{
    char *at = after(before), was = *at;
    bool is_found;
    *at = instead;
    is_found = !is_accepted(ends);
    if (!is_found)
        printf("\n    behind %s", before);
    CU_ASSERT_TRUE(is_found);
    *at = was;
}

static void tamper_with_each_part(const struct site *site)
{
    struct ends ends;
    open_ends(&ends, site, SOAP_XMPP_PACKING_AUTO);
    send_on = ends.both.client->fsend;
    ends.both.client->fsend = capture;
    CU_ASSERT_TRUE(call(&ends));
    ends.both.client->fsend = send_on;
    forget_call(&ends);
    CU_ASSERT_TRUE(is_accepted(&ends));
    tamper(&ends, "<b>", '2');
    tamper(&ends, "one wa", 'Y');
    tamper(&ends, "<note> ", ' ');
    tamper(&ends, "<wsu:Created>2", '1');
    tamper(&ends, "SignatureValue>", *after("SignatureValue>") == 'A' ? 'B' : 'A');
    tamper(&ends, "DigestValue>", *after("DigestValue>") == 'A' ? 'B' : 'A');
    CU_ASSERT_TRUE(is_accepted(&ends));
    sx_buffer_fini(&captured);
    close_ends(&ends);
}

static void a_single_byte_that_was_changed_is_found(void)
{
    site_each(tamper_with_each_part);
}

CU_TestInfo tests_signature[] = {
    {"every signature holds over packed envelopes", every_signature_holds_over_packed_envelopes},
    {"encrypted and signed answers come in every mode", encrypted_answers_come_in_every_mode},
    {"a signature breaks where a server writes the XML anew",
     a_signature_breaks_where_a_server_writes_xml_anew},
    {"a single byte that was changed is found", a_single_byte_that_was_changed_is_found},
    CU_TEST_INFO_NULL,
};
