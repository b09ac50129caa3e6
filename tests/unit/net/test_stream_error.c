/* A stream error ends the connection at once, with its own sentence, whatever state it comes in and
 * whether the server closes behind it or not (RFC 6120 4.9.1.1).
 */
#include <string.h>

#include "attempt.h"
#include "../../lib/hostile_steps.h"
#include "../../lib/ssl_read.h"
#include "../../lib/suite.h"

enum { PATIENT_MS = 60000, MOST_ROUNDS = 100000 };

#define COUNT(array)   (sizeof(array) / sizeof(array)[0])
#define STREAM_NS      "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"
#define CONDITION(one) "<" one " " STREAM_NS "/>"
#define WORDS(words)   "<text " STREAM_NS ">" words "</text>"
#define ERROR(inside)  "<stream:error>" inside "</stream:error>"
#define PLAIN                                                                                      \
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                       \
    "<mechanism>PLAIN</mechanism></mechanisms></stream:features>"
#define BINDING                                                                                    \
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
#define COMPONENT_STREAM                                                                           \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "                         \
    "xmlns:stream='http://etherx.jabber.org/streams' id='1' from='calc.example.org'>"

enum way { CLEAR, CLEAR_ONLINE, UPGRADED, UPGRADED_ONLINE, DIRECT, COMPONENT };

/* What a server does, to which kind of login, and how that ends. */
struct course {
    struct hostile_step script[9];
    enum way way;
    enum sx_err err;
    const char *sentence;
};

static enum soap_xmpp_tls choose_tls(enum way way)
{
    if (way == DIRECT)
        return SOAP_XMPP_TLS_DIRECT;
    return way == UPGRADED || way == UPGRADED_ONLINE ? SOAP_XMPP_TLS_REQUIRED : SOAP_XMPP_TLS_OFF;
}

/* on_round: NULL allowed. */
static void run_course(const struct course *course, void (*on_round)(struct attempt *attempt))
{
    static char component[] = "calc.example.org";
    struct attempt_server server;
    struct attempt attempt = {.timeout_ms = PATIENT_MS, .stays = true, .on_round = on_round};
    attempt_server_start(&server, course->script, &attempt, choose_tls(course->way));
    attempt.config.is_component = course->way == COMPONENT;
    if (attempt.config.is_component)
        attempt.config.jid = component;
    attempt_run(&attempt);
    CU_ASSERT_EQUAL(attempt.connection.failure.err, course->err);
    ASSERT_TEXT(attempt.connection.failure.text, course->sentence);
    CU_ASSERT_EQUAL(attempt.was_online,
                    course->way == CLEAR_ONLINE || course->way == UPGRADED_ONLINE);
    CU_ASSERT_TRUE(attempt.rounds < MOST_ROUNDS);
    attempt_server_stop(&server);
}

static void run_each(const struct course *courses, size_t count,
                     void (*on_round)(struct attempt *attempt))
{
    size_t i;
    for (i = 0; i < count; i++)
        run_course(&courses[i], on_round);
}

#define CLOSED(words) "example.org closed the stream: " words
#define HOST_UNKNOWN  "host-unknown, the domain of the JID is none of that server's"

static const struct course in_each_state[] = {
    {{TLS, OPENED(ERROR(CONDITION("host-unknown"))), SILENCE},
     UPGRADED,
     SX_EMISDIRECTED,
     CLOSED(HOST_UNKNOWN)},
    {{OPENED(ERROR(CONDITION("host-unknown") WORDS("This server does not serve example.org"))),
      SILENCE},
     UPGRADED,
     SX_EMISDIRECTED,
     CLOSED(HOST_UNKNOWN ": This server does not serve example.org")},
    {{OPENED(ERROR(CONDITION("host-gone"))), SILENCE},
     CLEAR,
     SX_EMISDIRECTED,
     CLOSED("host-gone, the domain of the JID is that server's no longer")},
    {{OPENED(ERROR(CONDITION("invalid-namespace"))), SILENCE},
     UPGRADED,
     SX_EMISDIRECTED,
     CLOSED("invalid-namespace, this is no port for clients")},
    {{{.kind = HOSTILE_TLS}, OPENED(ERROR(CONDITION("system-shutdown") WORDS("soon"))), SILENCE},
     DIRECT,
     SX_ESTREAM,
     CLOSED("system-shutdown: soon")},
    {{OPENED(PLAIN), AWAIT("</auth>"), SEND(ERROR(CONDITION("policy-violation"))), SILENCE},
     CLEAR,
     SX_EPOLICY,
     CLOSED("policy-violation")},
    {{OPENED("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
             "<mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>"),
      SCRAM(.first = "r=$NONCEserver,s=c2FsdA==,i=1000000",
            .behind = ERROR(CONDITION("resource-constraint"))),
      SILENCE},
     CLEAR,
     SX_ESTREAM,
     CLOSED("resource-constraint")},
    {{PLAY(hostile_authenticate_plain), OPENED(ERROR(CONDITION("conflict"))), SILENCE},
     CLEAR,
     SX_ECONFLICT,
     CLOSED("conflict")},
    {{PLAY(hostile_authenticate_plain), OPENED(BINDING), AWAIT("</iq>"),
      SEND(ERROR(CONDITION("internal-server-error"))), SILENCE},
     CLEAR,
     SX_ESTREAM,
     CLOSED("internal-server-error")},
    {{PLAY(hostile_login_plain), SEND(ERROR(CONDITION("conflict"))), SILENCE},
     CLEAR_ONLINE,
     SX_ECONFLICT,
     CLOSED("conflict, another connection has asked for its resource, or the account has more of "
            "them than the server allows")},
    {{PLAY(hostile_authenticate_plain), OPENED(BINDING), AWAIT("</iq>"),
      SEND("<iq type='result' id='$ID'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>"
           "alice@example.org/another</jid></bind></iq>"),
      SEND(ERROR(CONDITION("conflict") WORDS("Replaced by new connection"))), SILENCE},
     CLEAR_ONLINE,
     SX_ESESSIONS,
     CLOSED("conflict, the account has more connections than the server allows: Replaced by new "
            "connection")},
    {{PLAY(hostile_authenticate_plain), OPENED(BINDING), AWAIT("</iq>"),
      SEND("<iq type='result' id='$ID'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>"
           "alice@example.org/another</jid></bind></iq>"),
      SEND(ERROR(CONDITION("conflict") WORDS("User removed"))), SILENCE},
     CLEAR_ONLINE,
     SX_ECONFLICT,
     CLOSED("conflict: User removed")},
    {{AWAIT("<stream:stream"), SEND(COMPONENT_STREAM), AWAIT("</handshake>"),
      SEND(ERROR(CONDITION("not-authorized"))), SILENCE},
     COMPONENT,
     SX_EAUTH,
     "calc.example.org refused the component calc.example.org: not-authorized, the server knows "
     "another secret for it, or none"},
};

