/* shipment_fixture.h - a link that never comes online, shipments of its own, and what it posts. For
 * test_answer_room.c, test_shipment.c and test_shipments.c. */
#ifndef TESTS_SHIPMENT_FIXTURE_H
#define TESTS_SHIPMENT_FIXTURE_H

#include "link/link.h"
#include "link/link_state.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "exchange/hold.h"
#include "wire/namespaces.h"
#include "../../lib/posted.h"
#include "../../lib/suite.h"
#include "../response_fixture.h"

#define PEER        "calc@example.org/soap"
#define NEW_PEER    "calc@example.org/new"
#define INCARNATION "00112233445566ff.1"
#define PACKED      "<packed xmlns='urn:soap-xmpp:packed:1' transfer='1' size='1' sha256='0'/>"

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

static inline void ignore_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static inline void quay_open_traced(struct quay *quay, int timeout_ms,
                                    enum soap_xmpp_trace_level level, soap_xmpp_trace_fn *trace)
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

static inline void quay_open(struct quay *quay, int timeout_ms)
{
    quay_open_traced(quay, timeout_ms, SOAP_XMPP_TRACE_NONE, ignore_line);
}

static inline void quay_close(struct quay *quay)
{
    sx_shipments_free(quay->shipments);
    soap_xmpp_close(quay->link);
    close(quay->fd);
}

/* A letter that nothing makes shorter. */
static inline char letter(size_t i)
{
    return (char)('a' + (i * 2654435761U >> 13) % 26);
}

static inline struct sx_payload make_payload_of(size_t len)
{
    struct sx_payload payload = {.len = len, .form = SX_FORM_STORED, .is_loose = true};
    size_t i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(payload.bytes = malloc(len));
    for (i = 0; i < len; i++)
        payload.bytes[i] = letter(i);
    return payload;
}

static inline struct sx_payload make_payload(void)
{
    return make_payload_of(BIG_BYTES);
}

static inline struct sx_shipment *make_shipment_to(struct quay *quay, const char *to)
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

static inline struct sx_shipment *make_shipment(struct quay *quay)
{
    return make_shipment_to(quay, PEER);
}

static inline struct soap_xmpp_call *ship_call_to(struct quay *quay, const char *to)
{
    struct sx_exchange *exchange = sx_link_exchange(quay->link);
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, to, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_hold_keep(call, INCARNATION, PACKED, strlen(PACKED)), SX_OK);
    sx_shipments_add_call(quay->shipments, make_shipment_to(quay, to), sx_exchange_number(call));
    return call;
}

static inline struct soap_xmpp_call *ship_call(struct quay *quay)
{
    return ship_call_to(quay, PEER);
}

static inline enum sx_err ship_answer_to(struct quay *quay, const char *to, const char *id)
{
    struct sx_response *response = response_make("<iq/>");
    enum sx_err err =
        sx_shipments_add_answer(quay->shipments, make_shipment_to(quay, to), id, response);
    sx_response_unref(response);
    return err;
}

static inline enum sx_err ship_answer(struct quay *quay, const char *id)
{
    return ship_answer_to(quay, PEER, id);
}

static inline int64_t step(struct quay *quay)
{
    return sx_shipments_step(quay->shipments, 0);
}

/* An id that the journal takes for one of its own. */
static inline const char *enter_of(struct quay *quay, const char *peer, unsigned number)
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

static inline const char *enter(struct quay *quay, unsigned number)
{
    return enter_of(quay, PEER, number);
}

/* What the journal has for it: malloc'ed; NULL: it runs. */
static inline char *look_of(struct quay *quay, const char *peer, const char *id)
{
    struct sx_response *again = NULL;
    enum sx_journal_verdict verdict =
        sx_journal_look(quay->link->journal, peer, id, sx_clock_now_us(), &again);
    CU_ASSERT(verdict == SX_JOURNAL_RUNNING || verdict == SX_JOURNAL_ANSWERED);
    return response_read(again);
}

static inline char *look(struct quay *quay, const char *id)
{
    return look_of(quay, PEER, id);
}

static inline const char *name_account(unsigned i)
{
    static char jid[64];
    snprintf(jid, sizeof jid, "a%u@example.org/1", i);
    return jid;
}

/* Whether the answer to this account has been given up. */
static inline bool has_failed(struct quay *quay, unsigned account, const char *id, const char *why)
{
    char *said = look_of(quay, name_account(account), id);
    bool has = said != NULL;
    if (has)
        ASSERT_CONTAINS(said, why);
    free(said);
    return has;
}

/* Takes what is left of the memory for answers, but for so many bytes. */
static inline void take_rest(struct quay *quay, size_t but_bytes, struct sx_charge *charge)
{
    struct sx_memory *memory = sx_session_memory(quay->link->session);
    struct sx_memory_counts counts;
    sx_memory_count(memory, &counts);
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_ANSWER, "rest@example.org/1",
                                  counts.free_bytes[SX_MEMORY_ANSWER] - but_bytes, charge));
}

/* What the link posts last: its id. */
struct hearing {
    char id[200];
    bool is_to_new;
};

static inline void hear(void *user, uint64_t session, char *stanza, size_t len)
{
    struct hearing *hearing = user;
    const char *id = strstr(stanza, " id='") + 5;
    (void)session, (void)len;
    snprintf(hearing->id, sizeof hearing->id, "%.*s", (int)strcspn(id, "'"), id);
    hearing->is_to_new = strstr(stanza, " to='" NEW_PEER "'");
    free(stanza);
}

#endif
