/* The descriptor of a link: readable while there is something to take or a call that is done. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_poll[];

#define PEER "alice@example.org/desk"

enum { LONG_MS = 60000, PAST = 1, CHILD_S = 60, MANY = 20000 };

static struct soap_xmpp_link *make_link(unsigned max_running)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[300] = "";
    soap_xmpp_config_init(&config);
    config.jid = "calc@example.org/soap";
    config.password = "secret";
    config.tls = SOAP_XMPP_TLS_OFF;
    config.host = "127.0.0.1";
    config.allow = "*";
    config.max_requests = 2 * MANY;
    config.max_calls = 2 * MANY;
    config.max_running = max_running;
    config.trace = SOAP_XMPP_TRACE_NONE;
    link = sx_link_new(&config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    return link;
}

static bool poll_for(struct soap_xmpp_link *link, int timeout_ms)
{
    struct pollfd fd = {soap_xmpp_fd(link), POLLIN, 0};
    CU_ASSERT_FATAL(fd.fd >= 0);
    return poll(&fd, 1, timeout_ms) == 1;
}

static bool is_readable(struct soap_xmpp_link *link)
{
    return poll_for(link, 0);
}

/* As the loop thread does. */
static void add_request(struct soap_xmpp_link *link, const char *from)
{
    struct sx_request *request = sx_request_new(from, "calc@example.org/soap", "1");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    request->envelope.bytes = strdup("<e/>");
    request->envelope.len = 4;
    request->envelope.version = 12;
    CU_ASSERT_EQUAL_FATAL(sx_queue_add(link->queue, request), SX_OK);
}

static struct soap_xmpp_call *begin_call(struct soap_xmpp_link *link, int64_t deadline)
{
    struct soap_xmpp_call *call;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(link->exchange, PEER, "add", PAST, &call), SX_OK);
    sx_link_ref(link); /* the call's */
    sx_exchange_detach(call, deadline, NULL);
    return call;
}

static void end_call(struct soap_xmpp_link *link, const char *id)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    CU_ASSERT_TRUE(sx_exchange_complete(link->exchange, PEER, id, &reply));
}

static bool take_one(struct soap_xmpp_link *link)
{
    struct soap_xmpp_request *request = soap_xmpp_take(link, 0, NULL);
    if (request)
        soap_xmpp_refuse(request, NULL);
    return request != NULL;
}

static bool wait_one(struct soap_xmpp_link *link)
{
    struct soap_xmpp_call *call = soap_xmpp_wait(link, 0);
    soap_xmpp_cancel(call);
    return call != NULL;
}

static void it_is_the_same_one_and_readable_for_nothing(void)
{
    struct soap_xmpp_link *link = make_link(0);
    int fd = soap_xmpp_fd(link);
    CU_ASSERT(fd >= 0);
    CU_ASSERT_EQUAL(soap_xmpp_fd(link), fd);
    CU_ASSERT_FALSE(is_readable(link));
    CU_ASSERT_FALSE(take_one(link));
    CU_ASSERT_FALSE(wait_one(link));
    CU_ASSERT_FALSE(is_readable(link));
    sx_link_unref(link);
    CU_ASSERT_EQUAL(soap_xmpp_fd(NULL), -1);
    CU_ASSERT_EQUAL(errno, EINVAL);
}

static void requests_count_from_the_first_take_on(void)
{
    struct soap_xmpp_link *link = make_link(0);
    sx_queue_open(link->queue);
    CU_ASSERT_FALSE(is_readable(link));
    add_request(link, PEER);
    CU_ASSERT_FALSE(is_readable(link));
    CU_ASSERT_TRUE(take_one(link));
    CU_ASSERT_FALSE(is_readable(link));
    add_request(link, PEER);
    add_request(link, PEER);
    CU_ASSERT_TRUE(is_readable(link));
    CU_ASSERT_TRUE(take_one(link));
    CU_ASSERT_TRUE(is_readable(link));
    CU_ASSERT_TRUE(take_one(link));
    CU_ASSERT_FALSE(is_readable(link));
    sx_link_unref(link);
}

