/* Posted calls: what they wait for, how they go on, and how they end before they are sent. */
#include "preparation_fixture.h"

extern CU_TestInfo tests_preparation[];

/* ---- each wait ---- */

static void each_wait_is_what_it_says(void)
{
    static const enum call_wait waits[KINDS] = {WAIT_LINK, WAIT_PEER, WAIT_PRESENCE, WAIT_ROOM};
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        CU_ASSERT_TRUE(sx_draft_waits(responder.link->exchange, waits[kind], NULL));
        CU_ASSERT(held_bytes() > 0);
        soap_xmpp_cancel(call);
        teardown();
    }
}

static void a_deadline_says_what_was_waited_for(void)
{
    static const struct {
        enum soap_xmpp_end_value end;
        const char *text;
    } rows[KINDS] = {
        {SOAP_XMPP_END_LOST, "not sent within 30.000 s: it waited for the link to be online (not "
                             "executed)"},
        {SOAP_XMPP_END_TIMEOUT, "for the service to say what it understands"},
        {SOAP_XMPP_END_TIMEOUT, "for somebody of the account to be there"},
        {SOAP_XMPP_END_TIMEOUT, "for room in the outgoing queue"},
    };
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        pass(29000000);
        CU_ASSERT_PTR_NULL(soap_xmpp_wait(responder.link, 0));
        pass(1100000);
        expect_end(call, rows[kind].end, SOAP_XMPP_NOT_EXECUTED, rows[kind].text);
        step();
        CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
        CU_ASSERT_EQUAL(under_way(), 0);
        teardown();
    }
}

static void a_cancel_leaves_nothing_behind(void)
{
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        soap_xmpp_cancel(begin_wait((enum wait)kind));
        CU_ASSERT_EQUAL(under_way(), 0);
        posted_refuse(sx_session_loop(responder.link->session), SX_OK);
        if (kind == FOR_LINK)
            go_online();
        pass(6000000);
        step();
        CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
        teardown();
    }
}

static void a_stop_ends_it(void)
{
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        const struct soap_xmpp_post post = make_post("xmpp:" PEER);
        sx_exchange_stop(responder.link->exchange, SX_ESTOPPED, "the link was stopped");
        expect_end(call, SOAP_XMPP_END_STOPPED, SOAP_XMPP_NOT_EXECUTED, "the link was stopped");
        step();
        expect_refusal(&post, "the link was stopped");
        teardown();
    }
}

/* What was learnt before doesn't count, but what others say of themselves is still remembered. */
static void a_lost_session_costs_it_nothing(void)
{
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        const char *peer = kind == FOR_PRESENCE ? ACCOUNT "/soap" : PEER;
        go_offline();
        posted_refuse(sx_session_loop(responder.link->session), SX_OK);
        forget();
        CU_ASSERT_PTR_NULL(soap_xmpp_wait(responder.link, 0));
        CU_ASSERT_TRUE(sx_draft_waits(responder.link->exchange, WAIT_LINK, NULL));
        go_online();
        step();
        if (kind != FOR_ROOM)
            describe(peer, PACKS);
        CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
        answer(peer, ENVELOPE("2"));
        expect_end(call, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED, "");
        teardown();
    }
}

static void a_refusal_of_the_link_ends_it(void)
{
    const struct sx_failure failure = {.err = SX_EAUTH, .text = "the password is wrong"};
    const struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call = begin_wait(FOR_LINK);
    (void)sx_session_set_state(responder.link->session, SOAP_XMPP_FAILED, &failure);
    sx_preparation_lost(&responder.link->preparation);
    expect_end(call, SOAP_XMPP_END_LOST, SOAP_XMPP_NOT_EXECUTED, "the password is wrong");
    expect_refusal(&post, "the password is wrong");
    teardown();
}

/* ---- it is sent ---- */

