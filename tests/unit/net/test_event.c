/* Every event of a socket is made the most of: a login sleeps until there is one, and none is taken
 * by whom it tells nothing. What OpenSSL has read ahead of libstrophe (sx_tls_look) has no event
 * any longer.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "attempt.h"
#include "../../lib/hostile_steps.h"
#include "../../lib/suite.h"

enum { PATIENT_MS = 8000, STEPS = 9 };

#define COUNT(array)    (sizeof(array) / sizeof(array)[0])
#define MECHANISM(name) "<mechanism>" name "</mechanism>"
#define MECHANISMS(inside)                                                                         \
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" inside                \
    "</mechanisms></stream:features>"
#define BINDING                                                                                    \
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
#define GOODBYE                                                                                    \
    {                                                                                              \
        .kind = HOSTILE_TLS_GOODBYE                                                                \
    }
#define NOISE                                                                                      \
    {                                                                                              \
        HOSTILE_CLEAR, .text = "no record of TLS"                                                  \
    }
#define AT_ONCE                                                                                    \
    {                                                                                              \
        .kind = HOSTILE_TLS                                                                        \
    }
#define UP_TO_TLS_12                                                                               \
    {                                                                                              \
        .kind = HOSTILE_TLS_12                                                                     \
    }

struct course {
    struct hostile_step script[STEPS];
    enum soap_xmpp_tls tls;
};

static void run_course(const struct course *course, enum sx_err err, const char *sentence)
{
    struct attempt_server server;
    struct attempt attempt = {.timeout_ms = PATIENT_MS, .is_patient = true};
    attempt_server_start(&server, course->script, &attempt, course->tls);
    attempt_run(&attempt);
    CU_ASSERT_EQUAL(attempt.vain, 0);
    CU_ASSERT_EQUAL(attempt.was_online, err == SX_ESTOPPED);
    CU_ASSERT_EQUAL(attempt.connection.failure.err, err);
    ASSERT_TEXT(attempt.connection.failure.text, sentence);
    attempt_server_stop(&server);
}

static const struct hostile_step scram[] = {OPENED(MECHANISMS(MECHANISM("SCRAM-SHA-1"))),
                                            SCRAM(.first = NULL), PLAY(hostile_bind), END};

static const struct course logins[] = {
    {{PLAY(hostile_login_tls)}, SOAP_XMPP_TLS_REQUIRED},
    {{TLS, PLAY(scram)}, SOAP_XMPP_TLS_REQUIRED},
    {{AT_ONCE, PLAY(scram)}, SOAP_XMPP_TLS_DIRECT},
    {{UP_TO_TLS_12, TLS, PLAY(scram)}, SOAP_XMPP_TLS_REQUIRED},
    /* one record, longer than what libstrophe reads at once */
    {{TLS, OPENED("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"),
      REPEAT(MECHANISM("X-ANOTHER"), 400),
      SEND(MECHANISM("SCRAM-SHA-1") "</mechanisms></stream:features>"), SCRAM(.first = NULL),
      PLAY(hostile_bind)},
     SOAP_XMPP_TLS_REQUIRED},
    /* many records at once */
    {{TLS, OPENED(""), SEND("<stream:features>"),
      SEND("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"),
      SEND(MECHANISM("SCRAM-SHA-1") "</mechanisms></stream:features>"), SCRAM(.first = NULL),
      PLAY(hostile_bind)},
     SOAP_XMPP_TLS_REQUIRED},
};

static void test_logins(void)
{
    size_t i;
    for (i = 0; i < COUNT(logins); i++)
        run_course(&logins[i], SX_ESTOPPED, "the link was stopped");
}

/* TLS is over, or broken; TCP stays. */
static const struct course ends[] = {
    {{TLS, AWAIT("<stream:stream"), GOODBYE, SILENCE}, SOAP_XMPP_TLS_REQUIRED},
    {{TLS, AWAIT("<stream:stream"), NOISE, SILENCE}, SOAP_XMPP_TLS_REQUIRED},
    {{AT_ONCE, OPENED(""), GOODBYE, SILENCE}, SOAP_XMPP_TLS_DIRECT},
    {{UP_TO_TLS_12, AT_ONCE, OPENED(""), NOISE, SILENCE}, SOAP_XMPP_TLS_DIRECT},
    {{TLS, OPENED(MECHANISMS(MECHANISM("SCRAM-SHA-1"))), AWAIT("</auth>"), GOODBYE, SILENCE},
     SOAP_XMPP_TLS_REQUIRED},
    {{TLS, OPENED(MECHANISMS(MECHANISM("SCRAM-SHA-1"))), AWAIT("</auth>"), NOISE, SILENCE},
     SOAP_XMPP_TLS_REQUIRED},
    {{TLS, PLAY(hostile_authenticate_plain), OPENED(BINDING), AWAIT("</iq>"), GOODBYE, SILENCE},
     SOAP_XMPP_TLS_REQUIRED},
    {{TLS, PLAY(hostile_authenticate_plain), OPENED(BINDING), AWAIT("</iq>"), NOISE, SILENCE},
     SOAP_XMPP_TLS_REQUIRED},
};

static void test_ends(void)
{
    size_t i;
    for (i = 0; i < COUNT(ends); i++)
        run_course(&ends[i], SX_ELOST, "example.org closed the connection during the login");
}

/* The program's own calls of OpenSSL leave errors behind in its state callback, which runs on this
 * thread. */
static void leave_error(struct attempt *attempt)
{
    (void)attempt;
    ERR_raise(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH);
}

static void an_error_of_the_programs_own_is_none_of_the_connection(void)
{
    size_t i;
    for (i = 0; i < COUNT(logins); i++) {
        struct attempt_server server;
        struct attempt attempt = {.timeout_ms = PATIENT_MS, .on_round = leave_error};
        attempt_server_start(&server, logins[i].script, &attempt, logins[i].tls);
        attempt_run(&attempt);
        ERR_clear_error();
        CU_ASSERT_TRUE(attempt.was_online);
        CU_ASSERT_EQUAL(attempt.connection.failure.err, SX_ESTOPPED);
        attempt_server_stop(&server);
    }
}

static void end_while_hashing(struct attempt *attempt)
{
    if (attempt->connection.is_hashing)
        attempt->connection.deadline = 0;
}

static void a_hash_that_takes_too_long_is_told(void)
{
    const struct hostile_step script[] = {OPENED(MECHANISMS(MECHANISM("SCRAM-SHA-1"))),
                                          SCRAM(.first = "r=$NONCEserver,s=c2FsdA==,i=1000000"),
                                          END};
    struct hostile *hostile = hostile_start(script, NULL);
    struct attempt attempt = {.timeout_ms = PATIENT_MS, .on_round = end_while_hashing};
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    attempt.port = hostile_port(hostile);
    attempt.config = attempt_config(SOAP_XMPP_TLS_OFF, NULL);
    attempt_run(&attempt);
    CU_ASSERT_EQUAL(attempt.connection.failure.err, SX_ECONNECT);
    ASSERT_CONTAINS(attempt.connection.failure.text, " s: of 1000000 iterations of SCRAM 999999 ");
    hostile_stop(hostile);
}

CU_TestInfo tests_event[] = {
    {"a hash that takes too long is told", a_hash_that_takes_too_long_is_told},
    {"an error of the program's own is none of the connection",
     an_error_of_the_programs_own_is_none_of_the_connection},
    {"a login over TLS is woken by what comes, and by nothing else", test_logins},
    {"the end of TLS ends a login at once, though TCP stays", test_ends},
    CU_TEST_INFO_NULL,
};
