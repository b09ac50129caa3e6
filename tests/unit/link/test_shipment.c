/* Shipments of a link that never comes online: who owns their bytes, who gives up when, and what is
 * left when memory is short.
 */
#include "link/link.h"
#include "link/link_state.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/namespaces.h"
#include "exchange/hold.h"
#include "exchange/retry.h"
#include "../../lib/posted.h"
#include "../../lib/shortage.h"
#include "../../lib/stopped_clock.h"
#include "../../lib/suite.h"
#include "../response_fixture.h"

extern CU_TestInfo tests_shipment[];

#define PEER        "calc@example.org/soap"
#define NEW_PEER    "calc@example.org/new"
#define INCARNATION "00112233445566ff.1"
#define PACKED      "<packed xmlns='urn:soap-xmpp:packed:1' transfer='1' size='1' sha256='0'/>"
#define HEAD        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><add>"
#define TAIL        "</add></e:Body></e:Envelope>"

enum { PLACES = 64, BIG_BYTES = 100000, LIMIT = 10000, LONG_US = 20000000 };

static const int64_t PAST = 1; /* microseconds after boot */

/* A link to a port where nobody answers, and shipments of the test's own: those of the link
 * belong to its thread. */
struct quay {
    int fd;
    struct soap_xmpp_link *link;
    struct sx_shipments *shipments;
    unsigned lines; /* of the trace, that the test waits for */
};

static void ignore_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static void quay_open_traced(struct quay *quay, int timeout_ms, enum soap_xmpp_trace_level level,
                             soap_xmpp_trace_fn *trace)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct soap_xmpp_config config;
    quay->lines = 0;
    quay->fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(bind(quay->fd, (struct sockaddr *)&address, len), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(quay->fd, (struct sockaddr *)&address, &len), 0);
    CU_ASSERT_EQUAL_FATAL(listen(quay->fd, 5), 0);
    soap_xmpp_config_init(&config);
    config.jid = "alice@example.org/desk";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = ntohs(address.sin_port);
    config.tls = SOAP_XMPP_TLS_OFF;
    config.timeout_ms = timeout_ms;
    config.max_outgoing_bytes = LIMIT;
    config.trace = level;
    config.trace_callback = trace;
    config.trace_user = quay;
    CU_ASSERT_PTR_NOT_NULL_FATAL(quay->link = soap_xmpp_open(&config, NULL, 0));
    CU_ASSERT_PTR_NOT_NULL_FATAL(
        quay->shipments =
            sx_shipments_new(quay->link->session, quay->link->exchange, quay->link->journal));
}

static void quay_open(struct quay *quay, int timeout_ms)
{
    quay_open_traced(quay, timeout_ms, SOAP_XMPP_TRACE_NONE, ignore_line);
}

static void quay_close(struct quay *quay)
{
    sx_shipments_free(quay->shipments);
    soap_xmpp_close(quay->link);
    close(quay->fd);
}

/* A letter that nothing makes shorter. */
static char letter(size_t i)
{
    return (char)('a' + (i * 2654435761U >> 13) % 26);
}

static struct sx_payload make_payload_of(size_t len)
{
    struct sx_payload payload = {.len = len, .form = SX_FORM_STORED, .is_loose = true};
    size_t i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(payload.bytes = malloc(len));
    for (i = 0; i < len; i++)
        payload.bytes[i] = letter(i);
    return payload;
}

static struct sx_payload make_payload(void)
{
    return make_payload_of(BIG_BYTES);
}

static struct sx_shipment *make_shipment_to(struct quay *quay, const char *to)
{
    struct sx_payload payload = make_payload();
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_shipment_new(quay->link->session, &payload, NULL, to, "add", "urn:a",
                                          &reference, &shipment),
                          SX_OK);
    CU_ASSERT_PTR_NULL(payload.bytes);
    ASSERT_CONTAINS(reference.bytes, " size='100000' sha256='");
    ASSERT_CONTAINS(reference.bytes, " action='urn:a'");
    sx_buffer_fini(&reference);
    return shipment;
}

