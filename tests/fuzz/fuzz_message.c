/* fuzz_message.c - messages of any peer: requests, answers, noise.
 *
 * Input: a byte whose first bits say whether requests are taken and whether their age is limited;
 * then stanzas, behind a stream's start tag that is there already. A call by message to
 * p@example.org is under way: CALL in the input stands for its id, NAMED for that of an earlier
 * process's named call to the same account.
 *
 * Claims: a message is answered at most once, by one of type error that can stand in a stream, and
 * never if it is an error, an answer or noise; what is queued is a request that is allowed, and
 * under one id of this library's comes once; the call ends by its peer's message with its id and
 * by nothing else; what is found was named for its sender, and comes once.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "link/receive.h"
#include "claims.h"
#include "feed.h"
#include "fuzz.h"

enum { MESSAGE_BYTES = 20000, STANZA_BYTES = 4000, NODES = 100, REQUESTS = 40 };

#define PEER  "p@example.org"
#define RULES "*@b, p@example.org:add+subtract"
#define HEAD  "0123456789abcdef-1"

struct outcome {
    struct sx_iq_ends ends;
    struct sx_iq_refusals refusals;
    struct soap_xmpp_call *call;
    char *named;
    unsigned posted, found; /* answers to one stanza; calls found in all */
};

/* ---- what goes out ---- */

static void check_answer(struct feed *feed, struct sx_element *stanza)
{
    (void)feed;
    CLAIM(strcmp(sx_element_name(stanza), "message") == 0);
    CLAIM(sx_element_attribute(stanza, "id") && sx_element_attribute(stanza, "to"));
    CLAIM(strcmp(sx_element_attribute(stanza, "type"), "error") == 0);
}

static void post(void *user, uint64_t session, char *stanza, size_t len)
{
    struct outcome *outcome = user;
    struct feed feed = {.on_stanza = check_answer};
    feed.stream.limits = (struct sx_stream_limits){
        .max_stanza_bytes = 20 * STANZA_BYTES, .max_depth = CLAIMS_DEPTH, .max_nodes = NODES};
    CLAIM(session == 1 && strlen(stanza) == len);
    feed_start(&feed);
    feed_bytes(&feed, FEED_HEAD, sizeof FEED_HEAD - 1);
    feed_bytes(&feed, stanza, len);
    CLAIM(!feed.stream.err && feed.stanzas == 1);
    feed_stop(&feed);
    free(stanza);
    outcome->posted++;
}

/* ---- what comes in ---- */

/* How many requests have been queued. */
static unsigned take_requests(struct outcome *outcome)
{
    struct sx_request *request;
    unsigned taken = 0;
    bool closed;
    for (; (request = sx_queue_take(outcome->ends.inbound, 1, &closed)); taken++) {
        char name[SX_MESSAGE_ID_BYTES + 1];
        CLAIM(outcome->ends.messages && request->is_message);
        CLAIM(request->envelope.err == SX_OK && request->envelope.bytes);
        CLAIM(sx_access_allows(outcome->ends.access, request->from, request->envelope.operation));
        CLAIM(!sx_exchange_gave_out(outcome->ends.exchange, request->id));
        CLAIM(sx_message_ids_read(outcome->ends.names, request->id, request->from, name) ==
              SX_MESSAGE_ID_NONE);
        if (request->envelope.form == SX_FORM_PLAIN)
            claims_about_envelope(&request->envelope);
        sx_request_free(request);
    }
    return taken;
}

static void take_found(struct outcome *outcome, const char *from, const char *id)
{
    struct soap_xmpp_call *call = sx_exchange_next_done(outcome->ends.exchange, 1);
    char bare[SX_JID_BYTES];
    if (!call)
        return;
    sx_jid_bare(from, bare, sizeof bare);
    CLAIM(strcmp(id, outcome->named) == 0 && sx_jid_equal(bare, PEER));
    CLAIM(strcmp(sx_exchange_name(call), "job") == 0 && outcome->found++ == 0);
    sx_exchange_release(call);
    CLAIM(!sx_exchange_next_done(outcome->ends.exchange, 1));
}

static unsigned long count_under_way(struct outcome *outcome)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(outcome->ends.exchange, &counts);
    return counts.under_way;
}

static void receive(struct feed *feed, struct sx_element *stanza)
{
    struct outcome *outcome = feed->user;
    const char *from = sx_element_attribute(stanza, "from"),
               *id = sx_element_attribute(stanza, "id");
    const char *type = sx_element_attribute(stanza, "type");
    unsigned long under_way = count_under_way(outcome);
    bool is_calls = id && strcmp(id, sx_exchange_id(outcome->call)) == 0;
    char bare[SX_JID_BYTES] = "";
    unsigned taken;
    if (strcmp(sx_element_name(stanza), "message") != 0)
        return;
    if (from)
        sx_jid_bare(from, bare, sizeof bare);
    outcome->posted = 0;
    sx_iq_receive(&outcome->ends, 1, stanza, &feed->stream);
    taken = take_requests(outcome);
    CLAIM(outcome->posted + taken <= 1);
    CLAIM(!outcome->posted || (from && id && !(type && strcmp(type, "error") == 0)));
    CLAIM(!outcome->posted || (!is_calls && strcmp(id, outcome->named) != 0));
    CLAIM(count_under_way(outcome) == under_way ||
          (count_under_way(outcome) == under_way - 1 && is_calls && sx_jid_equal(bare, PEER)));
    take_found(outcome, from ? from : "", id ? id : "");
}

