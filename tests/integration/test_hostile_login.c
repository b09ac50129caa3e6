/* A server that does wrong in a login, each in its own way: it ends in one sentence, at once, the
 * password goes to nobody who hasn't shown what it must, and the process logs in elsewhere.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/hostile_link.h"
#include "../lib/hostile_steps.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { IMPATIENT_MS = 300, PATIENT_MS = 15000, LONG_S = 20, TICK_MS = 5, STEPS = 9 };

/* ---- texts ---- */

#define SASL(name, content)                                                                        \
    "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" content "</" name ">"
#define FEATURES(content)       "<stream:features>" content "</stream:features>"
#define MECHANISMS(content)     FEATURES(SASL("mechanisms", content))
#define MECHANISM(name)         "<mechanism>" name "</mechanism>"
#define FAILURE(condition)      SASL("failure", "<" condition "/>")
#define PING                    "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"
#define BIND_NS                 "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
#define BIND_RESULT(more)       "<iq type='result' id='$ID'>" more "</iq>"
#define STREAM_ERROR(condition) "<stream:error>" condition "</stream:error></stream:stream>"
#define SEE_OTHER_HOST(host)                                                                       \
    STREAM_ERROR("<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>" host               \
                 "</see-other-host>")

#define OFFER(name) OPENED(MECHANISMS(MECHANISM(name)))

/* Comes online, and has proved that it knows the password. */
static const struct hostile_step honest[] = {TLS, OFFER("SCRAM-SHA-1"), SCRAM(.first = NULL),
                                             PLAY(hostile_bind), END};

static const struct hostile_step come_to_scram[] = {TLS, OFFER("SCRAM-SHA-1"), END};
static const struct hostile_step come_to_challenge[] = {PLAY(come_to_scram), AWAIT("</auth>"), END};
static const struct hostile_step come_to_bind[] = {PLAY(come_to_scram), SCRAM(.first = NULL),
                                                   OPENED(FEATURES("<bind " BIND_NS "/>")),
                                                   AWAIT("</iq>"), END};

/* ---- what is told ---- */

enum end { ONLINE, TRIED_AGAIN, TIMED_OUT, FINAL };

/* What a server does, and how that ends. */
struct face {
    struct hostile_step steps[STEPS];
    enum end end;
    const char *sentence; /* HOST: the server's address and port; it may go on behind "..." */
};

/* Valid until the next call. */
static const char *fill_in(const char *sentence, const struct hostile *hostile)
{
    static char text[600];
    const char *host = strstr(sentence, "HOST");
    if (host)
        snprintf(text, sizeof text, "%.*s127.0.0.1 port %d%s", (int)(host - sentence), sentence,
                 hostile_port(hostile), host + strlen("HOST"));
    else
        snprintf(text, sizeof text, "%s", sentence);
    return text;
}

/* What a link was told first once its attempt was over. */
struct verdict {
    sem_t told;
    bool is_told;
    enum soap_xmpp_state_value state;
    char reason[500];
};

static void note_state(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct verdict *verdict = user;
    if (verdict->is_told || state == SOAP_XMPP_CONNECTING)
        return;
    verdict->is_told = true;
    verdict->state = state;
    snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
    sem_post(&verdict->told);
}

static bool await(struct verdict *verdict)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LONG_S;
    while (sem_timedwait(&verdict->told, &until) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static struct soap_xmpp_link *open_link(const struct hostile *hostile, const char *ca_file,
                                        int timeout_ms, struct verdict *verdict)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    hostile_link_config(hostile, &config);
    config.tls = SOAP_XMPP_TLS_REQUIRED;
    config.ca_file = ca_file;
    config.connect_timeout_ms = timeout_ms;
    config.trace = SOAP_XMPP_TRACE_NONE;
    config.state_callback = note_state;
    config.state_user = verdict;
    *verdict = (struct verdict){.is_told = false};
    sem_init(&verdict->told, 0, 0);
    link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_TRUE(await(verdict));
    return link;
}

/* ---- meeting it ---- */

/* The certificate that all of them have, and the honest server, to which the process goes after
 * each of the others. */
