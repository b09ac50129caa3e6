/* Calls that went out packed by what was remembered of a peer, while another program had come
 * online under its JID, or nobody.
 */
#include "soapH.h"
#include "parley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/queue.h"
#include "link/link.h"
#include "../lib/stranger.h"
#include "../lib/suite.h"
#include "scene.h"
#include "scale.h"

extern CU_TestInfo tests_fallback[];

#define PACKED     "<packed xmlns='urn:soap-xmpp:packed:1'"
#define INFO       "http://jabber.org/protocol/disco#info"
#define CONDITIONS "urn:ietf:params:xml:ns:xmpp-stanzas"

static void never_pack(struct soap_xmpp_config *config)
{
    config->packing = SOAP_XMPP_PACKING_NEVER;
}

static void send_little(struct soap_xmpp_config *config)
{
    config->max_outgoing_bytes = scale_outgoing_bytes();
}

static void call_one_by_one(struct soap_xmpp_config *config)
{
    config->max_calls = 1;
}

/* The caller knows the service, which packs. */
static void open_known_as(struct parley *parley, const struct site *site, parley_change_fn *change)
{
    double sum = 0;
    parley_open(parley, site, 2, change, NULL);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley->soap, parley->endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(parley_count(&parley->near, "sent", PACKED), 1);
    witness_clear(&parley->near);
    witness_clear(&parley->far);
}

static void open_known(struct parley *parley, const struct site *site)
{
    open_known_as(parley, site, NULL);
}

static void assert_ok(struct parley *parley, int err)
{
    if (err)
        printf("\n    %s: %s", parley->site->label, laboratory_fault(parley->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
}

/* ---- another one of ours, which doesn't pack ---- */

static void fall_back(const struct site *site)
{
    struct parley parley;
    int same = 0;
    open_known(&parley, site);
    parley_reopen_service(&parley, 2, never_pack);
    laboratory_reset_ticks();
    assert_ok(&parley, soap_call_lab__tick(parley.soap, parley.endpoint, NULL, 7, &same));
    CU_ASSERT_EQUAL(laboratory_ticks(7), 1);
    CU_ASSERT_TRUE(parley_count(&parley.near, "sent", PACKED) >= 1);
    CU_ASSERT_TRUE(parley_count(&parley.near, "sent", "Envelope") >= 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "falls back to plain", ""), 1);
    witness_clear(&parley.near);
    assert_ok(&parley, soap_call_lab__tick(parley.soap, parley.endpoint, NULL, 8, &same));
    CU_ASSERT_EQUAL(laboratory_ticks(8), 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", PACKED), 0);
    parley_close(&parley);
}

/* In pieces, as the caller doesn't know yet how fast its server is, though one stanza has room for
 * it. */
static void fall_back_from_pieces(const struct site *site)
{
    struct parley parley;
    char *text = laboratory_random_text(scale_of(100000, 40000)), *said = NULL;
    int runs;
    open_known(&parley, site);
    runs = laboratory_runs();
    parley_reopen_service(&parley, 2, never_pack);
    assert_ok(&parley, soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said));
    ASSERT_TEXT(said, text);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "falls back to plain", ""), 1);
    /* A server that throttles reads the plain copy for longer than three would take to go out. */
    CU_ASSERT_TRUE(parley_count(&parley.near, "goes out again", "") <= 2);
    parley_close(&parley);
    free(text);
}

static void a_call_in_pieces_falls_back_as_well(void)
{
    site_each(fall_back_from_pieces);
}

static void a_call_falls_back_to_plain_and_runs_once(void)
{
    site_each(fall_back);
}

/* The question about the peer takes no room from the calls. */
static void fall_back_without_room(const struct site *site)
{
    struct parley parley;
    double sum = 0;
    open_known_as(&parley, site, call_one_by_one);
    parley_reopen_service(&parley, 2, never_pack);
    assert_ok(&parley, soap_call_lab__add(parley.soap, parley.endpoint, NULL, 3, 4, &sum));
    CU_ASSERT_EQUAL(sum, 7);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "falls back to plain", ""), 1);
    parley_close(&parley);
}

static void a_call_falls_back_while_max_calls_are_under_way(void)
{
    site_each(fall_back_without_room);
}

static void fail_to_fall_back(const struct site *site)
{
    enum { MUCH_BYTES = 300000 };
    static char much[MUCH_BYTES + 1];
    const size_t much_bytes = scale_of(MUCH_BYTES, 12000);
    struct parley parley;
    char *said;
    size_t i;
    int runs;
    memset(much, 0, sizeof much);
    for (i = 0; i < much_bytes; i++) /* not so dull that it would be stored as it is */
        much[i] = (char)('a' + (i / 7 + i * i / 1000) % 26);
    open_known(&parley, site);
    runs = laboratory_runs();
    parley_reopen_service(&parley, 2, never_pack);
    soap_set_mode(parley.soap, SOAP_C_UTFSTRING);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__say(parley.soap, parley.endpoint, NULL, "\xEF\xBF\xBE", &said), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "takes no packed envelopes any longer; plain, ");
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "byte 0xEF begins no character");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    parley_close(&parley);

    open_known_as(&parley, site, send_little);
    runs = laboratory_runs();
    parley_reopen_service(&parley, 2, never_pack);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__say(parley.soap, parley.endpoint, NULL, much, &said),
                        SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap),
                    scale_is_small() ? "plain, the envelope is 12" : "plain, the envelope is 300");
    ASSERT_CONTAINS(laboratory_fault(parley.soap),
                    scale_is_small() ? "the limit is 10000 (max_outgoing_bytes)"
                                     : "the limit is 262144 (max_outgoing_bytes)");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(parley.caller, 0), 0);
    witness_expect(&parley.near, ""); /* no word of another state */
    CU_ASSERT_EQUAL(parley.near.states.len, 0);
    parley_close(&parley);
}

