/* Requests to a backend that does what a script says. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "backend_script.h"
#include "client/client.h"
#include "client/descriptor.h"
#include "shortage.h"
#include "suite.h"

enum { PATIENCE_S = 60 };

#define OK   "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>"
#define HALF "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 400\r\n\r\n<a/>"
#define BODY "<request>of a call</request>"
#define DIGEST                                                                                     \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", "            \
    "qop=\"auth\""                                                                                 \
    "\r\nContent-Length: 2\r\n\r\nno"
#define STALE                                                                                      \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", "            \
    "qop=\"auth\""                                                                                 \
    ", stale=true\r\nContent-Length: 2\r\n\r\nno"

/* What a request has ended with. */
struct ended {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    unsigned count;
    enum gw_client_end end;
    bool was_sent;
    int status;
    char body[64], type[64], why[300];
    size_t body_bytes;
};

static struct gw_client *client;
static struct gw_config config = {.references = 1};
static struct gw_serve_config target;
static struct backend_script *script;
static char url[128];

static void set_up(const struct backend_act *acts, size_t count)
{
    static const struct gw_limits limits = {
        .memory_bytes = 4 * 1024 * 1024, .header_bytes = 8192, .body_bytes = 1024 * 1024};
    char why[300];
    target = (struct gw_serve_config){.user = "u",
                                      .password_file = "",
                                      .ca_file = "",
                                      .cert_file = "",
                                      .key_file = "",
                                      .connections = 2,
                                      .keepalive_ms = 5000};
    target.pattern = gw_pattern_new("{node}@cams.test", why, sizeof why);
    script = backend_script_start(acts, count);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/soap", backend_script_port(script));
    client = gw_client_start(&limits, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(client);
}

static void tear_down(void)
{
    gw_client_stop(client);
    backend_script_stop(script);
    gw_pattern_free(target.pattern);
}

static void take(void *user, struct gw_client_answer *answer)
{
    struct ended *ended = user;
    pthread_mutex_lock(&ended->mu);
    ended->count++;
    ended->end = answer->end;
    ended->was_sent = answer->was_sent;
    ended->status = answer->status;
    ended->body_bytes = answer->body_bytes;
    snprintf(ended->body, sizeof ended->body, "%s", answer->body ? answer->body : "");
    snprintf(ended->type, sizeof ended->type, "%s", answer->content_type);
    snprintf(ended->why, sizeof ended->why, "%s", answer->why ? answer->why : "");
    pthread_cond_signal(&ended->changed);
    pthread_mutex_unlock(&ended->mu);
}

static void begin(struct ended *ended)
{
    *ended = (struct ended){.mu = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
}

static int send_with(struct ended *ended, const struct gw_client_request *with, char *why,
                     size_t why_bytes)
{
    struct gw_client_request request = *with;
    begin(ended);
    request.method = request.method ? request.method : "POST";
    request.url = request.url ? request.url : url;
    request.target = &target;
    request.timeout_ms = request.timeout_ms ? request.timeout_ms : PATIENCE_S * 1000;
    request.most_bytes = request.most_bytes ? request.most_bytes : 100000;
    request.done = take;
    request.user = ended;
    return gw_client_send(client, &config, &request, why, why_bytes);
}

static void await_end(struct ended *ended)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2 * PATIENCE_S;
    pthread_mutex_lock(&ended->mu);
    while (ended->count == 0 && pthread_cond_timedwait(&ended->changed, &ended->mu, &until) == 0)
        continue;
    CU_ASSERT_EQUAL(ended->count, 1);
    pthread_mutex_unlock(&ended->mu);
}

static void call_with(struct ended *ended, struct gw_client_request with)
{
    char why[300] = "";
    with.body = strdup(BODY);
    with.body_bytes = strlen(BODY);
    CU_ASSERT_EQUAL_FATAL(send_with(ended, &with, why, sizeof why), 0);
    await_end(ended);
}

static void call(struct ended *ended)
{
    call_with(ended, (struct gw_client_request){0});
}

/* ---- hang-ups ---- */

static const struct phase {
    const char *name;
    struct backend_act act;
    enum gw_client_end end;
    bool may_be_unsent; /* libcurl needn't have handed the body over */
    size_t executions;
} phases[] = {
    {"accepts", {.step = BACKEND_ACCEPTS}, GW_CLIENT_LOST, true, 0},
    {"reads the head", {.step = BACKEND_READS_HEAD}, GW_CLIENT_LOST, true, 0},
    {"reads a piece", {.step = BACKEND_READS_PIECE}, GW_CLIENT_LOST, false, 0},
    {"reads all", {.step = BACKEND_READS_ALL}, GW_CLIENT_LOST, false, 1},
    {"reads all, resets", {.step = BACKEND_RESETS}, GW_CLIENT_LOST, false, 1},
    {"half a status", {BACKEND_LEAVES, "HTTP/1.1 2", 0}, GW_CLIENT_LOST, false, 1},
    {"half a head", {BACKEND_LEAVES, "HTTP/1.1 200 OK\r\nContent-", 0}, GW_CLIENT_LOST, false, 1},
    {"a head",
     {BACKEND_LEAVES, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 0},
     GW_CLIENT_LOST,
     false,
     1},
    {"half a body", {BACKEND_LEAVES, HALF, 0}, GW_CLIENT_LOST, false, 1},
    {"half a chunk",
     {BACKEND_LEAVES, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n<a/>", 0},
     GW_CLIENT_LOST,
     false,
     1},
    {"no last chunk",
     {BACKEND_LEAVES, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<a/>\r\n", 0},
     GW_CLIENT_LOST,
     false,
     1},
    {"all", {BACKEND_LEAVES, OK, 0}, GW_CLIENT_ANSWERED, false, 1},
    {"no HTTP", {BACKEND_LEAVES, "SSH-2.0-x\r\n", 0}, GW_CLIENT_LOST, false, 1},
};

/* before: how many answers came by the same connection. More acts follow that would answer a second
 * attempt. */
static void try_phase(const struct phase *phase, size_t before)
{
    struct backend_act acts[] = {
        {BACKEND_ANSWERS, OK, 0}, phase->act, {BACKEND_ANSWERS, OK, 0}, {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts + (before ? 0 : 1), before ? 4 : 3);
    if (before)
        call(&ended);
    call(&ended);
    if (ended.end != phase->end && !(phase->may_be_unsent && !ended.was_sent))
        printf("\n%s, %zu before: ended as %d: %s\n", phase->name, before, ended.end, ended.why);
    if (phase->may_be_unsent && ended.end == GW_CLIENT_ANSWERED) {
        /* Nothing of the body had gone: to send it by another connection was right. */
        CU_ASSERT_EQUAL(backend_script_executions(script), before + 1);
    } else {
        CU_ASSERT(ended.end == phase->end ||
                  (phase->may_be_unsent && ended.end == GW_CLIENT_UNREACHED));
        CU_ASSERT_EQUAL(ended.was_sent, ended.end != GW_CLIENT_UNREACHED);
        CU_ASSERT_EQUAL(backend_script_executions(script), before + phase->executions);
        if (ended.end != GW_CLIENT_ANSWERED)
            CU_ASSERT(*ended.why);
    }
    tear_down();
}

static void a_backend_that_hangs_up_executes_once(void)
{
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        try_phase(&phases[i], 0);
        try_phase(&phases[i], 1);
    }
}

/* ---- logins ---- */

static void digest_asks_without_a_body_first(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0},
                                              {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 2);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.status, 200);
    CU_ASSERT_EQUAL(backend_script_requests(script), 2);
    CU_ASSERT_EQUAL(backend_script_executions(script), 1);
    ASSERT_CONTAINS(backend_script_head(script, 0), "Content-Length: 0\r\n");
    ASSERT_CONTAINS(backend_script_head(script, 1), "Authorization: Digest username=\"u\"");
    tear_down();
}

static void a_stale_nonce_is_no_end(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0},
                                              {BACKEND_ANSWERS, STALE, 0},
                                              {BACKEND_ANSWERS, STALE, 0},
                                              {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 4);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 200);
    ASSERT_TEXT(ended.body, "<a/>");
    CU_ASSERT_EQUAL(backend_script_requests(script), 4);
    tear_down();
}

