/* Classes of soapcpp2 -i, which are a struct soap each: an object for each thread accepts. And what
 * happens to those that are made of the struct soap that serves: it, not they, has the request. */
#include "stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"

/* ---- as docs/cplusplus.md has it ---- */

static void *accept_and_serve(void *arg)
{
    i::adderService *adder = static_cast<i::adderService *>(arg);
    while (soap_xmpp_accept(adder, 0) == SOAP_OK) {
        adder->serve();
        adder->destroy();
    }
    return NULL;
}

static void expect_sum(Stage *stage, int a, int b)
{
    i::adderProxy adder;
    int sum = 0;
    CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(&adder, soap_xmpp, stage->caller), SOAP_OK);
    CU_ASSERT_EQUAL(adder.add(stage_endpoint(stage, "").c_str(), NULL, a, b, &sum), SOAP_OK);
    ASSERT_TEXT(stage_fault(&adder).c_str(), "(no error)");
    CU_ASSERT_EQUAL(sum, a + b);
}

static void run_objects(const struct site *site)
{
    enum { THREADS = 2 };
    i::adderService *adders[THREADS];
    pthread_t threads[THREADS];
    Stage stage;
    int n;
    stage_open(&stage, site, NULL);
    for (n = 0; n < THREADS; n++) {
        adders[n] = new i::adderService;
        CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(adders[n], soap_xmpp, stage.service),
                              SOAP_OK);
        CU_ASSERT_EQUAL(soap_xmpp_accept(adders[n], -1), SOAP_TCP_ERROR);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[n], NULL, accept_and_serve, adders[n]), 0);
    }
    for (n = 0; n < 6; n++)
        expect_sum(&stage, n, 10);
    soap_xmpp_stop(stage.service, STAGE_TIMEOUT_S * 1000);
    for (n = 0; n < THREADS; n++) {
        pthread_join(threads[n], NULL);
        delete adders[n];
    }
    stage_close(&stage);
}

static void objects_accept(void)
{
    site_each(run_objects);
}

/* ---- made of what serves ---- */

static void serve_copy(struct soap *soap)
{
    i::adderService adder(*soap);
    adder.serve();
}

/* Who reads an Envelope without a class has a table that knows it: gSOAP 2.8.135 wants one. */
static int begin_serve(struct soap *soap)
{
    static const struct Namespace table[] = {
        {"SOAP-ENV", "http://schemas.xmlsoap.org/soap/envelope/",
         "http://www.w3.org/*/soap-envelope", NULL},
        {"SOAP-ENC", "http://schemas.xmlsoap.org/soap/encoding/",
         "http://www.w3.org/*/soap-encoding", NULL},
        {NULL, NULL, NULL, NULL},
    };
    soap_set_namespaces(soap, table);
    return soap_begin_serve(soap);
}

static void dispatch_copy(struct soap *soap)
{
    i::adderService adder(*soap);
    if (begin_serve(soap) == SOAP_OK && adder.dispatch())
        soap_send_fault(&adder);
}

static void begin_then_copy(struct soap *soap)
{
    if (begin_serve(soap))
        return;
    i::adderService adder(*soap);
    if (adder.dispatch())
        soap_send_fault(&adder);
}

static void serve_shared_copy(struct soap *soap)
{
    j::adderService adder(soap);
    struct soap *copy = soap_copy(soap);
    j::adderService other(copy);
    other.serve();
    soap_destroy(copy);
    soap_end(copy);
    soap_free(copy);
}

/* gSOAP's way to chain classes of -i: soap_copy_stream(). */
static void chain(struct soap *soap, i::adderService *adder)
{
    if (soap_begin_serve(soap))
        return;
    soap_copy_stream(adder, soap);
    if (adder->dispatch())
        soap_send_fault(adder);
    soap_free_stream(adder);
}

static struct soap_xmpp_link *chained; /* of the running test */