struct lineup {
    struct hostile_certificates certificates;
    struct hostile *honest;
};

static void begin(struct lineup *lineup)
{
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&lineup->certificates, HOSTILE_DOMAIN, 1), 0);
    lineup->honest = hostile_start(honest, lineup->certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lineup->honest);
}

static void end(struct lineup *lineup)
{
    char failure[256];
    hostile_failure(lineup->honest, failure, sizeof failure);
    ASSERT_TEXT(failure, "");
    hostile_stop(lineup->honest);
    hostile_remove_certificates(&lineup->certificates);
}

static void log_in_elsewhere(const struct lineup *lineup)
{
    struct verdict verdict;
    struct soap_xmpp_link *link =
        open_link(lineup->honest, lineup->certificates.ca_file, PATIENT_MS, &verdict);
    CU_ASSERT_EQUAL(verdict.state, SOAP_XMPP_ONLINE);
    ASSERT_TEXT(verdict.reason, "");
    soap_xmpp_close(link);
    sem_destroy(&verdict.told);
}

/* With "..." it goes on. */
static void assert_sentence(char *told, const char *sentence)
{
    size_t len = strlen(sentence), dots = strlen("...");
    if (len > dots && strcmp(sentence + len - dots, "...") == 0 && strlen(told) > len)
        memcpy(told + len - dots, "...", dots + 1);
    ASSERT_TEXT(told, sentence);
}

static void meet(const struct lineup *lineup, const struct face *face)
{
    static const enum soap_xmpp_state_value states[] = {
        [ONLINE] = SOAP_XMPP_ONLINE,
        [TRIED_AGAIN] = SOAP_XMPP_BACKING_OFF,
        [TIMED_OUT] = SOAP_XMPP_BACKING_OFF,
        [FINAL] = SOAP_XMPP_FAILED,
    };
    struct hostile *hostile = hostile_start(face->steps, lineup->certificates.pem);
    struct soap_xmpp_link *link;
    struct verdict verdict;
    unsigned failures = CU_get_number_of_failures();
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    link = open_link(hostile, lineup->certificates.ca_file,
                     face->end == TIMED_OUT ? IMPATIENT_MS : PATIENT_MS, &verdict);
    CU_ASSERT_EQUAL(verdict.state, states[face->end]);
    assert_sentence(verdict.reason, fill_in(face->sentence, hostile));
    hostile_stop(hostile); /* first: its script may not be where a good-bye is expected */
    soap_xmpp_close(link);
    sem_destroy(&verdict.told);
    log_in_elsewhere(lineup);
    if (CU_get_number_of_failures() != failures)
        printf("\n    where \"%s\" was to be told", face->sentence);
}

static void meet_each(const struct face *faces, size_t count)
{
    struct lineup lineup;
    size_t i;
    begin(&lineup);
    for (i = 0; i < count; i++)
        meet(&lineup, &faces[i]);
    end(&lineup);
}

#define TOO_LONG "connecting to HOST took longer than 0.300 s"

/* ---- before SASL ---- */

static const struct face early[] = {
    {{PLAY(hostile_offer_tls), SILENCE}, TIMED_OUT, TOO_LONG},
    {{SILENCE}, TIMED_OUT, TOO_LONG},
    {{PLAY(hostile_offer_tls), {.kind = HOSTILE_TLS_NEVER}}, TIMED_OUT, TOO_LONG},
    {{OPENED("<stream:error/>"), SILENCE},
     TRIED_AGAIN,
     "HOST: the server sent a stream error without a condition"},
    {{TLS, OPENED("<stream:error/>"), SILENCE},
     TRIED_AGAIN,
     "HOST: the server sent a stream error without a condition"},
    {{OPENED(SEE_OTHER_HOST("[2001:db8::1]:5999")), SILENCE},
     TRIED_AGAIN,
     "HOST sends us to [2001:db8::1]:5999 before TLS is up, which anybody on the way could"},
    {{TLS, OPENED(SEE_OTHER_HOST("no host")), SILENCE},
     TRIED_AGAIN,
     "HOST sends us to no host, which is no host with or without a port"},
    {{TLS, OPENED(SEE_OTHER_HOST("127.0.0.1:1")), SILENCE},
     TRIED_AGAIN,
     "HOST sends us to 127.0.0.1:1: no connection to 127.0.0.1 port 1: Connection refused"},
    {{PLAY(hostile_offer_tls), AWAIT("<starttls"),
      SEND("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"), SILENCE},
     TRIED_AGAIN,
     "HOST: the server has no TLS after all"},
    {{PLAY(hostile_offer_tls), AWAIT("<starttls"),
      SEND("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features/>"), SILENCE},
     TRIED_AGAIN,
     "HOST: the server sent text in clear behind its go-ahead for TLS"},
    {{OFFER("PLAIN"), SILENCE}, TRIED_AGAIN, "no TLS with HOST: the server doesn't offer it"},
};