static void a_wrong_password_ends_with_401(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0}};
    struct ended ended;
    set_up(acts, 1);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 401);
    CU_ASSERT(backend_script_requests(script) <= 6);
    tear_down();
}

static void a_nonce_that_is_always_stale_ends_with_401(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, STALE, 0}};
    struct ended ended;
    set_up(acts, 1);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 401);
    CU_ASSERT(backend_script_requests(script) <= 6);
    tear_down();
}

/* ONVIF's GetSystemDateAndTime wants no login, and an empty body is a bad request. */
static void a_backend_without_a_login_gets_the_call(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nempty", 0},
        {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 2);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.status, 200);
    CU_ASSERT_EQUAL(backend_script_executions(script), 1);
    ASSERT_TEXT(ended.body, "<a/>");
    tear_down();
}

/* As the one above, but the call wants a login: the challenge comes with the refusal of the body.
 */
static void a_backend_that_dislikes_empty_bodies_gets_the_call(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nempty", 0},
        {BACKEND_ANSWERS, DIGEST, 0},
        {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 3);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.status, 200);
    CU_ASSERT_EQUAL(backend_script_requests(script), 3);
    ASSERT_CONTAINS(backend_script_head(script, 2), "Authorization: Digest username=\"u\"");
    tear_down();
}

