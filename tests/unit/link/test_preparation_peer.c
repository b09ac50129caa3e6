/* Posted calls: whom they go to, as whom, by message too, and what goes along with them. */
#include "preparation_fixture.h"

extern CU_TestInfo tests_preparation_peer[];

/* ---- resources ---- */

static void it_goes_to_who_serves(void)
{
    struct soap_xmpp_call *call;
    setup_with_presence();
    come(ACCOUNT "/phone", false);
    come(ACCOUNT "/server", true);
    call = post_to("xmpp:" ACCOUNT);
    step();
    describe(ACCOUNT "/server", PACKS);
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/server'"), 1);
    answer(ACCOUNT "/server", "");
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    teardown();
}

static void those_without_a_mark_are_asked_all_at_once(void)
{
    struct soap_xmpp_call *call;
    setup_with_presence();
    come(ACCOUNT "/a", false);
    come(ACCOUNT "/b", false);
    call = post_to("xmpp:" ACCOUNT);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get'"), 2);
    say(ACCOUNT "/b", "result", find_id("get", ACCOUNT "/b"), PACKS);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
    pass(SX_QUERY_FIRST_US);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/b'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void who_is_gone_is_not_chosen_again(void)
{
    struct soap_xmpp_call *call;
    setup_with_presence();
    come(ACCOUNT "/a", true);
    call = post_to("xmpp:" ACCOUNT);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get' to='" ACCOUNT "/a'"), 1);
    describe(ACCOUNT "/a", ERROR("service-unavailable"));
    CU_ASSERT_EQUAL(count("<iq type='get' to='" ACCOUNT "/soap'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void who_comes_after_the_login_gets_it(void)
{
    struct soap_xmpp_call *call = begin_wait(FOR_PRESENCE);
    come(ACCOUNT "/late", true);
    describe(ACCOUNT "/late", PACKS);
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/late'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void if_nobody_comes_the_default_gets_it(void)
{
    struct soap_xmpp_call *call = begin_wait(FOR_PRESENCE);
    CU_ASSERT_EQUAL(step(), now_us + SX_ROUTING_SETTLE_US);
    pass(SX_ROUTING_SETTLE_US);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/soap'"), 1);
    answer(ACCOUNT "/soap", ERROR("service-unavailable"));
    expect_end(call, SOAP_XMPP_END_REFUSED, SOAP_XMPP_NOT_EXECUTED, "service-unavailable");
    teardown();
}

/* ---- by message ---- */

#define BY_MESSAGE "xmpp:" ACCOUNT "?message"

static void a_message_waits_for_the_link_alone(void)
{
    struct soap_xmpp_post post = make_post(BY_MESSAGE);
    struct soap_xmpp_config config;
    struct soap_xmpp_counts counts;
    struct soap_xmpp_call *call;
    char receipt[200];
    responder_configure(&config);
    start(&config);
    post.is_one_way = 1;
    call = post_it(&post);
    CU_ASSERT_EQUAL(responder.posts, 0);
    go_online();
    posted_refuse(sx_session_loop(responder.link->session), SX_EROOM);
    step();
    posted_refuse(sx_session_loop(responder.link->session), SX_OK);
    step();
    CU_ASSERT_EQUAL(count("<message to='" ACCOUNT "'"), 1);
    snprintf(receipt, sizeof receipt, "%s", find_id("get", "example.org'"));
    CU_ASSERT_TRUE(*receipt);
    say("example.org", "result", receipt, "");
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_UNKNOWN, "");
    soap_xmpp_count(responder.link, &counts);
    CU_ASSERT(counts.calls_empty == 1 && counts.calls_unknown == 1 && counts.calls_executed == 0);
    teardown();
}

static void a_message_has_a_name_if_there_is_a_key(void)
{
    struct soap_xmpp_post post = make_post(BY_MESSAGE);
    struct soap_xmpp_config config;
    struct soap_xmpp_call *call;
    setup();
    post.name = "order 7";
    expect_refusal(&post, "name_key");
    post.endpoint = "xmpp:" ACCOUNT;
    expect_refusal(&post, "?message");
    teardown();
    responder_configure(&config);
    config.name_key = "0123456789abcdef0123456789abcdef";
    start(&config);
    go_online();
    post.endpoint = BY_MESSAGE;
    call = post_it(&post);
    ASSERT_TEXT(soap_xmpp_call_name(call), "order 7");
    CU_ASSERT_EQUAL(count("<message to='" ACCOUNT "'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

/* ---- a component ---- */

static void a_component_calls_as_anybody_of_its_domain(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    struct sx_buffer iq = {0};
    struct sx_copy copy;
    char id[200];
    setup_component();
    get_acquainted(PEER, PACKS);
    post.from = "Lamp7@gate.example.org/x";
    call = post_it(&post);
    CU_ASSERT_EQUAL(count(" from='lamp7@gate.example.org/x'"), 1);
    snprintf(id, sizeof id, "%s", find_id("set", ""));
    pass(2100000);
    forget();
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(responder.link->exchange, now_us, &copy));
    ASSERT_TEXT(copy.from, "lamp7@gate.example.org/x");
    sx_copy_fini(&copy);
    say(PEER, "result", id, ""); /* to another name of the component */
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(responder.link, 0));
    sx_buffer_add_format(&iq,
                         "<iq type='result' from='" PEER "' to='lamp7@gate.example.org/x' "
                         "id='%s'/>",
                         id);
    responder_hear(&responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    teardown();
}

static void nobody_else_can_be_named(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    setup_component();
    post.from = "lamp7@example.org";
    expect_refusal(&post, "isn't of the component's domain");
    post.from = "@gate.example.org";
    expect_refusal(&post, "from is @gate.example.org");
    teardown();
    setup();
    post.from = OWN;
    expect_refusal(&post, "this link is an account's");
    teardown();
}

/* ---- what goes along ---- */

static void a_trace_goes_along_with_the_packed_form(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    setup();
    get_acquainted(PEER, PACKS);
    post.traceparent = TRACE;
    post.action = "urn:add";
    call = post_it(&post);
    ASSERT_CONTAINS(responder_said(&responder), " action='urn:add' traceparent='" TRACE "'>");
    soap_xmpp_cancel(call);
    get_acquainted(OTHER, FOREIGN);
    post.endpoint = "xmpp:" OTHER;
    call = post_it(&post);
    ASSERT_LACKS(responder_said(&responder), "traceparent");
    soap_xmpp_cancel(call);
    post.traceparent = "00-1";
    expect_refusal(&post, "traceparent is none");
    teardown();
}

static void a_trace_goes_along_with_the_plain_form_if_it_is_wanted(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" OTHER);
    struct soap_xmpp_config config;
    struct soap_xmpp_call *call;
    responder_configure(&config);
    config.trace_context = 1;
    start(&config);
    go_online();
    get_acquainted(OTHER, FOREIGN);
    post.traceparent = TRACE;
    call = post_it(&post);
    ASSERT_CONTAINS(responder_said(&responder),
                    "<e:Header><t:trace xmlns:t=\"urn:soap-xmpp:trace:1\" parent=\"" TRACE
                    "\"/></e:Header><e:Body>");
    soap_xmpp_cancel(call);
    teardown();
}

CU_TestInfo tests_preparation_peer[] = {
    {"it goes to who serves", it_goes_to_who_serves},
    {"a trace goes along with the plain form if it is wanted",
     a_trace_goes_along_with_the_plain_form_if_it_is_wanted},
    {"those without a mark are asked, all at once", those_without_a_mark_are_asked_all_at_once},
    {"who is gone isn't chosen again", who_is_gone_is_not_chosen_again},
    {"who comes after the login gets it", who_comes_after_the_login_gets_it},
    {"if nobody comes the default resource gets it", if_nobody_comes_the_default_gets_it},
    {"a message waits for the link and room alone", a_message_waits_for_the_link_alone},
    {"a message has a name if there is a key", a_message_has_a_name_if_there_is_a_key},
    {"a component calls as anybody of its domain", a_component_calls_as_anybody_of_its_domain},
    {"nobody else can be named", nobody_else_can_be_named},
    {"a trace goes along with the packed form", a_trace_goes_along_with_the_packed_form},
    CU_TEST_INFO_NULL,
};
