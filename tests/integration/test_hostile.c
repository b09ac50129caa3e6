/* The hostile server, met by plain sockets, by OpenSSL, and by the library's own link. */
#include <errno.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/hostile_link.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"

#define STREAM "<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client'>"
#define HOST   HOSTILE_DOMAIN

enum { US_PER_MS = 1000 };

static struct hostile *start(const struct hostile_step *steps, const char *pem)
{
    struct hostile *hostile = hostile_start(steps, pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    return hostile;
}

static int visit(const struct hostile *hostile)
{
    int fd = tcp_connect(hostile_port(hostile));
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static void assert_failure(struct hostile *hostile, const char *text)
{
    char failure[256];
    hostile_failure(hostile, failure, sizeof failure);
    ASSERT_TEXT(failure, text);
}

/* As alice with the password "secret". */
static void log_in(int fd)
{
    tcp_say(fd, STREAM);
    ASSERT_CONTAINS(tcp_hear_until(fd, "</stream:features>"), "<mechanism>PLAIN</mechanism>");
    tcp_say(fd, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
                "AGFsaWNlAHNlY3JldA==</auth>");
    ASSERT_CONTAINS(tcp_hear_until(fd, "/>"), "<success");
    tcp_say(fd, STREAM);
    ASSERT_CONTAINS(tcp_hear_until(fd, "</stream:features>"), "<bind");
    tcp_say(fd, "<iq type='set' id=\"b-1\"><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                "<resource>desk</resource></bind></iq>");
}

static void a_raw_client_logs_in_and_learns_its_jid(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    int fd = visit(hostile);
    const char *answer;
    char *received;
    log_in(fd);
    answer = tcp_hear_until(fd, "</iq>");
    ASSERT_CONTAINS(answer, "<iq type='result' id='b-1'>");
    ASSERT_CONTAINS(answer, "<jid>alice@example.org/desk</jid>");
    CU_ASSERT_TRUE(hostile_await_played(hostile, 1, TCP_LONG_MS));
    tcp_say(fd, "<iq type='get'/></stream:stream>");
    tcp_assert_ends(fd, "</stream:stream>", 0);
    close(fd);
    CU_ASSERT_TRUE(hostile_await(hostile, "</stream:stream>", TCP_LONG_MS));
    CU_ASSERT_FALSE(hostile_await(hostile, "never said", 1));
    received = hostile_received(hostile);
    ASSERT_CONTAINS(received, "<iq type='get'/>");
    free(received);
    assert_failure(hostile, "");
    hostile_stop(hostile);
}

static void variables_are_those_of_the_last_stanza(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<iq"},
        {HOSTILE_SEND, .text = "$ID,"},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = "$ID,$TO,$$5$"},
        {.kind = HOSTILE_CLOSE},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_EXPECT, .text = "<presence"},
        {HOSTILE_SEND, .text = "[$ID][$JID][$DOMAIN]"},
        {.kind = HOSTILE_CLOSE},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    int fd = visit(hostile);
    tcp_say(fd, "<iq type='get' i"); /* the tag comes in two pieces: it is waited for */
    tcp_say(fd, "d='first'/>");
    tcp_assert_hears(fd, "first,");
    tcp_say(fd, "<iq id='second' to=\"bob@example.org/soap\"><a id='inside' to='x'/></iq>");
    tcp_assert_ends(fd, "second,bob@example.org/soap,$$5$", 0);
    close(fd);
    fd = visit(hostile);
    tcp_say(fd, "<presence/>"); /* what the first connection said is forgotten */
    tcp_assert_ends(fd, "[][@/hostile][]", 0);
    close(fd);
    CU_ASSERT_TRUE(hostile_await_played(hostile, 2, TCP_LONG_MS));
    hostile_stop(hostile);
}

static void each_connection_plays_its_part(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_SEND, .text = "one"},
        {.kind = HOSTILE_RESET},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_SEND_REPEATED, .text = "<a>", .count = 30000},
        {.kind = HOSTILE_CLOSE},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_SEND, .text = "last"},
        {.kind = HOSTILE_CLOSE},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    int i, fd = visit(hostile);
    CU_ASSERT_EQUAL(tcp_read_to_end(fd), ECONNRESET);
    close(fd);
    fd = visit(hostile);
    for (i = 0; i < 3000; i++)
        tcp_assert_hears(fd, "<a><a><a><a><a><a><a><a><a><a>");
    tcp_assert_ends(fd, "", 0);
    close(fd);
    for (i = 0; i < 2; i++) {
        fd = visit(hostile);
        tcp_assert_ends(fd, "last", 0);
        close(fd);
    }
    CU_ASSERT_TRUE(hostile_await_played(hostile, 4, TCP_LONG_MS));
    CU_ASSERT_TRUE(hostile_await_connections(hostile, 4, 0));
    CU_ASSERT_FALSE(hostile_await_connections(hostile, 5, 1));
    hostile_stop(hostile);
}