/* The backend dislikes the empty question, and libcurl would go on to send empty bodies by that
 * connection, for a serve without a login among others. */
static void no_call_is_sent_without_its_body(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nempty", 0},
        {.step = BACKEND_READS_ALL},
        {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 3);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    target.login = GW_LOGIN_NONE;
    call(&ended);
    CU_ASSERT_EQUAL(ended.status, 200);
    ASSERT_TEXT(ended.body, "<a/>");
    CU_ASSERT_EQUAL(backend_script_executions(script), 2);
    tear_down();
}

static void an_empty_answer_to_the_question_is_none_to_the_call(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nempty", 0},
        {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 2);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(backend_script_executions(script), 1);
    ASSERT_TEXT(ended.body, "<a/>");
    tear_down();
}

static void a_login_that_is_lost_after_the_body_is_unknown(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, DIGEST, 0}, {.step = BACKEND_READS_ALL}, {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 3);
    target.login = GW_LOGIN_DIGEST;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    CU_ASSERT_EQUAL(backend_script_executions(script), 1);
    tear_down();
}

static void basic_goes_with_the_first_request(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 1);
    target.login = GW_LOGIN_BASIC;
    call_with(&ended, (struct gw_client_request){.password = "p"});
    CU_ASSERT_EQUAL(backend_script_requests(script), 1);
    ASSERT_CONTAINS(backend_script_head(script, 0), "Authorization: Basic dTpw\r\n");
    tear_down();
}

static void a_get_logs_in_by_digest(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, DIGEST, 0},
                                              {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    char why[300];
    set_up(acts, 2);
    target.login = GW_LOGIN_DIGEST;
    CU_ASSERT_EQUAL_FATAL(send_with(&ended,
                                    &(struct gw_client_request){.method = "GET", .password = "p"},
                                    why, sizeof why),
                          0);
    await_end(&ended);
    CU_ASSERT_EQUAL(ended.status, 200);
    ASSERT_TEXT(ended.body, "<a/>");
    tear_down();
}

/* ---- what is sent and taken ---- */

static void redirects_are_answers(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
         0},
        {BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 2);
    call(&ended);
    CU_ASSERT_EQUAL(ended.status, 307);
    CU_ASSERT_EQUAL(backend_script_requests(script), 1);
    tear_down();
}

