/* Posted calls at their bounds: too many, too large, with short memory, by several threads. */
#include <pthread.h>

#include "preparation_fixture.h"

extern CU_TestInfo tests_preparation_bounds[];

/* ---- bounds ---- */

static void no_more_than_max_calls_are_under_way(void)
{
    struct soap_xmpp_config config;
    const struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *calls[2];
    responder_configure(&config);
    config.max_calls = 2;
    start(&config);
    calls[0] = post_it(&post);
    calls[1] = post_it(&post);
    expect_refusal(&post, "2 calls are under way already (max_calls)");
    soap_xmpp_cancel(calls[0]);
    calls[0] = post_it(&post);
    soap_xmpp_cancel(calls[0]);
    soap_xmpp_cancel(calls[1]);
    teardown();
}

static void what_waits_is_counted_in_the_memory(void)
{
    struct sx_memory_counts counts;
    struct sx_charge charge = {0};
    const struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct sx_memory *memory;
    setup();
    memory = sx_session_memory(responder.link->session);
    sx_memory_count(memory, &counts);
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_CALL, "mallory@example.net",
                                  counts.free_bytes[SX_MEMORY_CALL], &charge));
    expect_refusal(&post, "max_memory_bytes");
    sx_memory_give(&charge);
    CU_ASSERT_EQUAL(held_bytes(), 0);
    teardown();
}

static void what_is_wrong_is_said(void)
{
    struct soap_xmpp_post post;
    char why[400] = "";
    setup();
    CU_ASSERT_PTR_NULL(soap_xmpp_post(NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "there is no link");
    CU_ASSERT_PTR_NULL(soap_xmpp_post(responder.link, NULL, NULL, 0));
    post = make_post(NULL);
    expect_refusal(&post, "no endpoint");
    post = make_post("http://example.org");
    expect_refusal(&post, "http://example.org");
    post = make_post("xmpp:" PEER);
    post.envelope = NULL;
    expect_refusal(&post, "no envelope");
    post = make_post("xmpp:" PEER);
    post.envelope_bytes = 0;
    expect_refusal(&post, "the envelope can't be carried: byte 0: it is empty");
    post = make_post("xmpp:" PEER);
    post.size = 3;
    expect_refusal(&post, "soap_xmpp_post_init()");
    post.size = sizeof post + sizeof(void *);
    expect_refusal(&post, "later version");
    CU_ASSERT_EQUAL(soap_xmpp_call_end(NULL), SOAP_XMPP_END_BAD);
    ASSERT_TEXT(soap_xmpp_call_condition(NULL), "");
    CU_ASSERT_EQUAL(soap_xmpp_call_read(NULL, why, sizeof why, NULL, 0), 0);
    teardown();
}

static void expect_condition(struct soap_xmpp_post post, const char *condition)
{
    const char *told = "nothing";
    post.condition = &told;
    CU_ASSERT_PTR_NULL(soap_xmpp_post(responder.link, &post, NULL, 0));
    ASSERT_TEXT(told, condition);
}

/* For a program that answers others itself. */
static void a_refusal_has_a_condition(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    const char *told = "nothing";
    struct soap_xmpp_call *call;
    setup();
    post.condition = &told;
    soap_xmpp_cancel(post_it(&post));
    ASSERT_TEXT(told, "");
    expect_condition(make_post("xmpp:"), "jid-malformed");
    expect_condition(make_post(NULL), "bad-request");
    post.envelope_bytes = 20;
    expect_condition(post, "bad-request");
    post = make_post("xmpp:" PEER);
    while (soap_xmpp_post(responder.link, &post, NULL, 0))
        ;
    expect_condition(post, "resource-constraint");
    soap_xmpp_stop(responder.link, 0);
    while ((call = soap_xmpp_wait(responder.link, 0)) != NULL)
        soap_xmpp_cancel(call);
    expect_condition(make_post("xmpp:" PEER), "service-unavailable");
    post = make_post("xmpp:" PEER);
    post.condition = &told;
    told = NULL;
    CU_ASSERT_PTR_NULL(soap_xmpp_post(NULL, &post, NULL, 0));
    ASSERT_TEXT(told, "service-unavailable");
    CU_ASSERT_PTR_NULL(soap_xmpp_post(NULL, NULL, NULL, 0));
    teardown();
}

/* ---- short memory ---- */

/* Whatever fails: the call ends, or goes out, and nothing is lost. */
static bool attempt_post(struct shortage shortage)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    char why[400] = "";
    bool has_failed;
    setup();
    post.traceparent = TRACE;
    post.action = "urn:add";
    shortage_begin(shortage);
    call = soap_xmpp_post(responder.link, &post, why, sizeof why);
    has_failed = shortage_end();
    if (!call)
        CU_ASSERT(has_failed && *why);
    step();
    if (call && *find_id("get", ""))
        describe(PEER, PACKS);
    soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(post, 5)

static bool attempt_step(struct shortage shortage)
{
    struct soap_xmpp_call *call;
    bool has_failed;
    int i;
    setup_with_presence();
    come(ACCOUNT "/a", false);
    come(ACCOUNT "/b", true);
    call = post_to("xmpp:" ACCOUNT);
    shortage_begin(shortage);
    (void)sx_preparation_step(&responder.link->preparation, 1);
    has_failed = shortage_end();
    if (responder.posted.failed) /* the question is lost here */
        forget();
    for (i = 0; i < 5 && !*find_id("set", ""); i++) {
        if (*find_id("get", ACCOUNT "/b"))
            describe(ACCOUNT "/b", PACKS);
        else if (*find_id("get", ACCOUNT "/soap")) /* the list of resources found no memory */
            describe(ACCOUNT "/soap", PACKS);
        pass(SX_QUERY_FIRST_US); /* the question may be what found no memory */
        step();
    }
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT), 1);
    soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(step, 3)