static struct sx_shipment *make_shipment(struct quay *quay)
{
    return make_shipment_to(quay, PEER);
}

static struct soap_xmpp_call *ship_call_to(struct quay *quay, const char *to)
{
    struct sx_exchange *exchange = sx_link_exchange(quay->link);
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, to, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_hold_keep(call, INCARNATION, PACKED, strlen(PACKED)), SX_OK);
    sx_shipments_add_call(quay->shipments, make_shipment_to(quay, to), sx_exchange_number(call));
    return call;
}

static struct soap_xmpp_call *ship_call(struct quay *quay)
{
    return ship_call_to(quay, PEER);
}

static enum sx_err ship_answer_to(struct quay *quay, const char *to, const char *id)
{
    struct sx_response *response = response_make("<iq/>");
    enum sx_err err =
        sx_shipments_add_answer(quay->shipments, make_shipment_to(quay, to), id, response);
    sx_response_unref(response);
    return err;
}

static enum sx_err ship_answer(struct quay *quay, const char *id)
{
    return ship_answer_to(quay, PEER, id);
}

static int64_t step(struct quay *quay)
{
    return sx_shipments_step(quay->shipments, 0);
}

/* An id that the journal takes for one of its own. */
static const char *enter_of(struct quay *quay, const char *peer, unsigned number)
{
    static char id[200];
    char incarnation[SX_INCARNATION_BYTES];
    struct sx_response *again = NULL;
    sx_journal_incarnation(quay->link->journal, sx_clock_now_us(), incarnation);
    snprintf(id, sizeof id, "%u" SX_REQUEST_ID_MARK "%s", number, incarnation);
    CU_ASSERT_EQUAL(sx_journal_enter(quay->link->journal, peer, id, sx_clock_now_us(), &again),
                    SX_JOURNAL_FRESH);
    return id;
}

static const char *enter(struct quay *quay, unsigned number)
{
    return enter_of(quay, PEER, number);
}

/* What the journal has for it: malloc'ed; NULL: it runs. */
static char *look_of(struct quay *quay, const char *peer, const char *id)
{
    struct sx_response *again = NULL;
    enum sx_journal_verdict verdict =
        sx_journal_look(quay->link->journal, peer, id, sx_clock_now_us(), &again);
    CU_ASSERT(verdict == SX_JOURNAL_RUNNING || verdict == SX_JOURNAL_ANSWERED);
    return response_read(again);
}

static char *look(struct quay *quay, const char *id)
{
    return look_of(quay, PEER, id);
}

/* ---- calls ---- */

static void test_unwanted(void)
{
    struct quay quay;
    struct soap_xmpp_call *call;
    quay_open(&quay, 0);
    call = ship_call(&quay);
    CU_ASSERT_TRUE(step(&quay) < SX_NEVER); /* it is looked at again before long */
    sx_exchange_release(call);
    CU_ASSERT_EQUAL(step(&quay), SX_NEVER);
    /* one that has ended before it was taken over */
    sx_exchange_release(ship_call(&quay));
    CU_ASSERT_EQUAL(step(&quay), SX_NEVER);
    quay_close(&quay);
}

static void test_crowd(void)
{
    struct quay quay;
    struct soap_xmpp_call *calls[PLACES + 2];
    unsigned i;
    quay_open(&quay, 0);
    for (i = 0; i < PLACES + 2; i++)
        calls[i] = ship_call(&quay);
    (void)step(&quay);
    for (i = 0; i < PLACES + 2; i++)
        CU_ASSERT_TRUE(
            sx_hold_is_wanted(sx_link_exchange(quay.link), sx_exchange_number(calls[i])));
    for (i = 0; i < PLACES + 2; i++) {
        sx_exchange_release(calls[i]);
        (void)step(&quay);
    }
    CU_ASSERT_EQUAL(step(&quay), SX_NEVER);
    quay_close(&quay);
}