static void fields_go_along_and_none_begins_in_another(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    static const struct gw_header headers[] = {
        {"SOAPAction", "\"a\""}, {"X-Empty", ""}, {"X-Bad", "a\r\nX-Forged: b"}, {NULL, NULL}};
    struct ended ended;
    const char *head;
    set_up(acts, 1);
    call_with(&ended, (struct gw_client_request){.headers = headers});
    head = backend_script_head(script, 0);
    ASSERT_CONTAINS(head, "POST /soap HTTP/1.1\r\n");
    ASSERT_CONTAINS(head, "SOAPAction: \"a\"\r\n");
    ASSERT_CONTAINS(head, "X-Empty:\r\n");
    ASSERT_LACKS(head, "X-Forged");
    ASSERT_LACKS(head, "Expect");
    ASSERT_TEXT(ended.type, "text/xml");
    tear_down();
}

static void an_answer_over_its_limit_is_too_large(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789", 0},
        {BACKEND_LEAVES, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n123456789", 0}};
    struct ended ended;
    set_up(acts, 2);
    for (int i = 0; i < 2; i++) {
        call_with(&ended, (struct gw_client_request){.most_bytes = 8});
        CU_ASSERT_EQUAL(ended.end, GW_CLIENT_TOO_LARGE);
        CU_ASSERT_EQUAL(ended.status, 200);
        ASSERT_CONTAINS(ended.why, "8 bytes");
    }
    call_with(&ended, (struct gw_client_request){.most_bytes = 9});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.body_bytes, 9);
    tear_down();
}

/* gzip of 100 KB of zeros, whose length is that before unpacking. */
static void packed_answers_are_bounded_once_unpacked(void)
{
    static char text[1000];
    struct backend_act acts[] = {{BACKEND_ANSWERS, text, 0}};
    unsigned char packed[600];
    static unsigned char zeros[100000];
    z_stream zip = {
        .next_in = zeros, .avail_in = sizeof zeros, .next_out = packed, .avail_out = sizeof packed};
    struct ended ended;
    int used;
    deflateInit2(&zip, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    CU_ASSERT_EQUAL(deflate(&zip, Z_FINISH), Z_STREAM_END);
    used = sprintf(text, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
                   zip.total_out);
    memcpy(text + used, packed, zip.total_out);
    acts[0].bytes = (size_t)used + zip.total_out;
    deflateEnd(&zip);
    set_up(acts, 1);
    call_with(&ended, (struct gw_client_request){.most_bytes = sizeof zeros - 1});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_TOO_LARGE);
    call_with(&ended, (struct gw_client_request){.most_bytes = sizeof zeros});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.body_bytes, sizeof zeros);
    tear_down();
}

static void heads_are_bounded(void)
{
    static char text[20000];
    struct backend_act acts[] = {{BACKEND_LEAVES, text, 0}};
    struct ended ended;
    int used = sprintf(text, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; used < 15000; i++)
        used += sprintf(text + used, "X-%d: some value that is none\r\n", i);
    sprintf(text + used, "Content-Length: 0\r\n\r\n");
    set_up(acts, 1);
    call(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    ASSERT_CONTAINS(ended.why, "header");
    tear_down();
}

/* nginx answers 413 when it has seen Content-Length, and reads on for a while. */
static void an_answer_before_the_end_of_the_body_counts(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_INTERRUPTS,
         "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", 0}};
    struct gw_client_request request = {.body = calloc(1, 2000000), .body_bytes = 2000000};
    struct ended ended;
    char why[300] = "";
    set_up(acts, 1);
    CU_ASSERT_EQUAL_FATAL(send_with(&ended, &request, why, sizeof why), 0);
    await_end(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 413);
    CU_ASSERT_EQUAL(backend_script_connections(script), 1);
    tear_down();
}