static bool attempt_send(struct shortage shortage)
{
    struct soap_xmpp_call *call;
    bool has_failed;
    setup();
    call = post_to("xmpp:" PEER);
    step();
    say(PEER, "result", find_id("get", ""), PACKS);
    shortage_begin(shortage);
    (void)sx_preparation_step(&responder.link->preparation, 1);
    has_failed = shortage_end();
    pass(50000);
    step();
    if (!*find_id("set", ""))
        expect_end(call, SOAP_XMPP_END_BAD, SOAP_XMPP_NOT_EXECUTED, "memory");
    else
        soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(send, 3)

/* ---- threads ---- */

static void drop_stanza(void *user, uint64_t session, char *stanza, size_t len)
{
    (void)user, (void)session, (void)len;
    free(stanza);
}

enum { THREADS = 3, POSTS = 200 };

/* Whom soap_xmpp_wait() has given a call owns it: none is cancelled that another thread may take.
 */
static pthread_mutex_t taking = PTHREAD_MUTEX_INITIALIZER;

static void post_and_cancel(const struct soap_xmpp_post *post)
{
    pthread_mutex_lock(&taking);
    soap_xmpp_cancel(soap_xmpp_post(responder.link, post, NULL, 0));
    pthread_mutex_unlock(&taking);
}

static struct soap_xmpp_call *take_done(void)
{
    struct soap_xmpp_call *call;
    pthread_mutex_lock(&taking);
    call = soap_xmpp_wait(responder.link, 0);
    pthread_mutex_unlock(&taking);
    return call;
}

/* Posts, and cancels at once or takes whatever is done. */
static void *post_and_go(void *user)
{
    const struct soap_xmpp_post post = make_post(user);
    struct soap_xmpp_call *call;
    char bytes[100];
    int i;
    for (i = 0; i < POSTS; i++) {
        if (i % 3 == 0)
            post_and_cancel(&post);
        else
            (void)soap_xmpp_post(responder.link, &post, NULL, 0);
        call = take_done();
        if (call && soap_xmpp_call_end(call) == SOAP_XMPP_END_ANSWER)
            while (soap_xmpp_call_read(call, bytes, sizeof bytes, NULL, 0) > 0)
                ;
        soap_xmpp_cancel(call);
    }
    return NULL;
}

/* The loop's part is played here, with sessions that come and go. */
static void threads_post_while_the_loop_goes_on(void)
{
    static char endpoints[THREADS][100] = {"xmpp:" PEER, "xmpp:" OTHER, "xmpp:" ACCOUNT};
    struct soap_xmpp_config config;
    struct soap_xmpp_call *call;
    pthread_t threads[THREADS];
    int i;
    responder_configure(&config);
    config.presence = 1;
    responder_start(&responder, &config);
    sx_roster_begin(responder.link->roster, sx_clock_now_us());
    posted_take(sx_session_loop(responder.link->session), drop_stanza, NULL);
    go_online();
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, post_and_go, endpoints[i]), 0);
    for (i = 0; i < 300; i++) {
        const struct sx_reply reply = {.err = SX_ESTANZA};
        (void)sx_preparation_step(&responder.link->preparation, 1);
        (void)sx_preparation_take_answer(&responder.link->preparation, PEER, "no", &reply);
        sx_preparation_note_available(&responder.link->preparation, ACCOUNT "/a");
        if (i % 50 == 20)
            sx_features_put(responder.link->features, i % 100 < 50 ? PEER : OTHER, "x\0",
                            sx_clock_now_us());
        if (i % 50 == 49) {
            go_offline();
            go_online();
        }
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    sx_exchange_stop(responder.link->exchange, SX_ESTOPPED, "stop");
    while ((call = soap_xmpp_wait(responder.link, 0)) != NULL)
        soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    responder_stop(&responder);
}

CU_TestInfo tests_preparation_bounds[] = {
    {"no more than max_calls are under way", no_more_than_max_calls_are_under_way},
    {"what waits is counted in the memory", what_waits_is_counted_in_the_memory},
    {"a refusal has a condition", a_refusal_has_a_condition},
    {"what is wrong is said", what_is_wrong_is_said},
    {"short memory: posting", test_post},
    {"short memory: a turn", test_step},
    {"short memory: sending", test_send},
    {"threads post while the loop goes on", threads_post_while_the_loop_goes_on},
    CU_TEST_INFO_NULL,
};
