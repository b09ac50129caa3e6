/* What a server may do in one login depends on what it did in the last, and on the channel: a link
 * that has logged in by SCRAM says its password to nobody, is told of what is weaker than before,
 * and binds its proof to the TLS that it goes through.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/hostile_link.h"
#include "../lib/suite.h"
#include "witness.h"

#define MECHANISM(name) "<mechanism>" name "</mechanism>"
#define FEATURES(mechanisms, more)                                                                 \
    HOSTILE_STREAM                                                                                 \
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" mechanisms            \
    "</mechanisms>" more "</stream:features>"
#define OFFER(mechanisms, more)                                                                    \
    {HOSTILE_EXPECT, .text = "<stream:stream"},                                                    \
    {                                                                                              \
        HOSTILE_SEND, .text = FEATURES(mechanisms, more)                                           \
    }
#define TLS                                                                                        \
    {HOSTILE_PLAY, .steps = hostile_offer_tls},                                                    \
    {                                                                                              \
        .kind = HOSTILE_STARTTLS                                                                   \
    }
#define SCRAM(mechanisms, more)                                                                    \
    TLS, OFFER(mechanisms, more), {.kind = HOSTILE_SCRAM},                                         \
    {                                                                                              \
        HOSTILE_PLAY, .steps = hostile_bind                                                        \
    }

struct visit {
    struct hostile_certificates certificates;
    struct hostile *server;
    struct witness witness;
    struct soap_xmpp_link *link;
};

static void begin(struct visit *visit, const struct hostile_step *script)
{
    struct soap_xmpp_config config;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&visit->certificates, HOSTILE_DOMAIN, 1), 0);
    visit->server = hostile_start(script, visit->certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(visit->server);
    hostile_link_config(visit->server, &config);
    config.tls = SOAP_XMPP_TLS_REQUIRED;
    config.ca_file = visit->certificates.ca_file;
    witness_init(&visit->witness);
    witness_watch(&visit->witness, &config);
    visit->link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(visit->link);
    /* It may have been left already. */
    CU_ASSERT_TRUE(witness_await(&visit->witness, SOAP_XMPP_ONLINE));
}

static void end(struct visit *visit)
{
    char failure[256];
    hostile_failure(visit->server, failure, sizeof failure);
    ASSERT_TEXT(failure, "");
    hostile_stop(visit->server);
    soap_xmpp_close(visit->link);
    witness_fini(&visit->witness);
    hostile_remove_certificates(&visit->certificates);
}

/* The next login, which the link makes by itself once the server has hung up. */
static void assert_told(struct visit *visit, const char *one, const char *other)
{
    bool told = witness_await_trace(&visit->witness, one, other);
    char *trace = told ? NULL : witness_trace(&visit->witness);
    if (!told)
        printf("\n    no line with \"%s\" and \"%s\" in:\n%s", one, other, trace);
    free(trace);
    CU_ASSERT_TRUE(told);
}

static void plain_alone_is_refused_after_scram(void)
{
    static const struct hostile_step script[] = {
        SCRAM(MECHANISM("SCRAM-SHA-1") MECHANISM("PLAIN"), ""),
        {.kind = HOSTILE_CLOSE},
        {.kind = HOSTILE_NEXT},
        TLS,
        OFFER(MECHANISM("PLAIN"), ""),
        {.kind = HOSTILE_SILENCE_MS},
        {HOSTILE_END},
    };
    struct visit visit;
    char *received;
    begin(&visit, script);
    assert_told(&visit, "127.0.0.1 port ",
                "the server offers PLAIN alone, where it had SCRAM before");
    received = hostile_received(visit.server);
    ASSERT_LACKS(received, "mechanism='PLAIN'");
    ASSERT_LACKS(received, "mechanism=\"PLAIN\"");
    ASSERT_LACKS(received, "AGFsaWNlAHNlY3JldA==");
    free(received);
    end(&visit);
}

static void a_shorter_hash_than_last_time_is_told_and_taken(void)
{
    static const struct hostile_step script[] = {
        SCRAM(MECHANISM("SCRAM-SHA-1") MECHANISM("SCRAM-SHA-256"), ""),
        {.kind = HOSTILE_CLOSE},
        {.kind = HOSTILE_NEXT},
        SCRAM(MECHANISM("SCRAM-SHA-1"), ""),
        {HOSTILE_END},
    };
    struct visit visit;
    begin(&visit, script);
    assert_told(&visit, "logged in by SCRAM-SHA-256 over TLS 1.3",
                "the server proved that it knows the password");
    assert_told(&visit, "SCRAM-SHA-1 is weaker than the last login", "a longer hash");
    assert_told(&visit, "logged in by SCRAM-SHA-1 over TLS 1.3", "proved");
    end(&visit);
}

/* ---- channel bindings ---- */

#define BINDINGS(types)                                                                            \
    "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>" types "</sasl-channel-binding>"
#define BINDING(type) "<channel-binding type='" type "'/>"
#define BOTH          MECHANISM("SCRAM-SHA-1") MECHANISM("SCRAM-SHA-1-PLUS")