static void what_waits_already_is_told_at_once(void)
{
    struct soap_xmpp_link *link = make_link(0);
    struct soap_xmpp_call *call;
    CU_ASSERT_FALSE(take_one(link));
    add_request(link, PEER);
    call = begin_call(link, SX_NEVER);
    end_call(link, sx_exchange_id(call));
    CU_ASSERT_TRUE(is_readable(link));
    CU_ASSERT_TRUE(take_one(link));
    CU_ASSERT_TRUE(is_readable(link));
    CU_ASSERT_TRUE(wait_one(link));
    CU_ASSERT_FALSE(is_readable(link));
    sx_link_unref(link);
}

/* They wait until one of their caller's has ended: a loop would spin. */
static void what_max_running_holds_back_is_not_told(void)
{
    struct soap_xmpp_link *link = make_link(1);
    struct soap_xmpp_request *request;
    CU_ASSERT_FALSE(take_one(link));
    CU_ASSERT_FALSE(is_readable(link));
    add_request(link, PEER);
    add_request(link, PEER);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = soap_xmpp_take(link, 0, NULL));
    CU_ASSERT_FALSE(is_readable(link));
    CU_ASSERT_FALSE(take_one(link));
    sx_queue_close(link->queue);
    CU_ASSERT_FALSE(is_readable(link)); /* the end isn't yet */
    soap_xmpp_refuse(request, NULL);
    CU_ASSERT_TRUE(is_readable(link));
    CU_ASSERT_TRUE(take_one(link));
    CU_ASSERT_TRUE(is_readable(link)); /* the end */
    sx_link_unref(link);
}

static void a_call_is_told_when_it_is_done(void)
{
    struct soap_xmpp_link *link = make_link(0);
    struct soap_xmpp_call *calls[2];
    CU_ASSERT_FALSE(is_readable(link));
    calls[0] = begin_call(link, SX_NEVER);
    calls[1] = begin_call(link, SX_NEVER);
    CU_ASSERT_FALSE(is_readable(link));
    end_call(link, sx_exchange_id(calls[1]));
    CU_ASSERT_TRUE(is_readable(link));
    CU_ASSERT_PTR_EQUAL(soap_xmpp_wait(link, 0), calls[1]);
    CU_ASSERT_FALSE(is_readable(link));
    end_call(link, sx_exchange_id(calls[0]));
    CU_ASSERT_TRUE(is_readable(link));
    soap_xmpp_cancel(calls[0]); /* unlooked at */
    CU_ASSERT_FALSE(is_readable(link));
    soap_xmpp_cancel(calls[1]);
    sx_link_unref(link);
}

/* Though nobody does anything by then. */
static void a_call_is_told_at_its_deadline(void)
{
    struct soap_xmpp_link *link = make_link(0);
    struct soap_xmpp_call *calls[3];
    int64_t now_us = sx_clock_now_us();
    int i;
    calls[0] = begin_call(link, now_us + 40000);
    CU_ASSERT(soap_xmpp_fd(link) >= 0); /* while one is under way */
    calls[1] = begin_call(link, now_us + 20000);
    calls[2] = begin_call(link, now_us + INT64_C(1000000) * 1000);
    for (i = 1; i >= 0; i--) {
        CU_ASSERT_TRUE(poll_for(link, LONG_MS));
        CU_ASSERT_PTR_EQUAL(soap_xmpp_wait(link, 0), calls[i]);
        CU_ASSERT(sx_clock_now_us() >= now_us + (i ? 20000 : 40000));
    }
    CU_ASSERT_FALSE(is_readable(link));
    for (i = 0; i < 3; i++)
        soap_xmpp_cancel(calls[i]);
    sx_link_unref(link);
}

