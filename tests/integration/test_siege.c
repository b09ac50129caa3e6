/* What no honest server does, at every phase of a connection: the link says what it was and who did
 * it, calls under way end, and as soon as the server is honest again the link is of use. Another
 * link of the process never notices.
 */
#include "soapH.h"
#include "laboratory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "link/receive.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "../lib/hostile_steps.h"
#include "siege.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- with a call under way ---- */

/* Sent in this order: head, the attributes a0='' a1='' ..., repeated, closing, tail. */
struct attack {
    const char *head;
    unsigned attributes;
    const char *repeated, *closing; /* both so many times */
    unsigned count;
    const char *tail, *reason;
};

enum effect { HARMLESS, COSTS_THE_CALL, COSTS_THE_STREAM };

static char *write_attributes(unsigned count)
{
    struct sx_buffer out = {0};
    size_t len;
    unsigned i;
    for (i = 0; i < count; i++)
        sx_buffer_add_format(&out, " a%u=''", i);
    CU_ASSERT_FALSE_FATAL(out.failed);
    return sx_buffer_take(&out, &len);
}

static void assert_effect(struct siege *siege, const struct attack *attack, enum effect effect,
                          int err)
{
    const char *fault = err ? laboratory_fault(siege->soap) : "";
    if (effect == HARMLESS) {
        ASSERT_TEXT(fault, "");
    } else {
        CU_ASSERT_NOT_EQUAL(err, SOAP_OK);
        ASSERT_CONTAINS(fault, attack->reason);
    }
    if (effect == COSTS_THE_STREAM) {
        CU_ASSERT_EQUAL(err, SOAP_EOF);
        siege_assert_told(siege, siege->place, attack->reason);
    }
    siege_assert_usable(siege);
    CU_ASSERT_EQUAL(hostile_await_connections(siege->server, 2, 0), effect == COSTS_THE_STREAM);
}

/* A call that the server answers with the attack first, and then as it should; the next connection
 * is an honest one. */
static void call_under(const struct attack *attack, enum effect effect, struct bystander *bystander)
{
    char *attributes = write_attributes(attack->attributes);
    const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = attack->head},
        {HOSTILE_SEND, .text = attributes},
        {HOSTILE_SEND_REPEATED, .text = attack->repeated ? attack->repeated : "",
         .count = attack->count},
        {HOSTILE_SEND_REPEATED, .text = attack->closing ? attack->closing : "",
         .count = attack->count},
        {HOSTILE_SEND, .text = attack->tail ? attack->tail : ""},
        {HOSTILE_PLAY, .steps = siege_answer},
        {HOSTILE_PLAY, .steps = siege_answers},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_PLAY, .steps = siege_answers},
        {HOSTILE_END},
    };
    struct soap_xmpp_config config;
    struct siege siege;
    double sum;
    int err;
    unsigned failures = CU_get_number_of_failures();
    siege_prepare(&siege, bystander, script, NULL, &config);
    siege_begin(&siege, &config);
    err = soap_call_lab__add(siege.soap, SIEGE_ENDPOINT, NULL, 1, 2, &sum);
    siege_assert_unharmed(&siege);
    assert_effect(&siege, attack, effect, err);
    siege_end(&siege);
    if (CU_get_number_of_failures() != failures)
        printf("\n    in the attack \"%.70s\"", attack->head);
    free(attributes);
}

static void call_under_each(const struct attack *attacks, size_t count, enum effect effect)
{
    struct bystander bystander;
    size_t i;
    bystander_open(&bystander);
    for (i = 0; i < count; i++)
        call_under(&attacks[i], effect, &bystander);
    bystander_close(&bystander);
}

#define ANSWER_HEAD "<iq type='result' id='$ID' from='$TO' to='$JID'>"
#define ENVELOPE_HEAD                                                                              \
    ANSWER_HEAD "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
#define ENVELOPE_TAIL         "</e:Body></e:Envelope></iq>"
#define STREAM_ERROR(content) "<stream:error>" content "</stream:error></stream:stream>"