static const struct hostile_step nothing[] = {{HOSTILE_END}};

/* What a server offers, and what the link makes of it: the server checks the proof and what it is
 * bound to. */
struct channel {
    bool is_tls_12;
    const char *features, *mechanism;
    const char *header; /* the beginning of the GS2 header, in base64 */
    const char *proof;  /* what the trace says of it */
};

static void bind_to(const struct channel *channel)
{
    const struct hostile_step script[] = {
        {.kind = channel->is_tls_12 ? HOSTILE_TLS_12 : HOSTILE_PLAY, .steps = nothing},
        TLS,
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = channel->features},
        {.kind = HOSTILE_SCRAM},
        {HOSTILE_PLAY, .steps = hostile_bind},
        {HOSTILE_END},
    };
    struct visit visit;
    char *received, *trace, told[200];
    unsigned failures = CU_get_number_of_failures();
    begin(&visit, script);
    snprintf(told, sizeof told, "logged in by %s over TLS 1.%d; the server %s\n",
             channel->mechanism, channel->is_tls_12 ? 2 : 3, channel->proof);
    trace = witness_trace(&visit.witness); /* it is told before the link is online */
    ASSERT_CONTAINS(trace, told);
    free(trace);
    received = hostile_received(visit.server);
    ASSERT_CONTAINS(received, channel->header);
    free(received);
    end(&visit);
    if (CU_get_number_of_failures() != failures)
        printf("\n    with %s", channel->features);
}

/* "p=tls-exporter,,", "p=tls-server-end-point,,", "p=tls-unique,,", "n,," and "y,," */
#define PROVED    "proved that it knows the password"
#define EXPORTER  ">cD10bHMtZXhwb3J0ZXIs", PROVED ", bound to TLS by tls-exporter"
#define END_POINT ">cD10bHMtc2VydmVyLWVuZC1wb2lud", PROVED ", bound to TLS by tls-server-end-point"
#define UNIQUE    ">cD10bHMtdW5pcXVlLCxu", PROVED ", bound to TLS by tls-unique"
#define NONE      ">biwsbj1hbGljZ", PROVED
#define UNOFFERED ">eSwsbj1hbGljZ", PROVED

static void a_proof_is_bound_to_the_channel_as_the_server_announces(void)
{
    static const struct channel channels[] = {
        {false, FEATURES(BOTH, BINDINGS(BINDING("tls-server-end-point") BINDING("tls-exporter"))),
         "SCRAM-SHA-1-PLUS", EXPORTER},
        {true, FEATURES(BOTH, BINDINGS(BINDING("tls-exporter") BINDING("tls-unique"))),
         "SCRAM-SHA-1-PLUS", EXPORTER},
        {false, FEATURES(BOTH, BINDINGS(BINDING("tls-server-end-point"))), "SCRAM-SHA-1-PLUS",
         END_POINT},
        {true, FEATURES(BOTH, BINDINGS(BINDING("tls-server-end-point"))), "SCRAM-SHA-1-PLUS",
         END_POINT},
        {true, FEATURES(BOTH, BINDINGS(BINDING("tls-unique"))), "SCRAM-SHA-1-PLUS", UNIQUE},
        {true, FEATURES(BOTH, ""), "SCRAM-SHA-1-PLUS", UNIQUE},
        /* tls-unique isn't defined for TLS 1.3, and nothing is guessed */
        {false, FEATURES(BOTH, BINDINGS(BINDING("tls-unique"))), "SCRAM-SHA-1", NONE},
        {false, FEATURES(BOTH, ""), "SCRAM-SHA-1", NONE},
        {false, FEATURES(BOTH, BINDINGS(BINDING("tls-other"))), "SCRAM-SHA-1", NONE},
        {false, FEATURES(MECHANISM("SCRAM-SHA-1"), ""), "SCRAM-SHA-1", UNOFFERED},
        {true, FEATURES(MECHANISM("SCRAM-SHA-1"), ""), "SCRAM-SHA-1", UNOFFERED},
        {false, FEATURES(MECHANISM("SCRAM-SHA-512-PLUS") BOTH, BINDINGS(BINDING("tls-exporter"))),
         "SCRAM-SHA-512-PLUS", EXPORTER},
        {false, FEATURES(MECHANISM("SCRAM-SHA-256-PLUS") BOTH, BINDINGS(BINDING("tls-exporter"))),
         "SCRAM-SHA-256-PLUS", EXPORTER},
    };
    size_t i;
    for (i = 0; i < sizeof channels / sizeof *channels; i++)
        bind_to(&channels[i]);
}

CU_TestInfo tests_downgrade[] = {
    {"PLAIN alone is refused after SCRAM", plain_alone_is_refused_after_scram},
    {"a shorter hash than last time is told, and taken",
     a_shorter_hash_than_last_time_is_told_and_taken},
    {"a proof is bound to the channel as the server announces",
     a_proof_is_bound_to_the_channel_as_the_server_announces},
    CU_TEST_INFO_NULL,
};