/* The alarm is for a call that is gone: one look, and it is quiet. */
static void a_deadline_of_a_call_that_has_ended_costs_one_look(void)
{
    struct soap_xmpp_link *link = make_link(0);
    struct soap_xmpp_call *call;
    CU_ASSERT(soap_xmpp_fd(link) >= 0);
    call = begin_call(link, sx_clock_now_us() + 20000);
    soap_xmpp_cancel(call);
    call = begin_call(link, sx_clock_now_us() + INT64_C(1000000) * 1000);
    CU_ASSERT_TRUE(poll_for(link, LONG_MS));
    CU_ASSERT_FALSE(wait_one(link));
    CU_ASSERT_FALSE(is_readable(link));
    soap_xmpp_cancel(call);
    sx_link_unref(link);
}

/* It isn't interested in calls, of which this is the link's own. */
static void who_only_takes_looks_once_for_a_deadline(void)
{
    struct soap_xmpp_link *link = make_link(0);
    struct soap_xmpp_call *call;
    CU_ASSERT(soap_xmpp_fd(link) >= 0);
    call = begin_call(link, sx_clock_now_us() + 20000);
    sx_exchange_attach(call); /* so that it isn't told when it has ended */
    CU_ASSERT_TRUE(poll_for(link, LONG_MS));
    CU_ASSERT_FALSE(take_one(link));
    CU_ASSERT_FALSE(is_readable(link));
    soap_xmpp_cancel(call);
    sx_link_unref(link);
}

static void the_end_is_told_and_stays(void)
{
    struct soap_xmpp_link *link = make_link(0);
    int is_stopped = 0;
    CU_ASSERT_FALSE(is_readable(link));
    soap_xmpp_stop(link, 0); /* nobody has ever taken */
    CU_ASSERT_TRUE(is_readable(link));
    CU_ASSERT_PTR_NULL(soap_xmpp_take(link, -1, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 1);
    CU_ASSERT_TRUE(is_readable(link));
    soap_xmpp_close(link);
}

/* config.give_up: until a kick. */
static void a_link_that_has_given_up_is_told_to_who_takes(void)
{
    struct soap_xmpp_link *link = make_link(0);
    int is_stopped = 0;
    sx_queue_suspend(link->queue, "refused");
    CU_ASSERT_FALSE(is_readable(link));
    CU_ASSERT_PTR_NULL(soap_xmpp_take(link, -1, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 1);
    CU_ASSERT_TRUE(is_readable(link));
    soap_xmpp_kick(link);
    CU_ASSERT_FALSE(is_readable(link));
    CU_ASSERT_FALSE(take_one(link));
    sx_link_unref(link);
}

static void a_child_has_none(void)
{
    struct soap_xmpp_link *link = make_link(0);
    struct soap_xmpp_request *request;
    int status = 0;
    pid_t child;
    CU_ASSERT_FALSE(take_one(link));
    add_request(link, PEER);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = soap_xmpp_take(link, 0, NULL));
    child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        char why[100] = "";
        int is_stopped = 0;
        alarm(CHILD_S);
        if (soap_xmpp_fd(link) != -1 || errno != EINVAL || soap_xmpp_take(link, -1, &is_stopped) ||
            !is_stopped)
            suite_end_child(1);
        if (soap_xmpp_answer(request, NULL, 0, why, sizeof why) != -1 ||
            strcmp(why, "the link was opened before a fork") != 0 ||
            soap_xmpp_request_read(request, why, 1, why, sizeof why) != -1)
            suite_end_child(2);
        soap_xmpp_refuse(request, NULL);
        soap_xmpp_decline(request, NULL, NULL);
        suite_end_child(0);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(soap_xmpp_answer(request, NULL, 0, NULL, 0), 0);
    sx_link_unref(link);
}

/* ---- a loop ---- */

struct loop {
    struct soap_xmpp_link *link;
    atomic_ulong calls, requests, looks, empty_looks;
    atomic_bool is_late;
};

/* As a program with nothing but poll() does it. */
static void *run_loop(void *arg)
{
    struct loop *loop = arg;
    int is_stopped = 0;
    while (!is_stopped) {
        struct soap_xmpp_request *request;
        unsigned long found = 0;
        if (!poll_for(loop->link, LONG_MS)) {
            atomic_store(&loop->is_late, true);
            break;
        }
        while (wait_one(loop->link)) {
            atomic_fetch_add(&loop->calls, 1);
            found++;
        }
        while ((request = soap_xmpp_take(loop->link, 0, &is_stopped)) != NULL) {
            soap_xmpp_refuse(request, NULL);
            atomic_fetch_add(&loop->requests, 1);
            found++;
        }
        atomic_fetch_add(&loop->looks, 1);
        atomic_fetch_add(&loop->empty_looks, found == 0 && !is_stopped);
    }
    return NULL;
}

static void *add_requests(void *arg)
{
    struct loop *loop = arg;
    int i;
    for (i = 0; i < MANY; i++) {
        char from[64];
        snprintf(from, sizeof from, "user%d@example.org/x", i % 7);
        add_request(loop->link, from);
    }
    return NULL;
}

static void *make_calls(void *arg)
{
    struct loop *loop = arg;
    char id[SX_EXCHANGE_ID_BYTES];
    int i;
    for (i = 0; i < MANY; i++) {
        struct soap_xmpp_call *call;
        CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(loop->link->exchange, PEER, "add", PAST, &call),
                              SX_OK);
        snprintf(id, sizeof id, "%s", sx_exchange_id(call));
        sx_link_ref(loop->link);
        sx_exchange_detach(call, sx_clock_now_us() + INT64_C(1000000) * 1000, NULL);
        end_call(loop->link, id);
    }
    return NULL;
}

