/* Messages over the stanza limit: in pieces, both ways, through both servers, and broken on
 * purpose.
 */
#include "soapH.h"
#include "laboratory.h"

#include <pthread.h>

#include "../lib/proxy.h"
#include "../lib/suite.h"

enum { BIG_BYTES = 3 << 20 };

/* What a progress callback has seen. */
struct watch {
    pthread_mutex_t mu;
    size_t done[2], size[2]; /* [is_outgoing] */
    unsigned calls;
    bool fell;
    struct proxy *cut; /* once a third is there; NULL: no more */
};

static void watch_progress(void *user, const struct soap_xmpp_progress *progress)
{
    struct watch *watch = user;
    int way = progress->is_outgoing != 0;
    pthread_mutex_lock(&watch->mu);
    watch->fell |=
        progress->done_bytes < watch->done[way] && progress->size_bytes == watch->size[way];
    watch->done[way] = progress->done_bytes;
    watch->size[way] = progress->size_bytes;
    watch->calls++;
    if (watch->cut && progress->done_bytes > progress->size_bytes / 3) {
        (void)proxy_cut_now(watch->cut);
        watch->cut = NULL;
    }
    pthread_mutex_unlock(&watch->mu);
}

/* A caller and a service that reach their server through a proxy each. */
struct big {
    struct proxy *near, *far;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
    struct watch watch;
    const char *endpoint;
};

static struct soap_xmpp_link *open_through(const struct site *site, const struct proxy *proxy,
                                           const char *user, const char *resource,
                                           struct watch *watch, size_t max_message_bytes)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.port = proxy_port(proxy);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = 60000;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    account.config.max_message_bytes = max_message_bytes;
    account.config.progress_callback = watch ? watch_progress : NULL;
    account.config.progress_user = watch;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    return link;
}

static void big_open(struct big *big, const struct site *site, size_t service_max_bytes)
{
    memset(big, 0, sizeof *big);
    pthread_mutex_init(&big->watch.mu, NULL);
    big->near = proxy_start(site->port, NULL);
    big->far = proxy_start(site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(big->near);
    CU_ASSERT_PTR_NOT_NULL_FATAL(big->far);
    big->service = open_through(site, big->far, "bob", "soap", NULL, service_max_bytes);
    big->caller = open_through(site, big->near, "alice", "desk", &big->watch, 0);
    big->laboratory = laboratory_start(big->service, 4);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(big->service, -1), 0);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(big->caller, -1), 0);
    big->soap = laboratory_client(big->caller, SOAP_IO_DEFAULT);
    big->soap->connect_timeout = big->soap->send_timeout = big->soap->recv_timeout = 60;
    big->endpoint = site_endpoint(site, "bob", "soap");
}

static void big_close(struct big *big)
{
    laboratory_client_free(big->soap);
    CU_ASSERT_EQUAL(laboratory_stop(big->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(big->service);
    soap_xmpp_close(big->caller);
    proxy_stop(big->near);
    proxy_stop(big->far);
    pthread_mutex_destroy(&big->watch.mu);
}

/* Text that doesn't get smaller: six random bits a letter. */
static char *random_text(size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    char *text = malloc(len + 1);
    uint64_t state = 88172645463325252ULL;
    size_t i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text[i] = letters[state >> 58];
    }
    text[len] = '\0';
    return text;
}

static void say(struct big *big, char *text)
{
    char *said = NULL;
    int runs = laboratory_runs();
    int err = soap_call_lab__say(big->soap, big->endpoint, NULL, text, &said);
    if (err)
        printf("\n    %s", laboratory_fault(big->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(big->soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT(said && strcmp(said, text) == 0);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    soap_end(big->soap);
}

static void say_much(const struct site *site)
{
    struct big big;
    char *text = random_text(BIG_BYTES);
    big_open(&big, site, 0);
    say(&big, text);
    CU_ASSERT_EQUAL(big.watch.done[1], big.watch.size[1]);
    CU_ASSERT_EQUAL(big.watch.done[0], big.watch.size[0]);
    CU_ASSERT(big.watch.size[0] > BIG_BYTES / 2 && big.watch.size[0] < BIG_BYTES);
    CU_ASSERT(big.watch.calls > 100);
    CU_ASSERT_FALSE(big.watch.fell);
    big_close(&big);
    free(text);
}

static void a_call_and_its_answer_travel_in_pieces(void)
{
    site_each(say_much);
}

static void cut_the_caller(const struct site *site)
{
    struct big big;
    char *text = random_text(BIG_BYTES);
    big_open(&big, site, 0);
    big.watch.cut = big.near;
    say(&big, text);
    CU_ASSERT_PTR_NULL(big.watch.cut);
    big_close(&big);
    free(text);
}

static void a_big_call_outlives_its_callers_connection(void)
{
    site_each(cut_the_caller);
}

static void cut_the_service(const struct site *site)
{
    struct big big;
    char *text = random_text(BIG_BYTES);
    big_open(&big, site, 0);
    big.watch.cut = big.far;
    say(&big, text);
    CU_ASSERT_PTR_NULL(big.watch.cut);
    big_close(&big);
    free(text);
}

static void a_big_call_outlives_the_services_connection(void)
{
    site_each(cut_the_service);
}

static void exceed_the_service(const struct site *site)
{
    struct big big;
    char *text = random_text(BIG_BYTES), *said;
    int runs = laboratory_runs();
    big_open(&big, site, 1 << 20);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__say(big.soap, big.endpoint, NULL, text, &said), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(big.soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(big.soap), "1048576");
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    text[1000] = '\0';
    say(&big, text);
    big_close(&big);
    free(text);
}

static void a_service_refuses_what_is_over_its_limit(void)
{
    site_each(exceed_the_service);
}

CU_TestInfo tests_big[] = {
    {"a call and its answer travel in pieces", a_call_and_its_answer_travel_in_pieces},
    {"a big call outlives its caller's connection", a_big_call_outlives_its_callers_connection},
    {"a big call outlives the service's connection", a_big_call_outlives_the_services_connection},
    {"a service refuses what is over its limit", a_service_refuses_what_is_over_its_limit},
    CU_TEST_INFO_NULL,
};