static void a_server_that_breaks_the_rules_is_left_for_a_stated_reason(void)
{
    static const struct attack attacks[] = {
        {.head = "<stream:error/>", .reason = "a stream error without a condition"},
        {.head = STREAM_ERROR("<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
                              "elsewhere.test</see-other-host>"),
         .reason = "see-other-host"},
        {.head = STREAM_ERROR("<what xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"),
         .reason = "what"},
        {.head = "<!DOCTYPE a [<!ENTITY b 'bbbb'>]>", .reason = "what is no XML"},
        {.head = "<iq>&bomb;</iq>", .reason = "undefined entity"},
        {.head = "<?php exit ?>", .reason = "a processing instruction"},
        {.head = "<!-- psst -->", .reason = "a comment"},
        {.head = "<message><body>\xC3\x28</body></message>", .reason = "invalid token"},
        {.head = "<message><body>\xED\xA0\x80</body></message>", .reason = "invalid token"},
        {.head = "<message><body>&#0;</body></message>",
         .reason = "reference to invalid character number"},
        {.head = "<iq id='1' id='2'/>", .reason = "duplicate attribute"},
        {.head = "<iq></message>", .reason = "mismatched tag"},
        {.head = "<iq", .attributes = 1000000, .reason = "a tag of more than 1048576 bytes"},
        {.head = "<iq a='", .repeated = "endless ", .count = 400000, .reason = "a tag of more"},
        {.head = "<iq a", .repeated = "endless", .count = 400000, .reason = "a tag of more"},
        {.head = "<iq>", .repeated = "<a>", .count = 5000000, .reason = "memory is short"},
        {.head = "</stream:stream>",
         .tail = "<iq type='result' id='$ID' from='$TO'/>",
         .reason = ""},
    };
    call_under_each(attacks, COUNT(attacks), COSTS_THE_STREAM);
}

