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

#include "base/descriptor.h"
#include "client_site.h"
#include "shortage.h"
#include "suite.h"

#define HALF "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 400\r\n\r\n<a/>"

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
    {"half a head",
     {BACKEND_LEAVES, "HTTP/1.1 200 CLIENT_SITE_OK\r\nContent-", 0},
     GW_CLIENT_LOST,
     false,
     1},
    {"a head",
     {BACKEND_LEAVES, "HTTP/1.1 200 CLIENT_SITE_OK\r\nContent-Length: 9\r\n\r\n", 0},
     GW_CLIENT_LOST,
     false,
     1},
    {"half a body", {BACKEND_LEAVES, HALF, 0}, GW_CLIENT_LOST, false, 1},
    {"half a chunk",
     {BACKEND_LEAVES, "HTTP/1.1 200 CLIENT_SITE_OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n<a/>",
      0},
     GW_CLIENT_LOST,
     false,
     1},
    {"no last chunk",
     {BACKEND_LEAVES,
      "HTTP/1.1 200 CLIENT_SITE_OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<a/>\r\n", 0},
     GW_CLIENT_LOST,
     false,
     1},
    {"all", {BACKEND_LEAVES, CLIENT_SITE_OK, 0}, GW_CLIENT_ANSWERED, false, 1},
    {"no HTTP", {BACKEND_LEAVES, "SSH-2.0-x\r\n", 0}, GW_CLIENT_LOST, false, 1},
};

/* before: how many answers came by the same connection. More acts follow that would answer a second
 * attempt. */
static void try_phase(const struct phase *phase, size_t before)
{
    struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0},
                                 phase->act,
                                 {BACKEND_ANSWERS, CLIENT_SITE_OK, 0},
                                 {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    client_site_open(acts + (before ? 0 : 1), before ? 4 : 3);
    if (before)
        client_site_call(&ended);
    client_site_call(&ended);
    if (ended.end != phase->end && !(phase->may_be_unsent && !ended.was_sent))
        printf("\n%s, %zu before: ended as %d: %s\n", phase->name, before, ended.end, ended.why);
    if (phase->may_be_unsent && ended.end == GW_CLIENT_ANSWERED) {
        /* Nothing of the body had gone: to send it by another connection was right. */
        CU_ASSERT_EQUAL(backend_script_executions(client_site_script), before + 1);
    } else {
        CU_ASSERT(ended.end == phase->end ||
                  (phase->may_be_unsent && ended.end == GW_CLIENT_UNREACHED));
        CU_ASSERT_EQUAL(ended.was_sent, ended.end != GW_CLIENT_UNREACHED);
        CU_ASSERT_EQUAL(backend_script_executions(client_site_script), before + phase->executions);
        if (ended.end != GW_CLIENT_ANSWERED)
            CU_ASSERT(*ended.why);
    }
    client_site_close();
}

static void a_backend_that_hangs_up_executes_once(void)
{
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        try_phase(&phases[i], 0);
        try_phase(&phases[i], 1);
    }
}

/* ---- what is sent and taken ---- */

static void redirects_are_answers(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
         0},
        {BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    client_site_open(acts, 2);
    client_site_call(&ended);
    CU_ASSERT_EQUAL(ended.status, 307);
    CU_ASSERT_EQUAL(backend_script_requests(client_site_script), 1);
    client_site_close();
}

static void fields_go_along_and_none_begins_in_another(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    static const struct gw_header headers[] = {
        {"SOAPAction", "\"a\""}, {"X-Empty", ""}, {"X-Bad", "a\r\nX-Forged: b"}, {NULL, NULL}};
    struct client_site_end ended;
    const char *head;
    client_site_open(acts, 1);
    client_site_call_with(&ended, (struct gw_client_request){.headers = headers});
    head = backend_script_head(client_site_script, 0);
    ASSERT_CONTAINS(head, "POST /soap HTTP/1.1\r\n");
    ASSERT_CONTAINS(head, "SOAPAction: \"a\"\r\n");
    ASSERT_CONTAINS(head, "X-Empty:\r\n");
    ASSERT_LACKS(head, "X-Forged");
    ASSERT_LACKS(head, "Expect");
    ASSERT_TEXT(ended.type, "text/xml");
    client_site_close();
}