static void test_each_state(void)
{
    run_each(in_each_state, COUNT(in_each_state), NULL);
}

/* libstrophe doesn't hear that TCP is shut down, because OpenSSL says that there is nothing to read
 * yet. */
static void be_deaf(struct attempt *attempt)
{
    if (attempt->connection.failure.err != SX_OK && attempt->rounds < MOST_ROUNDS)
        ssl_read_stop();
    else
        ssl_read_go_on();
}

static const struct course deaf[] = {
    {{TLS, OPENED(ERROR(CONDITION("host-unknown"))), SILENCE},
     UPGRADED,
     SX_EMISDIRECTED,
     CLOSED(HOST_UNKNOWN)},
    {{TLS, PLAY(hostile_authenticate_plain), OPENED(BINDING), AWAIT("</iq>"),
      SEND(ERROR(CONDITION("internal-server-error"))), SILENCE},
     UPGRADED,
     SX_ESTREAM,
     CLOSED("internal-server-error")},
    {{PLAY(hostile_login_tls), SEND(ERROR(CONDITION("system-shutdown"))), SILENCE},
     UPGRADED_ONLINE,
     SX_ESTREAM,
     CLOSED("system-shutdown")},
};

static void test_deaf(void)
{
    run_each(deaf, COUNT(deaf), be_deaf);
    ssl_read_go_on();
}

/* Its condition may be none of RFC 6120's, or there may be just words (RFC 3920 had it so once). */
static const struct course conditions[] = {
    {{OPENED(ERROR("<full xmlns='urn:x'/>")), SILENCE},
     CLEAR,
     SX_ESTREAM,
     CLOSED("undefined-condition")},
    {{OPENED(ERROR(WORDS("no room"))), SILENCE},
     CLEAR,
     SX_ESTREAM,
     CLOSED("undefined-condition: no room")},
    {{OPENED(ERROR("Invalid handshake")), SILENCE},
     CLEAR,
     SX_ESTREAM,
     CLOSED("undefined-condition")},
    {{OPENED(ERROR("")), SILENCE},
     CLEAR,
     SX_ESTREAM,
     "example.org: the server sent a stream error without a condition"},
};

static void test_conditions(void)
{
    run_each(conditions, COUNT(conditions), NULL);
}

/* Before TLS is up anybody on the way can send one: none stops a link for good. */
static const struct course in_clear[] = {
    {{OPENED(ERROR(CONDITION("conflict"))), SILENCE}, UPGRADED, SX_ESTREAM, CLOSED("conflict")},
    {{OPENED(ERROR(CONDITION("policy-violation")) "</stream:stream>"), SILENCE},
     UPGRADED,
     SX_ESTREAM,
     CLOSED("policy-violation")},
    {{OPENED(ERROR(CONDITION("not-authorized"))), SILENCE},
     UPGRADED,
     SX_ESTREAM,
     CLOSED("not-authorized")},
    {{PLAY(hostile_offer_tls), AWAIT("<starttls"), SEND(ERROR(CONDITION("conflict"))), SILENCE},
     UPGRADED,
     SX_ESTREAM,
     CLOSED("conflict")},
};

static void test_in_clear(void)
{
    run_each(in_clear, COUNT(in_clear), NULL);
}

CU_TestInfo tests_stream_error[] = {
    {"a stream error ends the connection at once, in every state", test_each_state},
    {"and though OpenSSL has nothing to read any more", test_deaf},
    {"it does so whatever its condition is", test_conditions},
    {"before TLS is up no stream error is final", test_in_clear},
    CU_TEST_INFO_NULL,
};