static void an_expectation_that_fails_is_told(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<iq"},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    int fd = visit(hostile);
    tcp_say(fd, "<message/>");
    close(fd);
    fd = visit(hostile); /* served when the first is through */
    CU_ASSERT_TRUE(hostile_await_connections(hostile, 2, TCP_LONG_MS));
    assert_failure(hostile, "EXPECT <iq: the peer closed");
    CU_ASSERT_FALSE(hostile_await_played(hostile, 1, 0));
    close(fd);
    hostile_stop(hostile);
}

static void silence_lasts_as_long_as_it_should(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_SILENCE_MS, .count = TCP_QUIET_MS},
        {HOSTILE_SEND, .text = "at last"},
        {.kind = HOSTILE_CLOSE},
        {.kind = HOSTILE_NEXT},
        {.kind = HOSTILE_SILENCE_MS},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    int64_t begun_us = sx_clock_now_us();
    int fd = visit(hostile);
    tcp_say(fd, "is anybody there?");
    tcp_assert_ends(fd, "at last", 0);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us >= TCP_QUIET_MS * US_PER_MS);
    close(fd);
    fd = visit(hostile);
    tcp_say(fd, "hello?");
    CU_ASSERT_TRUE(hostile_await(hostile, "hello?", TCP_LONG_MS));
    tcp_assert_quiet(fd);
    hostile_stop(hostile); /* in the middle of it */
    tcp_assert_ends(fd, "", 0);
    close(fd);
}

static void *drain(void *fd)
{
    (void)tcp_read_to_end(*(int *)fd);
    return NULL;
}

static void a_flood_ends_when_the_server_is_stopped(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_SEND_REPEATED, .text = "<a><b><c><d><e><f><g><h>", .count = UINT_MAX},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    int fd = visit(hostile);
    pthread_t reader;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&reader, NULL, drain, &fd), 0);
    CU_ASSERT_TRUE(hostile_await_connections(hostile, 1, TCP_LONG_MS));
    hostile_stop(hostile);
    pthread_join(reader, NULL);
    close(fd);
}

/* ---- SCRAM ---- */

/* Each of these texts is the RFC's. */
struct example {
    const char *mechanism, *bare, *first, *final, *last;
};