static void what_cannot_go_plain_ends_not_executed(void)
{
    site_each(fail_to_fall_back);
}

/* ---- somebody else's program ---- */

static void answer(struct stranger *stranger, const char *heard, const char *type,
                   const char *content)
{
    CU_ASSERT_TRUE(stranger_say_format(stranger, "<iq type='%s' id='%s' to='%s'>%s</iq>", type,
                                       stranger_attribute(heard, "id"),
                                       stranger_attribute(heard, "from"), content));
    CU_ASSERT_TRUE(scene_push(stranger));
}

static void fall_back_to_stranger(const struct site *site)
{
    struct parley parley;
    struct stranger *stranger;
    const char *heard;
    double sum = 0;
    open_known(&parley, site);
    parley_drop_service(&parley);
    stranger = scene_open_stranger(site, "bob", "soap");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stranger);
    CU_ASSERT_EQUAL(soap_send_lab__add(parley.soap, parley.endpoint, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard = stranger_hear(stranger, "</iq>"));
    ASSERT_CONTAINS(heard, "urn:soap-xmpp:packed:1");
    answer(stranger, heard, "error",
           "<error type='cancel'><service-unavailable xmlns='" CONDITIONS "'/></error>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard = stranger_hear(stranger, "</iq>"));
    ASSERT_CONTAINS(heard, INFO);
    answer(stranger, heard, "result", "<query xmlns='" INFO "'><feature var='" INFO "'/></query>");
    /* a copy may have been on its way when the answer came */
    do {
        CU_ASSERT_PTR_NOT_NULL_FATAL(heard = stranger_hear(stranger, "</iq>"));
    } while (strstr(heard, "urn:soap-xmpp:packed:1"));
    ASSERT_CONTAINS(heard, "Envelope");
    answer(stranger, heard, "result", ADDED);
    assert_ok(&parley, soap_recv_lab__add(parley.soap, &sum));
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", "Envelope"), 1);
    stranger_close(stranger);
    parley_close(&parley);
}

static void a_foreign_client_that_came_gets_the_call_plain(void)
{
    site_each(fall_back_to_stranger);
}

/* ---- nobody, for a while ---- */

static void come_back(const struct site *site)
{
    struct parley parley;
    struct soap *second;
    double sum = 0;
    open_known(&parley, site);
    second = laboratory_client(parley.caller, SOAP_IO_DEFAULT);
    parley_drop_service(&parley);
    CU_ASSERT_EQUAL(soap_send_lab__add(parley.soap, parley.endpoint, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_TRUE(witness_await_trace(&parley.near, "sent", INFO));
    CU_ASSERT_TRUE(witness_await_trace(&parley.near, "dropped: late", ""));
    CU_ASSERT_EQUAL(soap_send_lab__add(second, parley.endpoint, NULL, 3, 4), SOAP_OK);
    parley_reopen_service(&parley, 2, NULL);
    assert_ok(&parley, soap_recv_lab__add(parley.soap, &sum));
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_EQUAL(soap_recv_lab__add(second, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 7);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", "Envelope"), 0);
    laboratory_client_free(second);
    parley_close(&parley);
}

static void a_service_that_was_away_is_called_packed_as_before(void)
{
    site_each(come_back);
}

static void serve_late(const struct site *site)
{
    struct site_account account;
    struct parley parley;
    double sum = 0;
    open_known(&parley, site);
    parley_drop_service(&parley);
    site_account(site, "bob", "soap", &account);
    account.config.plain_delivery = 0;
    witness_watch(&parley.far, &account.config);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    parley.service = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(parley.service, -1), 0);
    CU_ASSERT_EQUAL(soap_send_lab__add(parley.soap, parley.endpoint, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_TRUE(witness_await_trace(&parley.far, "sent", "<feature var="));
    parley.laboratory = laboratory_start(parley.service, 2);
    assert_ok(&parley, soap_recv_lab__add(parley.soap, &sum));
    assert_ok(&parley, soap_call_lab__add(parley.soap, parley.endpoint, NULL, 3, 4, &sum));
    CU_ASSERT_EQUAL(sum, 7);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", "Envelope"), 0);
    parley_close(&parley);
}

static void a_service_that_does_not_serve_yet_is_called_packed_as_before(void)
{
    site_each(serve_late);
}

CU_TestInfo tests_fallback[] = {
    {"a call falls back to plain, and runs once", a_call_falls_back_to_plain_and_runs_once},
    {"a call in pieces falls back as well", a_call_in_pieces_falls_back_as_well},
    {"a call falls back while max_calls are under way",
     a_call_falls_back_while_max_calls_are_under_way},
    {"what can't go plain ends not executed, and the stream lives on",
     what_cannot_go_plain_ends_not_executed},
    {"a foreign client that came gets the call plain",
     a_foreign_client_that_came_gets_the_call_plain},
    {"a service that was away is called packed as before",
     a_service_that_was_away_is_called_packed_as_before},
    {"a service that doesn't serve yet is called packed as before",
     a_service_that_does_not_serve_yet_is_called_packed_as_before},
    CU_TEST_INFO_NULL,
};
