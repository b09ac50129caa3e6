/* Classes of soapcpp2 whose calls are sent now and received later, and whose objects live longer
 * than a request, as in gSOAP's async and chaining samples. */
#include "stage.h"

#include "operations.h"

#include <memory>
#include <vector>

/* A proxy sets its table of namespaces as it is made. So those that share a struct soap are made
 * for each use. */
static j::adderProxy adder_of(const Stage &stage)
{
    return j::adderProxy(stage.client);
}

static t::turnerProxy turner_of(const Stage &stage)
{
    return t::turnerProxy(stage.client);
}

/* ---- sent now, received later ---- */

/* soap_ready() always says yes: the receive waits. */
static void run_halves(const struct site *site)
{
    Stage stage;
    char text[] = "abc", *turned = NULL;
    int i, sum = 0;
    stage_open(&stage, site, NULL);
    stage_serve(&stage, serve_both, 2);
    std::string endpoint = stage_endpoint(&stage, "");
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(adder_of(stage).send_add(endpoint.c_str(), NULL, i, 10), SOAP_OK);
        CU_ASSERT_EQUAL(soap_ready(stage.client), SOAP_OK);
        CU_ASSERT_EQUAL(adder_of(stage).recv_add(&sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, i + 10);
        CU_ASSERT_EQUAL(turner_of(stage).send_turn(endpoint.c_str(), NULL, text), SOAP_OK);
        CU_ASSERT_EQUAL(soap_ready(stage.client), SOAP_OK);
        CU_ASSERT_EQUAL(turner_of(stage).recv_turn(&turned), SOAP_OK);
        ASSERT_TEXT(turned, "cba");
        CU_ASSERT_EQUAL(adder_of(stage).send_add(endpoint.c_str(), NULL, 0x7FFFFFFF, 1), SOAP_OK);
        CU_ASSERT_EQUAL(adder_of(stage).recv_add(&sum), SOAP_CLI_FAULT);
        ASSERT_CONTAINS(stage_fault(stage.client).c_str(), "the sum is too large");
    }
    stage_close(&stage);
}

static void calls_are_split(void)
{
    site_each(run_halves);
}

/* Proxies of -j with a struct soap each, and of -i, which are one. */
static void run_several(const struct site *site)
{
    enum { SEVERAL = 4 };
    Stage stage;
    int n, sum = 0;
    stage_open(&stage, site, NULL);
    stage_serve(&stage, serve_both, 2);
    std::string endpoint = stage_endpoint(&stage, "");
    std::vector<std::unique_ptr<j::adderProxy>> shared;
    std::vector<std::unique_ptr<i::adderProxy>> own;
    for (n = 0; n < SEVERAL; n++) {
        shared.emplace_back(new j::adderProxy);
        own.emplace_back(new i::adderProxy);
        CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(shared[n]->soap, soap_xmpp, stage.caller),
                              SOAP_OK);
        CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(own[n].get(), soap_xmpp, stage.caller),
                              SOAP_OK);
        CU_ASSERT_EQUAL(shared[n]->send_add(endpoint.c_str(), NULL, n, 100), SOAP_OK);
        CU_ASSERT_EQUAL(own[n]->send_add(endpoint.c_str(), NULL, n, 200), SOAP_OK);
    }
    for (n = SEVERAL - 1; n >= 0; n--) {
        CU_ASSERT_EQUAL(own[n]->recv_add(&sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, n + 200);
        CU_ASSERT_EQUAL(shared[n]->recv_add(&sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, n + 100);
    }
    shared.clear(); /* before the link */
    own.clear();
    stage_close(&stage);
}

static void several_are_under_way(void)
{
    site_each(run_several);
}

/* Both proxies share a struct soap, which has one call under way: so it gives them away. */
static void run_given_away(const struct site *site)
{
    Stage stage;
    char text[] = "abc", *turned = NULL;
    int sum = 0;
    stage_open(&stage, site, NULL);
    stage_serve(&stage, serve_both, 2);
    std::string endpoint = stage_endpoint(&stage, "");
    CU_ASSERT_EQUAL(adder_of(stage).send_add(endpoint.c_str(), NULL, 1, 2), SOAP_OK);
    struct soap_xmpp_call *addition = soap_xmpp_detach(stage.client);
    CU_ASSERT_EQUAL(turner_of(stage).send_turn(endpoint.c_str(), NULL, text), SOAP_OK);
    struct soap_xmpp_call *turn = soap_xmpp_detach(stage.client);
    CU_ASSERT_EQUAL(soap_xmpp_attach(stage.client, turn), SOAP_OK);
    CU_ASSERT_EQUAL(turner_of(stage).recv_turn(&turned), SOAP_OK);
    ASSERT_TEXT(turned, "cba");
    CU_ASSERT_EQUAL(soap_xmpp_attach(stage.client, addition), SOAP_OK);
    CU_ASSERT_EQUAL(adder_of(stage).recv_add(&sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    stage_close(&stage);
}

static void calls_are_given_away(void)
{
    site_each(run_given_away);
}

/* ---- objects that live longer ---- */

/* Made once of the struct soap that accepts. */
static void *accept_and_chain(void *arg)
{
    struct soap *soap = static_cast<struct soap *>(arg);
    j::adderService adder(soap);
    t::turnerService turner(soap);
    while (soap_xmpp_accept(soap, 0) == SOAP_OK) {
        if (soap_begin_serve(soap) == SOAP_OK) {
            if (adder.dispatch() == SOAP_NO_METHOD)
                turner.dispatch();
            if (soap->error)
                soap_send_fault(soap);
        }
        soap_destroy(soap);
        soap_end(soap);
    }
    return NULL;
}

static void run_long_lived(const struct site *site)
{
    Stage stage;
    pthread_t thread;
    char text[] = "abc", *turned = NULL;
    int i, sum = 0;
    stage_open(&stage, site, NULL);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_listen(stage.server), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, accept_and_chain, stage.server), 0);
    std::string endpoint = stage_endpoint(&stage, "");
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(turner_of(stage).turn(endpoint.c_str(), NULL, text, &turned), SOAP_OK);
        ASSERT_TEXT(turned, "cba");
        CU_ASSERT_EQUAL(adder_of(stage).add(endpoint.c_str(), NULL, 0x7FFFFFFF, 1, &sum),
                        SOAP_CLI_FAULT);
        CU_ASSERT_EQUAL(adder_of(stage).add(endpoint.c_str(), NULL, i, 5, &sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, i + 5);
    }
    soap_xmpp_stop(stage.service, STAGE_TIMEOUT_S * 1000);
    pthread_join(thread, NULL);
    stage_close(&stage);
}

static void objects_live_longer(void)
{
    site_each(run_long_lived);
}

CU_TestInfo tests_async[] = {
    {"proxies send, and receive after other work", calls_are_split},
    {"several proxies have calls under way, received in any order", several_are_under_way},
    {"proxies that share a struct soap have some under way, too", calls_are_given_away},
    {"service objects that live longer than a request answer in turn", objects_live_longer},
    CU_TEST_INFO_NULL,
};