static const struct example examples[] = {
    {"SCRAM-SHA-1", "n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=$NONCE3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"SCRAM-SHA-256", "n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=$NONCE%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

static void a_scram_server_keeps_to_the_examples_of_the_rfcs(void)
{
    size_t i;
    for (i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *example = &examples[i];
        const struct scram_script script = {.password = "pencil", .first = example->first};
        struct scram_server server = {.script = &script};
        struct sx_buffer said = {0};
        char first[200];
        snprintf(first, sizeof first, "n,,%s", example->bare);
        CU_ASSERT_TRUE(scram_server_begin(&server, example->mechanism, first, &said));
        sx_buffer_clear(&said);
        CU_ASSERT_TRUE(scram_server_end(&server, example->final, &said));
        ASSERT_TEXT(said.bytes, example->last);
        sx_buffer_fini(&said);
    }
}

/* The first letter of the mark's value is another one. */
static const char *refusal_of(const char *mark)
{
    const struct scram_script script = {.password = "pencil", .first = examples[0].first};
    struct scram_server server = {.script = &script};
    struct sx_buffer said = {0};
    char final[200], first[200], *value;
    snprintf(first, sizeof first, "n,,%s", examples[0].bare);
    snprintf(final, sizeof final, "%s", examples[0].final);
    CU_ASSERT_TRUE(scram_server_begin(&server, "SCRAM-SHA-1", first, &said));
    value = strstr(final, mark) + strlen(mark);
    *value = *value == 'e' ? 'f' : 'e';
    CU_ASSERT_FALSE(scram_server_end(&server, final, &said));
    sx_buffer_fini(&said);
    return server.why;
}

static void a_scram_server_believes_nobody(void)
{
    ASSERT_TEXT(refusal_of("p="), "the client's proof is wrong");
    ASSERT_TEXT(refusal_of("r="), "the client's nonce is another");
    ASSERT_TEXT(refusal_of("c="), "the client's channel binding is wrong");
}

/* ---- TLS ---- */

/* What verifying the certificate for host gave; says hello and hears it back if it was good. */
static long shake_hands(int fd, const char *ca_file, const char *host)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char heard[6] = "";
    SSL *ssl;
    long result;
    CU_ASSERT_EQUAL(SSL_CTX_load_verify_locations(ctx, ca_file, NULL), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    ssl = SSL_new(ctx);
    SSL_set1_host(ssl, host);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1) {
        CU_ASSERT_EQUAL(SSL_write(ssl, "<iq/>", 5), 5);
        CU_ASSERT_EQUAL(SSL_read(ssl, heard, 5), 5);
        ASSERT_TEXT(heard, "hello");
    }
    result = SSL_get_verify_result(ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return result;
}

static const struct hostile_step greet_by_tls[] = {
    {HOSTILE_PLAY, .steps = hostile_offer_tls},
    {.kind = HOSTILE_STARTTLS},
    {HOSTILE_EXPECT, .text = "<iq"},
    {HOSTILE_SEND, .text = "hello"},
    {HOSTILE_END},
};

static long verify(int days_valid, const char *host, bool *told)
{
    struct hostile_certificates certificates;
    struct hostile *hostile;
    long result;
    int fd;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&certificates, HOST, days_valid), 0);
    hostile = start(greet_by_tls, certificates.pem);
    fd = visit(hostile);
    tcp_say(fd, STREAM);
    ASSERT_CONTAINS(tcp_hear_until(fd, "</stream:features>"), "<starttls");
    tcp_say(fd, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    ASSERT_CONTAINS(tcp_hear_until(fd, ">"), "<proceed");
    result = shake_hands(fd, certificates.ca_file, host);
    close(fd);
    *told = hostile_await(hostile, "<iq/>", 0);
    hostile_stop(hostile);
    hostile_remove_certificates(&certificates);
    CU_ASSERT_NOT_EQUAL(access(certificates.dir, F_OK), 0);
    return result;
}

static void a_handshake_proves_the_made_certificate(void)
{
    bool told;
    CU_ASSERT_EQUAL(verify(1, HOST, &told), X509_V_OK);
    CU_ASSERT_TRUE(told); /* decrypted */
    CU_ASSERT_EQUAL(verify(1, "other.test", &told), X509_V_ERR_HOSTNAME_MISMATCH);
    CU_ASSERT_FALSE(told);
    CU_ASSERT_EQUAL(verify(-2, HOST, &told), X509_V_ERR_CERT_HAS_EXPIRED);
    CU_ASSERT_FALSE(told);
}

static void a_tls_that_never_comes_says_nothing(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_offer_tls},
        {.kind = HOSTILE_TLS_NEVER},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    int fd = visit(hostile);
    tcp_say(fd, STREAM);
    ASSERT_CONTAINS(tcp_hear_until(fd, "</stream:features>"), "<starttls");
    tcp_say(fd, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    ASSERT_CONTAINS(tcp_hear_until(fd, ">"), "<proceed");
    tcp_say(fd, "client hello");
    CU_ASSERT_TRUE(hostile_await(hostile, "client hello", TCP_LONG_MS));
    tcp_assert_quiet(fd);
    close(fd);
    CU_ASSERT_TRUE(hostile_await_played(hostile, 1, TCP_LONG_MS));
    hostile_stop(hostile);
}

/* ---- a link ---- */

static void assert_online(struct soap_xmpp_link *link)
{
    char text[300];
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
    soap_xmpp_reason(link, text, sizeof text);
    ASSERT_TEXT(text, "online");
    soap_xmpp_jid(link, text, sizeof text);
    ASSERT_TEXT(text, "alice@" HOST "/desk");
}

static void a_link_comes_online_in_clear_and_by_tls(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    struct hostile_certificates certificates;
    struct hostile *hostile;
    struct soap_xmpp_link *link;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&certificates, HOST, 1), 0);
    hostile = start(script, certificates.pem);
    link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    assert_online(link);
    soap_xmpp_close(link);
    link = hostile_link_open(hostile, SOAP_XMPP_TLS_REQUIRED, certificates.ca_file);
    assert_online(link);
    soap_xmpp_close(link);
    assert_failure(hostile, "");
    CU_ASSERT_TRUE(hostile_await_played(hostile, 2, TCP_LONG_MS));
    hostile_stop(hostile);
    hostile_remove_certificates(&certificates);
}

static void a_link_comes_online_by_scram(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("SCRAM-SHA-1")},
        {.kind = HOSTILE_SCRAM},
        {HOSTILE_PLAY, .steps = hostile_bind},
        {HOSTILE_END},
    };
    struct hostile *hostile = start(script, NULL);
    struct soap_xmpp_link *link = hostile_link_open(hostile, SOAP_XMPP_TLS_OFF, NULL);
    assert_online(link);
    soap_xmpp_close(link);
    assert_failure(hostile, "");
    hostile_stop(hostile);
}

CU_TestInfo tests_hostile[] = {
    {"a raw client logs in and learns its JID", a_raw_client_logs_in_and_learns_its_jid},
    {"variables are those of the last stanza", variables_are_those_of_the_last_stanza},
    {"each connection plays its part", each_connection_plays_its_part},
    {"an expectation that fails is told", an_expectation_that_fails_is_told},
    {"silence lasts as long as it should", silence_lasts_as_long_as_it_should},
    {"a flood ends when the server is stopped", a_flood_ends_when_the_server_is_stopped},
    {"a SCRAM server keeps to the examples of the RFCs",
     a_scram_server_keeps_to_the_examples_of_the_rfcs},
    {"a SCRAM server believes nobody", a_scram_server_believes_nobody},
    {"a link comes online by SCRAM", a_link_comes_online_by_scram},
    {"a handshake proves the made certificate", a_handshake_proves_the_made_certificate},
    {"a TLS that never comes says nothing", a_tls_that_never_comes_says_nothing},
    {"a link comes online in clear and by TLS", a_link_comes_online_in_clear_and_by_tls},
    CU_TEST_INFO_NULL,
};