/* ---- the whole ---- */

static void drop_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user, (void)level;
    CLAIM(*line);
}

static void begin_call(struct outcome *outcome)
{
    struct sx_buffer suffix = {0}, named = {0};
    CLAIM(sx_exchange_begin(outcome->ends.exchange, PEER, "add", 1, &outcome->call) == SX_OK);
    sx_message_ids_write(outcome->ends.names, &suffix, sx_exchange_id(outcome->call), NULL, PEER);
    CLAIM(sx_exchange_set_message(outcome->call, suffix.bytes, NULL) == SX_OK);
    sx_buffer_fini(&suffix);
    sx_buffer_add_text(&named, HEAD);
    sx_message_ids_write(outcome->ends.names, &named, HEAD, "job", PEER);
    CLAIM(!named.failed);
    outcome->named = named.bytes;
}

static void set_up(struct outcome *outcome, const struct sx_trace *trace, unsigned options)
{
    struct sx_iq_ends *ends = &outcome->ends;
    ends->exchange = sx_exchange_new(REQUESTS, NULL);
    ends->inbound = sx_queue_new(REQUESTS, REQUESTS * STANZA_BYTES, 0);
    ends->journal = sx_journal_new(REQUESTS, 10000);
    ends->access = sx_access_new();
    ends->disco = sx_features_new(REQUESTS);
    ends->own_jid = "me@example.org/soap";
    ends->names = sx_message_ids_new("key", ends->own_jid);
    ends->checker = sx_checker_new(CLAIMS_DEPTH);
    CLAIM(ends->exchange && ends->inbound && ends->journal && ends->access && ends->disco &&
          ends->names && ends->checker);
    CLAIM(sx_access_parse(ends->access, RULES, NULL, 0) == SX_OK);
    CLAIM(sx_exchange_set_own_jid(ends->exchange, ends->own_jid) == SX_OK);
    sx_exchange_expect_found(ends->exchange, MESSAGE_BYTES);
    ends->refusals = &outcome->refusals;
    ends->trace = trace;
    ends->user = outcome;
    ends->post = ends->repeat = post;
    ends->packs = true;
    ends->max_message_bytes = MESSAGE_BYTES;
    ends->messages = options & 1;
    ends->max_age_us = options & 2 ? INT64_C(60000000) : INT64_MAX;
    sx_queue_open(ends->inbound);
    begin_call(outcome);
}

static void tear_down(struct outcome *outcome)
{
    sx_exchange_release(outcome->call);
    sx_exchange_free(outcome->ends.exchange);
    sx_queue_free(outcome->ends.inbound);
    sx_journal_free(outcome->ends.journal);
    sx_access_free(outcome->ends.access);
    sx_features_free(outcome->ends.disco);
    sx_message_ids_free(outcome->ends.names);
    sx_checker_free(outcome->ends.checker);
    free(outcome->named);
}

/* The input with the ids in the place of their words. */
static void complete_ids(const struct outcome *outcome, const char *bytes, size_t len,
                         struct sx_buffer *input)
{
    size_t at = 0;
    while (at < len) {
        if (len - at >= 5 && memcmp(bytes + at, "NAMED", 5) == 0) {
            sx_buffer_add_text(input, outcome->named);
            at += 5;
        } else if (len - at >= 4 && memcmp(bytes + at, "CALL", 4) == 0) {
            sx_buffer_add_text(input, sx_exchange_id(outcome->call));
            at += 4;
        } else {
            sx_buffer_add(input, bytes + at++, 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct outcome outcome = {.posted = 0};
    struct feed feed = {.on_stanza = receive, .user = &outcome};
    struct sx_buffer input = {0};
    struct sx_trace trace;
    if (!len)
        return 0;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, drop_line, NULL, "me@example.org");
    set_up(&outcome, &trace, bytes[0]);
    feed.stream.limits = (struct sx_stream_limits){
        .max_stanza_bytes = STANZA_BYTES, .max_depth = CLAIMS_DEPTH, .max_nodes = NODES};
    feed_start(&feed);
    feed_bytes(&feed, FEED_HEAD, sizeof FEED_HEAD - 1);
    complete_ids(&outcome, (const char *)bytes + 1, len - 1, &input);
    feed_bytes(&feed, input.bytes ? input.bytes : "", input.len);
    sx_buffer_fini(&input);
    feed_stop(&feed);
    tear_down(&outcome);
    return 0;
}