static void chain_with_plugin(struct soap *soap)
{
    i::adderService adder;
    if (soap_register_plugin_arg(&adder, soap_xmpp, chained) == SOAP_OK)
        chain(soap, &adder);
}

static void chain_without_plugin(struct soap *soap)
{
    i::adderService adder;
    chain(soap, &adder);
}

static void (*const wrong_ways[])(struct soap *) = {serve_copy,        dispatch_copy,
                                                    begin_then_copy,   serve_shared_copy,
                                                    chain_with_plugin, chain_without_plugin};
enum { WRONG_WAYS = sizeof wrong_ways / sizeof wrong_ways[0] };

static int wrong_way; /* of the running test, set before the call */

static int serve_wrongly(struct soap *soap)
{
    wrong_ways[wrong_way](soap);
    return SOAP_OK;
}

/* Standard output and input are files while a call is served wrongly. */
struct Streams {
    int in, out, written;
    char name[40];
};

static void streams_replace(Streams *streams)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    strcpy(streams->name, "/tmp/soapxmpp-cxx.XXXXXX");
    fflush(stdout);
    streams->in = dup(0);
    streams->out = dup(1);
    streams->written = mkstemp(streams->name);
    CU_ASSERT_FATAL(nothing >= 0 && streams->written >= 0);
    dup2(nothing, 0);
    dup2(streams->written, 1);
    close(nothing);
}

/* Returns what was written meanwhile. */
static std::string streams_restore(Streams *streams)
{
    char text[500] = "";
    fflush(stdout);
    dup2(streams->in, 0);
    dup2(streams->out, 1);
    ssize_t len = pread(streams->written, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    close(streams->in);
    close(streams->out);
    close(streams->written);
    unlink(streams->name);
    return text;
}

static void run_wrongly(const struct site *site)
{
    Stage stage;
    stage_open(&stage, site, NULL);
    chained = stage.service;
    stage_serve(&stage, serve_wrongly, 1);
    for (wrong_way = 0; wrong_way < WRONG_WAYS; wrong_way++) {
        j::adderProxy adder(stage.client);
        Streams streams;
        int sum, err;
        size_t told = stage_told(&stage).size();
        streams_replace(&streams);
        err = adder.add(stage_endpoint(&stage, "").c_str(), NULL, 1, 2, &sum);
        ASSERT_TEXT(streams_restore(&streams).c_str(), "");
        CU_ASSERT_EQUAL(err, 500);
        ASSERT_CONTAINS(stage_fault(stage.client).c_str(), "the request was not served");
        if (wrong_ways[wrong_way] != chain_without_plugin)
            ASSERT_CONTAINS(stage_told(&stage).c_str() + told,
                            "the request was accepted on the struct soap");
    }
    stage_close(&stage);
}

static void copies_have_no_request(void)
{
    site_each(run_wrongly);
}

/* ---- what copies are for ---- */

static int serve_by_calling(struct soap *soap)
{
    std::string endpoint = std::string("xmpp:cam2@") + static_cast<char *>(soap->user);
    j::adderService adder(soap);
    if (strncmp(soap_xmpp_to(soap), "cam1@", 5) == 0) {
        i::adderProxy other(*soap); /* a copy */
        int sum = 0;
        other.add(endpoint.c_str(), NULL, 20, 22, &sum);
        CU_ASSERT_EQUAL(sum, 42);
    }
    return adder.serve();
}

static void run_calling(const struct site *site)
{
    Stage stage;
    stage_open(&stage, site, NULL);
    stage.server->user = stage.domain;
    stage_serve(&stage, serve_by_calling, 2);
    expect_sum(&stage, 1, 2);
    stage_close(&stage);
}

static void copies_call(void)
{
    site_each(run_calling);
}

CU_TestInfo tests_objects[] = {
    {"objects of soapcpp2 -i accept and serve", objects_accept},
    {"one that is made of the struct soap that serves says why it can't", copies_have_no_request},
    {"it can call others", copies_call},
    CU_TEST_INFO_NULL,
};
