/* Classes of soapcpp2 -j, which share the struct soap that serves: several services at one link. */
#include "stage.h"

#include "operations.h"

#include <string.h>

static int serve_adder(struct soap *soap)
{
    j::adderService adder(soap);
    return adder.serve();
}

static void expect_sum(Stage *stage, const char *rest, int a, int b)
{
    j::adderProxy adder(stage->client);
    int sum = 0;
    CU_ASSERT_EQUAL(adder.add(stage_endpoint(stage, rest).c_str(), NULL, a, b, &sum), SOAP_OK);
    ASSERT_TEXT(stage_fault(stage->client).c_str(), "(no error)");
    CU_ASSERT_EQUAL(sum, a + b);
}

static void expect_turned(Stage *stage, const char *text, const char *turned)
{
    t::turnerProxy turner(stage->client);
    char *answer = NULL;
    CU_ASSERT_EQUAL(
        turner.turn(stage_endpoint(stage, "").c_str(), NULL, const_cast<char *>(text), &answer),
        SOAP_OK);
    ASSERT_TEXT(stage_fault(stage->client).c_str(), "(no error)");
    ASSERT_TEXT(answer, turned);
}

static void run_alone(const struct site *site)
{
    Stage stage;
    stage_open(&stage, site, NULL);
    stage_serve(&stage, serve_adder, 2);
    expect_sum(&stage, "", 1, 2);
    expect_sum(&stage, "", 30, 4);
    stage_close(&stage);
}

static void one_serves(void)
{
    site_each(run_alone);
}

static void run_both(const struct site *site)
{
    Stage stage;
    int sum = 0, i;
    stage_open(&stage, site, NULL);
    stage_serve(&stage, serve_both, 2);
    for (i = 0; i < 4; i++) {
        expect_sum(&stage, "", i, 2);
        expect_turned(&stage, "abc", "cba");
    }
    j::adderProxy adder(stage.client);
    CU_ASSERT_EQUAL(adder.add(stage_endpoint(&stage, "").c_str(), NULL, 0x7FFFFFFF, 1, &sum),
                    SOAP_CLI_FAULT);
    ASSERT_CONTAINS(stage_fault(stage.client).c_str(), "the sum is too large");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(stage.client), SOAP_XMPP_EXECUTED);
    stage_close(&stage);
}

static void several_serve(void)
{
    site_each(run_both);
}

/* The classes' tables come with the request, so the rules have the namespaces (docs/access.md). */
static void run_ruled(const struct site *site)
{
    Stage stage;
    char text[] = "abc", *turned;
    stage_open(&stage, site, "alice@%s:{urn:soapxmpp:test:adder}add");
    stage_serve(&stage, serve_both, 2);
    expect_sum(&stage, "", 1, 2);
    t::turnerProxy turner(stage.client);
    CU_ASSERT_EQUAL(turner.turn(stage_endpoint(&stage, "").c_str(), NULL, text, &turned), 403);
    ASSERT_TEXT(soap_xmpp_condition(stage.client), "forbidden");
    expect_sum(&stage, "", 3, 4);
    stage_close(&stage);
}

static void rules_hold(void)
{
    site_each(run_ruled);
}

static void expect_path(Stage *stage, const char *rest, const char *path)
{
    j::adderProxy adder(stage->client);
    char question[] = "?", *answer = NULL;
    CU_ASSERT_EQUAL(adder.path(stage_endpoint(stage, rest).c_str(), NULL, question, &answer),
                    SOAP_OK);
    ASSERT_TEXT(answer, path);
}

static void run_paths(const struct site *site)
{
    Stage stage;
    stage_open(&stage, site, NULL);
    stage_serve(&stage, serve_both, 2);
    expect_path(&stage, "", "/");
    expect_path(&stage, "/onvif/media", "/onvif/media");
    expect_path(&stage, "/onvif%2Fmedia", "/onvif/media");
    expect_path(&stage, "/soap/onvif/media", "/onvif/media");
    expect_path(&stage, "/a%20b%3Fwsdl%23%25", "/a%20b%3Fwsdl%23%25");
    expect_path(&stage, "/k%C3%A4se", "/k%C3%A4se");
    stage_close(&stage);
}

static void paths_arrive(void)
{
    site_each(run_paths);
}

CU_TestInfo tests_sharing[] = {
    {"a class of soapcpp2 -j serves", one_serves},
    {"several of them share a link", several_serve},
    {"rules name their operations", rules_hold},
    {"what stands behind the resource is the path", paths_arrive},
    CU_TEST_INFO_NULL,
};