static void an_answer_over_its_limit_is_too_large(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_ANSWERS, "HTTP/1.1 200 CLIENT_SITE_OK\r\nContent-Length: 9\r\n\r\n123456789", 0},
        {BACKEND_LEAVES, "HTTP/1.1 200 CLIENT_SITE_OK\r\nConnection: close\r\n\r\n123456789", 0}};
    struct client_site_end ended;
    client_site_open(acts, 2);
    for (int i = 0; i < 2; i++) {
        client_site_call_with(&ended, (struct gw_client_request){.most_bytes = 8});
        CU_ASSERT_EQUAL(ended.end, GW_CLIENT_TOO_LARGE);
        CU_ASSERT_EQUAL(ended.status, 200);
        ASSERT_CONTAINS(ended.why, "8 bytes");
    }
    client_site_call_with(&ended, (struct gw_client_request){.most_bytes = 9});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.body_bytes, 9);
    client_site_close();
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
    struct client_site_end ended;
    int used;
    deflateInit2(&zip, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    CU_ASSERT_EQUAL(deflate(&zip, Z_FINISH), Z_STREAM_END);
    used = sprintf(
        text,
        "HTTP/1.1 200 CLIENT_SITE_OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
        zip.total_out);
    memcpy(text + used, packed, zip.total_out);
    acts[0].bytes = (size_t)used + zip.total_out;
    deflateEnd(&zip);
    client_site_open(acts, 1);
    client_site_call_with(&ended, (struct gw_client_request){.most_bytes = sizeof zeros - 1});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_TOO_LARGE);
    client_site_call_with(&ended, (struct gw_client_request){.most_bytes = sizeof zeros});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.body_bytes, sizeof zeros);
    client_site_close();
}