/* ---- answers ---- */

static void test_patience(void)
{
    struct quay quay;
    int64_t deadline = sx_clock_deadline(LONG_US);
    char *said = NULL, id[200];
    quay_open(&quay, 1);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    CU_ASSERT_FALSE(sx_shipments_drained(quay.shipments, PAST));
    while (!said && sx_clock_now_us() < deadline) {
        (void)step(&quay);
        said = look(&quay, id);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    ASSERT_CONTAINS(said, "<internal-server-error");
    ASSERT_CONTAINS(said, "100000 bytes of the answer");
    CU_ASSERT_TRUE(sx_shipments_drained(quay.shipments, PAST));
    free(said);
    quay_close(&quay);
}

/* What the link posts last: its id. */
struct hearing {
    char id[200];
    bool is_to_new;
};

static void hear(void *user, uint64_t session, char *stanza, size_t len)
{
    struct hearing *hearing = user;
    const char *id = strstr(stanza, " id='") + 5;
    (void)session, (void)len;
    snprintf(hearing->id, sizeof hearing->id, "%.*s", (int)strcspn(id, "'"), id);
    hearing->is_to_new = strstr(stanza, " to='" NEW_PEER "'");
    free(stanza);
}

/* A receiver that takes a block of 6 KiB each 59 s, while others of its kind hold the rest of the
 * places: as it is asked for 32 MiB, this would take three days. */
static void test_too_slow(void)
{
    enum { HUGE_BYTES = 32 << 20, STEP_S = 59, MOST_STEPS = 100 };
    struct quay quay;
    struct sx_payload payload = make_payload_of(HUGE_BYTES);
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    struct sx_response *response = response_make("<iq/>");
    struct hearing hearing = {.id = ""};
    int64_t now_us = sx_clock_now_us();
    char id[200], *said = NULL;
    unsigned i;
    quay_open(&quay, 60000);
    stopped_clock_set(now_us);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    CU_ASSERT_EQUAL_FATAL(sx_shipment_new(quay.link->session, &payload, NULL, PEER, "add", NULL,
                                          &reference, &shipment),
                          SX_OK);
    sx_buffer_fini(&reference);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    sx_shipments_online(quay.shipments);
    CU_ASSERT_EQUAL(sx_shipments_add_answer(quay.shipments, shipment, id, response), SX_OK);
    sx_response_unref(response);
    for (i = 0; i < MOST_STEPS && !said; i++) {
        const struct sx_sender_reply reply = {.received = i ? NULL : "0"};
        (void)sx_shipments_step(quay.shipments, 1);
        said = look(&quay, id);
        (void)sx_shipments_reply(quay.shipments, 1, PEER, hearing.id, &reply);
        stopped_clock_set(now_us += STEP_S * INT64_C(1000000));
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    ASSERT_CONTAINS(said, "recipient-unavailable: they are taken too slowly");
    CU_ASSERT(i < 5);
    free(said);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
    stopped_clock_release();
}

/* Its caller has come back under another name: what goes ahead goes there, and then the answer. */
static void test_readdress(void)
{
    struct hearing hearing = {.id = ""};
    struct quay quay;
    char id[200];
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    sx_shipments_online(quay.shipments);
    (void)sx_shipments_step(quay.shipments, 1);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_FALSE(hearing.is_to_new);
    sx_shipments_readdress(quay.shipments, "other@example.org/new", id);
    sx_shipments_readdress(quay.shipments, NEW_PEER, "another id");
    sx_shipments_readdress(quay.shipments, PEER, id);
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_FALSE(hearing.is_to_new);
    sx_shipments_readdress(quay.shipments, NEW_PEER, id);
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_TRUE(hearing.is_to_new);
    ASSERT_CONTAINS(hearing.id, ".open");
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

/* Its caller has come back before the loop thread has looked at the answer. */
static void test_readdress_added(void)
{
    struct hearing hearing = {.id = ""};
    struct quay quay;
    char id[200];
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    sx_shipments_readdress(quay.shipments, NEW_PEER, id);
    sx_shipments_online(quay.shipments);
    (void)sx_shipments_step(quay.shipments, 1);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_TRUE(hearing.is_to_new);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

/* One account has half of the places. The rest of its share, which is all of them while it is
 * alone, waits. */
static void test_answers_crowd(void)
{
    struct quay quay;
    char *said, id[200] = "";
    unsigned i;
    quay_open(&quay, 60000);
    for (i = 0; i < PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter(&quay, i));
        CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
        (void)step(&quay);
        CU_ASSERT_PTR_NULL(said = look(&quay, id));
        free(said);
    }
    snprintf(id, sizeof id, "%s", enter(&quay, i));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_PTR_NOT_NULL_FATAL(said = look(&quay, id));
    ASSERT_CONTAINS(said, "too many are on their way");
    free(said);
    quay_close(&quay);
}

static const char *name_account(unsigned i)
{
    static char jid[64];
    snprintf(jid, sizeof jid, "a%u@example.org/1", i);
    return jid;
}

/* Whether the answer to this account has been given up. */
static bool has_failed(struct quay *quay, unsigned account, const char *id, const char *why)
{
    char *said = look_of(quay, name_account(account), id);
    bool has = said != NULL;
    if (has)
        ASSERT_CONTAINS(said, why);
    free(said);
    return has;
}

/* Two accounts have all places. Once they have had their time, each of others gets one. */
static void test_answers_make_room(void)
{
    struct quay quay;
    int64_t now_us = sx_clock_now_us();
    char ids[PLACES + 2][200];
    unsigned i, failed = 0;
    quay_open(&quay, 60000);
    stopped_clock_set(now_us);
    for (i = 0; i < PLACES; i++) {
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(i % 2), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i % 2), ids[i]), SX_OK);
    }
    (void)step(&quay);
    for (; i < PLACES + 2; i++) {
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), ids[i]), SX_OK);
        (void)step(&quay);
        CU_ASSERT_FALSE(has_failed(&quay, i, ids[i], "")); /* the first of them waits */
        stopped_clock_set(now_us += 12000000);
    }
    (void)step(&quay);
    CU_ASSERT_FALSE(has_failed(&quay, PLACES, ids[PLACES], ""));
    CU_ASSERT_FALSE(has_failed(&quay, PLACES + 1, ids[PLACES + 1], ""));
    for (i = 0; i < PLACES; i++)
        failed += has_failed(&quay, i % 2, ids[i], "others need its place");
    CU_ASSERT_EQUAL(failed, 2);
    snprintf(ids[0], sizeof ids[0], "%s", enter_of(&quay, name_account(0), 1000));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(0), ids[0]), SX_OK);
    (void)step(&quay); /* it has more than its share, and doesn't wait */
    CU_ASSERT_TRUE(has_failed(&quay, 0, ids[0], "too many are on their way"));
    quay_close(&quay);
    stopped_clock_release();
}