static void what_goes_wrong_before_sasl_is_told(void)
{
    meet_each(early, COUNT(early));
}

/* ---- what is offered ---- */

#define OFFERS(names)                                                                              \
    "HOST: the server offers no way to log in that we have credentials for; it offers: " names     \
    "; we have: SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-512, "         \
    "SCRAM-SHA-256, SCRAM-SHA-1, PLAIN"

static const struct face offers[] = {
    {{TLS, OPENED(FEATURES("")), SILENCE}, TRIED_AGAIN, OFFERS("none")},
    {{TLS, OPENED(MECHANISMS("")), SILENCE}, TRIED_AGAIN, OFFERS("none")},
    {{TLS, OFFER("X-OAUTH2"), SILENCE}, FINAL, OFFERS("X-OAUTH2")},
    {{TLS, OFFER("ANONYMOUS"), SILENCE}, FINAL, OFFERS("ANONYMOUS")},
    {{TLS, OFFER("EXTERNAL"), SILENCE}, FINAL, OFFERS("EXTERNAL")},
    {{TLS, OFFER("SCRAM-SHA-1-PLUS"), SILENCE},
     FINAL,
     OFFERS("SCRAM-SHA-1-PLUS") "; no channel binding is common to both"},
    {{TLS,
      OPENED(MECHANISMS(MECHANISM("GSSAPI") MECHANISM("SCRAM-SHA-3-512") MECHANISM("scram-sha-1")
                            MECHANISM("SCRAM-SHA-1x"))),
      SILENCE},
     FINAL,
     OFFERS("GSSAPI, SCRAM-SHA-3-512")},
    {{TLS,
      OPENED("<stream:features>"
             "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"),
      REPEAT(MECHANISM("X-ANOTHER"), 600), SEND("</mechanisms></stream:features>"), SILENCE},
     FINAL,
     "HOST: the server offers no way to log in that we have credentials for; it offers: X-ANOTHER, "
     "X-ANOTHER, X-ANOTHER..."},
    /* more than anybody reads; ours is behind them, and is found */
    {{TLS, OPENED("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"),
      REPEAT(MECHANISM("X-ANOTHER"), 600),
      SEND(MECHANISM("PLAIN") "</mechanisms></stream:features>"), AWAIT("</auth>"),
      SEND(SASL("success", "")), PLAY(hostile_bind)},
     ONLINE,
     ""},
    {{TLS, OPENED("<stream:features>"), REPEAT("<a xmlns='b'/>", 10000),
      SEND(SASL("mechanisms", MECHANISM("PLAIN")) "</stream:features>"), SILENCE},
     TRIED_AGAIN,
     "HOST sent <features> in the login: the stanza has more than 2000 nodes"},
};

static void a_server_that_offers_nothing_of_use_is_told_with_what_it_offers(void)
{
    meet_each(offers, COUNT(offers));
}

/* ---- SCRAM ---- */

#define CHALLENGED(what)                                                                           \
    {                                                                                              \
        PLAY(come_to_scram), SCRAM(.first = what), SILENCE                                         \
    }
#define CONCLUDED(...)                                                                             \
    {                                                                                              \
        PLAY(come_to_scram), SCRAM(__VA_ARGS__), PLAY(hostile_bind)                                \
    }

#define UNREADABLE                                                                                 \
    "HOST: the server's SCRAM challenge can't be read: it has no nonce, salt and iterations in "   \
    "this order"