static void heads_are_bounded(void)
{
    static char text[20000];
    struct backend_act acts[] = {{BACKEND_LEAVES, text, 0}};
    struct client_site_end ended;
    int used = sprintf(text, "HTTP/1.1 200 CLIENT_SITE_OK\r\n");
    for (int i = 0; used < 15000; i++)
        used += sprintf(text + used, "X-%d: some value that is none\r\n", i);
    sprintf(text + used, "Content-Length: 0\r\n\r\n");
    client_site_open(acts, 1);
    client_site_call(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    ASSERT_CONTAINS(ended.why, "header");
    client_site_close();
}

/* nginx answers 413 when it has seen Content-Length, and reads on for a while. */
static void an_answer_before_the_end_of_the_body_counts(void)
{
    static const struct backend_act acts[] = {
        {BACKEND_INTERRUPTS,
         "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", 0}};
    struct gw_client_request request = {.body = calloc(1, 2000000), .body_bytes = 2000000};
    struct client_site_end ended;
    char why[300] = "";
    client_site_open(acts, 1);
    CU_ASSERT_EQUAL_FATAL(client_site_send(&ended, &request, why, sizeof why), 0);
    client_site_await(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(ended.status, 413);
    CU_ASSERT_EQUAL(backend_script_connections(client_site_script), 1);
    client_site_close();
}

static void a_closed_port_is_unreached(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    client_site_open(acts, 1);
    client_site_call_with(&ended, (struct gw_client_request){.url = "http://127.0.0.1:1/"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    CU_ASSERT_FALSE(ended.was_sent);
    client_site_call_with(&ended, (struct gw_client_request){.url = "http://nobody.invalid/"});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    client_site_close();
}

static void what_is_no_url_is_refused_at_once(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    static const char *const urls[] = {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"};
    struct client_site_end ended;
    char why[300], *body = strdup(CLIENT_SITE_BODY);
    client_site_open(acts, 1);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct gw_client_request request = {
            .url = urls[i], .body = body, .body_bytes = strlen(CLIENT_SITE_BODY)};
        *why = '\0';
        CU_ASSERT_EQUAL(client_site_send(&ended, &request, why, sizeof why), -1);
        CU_ASSERT(*why);
    }
    free(body);
    client_site_close();
}

/* ---- waits ---- */

static void silence_ends_at_the_deadline(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    struct client_site_end ended;
    client_site_open(acts, 1);
    client_site_call_with(&ended, (struct gw_client_request){.timeout_ms = 300});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_LOST);
    CU_ASSERT_TRUE(ended.was_sent);
    client_site_close();
}

/* The first holds the only connection for longer than the second has time. */
static void who_waits_for_a_connection_has_a_deadline(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    struct client_site_end first, second;
    struct gw_client_request request = {.timeout_ms = 5000};
    char why[300];
    client_site_open(acts, 1);
    client_site_target.connections = 1;
    request.body = strdup(CLIENT_SITE_BODY);
    request.body_bytes = strlen(CLIENT_SITE_BODY);
    CU_ASSERT_EQUAL_FATAL(client_site_send(&first, &request, why, sizeof why), 0);
    client_site_call_with(&second, (struct gw_client_request){.timeout_ms = 200});
    CU_ASSERT_EQUAL(second.end, GW_CLIENT_UNREACHED);
    CU_ASSERT_FALSE(second.was_sent);
    ASSERT_CONTAINS(second.why, "connections");
    client_site_await(&first);
    CU_ASSERT_EQUAL(backend_script_connections(client_site_script), 1);
    client_site_close();
}

static void a_stop_ends_all_and_says_what_was_sent(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    struct client_site_end first, second;
    char why[300];
    client_site_open(acts, 1);
    client_site_target.connections = 1;
    for (int i = 0; i < 2; i++) {
        struct gw_client_request request = {.body = strdup(CLIENT_SITE_BODY),
                                            .body_bytes = strlen(CLIENT_SITE_BODY)};
        CU_ASSERT_EQUAL_FATAL(client_site_send(i ? &second : &first, &request, why, sizeof why), 0);
    }
    while (backend_script_executions(client_site_script) < 1)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    client_site_stop_client();
    CU_ASSERT_EQUAL(first.count, 1);
    CU_ASSERT_EQUAL(first.end, GW_CLIENT_STOPPED);
    CU_ASSERT_TRUE(first.was_sent);
    CU_ASSERT_EQUAL(second.count, 1);
    CU_ASSERT_EQUAL(second.end, GW_CLIENT_STOPPED);
    CU_ASSERT_FALSE(second.was_sent);
    struct gw_client_request late = {.body = strdup(CLIENT_SITE_BODY), /* of a worker's */
                                     .body_bytes = strlen(CLIENT_SITE_BODY)};
    CU_ASSERT_EQUAL(client_site_send(&first, &late, why, sizeof why), -1);
    ASSERT_TEXT(why, "the gateway stops");
    free(late.body);
    client_site_close();
}

static void memory_of_all_together_is_bounded(void)
{
    static const struct backend_act acts[] = {{.step = BACKEND_STALLS}};
    static struct client_site_end ended[64];
    char why[300] = "";
    int sent = 0, result = 0;
    client_site_open(acts, 1);
    client_site_target.connections = 1;
    while (sent < 64 && result == 0) {
        struct gw_client_request request = {.body = calloc(1, 256 * 1024),
                                            .body_bytes = 256 * 1024};
        result = client_site_send(&ended[sent], &request, why, sizeof why);
        if (result == 0)
            sent++;
        else
            free(request.body);
    }
    CU_ASSERT_EQUAL(result, -1);
    CU_ASSERT_EQUAL(sent, 15);
    ASSERT_CONTAINS(why, "limits.memory");
    client_site_stop_client();
    for (int i = 0; i < sent; i++)
        CU_ASSERT_EQUAL(ended[i].count, 1);
    client_site_close();
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
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    client_site_open(acts, 1);
    pthread_mutex_lock(&slow);
    client_site_call_with(
        &ended, (struct gw_client_request){.url = "http://slow.test/", .timeout_ms = 100});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    client_site_call(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    pthread_mutex_unlock(&slow);
    client_site_close();
}

/* Its backlog is full: no connection is refused, and none comes about. */
static void a_backend_that_is_off_is_unreached_soon(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof address;
    int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), full[3];
    struct client_site_end ended;
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
    client_site_open(acts, 1);
    client_site_call_with(&ended, (struct gw_client_request){.url = off, .timeout_ms = 3600000});
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_UNREACHED);
    for (int i = 0; i < 3; i++)
        close(full[i]);
    close(deaf);
    client_site_close();
}

static bool send_short(unsigned number, bool lasts)
{
    static const struct gw_header headers[] = {{"SOAPAction", "\"\""}, {NULL, NULL}};
    struct gw_client_request request = {.headers = headers, .password = "p"};
    struct client_site_end ended;
    char why[300] = "";
    bool failed;
    int result;
    request.body = strdup(CLIENT_SITE_BODY);
    request.body_bytes = strlen(CLIENT_SITE_BODY);
    shortage_begin(number, lasts);
    result = client_site_send(&ended, &request, why, sizeof why);
    failed = shortage_end();
    if (result == 0) {
        client_site_await(&ended);
        CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    } else {
        CU_ASSERT(*why);
        free(request.body);
    }
    return failed;
}

static void without_memory_nothing_is_sent(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    client_site_open(acts, 1);
    CU_ASSERT(shortage_sweep(send_short) > 0);
    client_site_close();
    CU_ASSERT_EQUAL(client_site_config.references, 1);
}

/* ---- connections ---- */

static void no_proxy_of_the_environment_is_asked(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    client_site_open(acts, 1);
    client_site_call(&ended);
    CU_ASSERT_EQUAL(ended.end, GW_CLIENT_ANSWERED);
    client_site_close();
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void a_connection_is_used_again_for_as_long_as_it_may(void)
{
    static const struct backend_act acts[] = {{BACKEND_ANSWERS, CLIENT_SITE_OK, 0}};
    struct client_site_end ended;
    client_site_open(acts, 1);
    client_site_call(&ended);
    client_site_call(&ended);
    CU_ASSERT_EQUAL(backend_script_connections(client_site_script), 1);
    client_site_target.keepalive_ms = 0;
    client_site_call(&ended);
    client_site_call(&ended);
    CU_ASSERT_EQUAL(backend_script_connections(client_site_script), 3);
    client_site_close();
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
