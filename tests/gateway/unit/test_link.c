/* A link whose server isn't there: what is begun ends once, and what can't be begun says why. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "link/envelope.h"
#include "link/link.h"
#include "shortage.h"

extern CU_TestInfo gateway_tests_link[];

#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define ENVELOPE                                                                                   \
    "<e:Envelope xmlns:e='" SOAP12 "'><e:Body><add xmlns='urn:c'/></e:Body></e:Envelope>"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MOST_BYTES = 1 << 20, THREADS = 3, CALLS_EACH = 2000 };

/* Nobody listens at port 1. */
static char *names[] = {"jid", "password", "host", "port", "tls", "trace", NULL};
static char *values[] = {"alice@example.org/desk", "secret", "127.0.0.1", "1", "off", "none", NULL};

static struct gw_link_config configure(void)
{
    return (struct gw_link_config){
        .name = "main",
        .jid = values[0],
        .names = {names, COUNT(names) - 1},
        .values = {values, COUNT(values) - 1},
    };
}

static struct gw_link *open_link(void)
{
    const struct gw_link_config config = configure();
    char why[300] = "";
    struct gw_link *link = gw_link_open(&config, "", MOST_BYTES, NULL, NULL, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    ASSERT_TEXT(why, "");
    return link;
}

/* What done() was told, of all calls with this as their user. */
struct ends {
    atomic_uint done, stopped, lost, executed;
    char text[300];
};

static void note_end(void *user, struct gw_call_end *end)
{
    struct ends *ends = user;
    atomic_fetch_add(&ends->stopped, end->end == GW_END_STOPPED);
    atomic_fetch_add(&ends->lost, end->end == GW_END_LOST);
    atomic_fetch_add(&ends->executed, end->outcome != GW_NOT_EXECUTED);
    CU_ASSERT_PTR_NULL(end->envelope);
    snprintf(ends->text, sizeof ends->text, "%s", end->text);
    atomic_fetch_add(&ends->done, 1);
}

static struct gw_outgoing make_call(struct ends *ends, unsigned timeout_ms)
{
    return (struct gw_outgoing){
        .endpoint = "xmpp:bob@example.org/soap",
        .envelope = ENVELOPE,
        .envelope_bytes = sizeof ENVELOPE - 1,
        .timeout_ms = timeout_ms,
        .done = note_end,
        .user = ends,
    };
}

static void begin(struct gw_link *link, struct ends *ends, unsigned timeout_ms)
{
    const struct gw_outgoing call = make_call(ends, timeout_ms);
    const char *condition = NULL;
    char why[300] = "";
    CU_ASSERT_EQUAL(gw_link_call(link, &call, &condition, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
}

static void a_call_ends_at_its_deadline_and_says_that_it_was_not_executed(void)
{
    struct gw_link *link = open_link();
    struct ends ends = {0};
    begin(link, &ends, 100);
    gw_link_stop(link, 30000); /* returns as soon as nothing is under way */
    CU_ASSERT_EQUAL(ends.done, 1);
    CU_ASSERT_EQUAL(ends.lost, 1);
    CU_ASSERT_EQUAL(ends.executed, 0);
    ASSERT_CONTAINS(ends.text, "it waited for the link to be online");
    gw_link_close(link);
    CU_ASSERT_EQUAL(ends.done, 1);
}

static void a_stop_ends_each_call_once(void)
{
    struct gw_link *link = open_link();
    struct ends ends = {0};
    unsigned i;
    for (i = 0; i < 200; i++)
        begin(link, &ends, 60000);
    gw_link_stop(link, 0);
    CU_ASSERT_EQUAL(ends.done, 200);
    CU_ASSERT_EQUAL(ends.stopped, 200);
    CU_ASSERT_EQUAL(ends.executed, 0);
    gw_link_stop(link, 0);
    gw_link_close(link);
    CU_ASSERT_EQUAL(ends.done, 200);
}

static void what_cant_be_begun_says_why(void)
{
    static const struct {
        const char *endpoint, *envelope, *from, *condition, *why;
    } rows[] = {
        {"http://example.org", ENVELOPE, NULL, "bad-request", "http://example.org"},
        {"xmpp:bob@example.org", "<no/>", NULL, "bad-request", "can't be carried"},
        {"xmpp:bob@example.org", ENVELOPE, "x@y", "bad-request", "from is for components"},
    };
    struct gw_link *link = open_link();
    struct ends ends = {0};
    struct gw_outgoing call = make_call(&ends, 1000);
    const char *condition;
    char why[300];
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        call.endpoint = rows[i].endpoint;
        call.envelope = rows[i].envelope;
        call.envelope_bytes = strlen(rows[i].envelope);
        call.from = rows[i].from;
        condition = "";
        *why = '\0';
        CU_ASSERT_EQUAL(gw_link_call(link, &call, &condition, why, sizeof why), -1);
        ASSERT_TEXT(condition, rows[i].condition);
        ASSERT_CONTAINS(why, rows[i].why);
    }
    gw_link_stop(link, 0);
    call = make_call(&ends, 1000);
    CU_ASSERT_EQUAL(gw_link_call(link, &call, &condition, why, sizeof why), -1);
    ASSERT_TEXT(condition, "service-unavailable");
    CU_ASSERT_EQUAL(ends.done, 0);
    gw_link_close(link);
}

/* ---- threads ---- */

static struct gw_link *shared;
static struct ends counted;
static atomic_uint begun;

static void *call_until_refused(void *user)
{
    const struct gw_outgoing call = make_call(&counted, 60000);
    const char *condition;
    char why[300];
    int i;
    (void)user;
    for (i = 0; i < CALLS_EACH && gw_link_call(shared, &call, &condition, why, sizeof why) == 0;
         i++)
        atomic_fetch_add(&begun, 1);
    return NULL;
}

static void each_call_of_threads_ends_once_while_it_stops(void)
{
    pthread_t threads[THREADS];
    unsigned i;
    memset(&counted, 0, sizeof counted);
    atomic_store(&begun, 0);
    shared = open_link();
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, call_until_refused, NULL), 0);
    while (!atomic_load(&begun))
        sched_yield();
    gw_link_stop(shared, 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT(begun > 0);
    CU_ASSERT_EQUAL(counted.done, begun);
    gw_link_close(shared);
    CU_ASSERT_EQUAL(counted.done, begun);
}

/* ---- opening ---- */

static void a_link_that_cant_be_opened_says_why(void)
{
    struct gw_link_config config = configure();
    char *wrong_names[] = {"jid", "pasword"}, *wrong_values[] = {"alice@example.org", "secret"};
    char why[600] = "";
    config.names = (struct gw_strings){wrong_names, 2};
    config.values = (struct gw_strings){wrong_values, 2};
    CU_ASSERT_PTR_NULL(gw_link_open(&config, "", MOST_BYTES, NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "link \"main\": \"pasword\" is no member");
    ASSERT_LACKS(why, "secret");
    config.names.count = config.values.count = 1;
    CU_ASSERT_PTR_NULL(gw_link_open(&config, "", MOST_BYTES, NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "link \"main\": password");
    config = configure();
    CU_ASSERT_PTR_NULL(gw_link_open(&config, "bob@", MOST_BYTES, NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "link \"main\": the rules stay: the new ones fail at \"bob@\"");
    gw_link_stop(NULL, 0);
    gw_link_close(NULL);
}

static void it_says_what_it_is(void)
{
    struct gw_link *link = open_link();
    char text[300] = "";
    ASSERT_TEXT(gw_link_name(link), "main");
    CU_ASSERT_FALSE(gw_link_is_online(link));
    gw_link_reason(link, text, sizeof text);
    CU_ASSERT(*text);
    CU_ASSERT_PTR_NOT_NULL(gw_link_of(link));
    CU_ASSERT(gw_link_turned_ms(link) > 0);
    gw_link_kick(link);
    CU_ASSERT_EQUAL(gw_link_set_rules(link, "bob@example.org", text, sizeof text), 0);
    CU_ASSERT_EQUAL(gw_link_set_rules(link, "@", text, sizeof text), -1);
    ASSERT_CONTAINS(text, "link \"main\": the rules stay");
    gw_link_close(link);
    ASSERT_TEXT(gw_link_end_text(GW_END_TIMEOUT), "timeout");
    ASSERT_TEXT(gw_link_outcome_text(GW_NOT_EXECUTED), "not-executed");
}

/* ---- short memory, and envelopes ---- */

static bool attempt_open(unsigned number, bool lasts)
{
    const struct gw_link_config config = configure();
    char why[300] = "";
    struct gw_link *link;
    bool has_failed;
    shortage_begin(number, lasts);
    link = gw_link_open(&config, "bob@example.org", MOST_BYTES, NULL, NULL, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(link || has_failed);
    CU_ASSERT(link || *why);
    gw_link_close(link);
    return has_failed;
}

static void a_link_is_opened_or_not_when_memory_is_short(void)
{
    CU_ASSERT(shortage_sweep(attempt_open) > 10);
}

static bool attempt_call(unsigned number, bool lasts)
{
    struct gw_link *link = open_link();
    struct ends ends = {0};
    const struct gw_outgoing call = make_call(&ends, 60000);
    const char *condition = "";
    char why[300] = "";
    bool has_failed;
    int result;
    shortage_begin(number, lasts);
    result = gw_link_call(link, &call, &condition, why, sizeof why);
    has_failed = shortage_end();
    if (result) {
        CU_ASSERT(has_failed && *why);
        ASSERT_TEXT(condition, "resource-constraint");
    }
    gw_link_close(link);
    CU_ASSERT_EQUAL(ends.done, result ? 0 : 1);
    return has_failed;
}

static void a_call_is_begun_or_not_when_memory_is_short(void)
{
    CU_ASSERT(shortage_sweep(attempt_call) > 3);
}

/* So many bytes in pieces of up to seven, then the end or what is wrong. */
struct source {
    size_t left;
    bool is_damaged;
};

static long next_piece(void *from, char *out, size_t out_bytes, char *why, size_t why_bytes)
{
    struct source *source = from;
    size_t len = source->left < 7 ? source->left : 7;
    CU_ASSERT(len <= out_bytes);
    if (!len && source->is_damaged) {
        snprintf(why, why_bytes, "it is damaged");
        return -1;
    }
    memset(out, 'x', len);
    source->left -= len;
    return (long)len;
}

static enum gw_envelope_result read_bytes(size_t bytes, bool is_damaged, size_t most, char **out,
                                          size_t *len, char why[100])
{
    struct source source = {bytes, is_damaged};
    *out = NULL;
    *len = 0;
    *why = '\0';
    return gw_envelope_read(next_piece, &source, most, out, len, why, 100);
}

static void an_envelope_is_read_whole_or_not_at_all(void)
{
    char *out, why[100];
    size_t len;
    CU_ASSERT_EQUAL(read_bytes(20, false, 20, &out, &len, why), GW_ENVELOPE_OK);
    CU_ASSERT_EQUAL(len, 20);
    ASSERT_TEXT(out, "xxxxxxxxxxxxxxxxxxxx");
    free(out);
    CU_ASSERT_EQUAL(read_bytes(0, false, 20, &out, &len, why), GW_ENVELOPE_OK);
    CU_ASSERT_PTR_NULL(out);
    CU_ASSERT_EQUAL(read_bytes(21, false, 20, &out, &len, why), GW_ENVELOPE_OVER);
    ASSERT_TEXT(why, "the envelope is larger than 20 bytes");
    CU_ASSERT_EQUAL(read_bytes(20, true, 30, &out, &len, why), GW_ENVELOPE_BAD);
    ASSERT_TEXT(why, "it is damaged");
    CU_ASSERT(!out && !len);
    shortage_begin(1, true);
    CU_ASSERT_EQUAL(read_bytes(20, false, 20, &out, &len, why), GW_ENVELOPE_NO_MEMORY);
    CU_ASSERT_TRUE(shortage_end());
    ASSERT_TEXT(why, "there is no memory for the envelope");
}

CU_TestInfo gateway_tests_link[] = {
    {"a call ends at its deadline, and says that it was not executed",
     a_call_ends_at_its_deadline_and_says_that_it_was_not_executed},
    {"a stop ends each call once", a_stop_ends_each_call_once},
    {"what can't be begun says why, and in which way", what_cant_be_begun_says_why},
    {"each call of threads ends once while the link stops",
     each_call_of_threads_ends_once_while_it_stops},
    {"a link that can't be opened says why, and no secret", a_link_that_cant_be_opened_says_why},
    {"it says what it is", it_says_what_it_is},
    {"a link is opened or not when memory is short", a_link_is_opened_or_not_when_memory_is_short},
    {"a call is begun or not when memory is short", a_call_is_begun_or_not_when_memory_is_short},
    {"an envelope is read whole, or not at all", an_envelope_is_read_whole_or_not_at_all},
    CU_TEST_INFO_NULL,
};