/* a0 has half of the places, a1 all of the rest but one, and a2 that one. What a2 has beyond it
 * waits, and comes to be more than its share by the 28 others that come then. All of them get in,
 * at the cost of a0 and a1, whatever waits before them. */
static void test_waits_ahead_of_others(void)
{
    enum { ACCOUNTS = 28, WAIT = 5, FIRST = PLACES + WAIT };
    struct quay quay;
    int64_t now_us = sx_clock_now_us();
    char ids[FIRST + ACCOUNTS][200];
    unsigned i, displaced = 0;
    quay_open(&quay, 60000);
    stopped_clock_set(now_us);
    for (i = 0; i < FIRST; i++) {
        unsigned account = i < 32 ? 0 : i < 63 ? 1 : 2;
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(account), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(account), ids[i]), SX_OK);
    }
    (void)step(&quay);
    for (; i < FIRST + ACCOUNTS; i++) {
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), ids[i]), SX_OK);
        stopped_clock_set(now_us += 150000);
        (void)step(&quay);
    }
    for (i = 0; i < 10; i++) {
        stopped_clock_set(now_us += 1200000);
        (void)step(&quay);
    }
    for (i = 0; i < 63; i++)
        displaced += has_failed(&quay, i >= 32, ids[i], "others need its place");
    for (; i < FIRST; i++)
        CU_ASSERT_FALSE(has_failed(&quay, 2, ids[i], ""));
    for (; i < FIRST + ACCOUNTS; i++)
        CU_ASSERT_FALSE(has_failed(&quay, i, ids[i], ""));
    CU_ASSERT_EQUAL(displaced, ACCOUNTS + 1);
    quay_close(&quay);
    stopped_clock_release();
}