/* Each of them is followed by the true answer. */
static void what_is_not_the_answer_is_dropped_and_the_answer_still_counts(void)
{
    static const struct attack attacks[] = {
        {.head = "<iq type='result' id='$ID' from='eve@hostile.test/soap'/>"},
        {.head = "<iq type='error' id='$ID' from='hostile.test'/>"},
        {.head = "<iq type='error' id='$ID' from='bob@hostile.test'/>"},
        {.head = "<iq type='result' id='$ID' from='$TOO'/>"},
        {.head = "<iq type='result' id='$ID' x:from='$TO' xmlns:x='urn:x'/>"},
        {.head = "<iq type='result' id='$ID'/><iq type='result' id='$ID' from=''/>"},
        {.head = "<iq type='result' id='$ID0' from='$TO'/>"},
        {.head = "<iq type='result' id='' from='$TO'/><iq type='result' from='$TO'/>"},
        {.head = "<iq id='$ID' from='$TO'/><message type='result' id='$ID' from='$TO'/>"},
        {.head = "<iq type='get' id='$ID' from='$TO'/><iq type='set' id='$ID' from='$TO'/>"},
        {.head = "<iq type='result' id='bind'/><iq type='result' id='session'/>"},
        {.head = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"},
        {.head = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"},
        {.head = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features/>"},
        {.head = "<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='4294967295'/>"},
        {.head = "<iq/><presence/><message/><stream:nothing/><a/><b xmlns=''/>"},
        {.head = "", .repeated = "\n \t", .count = 1000000},
        {.head = "",
         .repeated = "<message><body>and another thing</body></message>",
         .count = 20000},
        {.head = "",
         .repeated = "<iq type='get' id='q'><ping xmlns='urn:xmpp:ping'/></iq>",
         .count = 5000},
    };
    call_under_each(attacks, COUNT(attacks), HARMLESS);
}

static void an_answer_beyond_the_limits_costs_its_call_alone(void)
{
    static const struct attack attacks[] = {
        {.head = ANSWER_HEAD "<b/></iq>", .reason = "it holds <b"},
        {.head = ANSWER_HEAD "<p:b/></iq>", .reason = "p"},
        {.head = ENVELOPE_HEAD "<p:b/>" ENVELOPE_TAIL, .reason = "p"},
        {.head = ENVELOPE_HEAD,
         .repeated = "<a>deep ",
         .closing = "</a>",
         .count = 300,
         .tail = ENVELOPE_TAIL,
         .reason = "deeper than 256"},
        {.head = ENVELOPE_HEAD "<a>",
         .repeated = "wide ",
         .count = 300000,
         .tail = "</a>" ENVELOPE_TAIL,
         .reason = "larger than 1048576 bytes"},
        {.head = ANSWER_HEAD, .repeated = "<a/>", .count = 5000, .tail = "</iq>", .reason = "2000"},
        {.head = ANSWER_HEAD "<b", .attributes = 60000, .tail = "/></iq>", .reason = "2000"},
        {.head = ANSWER_HEAD "<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'/></iq>",
         .reason = "has no Body"},
        {.head = ANSWER_HEAD "<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Body/>"
                             "</Envelope><Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'>"
                             "<Body/></Envelope></iq>",
         .reason = "two envelopes"},
    };
    call_under_each(attacks, COUNT(attacks), COSTS_THE_CALL);
}

/* ---- during the login ---- */

#define SASL(name, content)                                                                        \
    "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" content "</" name ">"
#define FEATURES(content) "<stream:features>" content "</stream:features>"
#define MECHANISM(name)   FEATURES(SASL("mechanisms", "<mechanism>" name "</mechanism>"))
#define BIND_OPEN         "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
#define BIND(content)     BIND_OPEN content "</bind>"
#define BIND_ERROR(condition)                                                                      \
    "<iq type='error' id='$ID'>" BIND(                                                             \
        "") "<error type='cancel'><" condition                                                     \
            " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

/* A server's part in a login, up to where it goes wrong. */
struct login {
    struct hostile_step steps[8];
    const char *server, *reason; /* server NULL: host and port */
    bool is_final, by_tls, by_stranger;
    const char *host;
    int days_valid;
};

enum { IMPATIENT_MS = 1500 };

static const struct hostile_step come_to_bind[] = {
    {HOSTILE_PLAY, .steps = hostile_authenticate_plain},
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_STREAM FEATURES(BIND(""))},
    {HOSTILE_EXPECT, .text = "</iq>"},
    {HOSTILE_END},
};

static const struct hostile_step come_to_scram[] = {
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_STREAM MECHANISM("SCRAM-SHA-1")},
    {HOSTILE_EXPECT, .text = "</auth>"},
    {HOSTILE_END},
};

static const struct hostile_step come_to_tls[] = {
    {HOSTILE_PLAY, .steps = hostile_offer_tls},
    {HOSTILE_EXPECT, .text = "<starttls"},
    {HOSTILE_END},
};

static void log_in_under(const struct login *login, struct bystander *bystander)
{
    const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = login->steps},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = login->by_tls ? hostile_login_tls : hostile_login_plain},
        {HOSTILE_PLAY, .steps = siege_answers},
        {HOSTILE_END},
    };
    struct hostile_certificates certificates;
    struct soap_xmpp_config config;
    struct siege siege;
    unsigned failures = CU_get_number_of_failures();
    char *received;
    if (login->by_tls)
        CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&certificates,
                                                        login->host ? login->host : HOSTILE_DOMAIN,
                                                        login->days_valid ? login->days_valid : 1),
                              0);
    siege_prepare(&siege, bystander, script, login->by_tls ? certificates.pem : NULL, &config);
    config.ca_file = login->by_tls && !login->by_stranger ? certificates.ca_file : NULL;
    config.connect_timeout_ms = IMPATIENT_MS;
    siege_begin(&siege, &config);
    siege_assert_told(&siege, login->server ? login->server : siege.place, login->reason);
    siege_assert_unharmed(&siege);
    if (!login->is_final)
        siege_assert_usable(&siege);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(siege.link, -1), login->is_final ? -1 : 0);
    CU_ASSERT_EQUAL(hostile_await_connections(siege.server, 2, 0), !login->is_final);
    received = hostile_received(siege.server);
    if (login->by_tls && login->is_final)
        ASSERT_LACKS(received, "<auth");
    free(received);
    siege_end(&siege);
    if (login->by_tls)
        hostile_remove_certificates(&certificates);
    if (CU_get_number_of_failures() != failures)
        printf("\n    where \"%s\" was to be told", login->reason);
}