#define WANTS(number)                                                                              \
    "HOST: the server wants " number " iterations of SCRAM; allowed: 4096 to 1000000"
#define NO_NUMBER "HOST: the server's number of SCRAM iterations is none; allowed: 4096 to 1000000"
#define MISSIGNED "HOST: the server's SCRAM signature is wrong: it doesn't know the password"
#define UNSIGNED                                                                                   \
    "HOST: the server's SCRAM signature is missing: it hasn't proved that it knows the password"
#define OTHER_ERROR "HOST: the server ended SCRAM with an error: other-error"

#define LONG_HASH "r=$NONCEserver,s=c2FsdA==,i=200000"

static const struct face scram[] = {
    {CONCLUDED(.first = NULL), ONLINE, ""},
    {CONCLUDED(.in_challenge = true), ONLINE, ""},
    {CONCLUDED(.first = "r=$NONCEx,s=c2FsdA==,i=20000"), ONLINE, ""},
    {CHALLENGED("r=ATTACKER$NONCEserver,s=c2FsdA==,i=4096"), TRIED_AGAIN,
     "HOST: the server's SCRAM nonce doesn't begin with ours"},
    {CHALLENGED("r=ATTACKER,s=c2FsdA==,i=4096"), TRIED_AGAIN,
     "HOST: the server's SCRAM nonce doesn't begin with ours"},
    {CHALLENGED("r=$NONCE,s=c2FsdA==,i=4096"), TRIED_AGAIN,
     "HOST: the server's SCRAM nonce is ours alone"},
    {CHALLENGED("s=c2FsdA==,i=4096"), TRIED_AGAIN, UNREADABLE},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA==,i=1"), TRIED_AGAIN, WANTS("1")},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA==,i=4095"), TRIED_AGAIN, WANTS("4095")},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA==,i=1000001"), TRIED_AGAIN, WANTS("1000001")},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA==,i=1000000000"), TRIED_AGAIN, WANTS("1000000000")},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA==,i=18446744073709555712"), TRIED_AGAIN,
     WANTS("18446744073709555712")},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA==,i=-4096"), TRIED_AGAIN, NO_NUMBER},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA==,i=4096x"), TRIED_AGAIN, NO_NUMBER},
    {CHALLENGED("r=$NONCEserver,s=c2FsdA=="), TRIED_AGAIN, UNREADABLE},
    {CHALLENGED("m=x,r=$NONCEserver,s=c2FsdA==,i=4096"), TRIED_AGAIN,
     "HOST: the server wants an extension of SCRAM (m=) that we don't know"},
    {CHALLENGED("r=$NONCEserver,s=,i=4096"), TRIED_AGAIN, "HOST: the server's SCRAM salt is empty"},
    {CHALLENGED("r=$NONCEserver,s=!,i=4096"), TRIED_AGAIN,
     "HOST: the server's SCRAM salt is no base64"},
    {CHALLENGED("r=$NONCEserver,i=4096"), TRIED_AGAIN, UNREADABLE},
    {CHALLENGED("e=other-error"), TRIED_AGAIN, OTHER_ERROR},
    {CHALLENGED(""), TRIED_AGAIN, UNREADABLE},
    {{PLAY(come_to_scram), SCRAM(.challenges = 50), SILENCE}, TRIED_AGAIN, UNSIGNED},
    {CONCLUDED(.last = "v=d3Jvbmc="), TRIED_AGAIN, MISSIGNED},
    {CONCLUDED(.last = "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), TRIED_AGAIN, MISSIGNED},
    {CONCLUDED(.last = "v="), TRIED_AGAIN, MISSIGNED},
    {CONCLUDED(.last = "x=y"), TRIED_AGAIN, UNSIGNED},
    {CONCLUDED(.last = ""), TRIED_AGAIN, UNSIGNED},
    {CONCLUDED(.last = "e=other-error"), TRIED_AGAIN, OTHER_ERROR},
    {CONCLUDED(.last = "v=d3Jvbmc=", .in_challenge = true), TRIED_AGAIN, MISSIGNED},
    {CONCLUDED(.last = "", .in_challenge = true), TRIED_AGAIN, UNSIGNED},
    {CONCLUDED(.last = "e=other-error", .in_challenge = true), TRIED_AGAIN, OTHER_ERROR},
    {{PLAY(come_to_challenge), SEND(SASL("challenge", "!")), SILENCE},
     TRIED_AGAIN,
     "HOST: the server's SASL challenge is no base64"},
    {{PLAY(come_to_challenge), SEND(SASL("challenge", "cj14LHM9\ncj14")), SILENCE},
     TRIED_AGAIN,
     "HOST: the server's SASL challenge is no base64"},
    {{PLAY(come_to_challenge), SEND("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"),
      REPEAT("cj14", 20000), SEND("</challenge>"), SILENCE},
     TRIED_AGAIN,
     "HOST: the server's SASL challenge is longer than 4,095 bytes"},
    {{PLAY(come_to_challenge), SILENCE}, TIMED_OUT, TOO_LONG},
    /* while it is hashed */
    {{PLAY(come_to_scram), SCRAM(.first = LONG_HASH, .behind = SASL("success", "")), SILENCE},
     TRIED_AGAIN,
     "HOST: the server takes the login for done before it was asked for proof"},
    {{PLAY(come_to_scram), SCRAM(.first = LONG_HASH, .behind = SASL("challenge", "")), SILENCE},
     TRIED_AGAIN,
     "HOST: the server sent a challenge that SCRAM-SHA-1 has no answer to"},
    {{PLAY(come_to_scram), SCRAM(.first = LONG_HASH, .behind = FAILURE("not-authorized")), SILENCE},
     FINAL,
     "HOST refused the login of alice@hostile.test/desk by SCRAM-SHA-1: not-authorized"},
    {{PLAY(come_to_scram), SCRAM(.first = LONG_HASH, .behind = "</stream:stream>"), SILENCE},
     TRIED_AGAIN,
     "HOST closed the connection during the login"},
    {{PLAY(come_to_scram), SCRAM(.first = LONG_HASH, .behind = PING PING), PLAY(hostile_bind)},
     ONLINE,
     ""},
    /* in before anything was proved */
    {{PLAY(come_to_challenge), SEND(SASL("success", "")), PLAY(hostile_bind)},
     TRIED_AGAIN,
     "HOST: the server takes the login for done before it was asked for proof"},
    {{PLAY(come_to_challenge), SEND(SASL("success", "dj1kM0p2Ym1jPQ==")), PLAY(hostile_bind)},
     TRIED_AGAIN,
     "HOST: the server takes the login for done before it was asked for proof"},
    {{PLAY(come_to_challenge), SEND(FAILURE("temporary-auth-failure")), SILENCE},
     TRIED_AGAIN,
     "HOST refused the login of alice@hostile.test/desk by SCRAM-SHA-1: temporary-auth-failure"},
    {{PLAY(come_to_challenge), SEND(FAILURE("not-authorized")), SILENCE},
     FINAL,
     "HOST refused the login of alice@hostile.test/desk by SCRAM-SHA-1: not-authorized"},
    {{PLAY(come_to_challenge), SEND(FAILURE("malformed-request")), SILENCE},
     FINAL,
     "HOST refused the login of alice@hostile.test/desk by SCRAM-SHA-1: malformed-request"},
    /* it names the binding that it refuses: nothing else is tried */
    {{TLS,
      OPENED(FEATURES(SASL(
          "mechanisms",
          MECHANISM("SCRAM-SHA-1-PLUS") MECHANISM(
              "SCRAM-SHA-1")) "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
                              "<channel-binding type='tls-exporter'/></sasl-channel-binding>")),
      AWAIT("</auth>"), SEND(FAILURE("not-authorized")), SILENCE},
     FINAL,
     "HOST refused the login of alice@hostile.test/desk by SCRAM-SHA-1-PLUS: not-authorized"},
    {{PLAY(come_to_challenge), SEND(SASL("failure", "")), SILENCE},
     TRIED_AGAIN,
     "HOST refused the login of alice@hostile.test/desk by SCRAM-SHA-1: it doesn't say why"},
};

static void scram_that_is_not_by_the_book_is_told(void)
{
    meet_each(scram, COUNT(scram));
}

/* ---- stanzas where none belongs ---- */

#define RESULT   "<iq type='result' id='bind'/>"
#define MESSAGE  "<message><body>hello</body></message>"
#define PROCEED  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define TAKEN_IN "<iq type='result' id='bind'><bind " BIND_NS "><jid>a@b/c</jid></bind></iq>"
#define STRAYS                                                                                     \
    PING MESSAGE "<presence/>" PROCEED "<handshake/><stream:features/>" TAKEN_IN MECHANISMS(       \
        MECHANISM("PLAIN"))

static const struct face strays[] = {
    /* what belongs to no state is passed over in each of them */
    {{TLS, AWAIT("<stream:stream"),
      SEND(HOSTILE_STREAM PING MESSAGE "<presence/>" TAKEN_IN SASL("success", "")
               MECHANISMS(MECHANISM("SCRAM-SHA-1"))),
      SEND(STRAYS), SCRAM(.first = NULL), PLAY(hostile_bind)},
     ONLINE,
     ""},
    {{PLAY(come_to_scram), SCRAM(.first = NULL),
      OPENED(PING MESSAGE "<presence/>" FEATURES("<bind " BIND_NS "/>")), AWAIT("</iq>"),
      SEND(PING MESSAGE "<presence/>" SASL("challenge", "") FAILURE("not-authorized")
               FEATURES("<bind " BIND_NS "/>") "<iq type='result' id='x'/>"),
      SEND(BIND_RESULT("<bind " BIND_NS "><jid>alice@hostile.test/desk</jid></bind>"))},
     ONLINE,
     ""},
    /* where a new stream is to begin */
    {{PLAY(come_to_scram), SCRAM(.first = NULL), SEND(SASL("success", "")), SILENCE},
     TRIED_AGAIN,
     "HOST: the server's stream begins with <success>"},
    {{PLAY(come_to_scram), SCRAM(.first = NULL), SEND(FAILURE("not-authorized")), SILENCE},
     TRIED_AGAIN,
     "HOST: the server's stream begins with <failure>"},
    {{SEND("<stream xmlns='http://etherx.jabber.org/other'>"), SILENCE},
     TRIED_AGAIN,
     "HOST: the server's stream begins with <stream>"},
    /* a right answer to nothing that was asked */
    {{PLAY(come_to_bind), SEND(RESULT), SILENCE},
     TRIED_AGAIN,
     "HOST: what the server bound is no JID"},
    {{TLS, OFFER("SCRAM-SHA-1"), AWAIT("</auth>"), SEND(STRAYS), SILENCE}, TIMED_OUT, TOO_LONG},
};

static void stanzas_where_none_belongs_change_nothing(void)
{
    meet_each(strays, COUNT(strays));
}

/* ---- binding ---- */

#define BOUND(answer)                                                                              \
    {                                                                                              \
        PLAY(come_to_bind), SEND(answer), SILENCE                                                  \
    }
#define NOT_BOUND(content)                                                                         \
    {                                                                                              \
        BOUND(BIND_RESULT(content)), TRIED_AGAIN, "HOST: what the server bound is no JID"          \
    }

static const struct face bindings[] = {
    {{PLAY(come_to_scram), SCRAM(.first = NULL), OPENED("<stream:error/>"), SILENCE},
     TRIED_AGAIN,
     "HOST: the server sent a stream error without a condition"},
    {{PLAY(come_to_scram), SCRAM(.first = NULL), OPENED(FEATURES("")), SILENCE},
     TRIED_AGAIN,
     "HOST: the server offers no resource binding"},
    NOT_BOUND(""),
    NOT_BOUND("<bind " BIND_NS "/>"),
    NOT_BOUND("<bind " BIND_NS "><jid/></bind>"),
    NOT_BOUND("<bind " BIND_NS "><jid>@/</jid></bind>"),
    NOT_BOUND("<jid>alice@hostile.test/desk</jid>"),
    {BOUND("<iq type='error' id='$ID'><error type='cancel'>"
           "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"),
     TRIED_AGAIN, "HOST refused to bind alice@hostile.test/desk: conflict"},
    {BOUND("<iq type='error' id='$ID'/>"), TRIED_AGAIN,
     "HOST refused to bind alice@hostile.test/desk: undefined-condition"},
    {{PLAY(come_to_bind), SILENCE}, TIMED_OUT, TOO_LONG},
    {BOUND(BIND_RESULT("<bind " BIND_NS "><jid>alice@hostile.test/other</jid></bind>")), ONLINE,
     ""},
};

static void a_resource_that_is_not_bound_is_told(void)
{
    meet_each(bindings, COUNT(bindings));
}

/* ---- a login takes no thread beside the link's ---- */

static unsigned count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    unsigned count = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(tasks);
    while ((entry = readdir(tasks)))
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* The look-up's has its time to end; there may be one more then, never two. */
static void assert_threads(unsigned expected)
{
    int64_t deadline = sx_clock_deadline((int64_t)LONG_S * 1000000);
    while (count_threads() != expected && sx_clock_now_us() < deadline) {
        CU_ASSERT(count_threads() <= expected + 1);
        poll(NULL, 0, TICK_MS);
    }
    CU_ASSERT_EQUAL(count_threads(), expected);
}

static void count_in(const struct lineup *lineup, const struct hostile_step *script,
                     bool comes_online)
{
    struct hostile *hostile = hostile_start(script, lineup->certificates.pem);
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    unsigned before = count_threads();
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    hostile_link_config(hostile, &config);
    config.tls = SOAP_XMPP_TLS_REQUIRED;
    config.ca_file = lineup->certificates.ca_file;
    config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_TRUE(hostile_await_connections(hostile, 1, TCP_LONG_MS));
    if (comes_online)
        CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
    assert_threads(before + 1);
    hostile_stop(hostile);
    soap_xmpp_close(link);
    assert_threads(before - 1);
}

static void a_login_takes_no_thread_but_the_links_own(void)
{
    static const struct hostile_step silent[] = {SILENCE, END};
    static const struct hostile_step in_handshake[] = {
        PLAY(hostile_offer_tls), {.kind = HOSTILE_TLS_NEVER}, END};
    static const struct hostile_step in_sasl[] = {PLAY(come_to_challenge), SILENCE, END};
    struct lineup lineup;
    begin(&lineup);
    count_in(&lineup, silent, false);
    count_in(&lineup, in_handshake, false);
    count_in(&lineup, in_sasl, false);
    count_in(&lineup, honest, true);
    end(&lineup);
}

static const struct hostile_step long_hash[] = {
    PLAY(come_to_scram), SCRAM(.first = "r=$NONCEserver,s=c2FsdA==,i=1000000"), END};

/* The answer would come after 500 slices. */
static void a_stop_does_not_wait_for_the_hashing(void)
{
    struct lineup lineup;
    struct hostile *hostile;
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char *received;
    begin(&lineup);
    hostile = hostile_start(long_hash, lineup.certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    hostile_link_config(hostile, &config);
    config.tls = SOAP_XMPP_TLS_REQUIRED;
    config.ca_file = lineup.certificates.ca_file;
    config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_TRUE(hostile_await(hostile, "</auth>", TCP_LONG_MS));
    soap_xmpp_close(link);
    received = hostile_received(hostile);
    ASSERT_LACKS(received, "<response");
    free(received);
    hostile_stop(hostile);
    end(&lineup);
}

CU_TestInfo tests_hostile_login[] = {
    {"what goes wrong before SASL is told", what_goes_wrong_before_sasl_is_told},
    {"a server that offers nothing of use is told, with what it offers",
     a_server_that_offers_nothing_of_use_is_told_with_what_it_offers},
    {"SCRAM that is not by the book is told", scram_that_is_not_by_the_book_is_told},
    {"stanzas where none belongs change nothing", stanzas_where_none_belongs_change_nothing},
    {"a resource that is not bound is told", a_resource_that_is_not_bound_is_told},
    {"a login takes no thread but the link's own", a_login_takes_no_thread_but_the_links_own},
    {"a stop does not wait for the hashing", a_stop_does_not_wait_for_the_hashing},
    CU_TEST_INFO_NULL,
};