/* The opens that the link posts. */
struct opens {
    char ids[PLACES][200];
    unsigned count;
};

static void note_open(void *user, uint64_t session, char *stanza, size_t len)
{
    struct opens *opens = user;
    const char *id = strstr(stanza, " id='") + 5;
    (void)session, (void)len;
    if (opens->count < PLACES)
        snprintf(opens->ids[opens->count++], sizeof opens->ids[0], "%.*s", (int)strcspn(id, "'"),
                 id);
    free(stanza);
}

/* An answer that gets no place in time is an error: those of 64 accounts get on. */
static void test_waits_in_vain(void)
{
    const struct sx_sender_reply taken = {.received = "1"};
    struct quay quay;
    struct opens opens = {.count = 0};
    int64_t now_us = sx_clock_now_us();
    char id[200], *said;
    unsigned i;
    quay_open(&quay, 5000);
    stopped_clock_set(now_us);
    posted_take(sx_session_loop(quay.link->session), note_open, &opens);
    sx_shipments_online(quay.shipments);
    for (i = 0; i <= PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), id), SX_OK);
    }
    CU_ASSERT(sx_shipments_step(quay.shipments, 1) <= now_us + 1000000);
    CU_ASSERT_FALSE(has_failed(&quay, PLACES, id, ""));
    CU_ASSERT_EQUAL(opens.count, PLACES);
    stopped_clock_set(now_us += 1000000);
    for (i = 0; i < PLACES; i++)
        (void)sx_shipments_reply(quay.shipments, 1, name_account(i), opens.ids[i], &taken);
    stopped_clock_set(now_us + 4000000);
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(said = look_of(&quay, name_account(PLACES), id));
    ASSERT_CONTAINS(said, "resource-constraint: too many are on their way");
    free(said);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
    stopped_clock_release();
}

/* A place is free, and somebody new comes along with somebody who waits for it. */
static void test_first_come(void)
{
    const struct sx_sender_reply refused = {.condition = "forbidden"};
    struct quay quay;
    struct opens opens = {.count = 0};
    struct hearing hearing = {.id = ""};
    char id[200];
    unsigned i;
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), note_open, &opens);
    sx_shipments_online(quay.shipments);
    for (i = 0; i <= PLACES; i++) {
        const char *to = i < PLACES ? name_account(i) : NEW_PEER;
        snprintf(id, sizeof id, "%s", enter_of(&quay, to, i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, to, id), SX_OK);
    }
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_EQUAL(opens.count, PLACES);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    (void)sx_shipments_reply(quay.shipments, 1, name_account(0), opens.ids[0], &refused);
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(i), i));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), id), SX_OK);
    CU_ASSERT_TRUE(sx_shipments_step(quay.shipments, 1) < SX_NEVER);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_TRUE(hearing.is_to_new);
    CU_ASSERT_FALSE(has_failed(&quay, i, id, ""));
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