static void log_in_under_each(const struct login *logins, size_t count)
{
    struct bystander bystander;
    size_t i;
    bystander_open(&bystander);
    for (i = 0; i < count; i++)
        log_in_under(&logins[i], &bystander);
    bystander_close(&bystander);
}

#define FLOOD(sent)                                                                                \
    {                                                                                              \
        HOSTILE_SEND_REPEATED, .text = sent, .count = 10000000                                     \
    }

static void a_login_that_goes_wrong_is_told_and_tried_again(void)
{
    static const struct login logins[] = {
        /* the stream's header */
        {{AWAIT("<stream:stream"), SEND("<!DOCTYPE stream:stream [<!ENTITY a 'aaaaaaaa'><!ENTITY b "
                                        "'&a;&a;&a;&a;'>]>" HOSTILE_STREAM)},
         .reason = "DOCTYPE"},
        {{AWAIT("<stream:stream"), SEND("<?xml version='1.0' encoding='UTF-16'?>" HOSTILE_STREAM)},
         .reason = "UTF-16"},
        {{SEND("HTTP/1.1 400 Bad Request\r\n\r\n")}, .reason = "a web server answers there"},
        {{SEND("<stream:stream a='"), FLOOD("endless ")}, .reason = "a tag of more than"},
        {{SEND("<stream:stream"), FLOOD(" ")}, .reason = "a tag of more than"},
        {{FLOOD("\n")}, .reason = "longer than 1.500 s"},
        {{SEND("<stream:stream>")}, .reason = "namespace"},
        {{OPENED("</stream:stream>"), HANG_UP}, .reason = "closed the connection"},
        {{OPENED("<stream:error/>")}, .reason = "without a condition"},
        {{OPENED("<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
                 "127.0.0.2</see-other-host></stream:error></stream:stream>"),
          HANG_UP},
         .reason = "sends us to 127.0.0.2"},
        /* SASL */
        {{OPENED(MECHANISM("PLAIN")), AWAIT("</auth>"), SILENCE}, .reason = "longer than"},
        {{OPENED(MECHANISM("PLAIN")),
          AWAIT("</auth>"),
          {HOSTILE_SEND_REPEATED, .text = "<iq/>", .count = 200000},
          SILENCE},
         .reason = "longer than"},
        {{OPENED(MECHANISM("PLAIN")), AWAIT("</auth>"), SEND(SASL("challenge", ""))},
         .reason = "PLAIN has no answer to"},
        /* r=x,s=c2FsdA==,i=900000, again and again */
        {{PLAY(come_to_scram), FLOOD(SASL("challenge", "cj14LHM9YzJGc2RBPT0saT05MDAwMDA="))},
         .reason = "nonce doesn't begin with ours"},
        /* i=4000000000,r=x,s=c2FsdA== */
        {{PLAY(come_to_scram), SEND(SASL("challenge", "aT00MDAwMDAwMDAwLHI9eCxzPWMyRnNkQT09"))},
         .reason = "SCRAM challenge can't be read"},
        {{PLAY(come_to_scram), SEND(SASL("challenge", "cj14"))},
         .reason = "nonce doesn't begin with ours"},
        {{PLAY(come_to_scram), SEND(SASL("challenge", "!"))}, .reason = "no base64"},
        {{PLAY(come_to_scram), SEND(SASL("challenge", ""))},
         .reason = "SCRAM challenge can't be read"},
        /* resource binding */
        {{PLAY(hostile_authenticate_plain), OPENED(FEATURES(""))}, .reason = "no resource binding"},
        {{PLAY(hostile_authenticate_plain), OPENED(""), SILENCE}, .reason = "longer than"},
        {{PLAY(come_to_bind), SEND(BIND_ERROR("conflict"))}, .reason = "conflict"},
        {{PLAY(come_to_bind), SEND(BIND_ERROR("not-allowed"))}, .reason = "not-allowed"},
        {{PLAY(come_to_bind), SILENCE}, .reason = "longer than"},
        {{PLAY(come_to_bind), SEND("<iq type='result' id='$ID'>" BIND("<jid>@/</jid>") "</iq>")},
         .reason = "is no JID"},
        {{PLAY(come_to_bind),
          SEND("<iq type='result' id='$ID'>" BIND_OPEN "<jid>"),
          {HOSTILE_SEND_REPEATED, .text = "a", .count = 10000},
          SEND("@b/c</jid></bind></iq>")},
         .reason = "is no JID"},
    };
    log_in_under_each(logins, COUNT(logins));
}

