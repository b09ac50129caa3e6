/* No pass of a connection waits for the server, whatever it does: the thread of a link waits in its
 * own poll() and nowhere else.
 */
#include <fcntl.h>
#include <string.h>

#include "attempt.h"
#include "../../lib/hostile_steps.h"
#include "../../lib/suite.h"
#include "../../lib/waits.h"

enum { IMPATIENT_MS = 200, PATIENT_MS = 60000 };

static void assert_no_waits(struct attempt *attempt)
{
    int fd = attempt->connection.fd;
    if (attempt->waits)
        ASSERT_TEXT(waits_last(), "");
    CU_ASSERT_EQUAL(attempt->waits, 0);
    if (fd >= 0) /* OpenSSL waits where the socket does */
        CU_ASSERT_NOT_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

/* A server's part, what it is met with, and how that ends. */
struct course {
    const struct hostile_step *script;
    enum soap_xmpp_tls tls;
    enum sx_err err;
};

static void run_course(const struct course *course)
{
    struct attempt_server server;
    struct attempt attempt = {.timeout_ms = course->err == SX_ECONNECT ? IMPATIENT_MS : PATIENT_MS,
                              .on_round = assert_no_waits};
    attempt_server_start(&server, course->script, &attempt, course->tls);
    attempt_run(&attempt);
    CU_ASSERT_EQUAL(attempt.connection.failure.err, course->err);
    CU_ASSERT_EQUAL(attempt.was_online, course->err == SX_ESTOPPED);
    attempt_server_stop(&server);
}

static const struct hostile_step silent[] = {SILENCE, END};
static const struct hostile_step silent_features[] = {
    AWAIT("<stream:stream"), {HOSTILE_SEND, .text = HOSTILE_STREAM}, SILENCE, END};
static const struct hostile_step silent_handshake[] = {
    PLAY(hostile_offer_tls), {.kind = HOSTILE_TLS_NEVER}, END};
static const struct hostile_step silent_sasl[] = {
    AWAIT("<stream:stream"), {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("PLAIN")}, SILENCE, END};
static const struct hostile_step silent_challenge[] = {
    AWAIT("<stream:stream"),
    {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("SCRAM-SHA-1")},
    SILENCE,
    END};
static const struct hostile_step silent_binding[] = {PLAY(hostile_authenticate_plain), SILENCE,
                                                     END};
static const struct hostile_step silent_in_tls[] = {
    PLAY(hostile_offer_tls), {.kind = HOSTILE_STARTTLS}, SILENCE, END};

static void a_silent_server_is_waited_for_in_no_pass(void)
{
    static const struct course courses[] = {
        {silent, SOAP_XMPP_TLS_OFF, SX_ECONNECT},
        {silent, SOAP_XMPP_TLS_REQUIRED, SX_ECONNECT},
        {silent, SOAP_XMPP_TLS_DIRECT, SX_ECONNECT},
        {silent_features, SOAP_XMPP_TLS_OFF, SX_ECONNECT},
        {silent_handshake, SOAP_XMPP_TLS_REQUIRED, SX_ECONNECT},
        {silent_in_tls, SOAP_XMPP_TLS_REQUIRED, SX_ECONNECT},
        {silent_sasl, SOAP_XMPP_TLS_OFF, SX_ECONNECT},
        {silent_challenge, SOAP_XMPP_TLS_OFF, SX_ECONNECT},
        {silent_binding, SOAP_XMPP_TLS_OFF, SX_ECONNECT},
    };
    size_t i;
    for (i = 0; i < sizeof courses / sizeof *courses; i++)
        run_course(&courses[i]);
}

static const struct hostile_step plain[] = {PLAY(hostile_login_plain), END};
static const struct hostile_step upgraded[] = {PLAY(hostile_login_tls), END};
static const struct hostile_step direct[] = {{.kind = HOSTILE_TLS}, PLAY(hostile_login_plain), END};
/* It never says good-bye, and its TLS no close_notify. */
static const struct hostile_step impolite[] = {PLAY(hostile_login_tls), SILENCE, END};
static const struct hostile_step scram[] = {
    AWAIT("<stream:stream"),
    {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("SCRAM-SHA-1")},
    {.kind = HOSTILE_SCRAM},
    PLAY(hostile_bind),
    END};

static void a_login_and_a_goodbye_wait_in_no_pass(void)
{
    static const struct course courses[] = {
        {plain, SOAP_XMPP_TLS_OFF, SX_ESTOPPED},
        {scram, SOAP_XMPP_TLS_OFF, SX_ESTOPPED},
        {upgraded, SOAP_XMPP_TLS_REQUIRED, SX_ESTOPPED},
        {direct, SOAP_XMPP_TLS_DIRECT, SX_ESTOPPED},
        {impolite, SOAP_XMPP_TLS_REQUIRED, SX_ESTOPPED},
    };
    size_t i;
    for (i = 0; i < sizeof courses / sizeof *courses; i++)
        run_course(&courses[i]);
}

CU_TestInfo tests_connection[] = {
    {"a silent server is waited for in no pass", a_silent_server_is_waited_for_in_no_pass},
    {"a login and a goodbye wait in no pass", a_login_and_a_goodbye_wait_in_no_pass},
    CU_TEST_INFO_NULL,
};