/* Calls to a service that takes nothing leave answers their places, and calls to others. */
static void test_calls_leave_room(void)
{
    struct quay quay;
    struct soap_xmpp_call *calls[PLACES];
    char id[200];
    unsigned i;
    quay_open(&quay, 0);
    for (i = 0; i < PLACES; i++)
        calls[i] = ship_call_to(&quay, name_account(i % 2));
    (void)step(&quay);
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(3), 3));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(3), id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_FALSE(has_failed(&quay, 3, id, ""));
    for (i = 0; i < PLACES; i++)
        sx_exchange_release(calls[i]);
    quay_close(&quay);
}

/* Its caller has come back under another name while the answer waits for a place. */
static void test_readdress_waiting(void)
{
    const struct sx_sender_reply refusal = {.condition = "not-allowed", .type = "cancel"};
    struct quay quay;
    struct hearing hearing = {.id = ""};
    char id[200], first[sizeof hearing.id] = "";
    unsigned i;
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    sx_shipments_online(quay.shipments);
    for (i = 0; i < PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), id), SX_OK);
        (void)sx_shipments_step(quay.shipments, 1);
        if (i == 0)
            snprintf(first, sizeof first, "%s", hearing.id);
    }
    snprintf(id, sizeof id, "%s", enter(&quay, i));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    (void)sx_shipments_step(quay.shipments, 1);
    sx_shipments_readdress(quay.shipments, NEW_PEER, id);
    CU_ASSERT_EQUAL(sx_shipments_reply(quay.shipments, 1, name_account(0), first, &refusal),
                    SX_SHIPMENTS_OURS);
    (void)sx_shipments_step(quay.shipments, 1);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_TRUE(hearing.is_to_new);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

static void test_answers_pile_up(void)
{
    struct quay quay;
    struct sx_shipment *shipment;
    struct sx_response *response = response_make("<iq/>");
    char id[200] = "";
    unsigned i;
    quay_open(&quay, 0);
    for (i = 0; i < 5 * PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter(&quay, i));
        CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    }
    shipment = make_shipment(&quay);
    CU_ASSERT_EQUAL(sx_shipments_add_answer(quay.shipments, shipment, id, response), SX_EFULL);
    sx_shipment_free(shipment);
    sx_response_unref(response);
    quay_close(&quay);
}

static void test_hopeless(void)
{
    struct quay quay;
    int64_t begun_us = sx_clock_now_us();
    quay_open(&quay, 0);
    CU_ASSERT_TRUE(sx_shipments_drained(quay.shipments, PAST));
    CU_ASSERT_EQUAL(ship_answer(&quay, "1"), SX_OK);
    sx_shipments_lost(quay.shipments, true, false);
    CU_ASSERT_FALSE(sx_shipments_drained(quay.shipments, sx_clock_deadline(LONG_US)));
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < LONG_US);
    quay_close(&quay);
}

/* ---- short memory ---- */

static bool attempt_new(struct shortage shortage)
{
    struct quay quay;
    struct sx_payload payload = make_payload();
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    shortage_begin(shortage);
    err = sx_shipment_new(quay.link->session, &payload, NULL, PEER, "add", NULL, &reference,
                          &shipment);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err != SX_OK || reference.failed, has_failed);
    CU_ASSERT_EQUAL(payload.bytes != NULL, err != SX_OK);
    CU_ASSERT_EQUAL(shipment != NULL, err == SX_OK);
    sx_buffer_fini(&reference);
    sx_shipment_free(shipment);
    free(payload.bytes);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(new, 4)

