/* A process that was forked after the links were opened: what it asks of them fails at once, and
 * its parent doesn't notice. */
#include "ground.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exchange/table.h"
#include "link/link.h"

#define FORKED "the link was opened before a fork"

enum { CHILD_S = 20, FORKS = 20 };

/* Runs in a child; 0: all is well. One that hangs is ended by its alarm. Forked in a moment in
 * which another thread of the parent's is in the table of calls, as far as the child can see. */
static void fork_and(int (*run)(struct soap *soap), struct soap *soap)
{
    pthread_mutex_t *mu = &sx_link_exchange(ground.near)->mu;
    int status = -1;
    pid_t child;
    pthread_mutex_lock(mu);
    child = fork();
    if (child != 0)
        pthread_mutex_unlock(mu);
    if (child == 0) {
        alarm(CHILD_S);
        suite_end_child(run(soap));
    }
    CU_ASSERT_TRUE_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
}

static int call_in_child(struct soap *soap)
{
    double sum;
    soap->connect_timeout = soap->recv_timeout = 10 * CHILD_S;
    if (soap_call_calc__add(soap, CALC, NULL, 1, 2, &sum) != SOAP_USER_ERROR)
        return 1;
    if (soap_xmpp_outcome(soap) != SOAP_XMPP_NOT_EXECUTED)
        return 2;
    if (!strstr(ground_fault(soap), CALC) || !strstr(ground_fault(soap), FORKED))
        return 3;
    ground_free(soap);
    soap_xmpp_close(ground.near);
    soap_xmpp_close(ground.far);
    return 0;
}

static void calls_fail_at_once(void)
{
    int i;
    for (i = 0; i < FORKS; i++) {
        fork_and(call_in_child, ground.client);
        ASSERT_ADD(ground.client, CALC, i, 1);
    }
}

static int receive_in_child(struct soap *soap)
{
    double sum;
    soap->recv_timeout = 10 * CHILD_S;
    if (soap_recv_calc__add(soap, &sum) != SOAP_USER_ERROR)
        return 1;
    if (!strstr(ground_fault(soap), FORKED))
        return 2;
    if (soap_xmpp_outcome(soap) != SOAP_XMPP_UNKNOWN)
        return 3;
    ground_free(soap);
    return 0;
}

static int detach_in_child(struct soap *soap)
{
    if (soap_xmpp_detach(soap))
        return 1;
    ground_free(soap);
    return 0;
}

static void calls_under_way_are_the_parents(void)
{
    double sum = 0;
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    fork_and(receive_in_child, ground.client);
    fork_and(detach_in_child, ground.client);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

static struct soap_xmpp_call *call;

static int attach_in_child(struct soap *soap)
{
    if (strcmp(soap_xmpp_call_peer(call), "calc@example.org/soap") != 0)
        return 3;
    if (soap_xmpp_attach(soap, call) == SOAP_OK)
        return 1;
    return strstr(ground_fault(soap), FORKED) ? 0 : 2;
}

static int cancel_in_child(struct soap *soap)
{
    (void)soap;
    soap_xmpp_cancel(call);
    return 0;
}

static void detached_calls_are_the_parents(void)
{
    double sum = 0;
    CU_ASSERT_EQUAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call = soap_xmpp_detach(ground.client));
    fork_and(attach_in_child, ground.client);
    fork_and(cancel_in_child, ground.client);
    CU_ASSERT_EQUAL(soap_xmpp_attach(ground.client, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

static int serve_in_child(struct soap *soap)
{
    if (soap_xmpp_serve(soap, soap_serve, 2) != SOAP_USER_ERROR)
        return 1;
    if (!strstr(ground_fault(soap), "soap_xmpp_serve: " FORKED))
        return 2;
    if (soap_xmpp_accept(soap, 0) != SOAP_USER_ERROR)
        return 3;
    if (!strstr(ground_fault(soap), "soap_xmpp_accept: " FORKED))
        return 4;
    if (soap_xmpp_listen(soap) != SOAP_USER_ERROR)
        return 5;
    if (!strstr(ground_fault(soap), "soap_xmpp_listen: " FORKED))
        return 6;
    soap_xmpp_stop(ground.far, -1);
    ground_free(soap);
    return 0;
}

static void a_child_serves_nobody(void)
{
    struct soap *soap = ground_context(ground.far, SOAP_IO_DEFAULT);
    fork_and(serve_in_child, soap);
    ground_free(soap);
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

CU_TestInfo tests_fork[] = {
    {"a call in a child fails at once", calls_fail_at_once},
    {"a call under way is the parent's", calls_under_way_are_the_parents},
    {"a detached call is the parent's", detached_calls_are_the_parents},
    {"a child serves nobody", a_child_serves_nobody},
    CU_TEST_INFO_NULL,
};