static void an_offer_with_nothing_for_us_is_told(void)
{
    static const struct login logins[] = {
        {{OPENED(MECHANISM("X-NONE"))}, .is_final = true, .reason = "it offers: X-NONE; we have"},
        {{OPENED(FEATURES(""))}, .reason = "it offers: none; we have"},
    };
    log_in_under_each(logins, COUNT(logins));
}

static void a_server_that_cannot_prove_itself_never_sees_the_password(void)
{
    static const struct login logins[] = {
        {{OPENED(MECHANISM("PLAIN"))}, .by_tls = true, .reason = "no TLS with"},
        {{PLAY(come_to_tls), SEND("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")},
         .by_tls = true,
         .reason = "has no TLS after all"},
        {{PLAY(hostile_offer_tls), {.kind = HOSTILE_TLS_NEVER}},
         .by_tls = true,
         .reason = "longer than"},
        {{PLAY(hostile_offer_tls), {.kind = HOSTILE_STARTTLS}},
         .by_tls = true,
         .by_stranger = true,
         .is_final = true,
         .server = HOSTILE_DOMAIN,
         .reason = "is not trusted"},
        {{PLAY(hostile_offer_tls), {.kind = HOSTILE_STARTTLS}},
         .by_tls = true,
         .days_valid = -2,
         .is_final = true,
         .server = HOSTILE_DOMAIN,
         .reason = "certificate has expired"},
        {{PLAY(hostile_offer_tls), {.kind = HOSTILE_STARTTLS}},
         .by_tls = true,
         .host = "elsewhere.test",
         .is_final = true,
         .server = HOSTILE_DOMAIN,
         .reason = "certificate is not for"},
        /* behind the answer, before the handshake, by whoever sits in between (RFC 6120 5.4.3.3) */
        {{PLAY(come_to_tls),
          SEND("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" SASL("success", "")),
          {.kind = HOSTILE_TLS},
          SILENCE},
         .by_tls = true,
         .reason = "in clear"},
        {{PLAY(come_to_tls),
          SEND("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" HOSTILE_STREAM),
          {.kind = HOSTILE_TLS},
          SILENCE},
         .by_tls = true,
         .reason = "in clear"},
    };
    log_in_under_each(logins, COUNT(logins));
}

static void leave_in(const struct hostile_step *phase, bool by_tls, struct bystander *bystander)
{
    const struct login close = {{PLAY(phase), HANG_UP}, .by_tls = by_tls, .reason = ""};
    const struct login reset = {
        {PLAY(phase), {.kind = HOSTILE_RESET}}, .by_tls = by_tls, .reason = ""};
    log_in_under(&close, bystander);
    log_in_under(&reset, bystander);
}