static void the_first_call_asks_and_is_sent(void)
{
    struct soap_xmpp_call *call;
    char bytes[400] = "", why[200];
    long got;
    setup();
    call = post_to("xmpp:" PEER);
    CU_ASSERT_EQUAL(responder.posts, 0);
    step();
    CU_ASSERT_EQUAL(responder.posts, 1);
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(responder.posts, 1);
    ASSERT_CONTAINS(responder_said(&responder), "<packed xmlns=");
    ASSERT_CONTAINS(responder_said(&responder), "~" FIRST "'");
    answer(PEER, ENVELOPE("2"));
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_ANSWER);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 12);
    CU_ASSERT_FALSE(soap_xmpp_call_is_packed(call));
    ASSERT_TEXT(soap_xmpp_call_text(call), "");
    ASSERT_TEXT(soap_xmpp_call_condition(call), "");
    ASSERT_TEXT(soap_xmpp_call_peer(call), PEER);
    got = soap_xmpp_call_read(call, bytes, sizeof bytes - 1, why, sizeof why);
    CU_ASSERT_EQUAL(got, (long)strlen(bytes));
    ASSERT_CONTAINS(bytes, "<e:Body><c:add xmlns:c='urn:c'>2</c:add></e:Body></e:Envelope>");
    CU_ASSERT_EQUAL(soap_xmpp_call_read(call, bytes, sizeof bytes, why, sizeof why), 0);
    soap_xmpp_cancel(call);
    teardown();
}

static void the_next_one_is_sent_at_once(void)
{
    struct soap_xmpp_call *call;
    setup();
    get_acquainted(PEER, PACKS);
    call = post_to("xmpp:" PEER);
    CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
    answer(PEER, "");
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    teardown();
}

static void a_packed_answer_is_read_as_it_was_written(void)
{
    static const char envelope[] = ENVELOPE("&#13; a ") " ";
    struct soap_xmpp_call *call;
    char *packed = responder_pack(envelope), bytes[400] = "", *broken;
    long got, len = 0;
    setup();
    get_acquainted(PEER, PACKS);
    call = post_to("xmpp:" PEER);
    answer(PEER, packed);
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 12);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 12);
    CU_ASSERT_TRUE(soap_xmpp_call_is_packed(call));
    while ((got = soap_xmpp_call_read(call, bytes + len, 7, NULL, 0)) > 0)
        len += got;
    ASSERT_TEXT(bytes, envelope);
    soap_xmpp_cancel(call);
    call = post_to("xmpp:" PEER);
    broken = strchr(packed, '>') + 9;
    memcpy(broken, "AAAA", 4);
    answer(PEER, packed);
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 0);
    CU_ASSERT_EQUAL(soap_xmpp_call_read(call, bytes, sizeof bytes, bytes, sizeof bytes), -1);
    ASSERT_CONTAINS(bytes, "the answer is bad: ");
    CU_ASSERT_EQUAL(soap_xmpp_call_read(call, bytes, sizeof bytes, NULL, 0), -1);
    soap_xmpp_cancel(call);
    free(packed);
    teardown();
}

static void a_foreign_peer_gets_it_plain(void)
{
    struct soap_xmpp_call *call;
    setup();
    call = post_to("xmpp:" PEER);
    step();
    describe(PEER, FOREIGN);
    ASSERT_CONTAINS(responder_said(&responder), "<e:Envelope ");
    answer(PEER, ERROR("forbidden"));
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_REFUSED);
    ASSERT_TEXT(soap_xmpp_call_condition(call), "forbidden");
    ASSERT_CONTAINS(soap_xmpp_call_text(call), "xmpp:" PEER ": add: ");
    soap_xmpp_cancel(call);
    teardown();
}

/* Servers would end the stream over it; packed, nobody minds. */
static void what_only_the_packed_form_carries_is_not_sent_plain(void)
{
    static const char envelope[] = "<?xml version='1.0'?>" ENVELOPE("<!-- -->");
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    setup();
    post.envelope = envelope;
    post.envelope_bytes = sizeof envelope - 1;
    call = soap_xmpp_post(responder.link, &post, NULL, 0);
    if (call) { /* else not even packed */
        step();
        describe(PEER, FOREIGN);
        CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
        expect_end(call, SOAP_XMPP_END_BAD, SOAP_XMPP_NOT_EXECUTED,
                   "the service takes no packed envelopes; plain, ");
    }
    teardown();
}