static bool attempt_table(struct shortage shortage)
{
    struct quay quay;
    struct sx_shipments *shipments;
    bool has_failed;
    quay_open(&quay, 0);
    shortage_begin(shortage);
    shipments = sx_shipments_new(quay.link->session, quay.link->exchange, quay.link->journal);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(shipments == NULL, has_failed);
    sx_shipments_free(shipments);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(table, 2)

static bool attempt_add_answer(struct shortage shortage)
{
    struct quay quay;
    struct sx_shipment *shipment;
    struct sx_response *response = response_make("<iq/>");
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    shipment = make_shipment(&quay);
    shortage_begin(shortage);
    err = sx_shipments_add_answer(quay.shipments, shipment, "1", response);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err != SX_OK, has_failed);
    CU_ASSERT_EQUAL(sx_shipments_drained(quay.shipments, PAST), has_failed);
    if (err)
        sx_shipment_free(shipment);
    sx_response_unref(response);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(add_answer, 1)

static char *make_envelope(size_t *len)
{
    struct sx_buffer envelope = {0};
    size_t i;
    sx_buffer_add_text(&envelope, HEAD);
    for (i = 0; i < BIG_BYTES; i++) {
        char one = letter(i * i);
        sx_buffer_add(&envelope, &one, 1);
    }
    sx_buffer_add_text(&envelope, TAIL);
    return sx_buffer_take(&envelope, len);
}

/* A worker's answer: whatever fails, the request isn't run a second time. */
static bool attempt_answer(struct shortage shortage)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_request *request;
    struct sx_response *again = NULL;
    size_t len;
    char *envelope = make_envelope(&len), why[200];
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = sx_request_new(PEER, "me@b/x", enter(&quay, 1)));
    request->envelope.form = SX_FORM_ZSTD;
    shortage_begin(shortage);
    err = sx_link_answer(quay.link, request, checker, envelope, len, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || err == SX_ENOMEM);
    CU_ASSERT_NOT_EQUAL(
        sx_journal_look(quay.link->journal, PEER, request->id, sx_clock_now_us(), &again),
        SX_JOURNAL_FRESH);
    sx_response_unref(again);
    sx_request_free(request);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(answer, 8)

/* As if online, with a peer that packs. */
static void come_online(struct quay *quay)
{
    static const char features[] =
        "http://jabber.org/protocol/soap\0" SX_NS_PACKED "\0" SX_NS_DELIVERY "#" INCARNATION "\0";
    sx_features_put(quay->link->features, PEER, features, sx_clock_now_us());
    while (soap_xmpp_state(quay->link) != SOAP_XMPP_CONNECTING) /* and so it stays */
        sched_yield();
    sx_session_set_state(quay->link->session, SOAP_XMPP_ONLINE, NULL);
}

/* The peer's features come while the caller's thread is in the trace, and its plain copy goes out.
 */
static void fall_back(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct quay *quay = user;
    struct sx_copy copy = {0};
    if (level != SOAP_XMPP_TRACE_DEBUG || !strstr(line, " to " PEER ": add"))
        return;
    CU_ASSERT_TRUE_FATAL(sx_retry_take_packed(quay->link->exchange, PEER, &copy));
    sx_retry_replace(quay->link->exchange, copy.id, strdup("<E/>"), 4, true, SX_OK, "");
    sx_copy_fini(&copy);
    CU_ASSERT_TRUE(sx_retry_take_due(quay->link->exchange, sx_clock_now_us(), &copy));
    ASSERT_TEXT(copy.payload, "<E/>");
    sx_copy_fini(&copy);
}

/* The caller's thread stays in the trace for longer than a call waits for its first answer. */
static void wait_past_due(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct quay *quay = user;
    struct sx_copy copy = {0};
    if (level != SOAP_XMPP_TRACE_DEBUG || !strstr(line, " to " PEER ": add"))
        return;
    quay->lines++;
    CU_ASSERT_FALSE(sx_retry_take_due(quay->link->exchange, SX_NEVER - 1, &copy));
    sx_copy_fini(&copy);
}

