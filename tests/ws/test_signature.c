/* Signatures of gSOAP's wsse plugin, RSA-SHA256 over Body, Timestamp and a header block: they hold
 * over packed envelopes, which arrive as they were signed, and break where a server writes the
 * signed XML anew. Encryption as well, by a key that both have and by the certificate.
 *
 * Happy path: client signs -> service verifies, answers, signs -> client verifies. Key and
 * certificate are made when the program starts; gSOAP wants the latter as a file.
 */
#include "ws.nsmap"
#include "soapH.h"

#include <CUnit/CUnit.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soap_xmpp.h"
#include "plugin/wsseapi.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "link/link.h"
#include "../integration/site.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_signature[];

#define NS_SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_WS     "urn:soapxmpp:ws"

enum { CALLS = 1000, LONG_US = 20000000, LIFETIME_S = 600, KEY_BITS = 2048 };

/* ---- the signer ---- */

static struct {
    EVP_PKEY *key;
    X509 *certificate;
    char file[64];
} signer;

static void make_signer(void)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    FILE *file;
    int fd;
    signer.key = EVP_RSA_gen(KEY_BITS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(signer.key);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -LIFETIME_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 100 * LIFETIME_S);
    X509_set_pubkey(certificate, signer.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"signer", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    CU_ASSERT_TRUE_FATAL(X509_sign(certificate, signer.key, EVP_sha256()) > 0);
    signer.certificate = certificate;
    strcpy(signer.file, "/tmp/signer.XXXXXX");
    fd = mkstemp(signer.file);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    file = fdopen(fd, "w");
    CU_ASSERT_EQUAL(PEM_write_X509(file, certificate), 1);
    fclose(file);
}

static void drop_signer(void)
{
    unlink(signer.file);
    X509_free(signer.certificate);
    EVP_PKEY_free(signer.key);
}

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

static struct soap *new_context(struct soap_xmpp_link *link)
{
    struct soap *soap = soap_new1(SOAP_XML_CANONICAL);
    CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, soap_xmpp, link), SOAP_OK);
    CU_ASSERT_EQUAL(soap_register_plugin(soap, soap_wsse), SOAP_OK);
    soap->cafile = signer.file;
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = 20;
    return soap;
}

static void free_context(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

static void *serve(void *arg)
{
    struct soap *soap = arg;
    (void)soap_xmpp_serve(soap, serve_signed, 2);
    return NULL;
}

/* ---- both ends ---- */

struct ends {
    struct soap_xmpp_link *caller, *service;
    struct soap *client, *server;
    pthread_t thread;
    const char *endpoint;
    char service_jid[256];
    double number; /* of the next call */
};

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, enum soap_xmpp_packing packing)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.plain_delivery = 0;
    account.config.packing = packing;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void open_ends(struct ends *ends, const struct site *site, enum soap_xmpp_packing packing)
{
    *ends = (struct ends){0};
    make_signer();
    ends->service = open_link(site, "bob", "soap", packing);
    ends->caller = open_link(site, "alice", "desk", packing);
    ends->server = new_context(ends->service);
    ends->client = new_context(ends->caller);
    sx_queue_open(sx_link_queue(ends->service));
    CU_ASSERT_EQUAL_FATAL(pthread_create(&ends->thread, NULL, serve, ends->server), 0);
    ends->endpoint = site_endpoint(site, "bob", "soap");
    snprintf(ends->service_jid, sizeof ends->service_jid, "bob@%s/soap", site->domain);
}

static void close_ends(struct ends *ends)
{
    soap_xmpp_stop(ends->service, 0);
    pthread_join(ends->thread, NULL);
    free_context(ends->client);
    free_context(ends->server);
    soap_xmpp_close(ends->caller);
    soap_xmpp_close(ends->service);
    drop_signer();
}

/* The answer verified, too. */
static bool call(struct ends *ends)
{
    struct soap *soap = ends->client;
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
        soap_call_w__sum(soap, ends->endpoint, NULL, ends->number, 1, note, &sum) == SOAP_OK &&
        sum == ends->number + 1 && verify(soap) == SOAP_OK;
    ends->number++;
    return is_good;
}

static void forget_call(struct ends *ends)
{
    (void)soap_wsse_verify_done(ends->client);
    soap_wsse_delete_Security(ends->client);
    soap_destroy(ends->client);
    soap_end(ends->client);
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
            soap_print_fault(ends.client, stdout);
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
        for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
            bool is_good;
            protection.mode = modes[i];
            is_good = call(&ends);
            if (!is_good)
                soap_print_fault(ends.client, stdout);
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
    struct sx_outgoing out = {.to = ends->service_jid,
                              .envelope = captured.bytes,
                              .envelope_len = captured.len,
                              .checker = checker,
                              .online_deadline = sx_clock_deadline(LONG_US),
                              .room_deadline = sx_clock_deadline(LONG_US)};
    struct soap_xmpp_call *call = NULL;
    struct sx_reply reply = {0};
    char why[400];
    bool is_fault;
    CU_ASSERT_EQUAL_FATAL(sx_link_request(ends->caller, &out, &call, why, sizeof why), SX_OK);
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
    send_on = ends.client->fsend;
    ends.client->fsend = capture;
    CU_ASSERT_TRUE(call(&ends));
    ends.client->fsend = send_on;
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