static void a_closed_port_is_unreached(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 1);
    call_with(&ended, (struct gw_client_request){.url = "http://127.0.0.1:1/"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    CU_ASSERT_FALSE(ended.was_sent);
    call_with(&ended, (struct gw_client_request){.url = "http://nobody.invalid/"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    tear_down();
}

static void what_is_no_url_is_refused_at_once(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    static const char *const urls[] = {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"};
    struct ended ended;
    char why[300], *body = strdup(BODY);
    set_up(acts, 1);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct gw_client_request request = {
            .url = urls[i], .body = body, .body_bytes = strlen(BODY)};
        *why = '\0';
        CU_ASSERT_EQUAL(send_with(&ended, &request, why, sizeof why), -1);
        CU_ASSERT(*why);
    }
    free(body);
    tear_down();
}

/* ---- waits ---- */

static void silence_ends_at_the_deadline(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    struct ended ended;
    set_up(acts, 1);
    call_with(&ended, (struct gw_client_request){.timeout_ms = 300});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    CU_ASSERT_TRUE(ended.was_sent);
    tear_down();
}

/* The first holds the only connection for longer than the second has time. */
static void who_waits_for_a_connection_has_a_deadline(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    struct ended first, second;
    struct gw_client_request request = {.timeout_ms = 5000};
    char why[300];
    set_up(acts, 1);
    target.connections = 1;
    request.body = strdup(BODY);
    request.body_bytes = strlen(BODY);
    CU_ASSERT_EQUAL_FATAL(send_with(&first, &request, why, sizeof why), 0);
    call_with(&second, (struct gw_client_request){.timeout_ms = 200});
    CU_ASSERT_EQUAL(second.end, GW_CLIENT_UNREACHED);
    CU_ASSERT_FALSE(second.was_sent);
    ASSERT_CONTAINS(second.why, "connections");
    await_end(&first);
    CU_ASSERT_EQUAL(backend_script_connections(script), 1);
    tear_down();
}

static void a_stop_ends_all_and_says_what_was_sent(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    struct ended first, second;
    char why[300];
    set_up(acts, 1);
    target.connections = 1;
    for (int i = 0; i < 2; i++) {
        struct gw_client_request request = {.body = strdup(BODY), .body_bytes = strlen(BODY)};
        CU_ASSERT_EQUAL_FATAL(send_with(i ? &second : &first, &request, why, sizeof why), 0);
    }
    while (backend_script_executions(script) < 1)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    gw_client_stop(client);
    CU_ASSERT_EQUAL(first.count, 1);
    CU_ASSERT_EQUAL(first.end, GW_CLIENT_STOPPED);
    CU_ASSERT_TRUE(first.was_sent);
    CU_ASSERT_EQUAL(second.count, 1);
    CU_ASSERT_EQUAL(second.end, GW_CLIENT_STOPPED);
    CU_ASSERT_FALSE(second.was_sent);
    client = NULL;
    tear_down();
}

static void memory_of_all_together_is_bounded(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    static struct ended ended[64];
    char why[300] = "";
    int sent = 0, result = 0;
    set_up(acts, 1);
    target.connections = 1;
    while (sent < 64 && result == 0) {
        struct gw_client_request request = {.body = calloc(1, 256 * 1024),
                                            .body_bytes = 256 * 1024};
        result = send_with(&ended[sent], &request, why, sizeof why);
        if (result == 0)
            sent++;
        else
            free(request.body);
    }
    CU_ASSERT_EQUAL(result, -1);
    CU_ASSERT_EQUAL(sent, 15);
    ASSERT_CONTAINS(why, "limits.memory");
    gw_client_stop(client);
    client = NULL;
    for (int i = 0; i < sent; i++)
        CU_ASSERT_EQUAL(ended[i].count, 1);
    tear_down();
}

/* A name server that doesn't answer, for names that begin with "slow". In the place of libc's. */
static pthread_mutex_t slow = PTHREAD_MUTEX_INITIALIZER;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    typedef int look_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    look_fn *look;
    *(void **)&look = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && strncmp(node, "slow", 4) == 0) {
        pthread_mutex_lock(&slow);
        pthread_mutex_unlock(&slow);
        return EAI_AGAIN;
    }
    return look(node, service, hints, found);
}

static void a_name_that_isnt_found_holds_up_nobody(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 1);
    pthread_mutex_lock(&slow);
    call_with(&ended, (struct gw_client_request){.url = "http://slow.test/", .timeout_ms = 100});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    call(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    pthread_mutex_unlock(&slow);
    tear_down();
}

/* Its backlog is full: no connection is refused, and none comes about. */
static void a_backend_that_is_off_is_unreached_soon(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof address;
    int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), full[3];
    struct ended ended;
    char off[64];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL(bind(deaf, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(listen(deaf, 0), 0);
    CU_ASSERT_EQUAL(getsockname(deaf, (struct sockaddr *)&address, &bytes), 0);
    for (int i = 0; i < 3; i++) {
        full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(full[i], (struct sockaddr *)&address, sizeof address);
    }
    snprintf(off, sizeof off, "http://127.0.0.1:%u/", ntohs(address.sin_port));
    set_up(acts, 1);
    call_with(&ended, (struct gw_client_request){.url = off, .timeout_ms = 3600000});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    for (int i = 0; i < 3; i++)
        close(full[i]);
    close(deaf);
    tear_down();
}

static bool send_short(unsigned number, bool lasts)
{
    static const struct gw_header headers[] = {{"SOAPAction", "\"\""}, {NULL, NULL}};
    struct gw_client_request request = {.headers = headers, .password = "p"};
    struct ended ended;
    char why[300] = "";
    bool failed;
    int result;
    request.body = strdup(BODY);
    request.body_bytes = strlen(BODY);
    shortage_begin(number, lasts);
    result = send_with(&ended, &request, why, sizeof why);
    failed = shortage_end();
    if (result == 0) {
        await_end(&ended);
        CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    } else {
        CU_ASSERT(*why);
        free(request.body);
    }
    return failed;
}

static void without_memory_nothing_is_sent(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    set_up(acts, 1);
    CU_ASSERT(shortage_sweep(send_short) > 0);
    tear_down();
    CU_ASSERT_EQUAL(config.references, 1);
}

/* ---- connections ---- */

static void no_proxy_of_the_environment_is_asked(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    set_up(acts, 1);
    call(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    tear_down();
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void a_connection_is_used_again_for_as_long_as_it_may(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, OK, 0}};
    struct ended ended;
    set_up(acts, 1);
    call(&ended);
    call(&ended);
    CU_ASSERT_EQUAL(backend_script_connections(script), 1);
    target.keepalive_ms = 0;
    call(&ended);
    call(&ended);
    CU_ASSERT_EQUAL(backend_script_connections(script), 3);
    tear_down();
}

static void sockets_have_high_numbers(void)
{
    int low = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), high = gw_descriptor_raise(low);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur > GW_DESCRIPTOR_LEAST)
        CU_ASSERT(high >= GW_DESCRIPTOR_LEAST);
    CU_ASSERT_EQUAL(gw_descriptor_raise(high), high);
    CU_ASSERT(fcntl(high, F_GETFD) & FD_CLOEXEC);
    close(high);
}

