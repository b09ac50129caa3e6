/* gSOAP's wsse plugin: a UsernameToken with a digest of password, nonce and time, and a Timestamp.
 * No byte of the envelope is signed, so plain XEP-0072 does as well as packed envelopes. The check
 * is that of samples/guard; test_forged_token.c has what attackers write.
 */
#include "end.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <time.h>

#include "plugin/wsseapi.h"

#include "base/buffer.h"
#include "../lib/suite.h"
#include "../../samples/guard/token.h"

extern CU_TestInfo tests_token[];

enum { LIFETIME_S = 60, LONG_AGO_S = 3600 };

/* ---- the service ---- */

int w__greet(struct soap *soap, char *greeting, char **answer)
{
    const char *user = token_user(soap, "ann", "secret");
    char text[100];
    if (user)
        snprintf(text, sizeof text, "%s, %s", greeting, user);
    soap_wsse_delete_Security(soap);
    if (!user)
        return soap->error;
    *answer = soap_strdup(soap, text);
    return SOAP_OK;
}

/* ---- two ends ---- */

static void open_two(struct end ends[2], const struct site *site, bool is_plain)
{
    struct end_options options = {.is_plain = is_plain};
    end_open(&ends[0], site, "alice", "desk", options);
    end_open(&ends[1], site, "bob", "soap", options);
    end_serve(&ends[1]);
}

static void close_two(struct end ends[2])
{
    soap_wsse_delete_Security(ends[0].soap);
    end_forget(&ends[0]);
    end_close(&ends[0]);
    end_close(&ends[1]);
}

static int greet(struct end ends[2], const char *password, int lifetime_s, time_t when)
{
    struct soap *soap = ends[0].soap;
    char *answer = NULL, greeting[] = "good \xE2\x82\xAC morning";
    int err;
    soap->header = NULL;
    CU_ASSERT_EQUAL(soap_wsse_add_Timestamp(soap, "Time", lifetime_s), SOAP_OK);
    CU_ASSERT_EQUAL(soap_wsse_add_UsernameTokenDigest_at(soap, "User", "ann", password, when),
                    SOAP_OK);
    err = soap_call_w__greet(soap, ends[1].endpoint, NULL, greeting, &answer);
    if (!err)
        ASSERT_TEXT(answer, "good \xE2\x82\xAC morning, ann");
    soap_wsse_delete_Security(soap);
    return err;
}

static void assert_refused(struct end ends[2], int err, const char *why)
{
    CU_ASSERT_NOT_EQUAL(err, SOAP_OK);
    ASSERT_CONTAINS(end_fault(ends[0].soap), why);
    end_forget(&ends[0]);
}

static void run_digest(const struct site *site, bool is_plain)
{
    struct end ends[2];
    time_t now = time(NULL);
    int i;
    open_two(ends, site, is_plain);
    for (i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(greet(ends, "secret", LIFETIME_S, now), SOAP_OK);
        end_forget(&ends[0]);
    }
    assert_refused(ends, greet(ends, "Secret", LIFETIME_S, now), "authenticated");
    assert_refused(ends, greet(ends, "secret", LIFETIME_S, now - LONG_AGO_S), "authenticated");
    assert_refused(ends, greet(ends, "secret", -LONG_AGO_S, now), "expired");
    CU_ASSERT_EQUAL(greet(ends, "secret", LIFETIME_S, now), SOAP_OK);
    close_two(ends);
}

static void digest_packed(const struct site *site)
{
    run_digest(site, false);
}

static void digest_plain(const struct site *site)
{
    run_digest(site, true);
}

static void a_digest_is_verified(void)
{
    site_each(digest_packed);
    site_each(digest_plain);
}

/* ---- a replay ---- */

static struct sx_buffer captured;
static int (*send_on)(struct soap *soap, const char *bytes, size_t len);

static int capture(struct soap *soap, const char *bytes, size_t len)
{
    sx_buffer_add(&captured, bytes, len);
    return send_on(soap, bytes, len);
}

/* The same bytes as another call, as one would send them who had read them. */
static int send_captured(struct end ends[2])
{
    struct soap *soap = ends[0].soap;
    soap_begin(soap);
    soap->header = NULL;
    if (soap_connect(soap, ends[1].endpoint, NULL) ||
        soap_send_raw(soap, captured.bytes, captured.len) || soap_end_send(soap) ||
        soap_begin_recv(soap) || soap_envelope_begin_in(soap) || soap_recv_header(soap) ||
        soap_body_begin_in(soap))
        return soap_closesock(soap);
    return soap_recv_fault(soap, 1);
}

static void run_replay(const struct site *site)
{
    struct end ends[2];
    open_two(ends, site, false);
    send_on = ends[0].soap->fsend;
    ends[0].soap->fsend = capture;
    CU_ASSERT_EQUAL(greet(ends, "secret", LIFETIME_S, time(NULL)), SOAP_OK);
    ends[0].soap->fsend = send_on;
    end_forget(&ends[0]);
    assert_refused(ends, send_captured(ends), "authenticated");
    sx_buffer_fini(&captured);
    close_two(ends);
}

static void a_token_that_was_used_is_refused(void)
{
    site_each(run_replay);
}

static void run_without(const struct site *site)
{
    struct end ends[2];
    char *answer, greeting[] = "hello";
    open_two(ends, site, false);
    ends[0].soap->header = NULL;
    soap_wsse_add_Timestamp(ends[0].soap, "Time", LIFETIME_S);
    assert_refused(ends,
                   soap_call_w__greet(ends[0].soap, ends[1].endpoint, NULL, greeting, &answer),
                   "authenticated");
    close_two(ends);
}

static void a_call_without_a_token_is_refused(void)
{
    site_each(run_without);
}

CU_TestInfo tests_token[] = {
    {"a digest is verified, a wrong or an old one refused", a_digest_is_verified},
    {"a token that was used is refused", a_token_that_was_used_is_refused},
    {"a call without a token is refused", a_call_without_a_token_is_refused},
    CU_TEST_INFO_NULL,
};