static void a_connection_that_ends_in_any_phase_is_told_and_made_again(void)
{
    static const struct hostile_step nothing[] = {{HOSTILE_END}};
    static const struct hostile_step header[] = {OPENED(""), {HOSTILE_END}};
    static const struct hostile_step mechanism[] = {OPENED(MECHANISM("PLAIN")), {HOSTILE_END}};
    static const struct hostile_step credentials[] = {
        PLAY(mechanism), AWAIT("</auth>"), {HOSTILE_END}};
    static const struct hostile_step second_header[] = {
        PLAY(hostile_authenticate_plain), OPENED(""), {HOSTILE_END}};
    static const struct hostile_step proceed[] = {
        PLAY(come_to_tls),
        SEND("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        {HOSTILE_END}};
    static const struct hostile_step handshake[] = {
        PLAY(hostile_offer_tls), {.kind = HOSTILE_STARTTLS}, {HOSTILE_END}};
    static const struct hostile_step *const in_clear[] = {
        nothing,       header,       mechanism,          credentials, hostile_authenticate_plain,
        second_header, come_to_bind, hostile_login_plain};
    static const struct hostile_step *const by_tls[] = {hostile_offer_tls, come_to_tls, proceed,
                                                        handshake, hostile_login_tls};
    struct bystander bystander;
    size_t i;
    bystander_open(&bystander);
    for (i = 0; i < COUNT(in_clear); i++)
        leave_in(in_clear[i], false, &bystander);
    for (i = 0; i < COUNT(by_tls); i++)
        leave_in(by_tls[i], true, &bystander);
    bystander_close(&bystander);
}

/* RFC 6120 7.7.2.1 lets it. */
static void a_server_may_bind_another_resource_and_the_link_says_which(void)
{
    static const struct hostile_step script[] = {
        PLAY(come_to_bind),
        SEND("<iq type='result' id='$ID'>" BIND("<jid>alice@" HOSTILE_DOMAIN
                                                "/other</jid>") "</iq>"),
        PLAY(siege_answers),
        {HOSTILE_END},
    };
    struct bystander bystander;
    struct soap_xmpp_config config;
    struct siege siege;
    char jid[100];
    bystander_open(&bystander);
    siege_prepare(&siege, &bystander, script, NULL, &config);
    siege_begin(&siege, &config);
    siege_assert_usable(&siege);
    soap_xmpp_jid(siege.link, jid, sizeof jid);
    ASSERT_TEXT(jid, "alice@" HOSTILE_DOMAIN "/other");
    siege_end(&siege);
    bystander_close(&bystander);
}

/* Its answers would pile up here. */
static void a_server_that_asks_and_never_reads_the_answers_is_left(void)
{
    /* More answers than its kernel and ours hold between them. */
    enum { ID_BYTES = SX_RECEIVE_ID_BYTES, QUESTIONS = 100000, LIMIT_BYTES = 1 << 17 };
    static char question[ID_BYTES + 100];
    const struct hostile_step script[] = {
        PLAY(hostile_login_plain), {HOSTILE_SEND_REPEATED, .text = question, .count = QUESTIONS},
        {.kind = HOSTILE_NEXT},    PLAY(hostile_login_plain),
        PLAY(siege_answers),       {HOSTILE_END},
    };
    struct bystander bystander;
    struct soap_xmpp_config config;
    struct siege siege;
    char *end = question + sprintf(question, "<iq type='get' id='");
    memset(end, 'i', ID_BYTES);
    strcpy(end + ID_BYTES, "'><ping xmlns='urn:xmpp:ping'/></iq>");
    bystander_open(&bystander);
    siege_prepare(&siege, &bystander, script, NULL, &config);
    config.max_stanza_bytes = config.max_queued_bytes = LIMIT_BYTES;
    siege_begin(&siege, &config);
    siege_assert_told(&siege, "the server sends questions", "doesn't read the answers");
    siege_assert_usable(&siege);
    siege_end(&siege);
    bystander_close(&bystander);
}

CU_TestInfo tests_siege[] = {
    {"a connection that ends in any phase is told and made again",
     a_connection_that_ends_in_any_phase_is_told_and_made_again},
    {"a server may bind another resource, and the link says which",
     a_server_may_bind_another_resource_and_the_link_says_which},
    {"a server that asks and never reads the answers is left",
     a_server_that_asks_and_never_reads_the_answers_is_left},
    {"a login that goes wrong is told and tried again",
     a_login_that_goes_wrong_is_told_and_tried_again},
    {"an offer with nothing for us is told", an_offer_with_nothing_for_us_is_told},
    {"a server that cannot prove itself never sees the password",
     a_server_that_cannot_prove_itself_never_sees_the_password},
    {"a server that breaks the rules is left for a stated reason",
     a_server_that_breaks_the_rules_is_left_for_a_stated_reason},
    {"what is not the answer is dropped, and the answer still counts",
     what_is_not_the_answer_is_dropped_and_the_answer_still_counts},
    {"an answer beyond the limits costs its call alone",
     an_answer_beyond_the_limits_costs_its_call_alone},
    CU_TEST_INFO_NULL,
};