CU_TestInfo gateway_tests_client[] = {
    {"a backend that hangs up executes once", a_backend_that_hangs_up_executes_once},
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
    {"redirects are answers", redirects_are_answers},
    {"fields go along, and none begins in another", fields_go_along_and_none_begins_in_another},
    {"an answer over its limit is too large", an_answer_over_its_limit_is_too_large},
    {"packed answers are bounded once unpacked", packed_answers_are_bounded_once_unpacked},
    {"heads of answers are bounded", heads_are_bounded},
    {"an answer before the end of the body counts", an_answer_before_the_end_of_the_body_counts},
    {"a closed port is unreached", a_closed_port_is_unreached},
    {"what is no URL is refused at once", what_is_no_url_is_refused_at_once},
    {"silence ends at the deadline", silence_ends_at_the_deadline},
    {"who waits for a connection has a deadline", who_waits_for_a_connection_has_a_deadline},
    {"a stop ends all, and says what was sent", a_stop_ends_all_and_says_what_was_sent},
    {"memory of all together is bounded", memory_of_all_together_is_bounded},
    {"a backend that is off is unreached soon", a_backend_that_is_off_is_unreached_soon},
    {"without memory nothing is sent", without_memory_nothing_is_sent},
    {"a name that isn't found holds up nobody", a_name_that_isnt_found_holds_up_nobody},
    {"no proxy of the environment is asked", no_proxy_of_the_environment_is_asked},
    {"a connection is used again for as long as it may",
     a_connection_is_used_again_for_as_long_as_it_may},
    {"sockets have high numbers", sockets_have_high_numbers},
    CU_TEST_INFO_NULL,
};