static void a_silent_peer_is_asked_once(void)
{
    struct soap_xmpp_call *calls[SEVERAL], *other;
    int i;
    setup();
    get_acquainted(OTHER, PACKS);
    for (i = 0; i < SEVERAL; i++)
        calls[i] = post_to("xmpp:" PEER);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get'"), 1);
    other = post_to("xmpp:" OTHER);
    CU_ASSERT_EQUAL(count("<iq type='set' to='" OTHER "'"), 1);
    answer(OTHER, "");
    expect_end(other, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    CU_ASSERT_EQUAL(step(), now_us + SX_QUERY_FIRST_US);
    pass(SX_QUERY_FIRST_US);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set' to='" PEER "'"), SEVERAL);
    for (i = 0; i < SEVERAL; i++)
        soap_xmpp_cancel(calls[i]);
    teardown();
}

static void all_that_wait_hear_the_answer(void)
{
    struct soap_xmpp_call *calls[SEVERAL];
    int i;
    setup();
    for (i = 0; i < SEVERAL; i++)
        calls[i] = post_to("xmpp:" PEER);
    step();
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(count("<packed "), SEVERAL);
    for (i = 0; i < SEVERAL; i++)
        soap_xmpp_cancel(calls[i]);
    teardown();
}

/* Whatever is said instead of an answer, it isn't asked twice by the same call. */
static void an_error_is_an_answer(void)
{
    struct soap_xmpp_call *call;
    setup();
    call = post_to("xmpp:" PEER);
    step();
    describe(PEER, ERROR("forbidden"));
    CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
    CU_ASSERT_EQUAL(count("<iq type='get'"), 0);
    soap_xmpp_cancel(call);
    teardown();
}

static void without_room_it_is_sent_later_and_once(void)
{
    static const char *const queries[] = {PACKS, FOREIGN};
    int i;
    for (i = 0; i < 2; i++) {
        struct soap_xmpp_call *call;
        setup();
        get_acquainted(PEER, queries[i]);
        posted_refuse(sx_session_loop(responder.link->session), SX_EROOM);
        call = post_to("xmpp:" PEER);
        CU_ASSERT(step() <= now_us + 100000);
        CU_ASSERT_EQUAL(responder.posts, 0);
        posted_refuse(sx_session_loop(responder.link->session), SX_OK);
        step();
        CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
        CU_ASSERT_EQUAL(sx_retry_due_us(responder.link->exchange) == SX_NEVER, i == 1);
        answer(PEER, "");
        expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
        teardown();
    }
}

/* An id that was made but never posted is nobody's to answer. */
static void no_answer_fits_before_it_is_sent(void)
{
    struct sx_reply reply = {0};
    struct soap_xmpp_call *call = begin_wait(FOR_PEER);
    CU_ASSERT_FALSE(
        sx_exchange_complete(responder.link->exchange, PEER, sx_exchange_id(call), &reply));
    CU_ASSERT_EQUAL(under_way(), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void an_incarnation_is_asked_for_again(void)
{
    struct soap_xmpp_call *call;
    setup();
    get_acquainted(PEER, PACKS);
    pass((int64_t)SX_FEATURES_FRESH_S * 1000000 + 1);
    call = post_to("xmpp:" PEER);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get'"), 1);
    CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
    pass(SX_QUERY_RENEWAL_US);
    step();
    CU_ASSERT_EQUAL(count("<packed "), 1);
    soap_xmpp_cancel(call);
    teardown();
}

/* Plain, it would end a stream. Whether its peer takes packed envelopes isn't known yet. */
static void what_goes_packed_alone_waits_for_its_peer(void)
{
    static const char envelope[] = ENVELOPE("<!-- 1 -->");
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    post.envelope = envelope;
    post.envelope_bytes = sizeof envelope - 1;
    setup();
    call = post_it(&post);
    step();
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(count("<packed xmlns='" SX_NS_PACKED "'"), 1);
    soap_xmpp_cancel(call);
    teardown();
    setup();
    call = post_it(&post);
    step();
    describe(PEER, FOREIGN);
    expect_end(call, SOAP_XMPP_END_BAD, SOAP_XMPP_NOT_EXECUTED, "XMPP forbids comments");
    teardown();
}

/* Another thread takes the answer, and cancels the call, before the posting is over. */
static void cancel_when_answered(void *user, uint64_t session, char *stanza, size_t len)
{
    char id[200] = "";
    const char *at = strstr(stanza, " id='");
    (void)user, (void)session, (void)len;
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(at + 5, "'"), at + 5);
    say(PEER, "result", id, "");
    soap_xmpp_cancel(soap_xmpp_wait(responder.link, 0));
    CU_ASSERT_EQUAL(atomic_load(&responder.link->references), 2);
}

static void a_link_outlives_a_posting_whose_call_has_gone(void)
{
    setup();
    get_acquainted(PEER, PACKS);
    responder.pass = cancel_when_answered;
    (void)post_to("xmpp:" PEER);
    responder.pass = NULL;
    CU_ASSERT_EQUAL(under_way(), 0);
    CU_ASSERT_EQUAL(atomic_load(&responder.link->references), 1);
    teardown();
}

/* ---- in pieces ---- */

static void a_big_one_goes_in_pieces(void)
{
    enum { BIG_BYTES = 300000 };
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct sx_buffer envelope = {0};
    struct soap_xmpp_call *call;
    uint32_t state = 1;
    size_t len = 0;
    setup();
    sx_buffer_add_text(&envelope, "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:add "
                                  "xmlns:c='urn:c'>");
    while (envelope.len < BIG_BYTES) {
        char letter = (char)('0' + (state >> 16) % 64);
        state = state * 1664525U + 1013904223U;
        if (letter != '<' && letter != '>')
            sx_buffer_add(&envelope, &letter, 1);
    }
    sx_buffer_add_text(&envelope, "</c:add></e:Body></e:Envelope>");
    post.envelope = envelope.bytes;
    post.envelope_bytes = envelope.len;
    post.traceparent = TRACE;
    call = post_it(&post);
    sx_buffer_fini(&envelope);
    CU_ASSERT(held_bytes() > BIG_BYTES / 2);
    step();
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
    CU_ASSERT(held_bytes() < BIG_BYTES / 2);
    (void)sx_shipments_step(responder.link->shipments, 1);
    CU_ASSERT_PTR_NOT_NULL(
        sx_shipments_look(responder.link->shipments, sx_exchange_number(call), &len));
    CU_ASSERT(len > BIG_BYTES / 2);
    soap_xmpp_cancel(call);
    teardown();
}

CU_TestInfo tests_preparation[] = {
    {"a link outlives a posting whose call has gone",
     a_link_outlives_a_posting_whose_call_has_gone},
    {"what goes packed alone waits for its peer", what_goes_packed_alone_waits_for_its_peer},
    {"each wait is what it says", each_wait_is_what_it_says},
    {"a deadline says what was waited for", a_deadline_says_what_was_waited_for},
    {"a cancel leaves nothing behind", a_cancel_leaves_nothing_behind},
    {"a stop ends it", a_stop_ends_it},
    {"a lost session costs it nothing", a_lost_session_costs_it_nothing},
    {"a refusal of the link ends it", a_refusal_of_the_link_ends_it},
    {"the first call asks, and is sent", the_first_call_asks_and_is_sent},
    {"the next one is sent at once", the_next_one_is_sent_at_once},
    {"a packed answer is read as it was written", a_packed_answer_is_read_as_it_was_written},
    {"a foreign peer gets it plain", a_foreign_peer_gets_it_plain},
    {"what only the packed form carries isn't sent plain",
     what_only_the_packed_form_carries_is_not_sent_plain},
    {"a silent peer is asked once, and nobody else waits", a_silent_peer_is_asked_once},
    {"all that wait hear the answer", all_that_wait_hear_the_answer},
    {"an error is an answer", an_error_is_an_answer},
    {"without room it is sent later, and once", without_room_it_is_sent_later_and_once},
    {"no answer fits before it is sent", no_answer_fits_before_it_is_sent},
    {"an incarnation is asked for again", an_incarnation_is_asked_for_again},
    {"a big one goes in pieces", a_big_one_goes_in_pieces},
    CU_TEST_INFO_NULL,
};
