/* What answers at a port, and isn't the XMPP server that the login wants: the sentence says what it
 * is, and what to set.
 */
#include <string.h>
#include <unistd.h>

#include "attempt.h"
#include "net/protocol.h"
#include "../../lib/hostile_steps.h"
#include "../../lib/suite.h"
#include "../../lib/tcp.h"

enum { PATIENT_MS = 60000 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CLEAR        SOAP_XMPP_TLS_OFF
#define STARTTLS     SOAP_XMPP_TLS_REQUIRED
#define DIRECT       SOAP_XMPP_TLS_DIRECT
#define BAD_REQUEST  "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>"
#define MALFORMED                                                                                  \
    HOSTILE_STREAM "<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"  \
                   "</stream:error></stream:stream>"
#define A_WEB_SERVER "example.org: a web server answers there: it says \"HTTP/1.1 400 Bad Request\""

/* What is there, whom it meets, and what that one says of it. */
struct meeting {
    struct hostile_step script[4];
    enum soap_xmpp_tls tls;
    const char *sentence;
};

static const struct meeting meetings[] = {
    {{{.kind = HOSTILE_TLS}, END},
     STARTTLS,
     "no TLS with example.org: it closed the connection without a word, as a port for direct TLS "
     "does (tls=direct)"},
    {{AWAIT("<stream:stream"), SEND("\x15\x03\x03"), HANG_UP},
     STARTTLS,
     "example.org: this looks like direct TLS: tls=direct"},
    {{AWAIT("<stream:stream"), SEND("\x15\x03\x01"), SILENCE},
     CLEAR,
     "example.org: this looks like direct TLS: tls=direct"},
    {{SEND(MALFORMED), HANG_UP},
     DIRECT,
     "example.org: this looks like XMPP without direct TLS: tls=required"},
    {{SEND("<stream:stream>"), SILENCE},
     DIRECT,
     "example.org: this looks like XMPP without direct TLS: tls=required"},
    {{SEND(BAD_REQUEST), HANG_UP}, STARTTLS, A_WEB_SERVER},
    {{SEND(BAD_REQUEST), SILENCE}, STARTTLS, A_WEB_SERVER},
    {{SEND(BAD_REQUEST), HANG_UP}, CLEAR, A_WEB_SERVER},
    {{SEND(BAD_REQUEST), SILENCE}, DIRECT, A_WEB_SERVER},
    {{{.kind = HOSTILE_TLS}, AWAIT("<stream:stream"), SEND(BAD_REQUEST), HANG_UP},
     DIRECT,
     A_WEB_SERVER},
    {{SEND("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), SILENCE},
     STARTTLS,
     "example.org: an SSH server answers there: it says \"SSH-2.0-OpenSSH_9.2p1 Debian-2\""},
    {{SEND("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), SILENCE},
     DIRECT,
     "example.org: an SSH server answers there: it says \"SSH-2.0-OpenSSH_9.2p1 Debian-2\""},
    {{SEND("220 mail.example.org ESMTP\r\n"), SILENCE},
     STARTTLS,
     "example.org: what answers there speaks no XMPP: it says \"220 mail.example.org ESMTP\""},
};

static void what_answers_is_told_with_what_to_set(void)
{
    size_t i;
    for (i = 0; i < COUNT(meetings); i++) {
        struct attempt_server server;
        struct attempt attempt = {.timeout_ms = PATIENT_MS};
        attempt_server_start(&server, meetings[i].script, &attempt, meetings[i].tls);
        attempt_run(&attempt);
        CU_ASSERT_TRUE(sx_fault_is_misdirected(attempt.connection.failure.err));
        CU_ASSERT_FALSE(sx_fault_permanent(attempt.connection.failure.err));
        ASSERT_TEXT(attempt.connection.failure.text, meetings[i].sentence);
        attempt_server_stop(&server);
    }
}

static void a_refused_connection_is_told_from_one_that_failed(void)
{
    int port, fd = tcp_listen(1, &port);
    struct attempt attempt = {.config = attempt_config(CLEAR, NULL), .timeout_ms = PATIENT_MS};
    close(fd);
    attempt.port = port;
    attempt_run(&attempt);
    CU_ASSERT_EQUAL(attempt.connection.failure.err, SX_EREFUSED);
    ASSERT_CONTAINS(attempt.connection.failure.text, ": Connection refused");
}

/* first: as much as was said. */
static const char *explain(const char *first, enum soap_xmpp_tls tls, bool has_tls)
{
    static char clause[SX_PROTOCOL_CLAUSE_BYTES];
    bool is_other = sx_protocol_explain(first, strlen(first), tls == DIRECT, has_tls, clause);
    return is_other ? clause : "";
}

static void what_may_be_xmpp_is_left_to_the_parser(void)
{
    static const char *const openings[] = {
        "", "<", "<?xml version='1.0'?>", "<stream:stream", " ", "\n<?xml ", "\xef\xbb\xbf<?xml"};
    size_t i;
    for (i = 0; i < COUNT(openings); i++) {
        ASSERT_TEXT(explain(openings[i], STARTTLS, false), "");
        ASSERT_TEXT(explain(openings[i], DIRECT, true), "");
    }
    ASSERT_TEXT(explain("\x16\x03\x03", DIRECT, false), "");
    ASSERT_TEXT(explain("\x15\x03\x03", DIRECT, false), ""); /* an alert says more itself */
}

static void what_it_says_is_quoted_as_far_as_it_is_text(void)
{
    ASSERT_CONTAINS(explain("* OK \"IMAP\"\r\nmore", STARTTLS, false), "it says \"* OK 'IMAP'\"");
    ASSERT_CONTAINS(explain("\x01\x02\xff", STARTTLS, false), "speaks no XMPP");
    ASSERT_LACKS(explain("\x01\x02\xff", STARTTLS, false), "it says");
    ASSERT_CONTAINS(explain("+OK \x1b[31mred", STARTTLS, false), "it says \"+OK \"");
}

CU_TestInfo tests_protocol[] = {
    {"what answers at the port is told, with what to set", what_answers_is_told_with_what_to_set},
    {"a refused connection is told from one that failed otherwise",
     a_refused_connection_is_told_from_one_that_failed},
    {"what may be XMPP, or TLS where that is wanted, is no other protocol",
     what_may_be_xmpp_is_left_to_the_parser},
    {"what it says is quoted as far as it is text", what_it_says_is_quoted_as_far_as_it_is_text},
    CU_TEST_INFO_NULL,
};
