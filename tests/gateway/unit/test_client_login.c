/* Logins at a backend: none of them ends or repeats a call. */
#include <string.h>

#include "client_site.h"
#include "suite.h"

#define DIGEST                                                                                     \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", "            \
    "qop=\"auth\""                                                                                 \
    "\r\nContent-Length: 2\r\n\r\nno"
#define STALE                                                                                      \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", "            \
    "qop=\"auth\""                                                                                 \
    ", stale=true\r\nContent-Length: 2\r\n\r\nno"
#define NO_EMPTY_BODY "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nempty"

/* One call by a client that logs in as "u" with "p". */
static void log_in(struct client_site_end *ended, enum gw_login login,
                   const struct backend_act *acts, size_t count)
{
    client_site_open(acts, count);
    client_site_target.login = login;
    client_site_call_with(ended, (struct gw_client_request){.password = "p"});
}

static void digest_asks_without_a_body_first(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0},
                                              {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 2);
    CU_ASSERT_EQUAL(ended.status, 200);
    CU_ASSERT_EQUAL(backend_script_requests(client_site_script), 2);
    CU_ASSERT_EQUAL(backend_script_executions(client_site_script), 1);
    ASSERT_CONTAINS(backend_script_head(client_site_script, 0), "Content-Length: 0\r\n");
    ASSERT_CONTAINS(backend_script_head(client_site_script, 1),
                    "Authorization: Digest username=\"u\"");
    client_site_close();
}

static void a_stale_nonce_is_no_end(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0},
                                              {BACKEND_ANSWERS, STALE, 0},
                                              {BACKEND_ANSWERS, STALE, 0},
                                              {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 4);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 200);
    ASSERT_TEXT(ended.body, "<a/>");
    CU_ASSERT_EQUAL(backend_script_requests(client_site_script), 4);
    client_site_close();
}

static void a_wrong_password_ends_with_401(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 1);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 401);
    CU_ASSERT(backend_script_requests(client_site_script) <= 6);
    client_site_close();
}

static void a_nonce_that_is_always_stale_ends_with_401(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, STALE, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 1);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 401);
    CU_ASSERT(backend_script_requests(client_site_script) <= 6);
    client_site_close();
}

/* ONVIF's GetSystemDateAndTime wants no login, and an empty body is a bad request. */
static void a_backend_without_a_login_gets_the_call(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, NO_EMPTY_BODY, 0},
                                              {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 2);
    CU_ASSERT_EQUAL(ended.status, 200);
    CU_ASSERT_EQUAL(backend_script_executions(client_site_script), 1);
    ASSERT_TEXT(ended.body, "<a/>");
    client_site_close();
}

/* As the one above, but the call wants a login: the challenge comes with the refusal of the body.
 */
static void a_backend_that_dislikes_empty_bodies_gets_the_call(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, NO_EMPTY_BODY, 0},
                                              {BACKEND_ANSWERS, DIGEST, 0},
                                              {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 3);
    CU_ASSERT_EQUAL(ended.status, 200);
    CU_ASSERT_EQUAL(backend_script_requests(client_site_script), 3);
    ASSERT_CONTAINS(backend_script_head(client_site_script, 2),
                    "Authorization: Digest username=\"u\"");
    client_site_close();
}

/* The backend dislikes the empty question, and libcurl would go on to send empty bodies by that
 * connection, for a serve without a login among others. */
static void no_call_is_sent_without_its_body(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, NO_EMPTY_BODY, 0},
                                              {.step = BACKEND_READS_ALL},
                                              {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 3);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    client_site_target.login = GW_LOGIN_NONE;
    client_site_call(&ended);
    CU_ASSERT_EQUAL(ended.status, 200);
    ASSERT_TEXT(ended.body, "<a/>");
    CU_ASSERT_EQUAL(backend_script_executions(client_site_script), 2);
    client_site_close();
}

static void an_empty_answer_to_the_question_is_none_to_the_call(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 200 CLIENT_SITE_OK\r\nContent-Length: 5\r\n\r\nempty", 0},
        {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 2);
    CU_ASSERT_EQUAL(backend_script_executions(client_site_script), 1);
    ASSERT_TEXT(ended.body, "<a/>");
    client_site_close();
}

static void a_login_that_is_lost_after_the_body_is_unknown(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0},
                                              {.step = BACKEND_READS_ALL},
                                              {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_DIGEST, acts, 3);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    CU_ASSERT_EQUAL(backend_script_executions(client_site_script), 1);
    client_site_close();
}

static void basic_goes_with_the_first_request(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    log_in(&ended, GW_LOGIN_BASIC, acts, 1);
    CU_ASSERT_EQUAL(backend_script_requests(client_site_script), 1);
    ASSERT_CONTAINS(backend_script_head(client_site_script, 0), "Authorization: Basic dTpw\r\n");
    client_site_close();
}

static void a_get_logs_in_by_digest(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0},
                                              {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    char why[300];
    client_site_open(acts, 2);
    client_site_target.login = GW_LOGIN_DIGEST;
    CU_ASSERT_EQUAL_FATAL(
        client_site_send(&ended, &(struct gw_client_request){.method = "GET", .password = "p"}, why,
                         sizeof why),
        0);
    client_site_await(&ended);
    CU_ASSERT_EQUAL(ended.status, 200);
    ASSERT_TEXT(ended.body, "<a/>");
    client_site_close();
}

CU_TestInfo gateway_tests_client_login[] = {
    {"Digest asks without a body first", digest_asks_without_a_body_first},
    {"a stale nonce is no end", a_stale_nonce_is_no_end},
    {"a wrong password ends with 401", a_wrong_password_ends_with_401},
    {"a nonce that is always stale ends with 401", a_nonce_that_is_always_stale_ends_with_401},
    {"a backend without a login gets the call", a_backend_without_a_login_gets_the_call},
    {"a backend that dislikes empty bodies gets the call",
     a_backend_that_dislikes_empty_bodies_gets_the_call},
    {"no call is sent without its body", no_call_is_sent_without_its_body},
    {"an answer to the question for a login is none to the call",
     an_empty_answer_to_the_question_is_none_to_the_call},
    {"a login that is lost after the body is unknown",
     a_login_that_is_lost_after_the_body_is_unknown},
    {"Basic goes with the first request", basic_goes_with_the_first_request},
    {"a GET logs in by Digest", a_get_logs_in_by_digest},
    CU_TEST_INFO_NULL,
};
