/* What the headers of our streams say of us, and to whom. */
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "../../lib/hostile_steps.h"
#include "../../lib/suite.h"

enum { PATIENT_MS = 60000 };

/* The begin of the next header behind text, with what stands in it; malloc'ed, NULL: there is none.
 */
static char *next_header(const char **text)
{
    const char *begin = strstr(*text, "<stream:stream"), *end = begin ? strchr(begin, '>') : NULL;
    if (!end)
        return NULL;
    *text = end;
    return strndup(begin, (size_t)(end - begin));
}

/* The server binds no such JID, which is as good an end as any.
 *
 * clear: how many headers come without TLS. Those before it don't say who we are, and all behind it
 * do (RFC 6120 4.7.1). */
static void expect_headers(const struct hostile_step *script, enum soap_xmpp_tls tls,
                           unsigned clear, unsigned private)
{
    static char jid[] = "o'b&r@example.org/desk";
    struct attempt_server server;
    struct attempt attempt = {.timeout_ms = PATIENT_MS};
    char *received, *header;
    const char *next;
    unsigned count = 0;
    attempt_server_start(&server, script, &attempt, tls);
    attempt.config.jid = jid;
    attempt_run(&attempt);
    next = received = hostile_received(server.hostile);
    while ((header = next_header(&next))) {
        ASSERT_CONTAINS(header, " to=\"example.org\"");
        if (count++ < clear)
            ASSERT_LACKS(header, "from=");
        else
            ASSERT_CONTAINS(header, " from=\"o&apos;b&amp;r@example.org\"");
        free(header);
    }
    CU_ASSERT_EQUAL(count, clear + private);
    free(received);
    attempt_server_stop(&server);
}

static void test_upgrade(void)
{
    static const struct hostile_step script[] = {PLAY(hostile_login_tls), END};
    expect_headers(script, SOAP_XMPP_TLS_REQUIRED, 1, 2);
}

static void test_direct(void)
{
    static const struct hostile_step script[] = {
        {.kind = HOSTILE_TLS}, PLAY(hostile_login_plain), END};
    expect_headers(script, SOAP_XMPP_TLS_DIRECT, 0, 2);
}

static void test_clear(void)
{
    static const struct hostile_step script[] = {PLAY(hostile_login_plain), END};
    expect_headers(script, SOAP_XMPP_TLS_OFF, 2, 0);
}

CU_TestInfo tests_stream_header[] = {
    {"once TLS is up each header says who we are, none before", test_upgrade},
    {"with direct TLS each header does", test_direct},
    {"without TLS none does", test_clear},
    CU_TEST_INFO_NULL,
};
