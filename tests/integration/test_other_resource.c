/* Callers that come back under another resource: where their answers go.
 *
 * A caller's connection breaks and the server doesn't notice, as when an address is lost. So it
 * still has the old resource when the caller is back, and gives it another one (sites' second
 * domain). What goes to the old one is lost without a word.
 */
#include "soapH.h"
#include "parley.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "scale.h"

extern CU_TestInfo tests_other_resource[];

#define BIG_BYTES scale_bytes(1 << 20)

enum { DEADLINE_S = 60, LONG_MS = 60000 };

/* The way to the server, and what of a big message has been seen. Its members but near are the
 * caller's loop thread's, until the call has ended. */
struct passenger {
    struct proxy *near;
    int way;         /* is_outgoing of the message that is watched; -1: none */
    unsigned thirds; /* of it are there when the connection breaks */
    size_t done;
    bool is_abandoned, fell;
};

/* The program's: a parley_change_fn has no argument for it. */
static struct passenger passenger;

static void abandon_in_between(void *user, const struct soap_xmpp_progress *progress)
{
    struct passenger *watched = user;
    if ((progress->is_outgoing != 0) != watched->way)
        return;
    watched->fell |= progress->done_bytes < watched->done;
    watched->done = progress->done_bytes;
    if (watched->is_abandoned || 3 * progress->done_bytes < watched->thirds * progress->size_bytes)
        return;
    watched->is_abandoned = proxy_abandon_now(watched->near) == 1;
}

static void go_through(struct soap_xmpp_config *config)
{
    config->port = proxy_port(passenger.near);
    config->timeout_ms = LONG_MS;
    config->max_outgoing_bytes = scale_outgoing_bytes();
    config->progress_callback = abandon_in_between;
    config->progress_user = &passenger;
}

static void send_pieces(struct soap_xmpp_config *config)
{
    config->max_outgoing_bytes = scale_outgoing_bytes();
}

static void open_scene(struct parley *parley, const struct site *site, int way, unsigned thirds)
{
    passenger =
        (struct passenger){.near = proxy_start(site->port, NULL), .way = way, .thirds = thirds};
    CU_ASSERT_PTR_NOT_NULL_FATAL(passenger.near);
    parley_open(parley, site, 2, go_through, send_pieces);
    parley->soap->connect_timeout = parley->soap->send_timeout = DEADLINE_S;
    parley->soap->recv_timeout = DEADLINE_S;
}

static void close_scene(struct parley *parley)
{
    parley_close(parley);
    proxy_stop(passenger.near);
}

/* Or the server has given the old one again, and nothing was tested. As Debian configures them both
 * do: then it is that one. */
static void expect_other_resource(struct parley *parley)
{
    struct lab__Seen seen = {0};
    int err = soap_call_lab__whoami(parley->soap, parley->endpoint, NULL, &seen);
    CU_ASSERT_EQUAL_FATAL(err, SOAP_OK);
    ASSERT_CONTAINS(seen.from, "alice@");
    if (scale_is_small())
        ASSERT_CONTAINS(seen.from, "/desk");
    else
        ASSERT_LACKS(seen.from, "/desk");
    soap_end(parley->soap);
}