static void run(struct loop *loop, int loops)
{
    pthread_t threads[4];
    int i;
    *loop = (struct loop){.link = make_link(0)};
    CU_ASSERT_FALSE(take_one(loop->link));
    for (i = 0; i < loops; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, run_loop, loop), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[loops], NULL, add_requests, loop), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[loops + 1], NULL, make_calls, loop), 0);
    pthread_join(threads[loops], NULL);
    pthread_join(threads[loops + 1], NULL);
    sx_queue_close(loop->link->queue);
    for (i = 0; i < loops; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_FALSE(atomic_load(&loop->is_late));
    CU_ASSERT_EQUAL(atomic_load(&loop->requests), MANY);
    while (wait_one(loop->link)) /* the queue's end may have come before */
        atomic_fetch_add(&loop->calls, 1);
    CU_ASSERT_EQUAL(atomic_load(&loop->calls), MANY);
    sx_link_unref(loop->link);
}

static void a_loop_misses_nothing_and_never_looks_in_vain(void)
{
    struct loop loop;
    run(&loop, 1);
    CU_ASSERT_EQUAL(atomic_load(&loop.empty_looks), 0);
}

/* One may find that the other was faster, once for each of what it took. */
static void two_loops_miss_nothing(void)
{
    struct loop loop;
    run(&loop, 2);
    CU_ASSERT(atomic_load(&loop.looks) <= 4 * MANY + 2);
}

CU_TestInfo tests_poll[] = {
    {"it is the same one, and readable for nothing", it_is_the_same_one_and_readable_for_nothing},
    {"requests count from the first take on", requests_count_from_the_first_take_on},
    {"what waits already is told at once", what_waits_already_is_told_at_once},
    {"what max_running holds back is not told", what_max_running_holds_back_is_not_told},
    {"a call is told when it is done", a_call_is_told_when_it_is_done},
    {"a call is told at its deadline", a_call_is_told_at_its_deadline},
    {"a deadline of a call that has ended costs one look",
     a_deadline_of_a_call_that_has_ended_costs_one_look},
    {"who only takes looks once for a deadline", who_only_takes_looks_once_for_a_deadline},
    {"the end is told, and stays", the_end_is_told_and_stays},
    {"a link that has given up is told to who takes",
     a_link_that_has_given_up_is_told_to_who_takes},
    {"a child has none", a_child_has_none},
    {"a loop misses nothing, and never looks in vain",
     a_loop_misses_nothing_and_never_looks_in_vain},
    {"two loops miss nothing", two_loops_miss_nothing},
    CU_TEST_INFO_NULL,
};