static void test_held_in_the_trace(void)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = PEER, .checker = checker, .room_deadline = PAST};
    char *envelope = make_envelope(&out.envelope_len), why[500] = "";
    struct soap_xmpp_call *call = NULL;
    quay_open_traced(&quay, 0, SOAP_XMPP_TRACE_DEBUG, wait_past_due);
    out.envelope = envelope;
    come_online(&quay);
    CU_ASSERT_EQUAL_FATAL(sx_link_request(quay.link, &out, &call, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL(quay.lines, 1);
    CU_ASSERT_TRUE(sx_hold_is_wanted(quay.link->exchange, sx_exchange_number(call)));
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    sx_exchange_release(call);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
}

static void test_plain(void)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = PEER, .checker = checker, .room_deadline = PAST};
    char *envelope = make_envelope(&out.envelope_len), why[500] = "";
    struct soap_xmpp_call *call = NULL;
    uint64_t number;
    quay_open_traced(&quay, 0, SOAP_XMPP_TRACE_DEBUG, fall_back);
    out.envelope = envelope;
    come_online(&quay);
    CU_ASSERT_EQUAL_FATAL(sx_link_request(quay.link, &out, &call, why, sizeof why), SX_OK);
    number = sx_exchange_number(call);
    CU_ASSERT_FALSE(sx_hold_is_wanted(quay.link->exchange, number));
    CU_ASSERT_EQUAL(sx_shipments_step(quay.link->shipments, 0), SX_NEVER);
    sx_hold_refuse(quay.link->exchange, number, "item-not-found", "no");
    CU_ASSERT_TRUE(sx_exchange_expects(quay.link->exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    sx_exchange_release(call);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
}

/* A call is made, held and shipped, or not made. */
static bool attempt_request(struct shortage shortage)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = PEER, .checker = checker, .room_deadline = PAST};
    char untouched, *envelope = make_envelope(&out.envelope_len), why[500] = "";
    struct soap_xmpp_call *call = (struct soap_xmpp_call *)&untouched;
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    out.envelope = envelope;
    come_online(&quay);
    shortage_begin(shortage);
    err = sx_link_request(quay.link, &out, &call, why, sizeof why);
    has_failed = shortage_end();
    if (err == SX_OK) {
        CU_ASSERT_PTR_NOT_EQUAL_FATAL(call, &untouched);
        CU_ASSERT_TRUE(sx_hold_is_wanted(sx_link_exchange(quay.link), sx_exchange_number(call)));
        sx_exchange_release(call);
    } else {
        CU_ASSERT_PTR_EQUAL(call, &untouched);
        ASSERT_CONTAINS(why, "xmpp:" PEER ": ");
    }
    CU_ASSERT(err == SX_OK || has_failed);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(request, 8)

CU_TestInfo tests_shipment[] = {
    {"a call that has ended gives its bytes back", test_unwanted},
    {"a call may wait for a place among those on their way", test_crowd},
    {"an answer that nobody takes is an error in the end", test_patience},
    {"an answer that is taken too slowly is an error, too", test_too_slow},
    {"what goes ahead of an answer follows its caller to another resource", test_readdress},
    {"and so does what the loop thread has not looked at yet", test_readdress_added},
    {"and so does what waits for a place", test_readdress_waiting},
    {"answers to one account have half of the places, and the rest of its share waits",
     test_answers_crowd},
    {"answers that are taken slowly make room for others'", test_answers_make_room},
    {"who waits beyond its share keeps no others out", test_waits_ahead_of_others},
    {"an answer that waits for a place in vain is an error", test_waits_in_vain},
    {"a place goes to who waits, not to who comes", test_first_come},
    {"calls leave answers their places", test_calls_leave_room},
    {"no more answers wait to be looked at than five times the places", test_answers_pile_up},
    {"nobody waits for answers of a link that won't come back", test_hopeless},
    {"without memory a shipment is not made, and the bytes stay", test_new},
    {"shipments are made whole or not at all", test_table},
    {"an answer that finds no memory is not taken", test_add_answer},
    {"a big answer that finds no memory loses nothing else", test_answer},
    {"no copy of a big call goes out before its bytes, however long its caller stands still",
     test_held_in_the_trace},
    {"a big call that becomes plain before it has a shipment ships nothing", test_plain},
    {"a big call that finds no memory is not made", test_request},
    CU_TEST_INFO_NULL,
};