/* The call has ended, and its request is the only one that ran since there were so many runs. */
static void expect_answered(struct parley *parley, int err, int runs)
{
    if (err)
        printf("\n    %s", laboratory_fault(parley->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley->soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
}

static void begin_delay(struct parley *parley)
{
    int runs = laboratory_runs();
    CU_ASSERT_EQUAL_FATAL(soap_send_lab__delay(parley->soap, parley->endpoint, NULL, LONG_MS),
                          SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
}

static void answer_meanwhile(const struct site *site)
{
    struct parley parley;
    int waited_ms, runs = laboratory_runs();
    open_scene(&parley, site, -1, 0);
    begin_delay(&parley);
    proxy_black_hole(passenger.near); /* it isn't back before the answer was given */
    CU_ASSERT_EQUAL(proxy_abandon_now(passenger.near), 1);
    witness_clear(&parley.far);
    laboratory_hurry();
    CU_ASSERT_TRUE(witness_await_trace(&parley.far, "sent <iq type='result'", "/desk"));
    proxy_resume(passenger.near);
    expect_answered(&parley, soap_recv_lab__delay(parley.soap, &waited_ms), runs);
    CU_ASSERT_TRUE(parley_count(&parley.far, "came again", "so its answer does") > 0);
    expect_other_resource(&parley);
    close_scene(&parley);
}

static void answer_afterwards(const struct site *site)
{
    struct parley parley;
    int waited_ms, runs = laboratory_runs();
    open_scene(&parley, site, -1, 0);
    begin_delay(&parley);
    CU_ASSERT_EQUAL(proxy_abandon_now(passenger.near), 1);
    CU_ASSERT_TRUE(witness_await_trace(&parley.far, "came again", "it still runs"));
    laboratory_hurry();
    expect_answered(&parley, soap_recv_lab__delay(parley.soap, &waited_ms), runs);
    expect_other_resource(&parley);
    close_scene(&parley);
}

/* A small call whose answer is big, and breaks off. */
static void answer_much(const struct site *site, unsigned thirds)
{
    static const char head[] = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'>"
                               "<e:Body><l:Inspection xmlns:l='urn:soapxmpp:lab'><report>";
    static const char tail[] = "</report><subject/></l:Inspection></e:Body></e:Envelope>";
    struct parley parley;
    struct lab__Subject subject = {0};
    struct lab__Inspection inspection = {0};
    char *text = laboratory_random_text(BIG_BYTES);
    char *envelope = malloc(sizeof head + BIG_BYTES + sizeof tail);
    int runs = laboratory_runs(), err;
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    sprintf(envelope, "%s%s%s", head, text, tail);
    open_scene(&parley, site, 0, thirds);
    laboratory_recite(envelope);
    err = soap_call_lab__inspect(parley.soap, parley.endpoint, NULL, &subject, &inspection);
    laboratory_recite(NULL);
    expect_answered(&parley, err, runs);
    CU_ASSERT(inspection.report && strcmp(inspection.report, text) == 0);
    CU_ASSERT_TRUE(passenger.is_abandoned);
    CU_ASSERT_FALSE(passenger.fell); /* what had arrived was kept */
    soap_end(parley.soap);
    expect_other_resource(&parley);
    close_scene(&parley);
    free(envelope);
    free(text);
}

/* A big call that breaks off; its answer is as big. */
static void ask_much(const struct site *site)
{
    struct parley parley;
    char *text = laboratory_random_text(BIG_BYTES), *said = NULL;
    int runs = laboratory_runs(), err;
    open_scene(&parley, site, 1, 1);
    err = soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said);
    expect_answered(&parley, err, runs);
    CU_ASSERT(said && strcmp(said, text) == 0);
    CU_ASSERT_TRUE(passenger.is_abandoned);
    soap_end(parley.soap);
    expect_other_resource(&parley);
    close_scene(&parley);
    free(text);
}

static void answer_a_third(const struct site *site)
{
    answer_much(site, 1);
}

/* All bytes are there, and the answer that refers to them isn't. */
static void answer_all(const struct site *site)
{
    answer_much(site, 3);
}

static void an_answer_that_was_lost_comes_to_the_new_resource(void)
{
    site_each_second(answer_meanwhile);
}

static void a_request_that_still_runs_answers_to_the_new_resource(void)
{
    site_each_second(answer_afterwards);
}

static void a_big_answer_goes_on_to_the_new_resource(void)
{
    site_each_second(answer_a_third);
    site_each_second(answer_all);
}

static void a_big_call_goes_on_from_the_new_resource(void)
{
    site_each_second(ask_much);
}

CU_TestInfo tests_other_resource[] = {
    {"an answer that was lost comes to the caller's new resource",
     an_answer_that_was_lost_comes_to_the_new_resource},
    {"a request that still runs is answered to the caller's new resource",
     a_request_that_still_runs_answers_to_the_new_resource},
    {"a big answer goes on to the caller's new resource, behind what had arrived",
     a_big_answer_goes_on_to_the_new_resource},
    {"a big call goes on from the caller's new resource", a_big_call_goes_on_from_the_new_resource},
    CU_TEST_INFO_NULL,
};
