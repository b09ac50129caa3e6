/* fuzz_iq.c - the stanzas of an authenticated stream: calls, answers and questions of any peer.
 *
 * Input: stanzas, behind a stream's start tag that is there already. Two calls to
 * p@example.org/soap are under way, one sent once and one that is kept to be sent again: a stanza
 * with the id "call" or "kept" gets theirs. An id that ends in ~ gets the incarnation of our
 * journal behind it, as callers of this library send it. Packed envelopes are taken, up to
 * MESSAGE_BYTES. Requests with an id of even length are answered when they are taken, the others go
 * on running. All of it happens to a client, then to a component.
 *
 * Claims: each get and set is answered or queued once (a copy of one that runs is neither, nor what
 * has come to a component without `from`), nothing else is answered but an iq of no known type; a
 * component says which of its JIDs answers; what is answered can stand in a stream; what is
 * queued is in order, is allowed, and under one id that is ours comes once; a call ends by an
 * answer of its peer's with its id and by nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "link/receive.h"
#include "soap/reader.h"
#include "link/shipment.h"
#include "wire/stanza.h"
#include "claims.h"
#include "feed.h"
#include "fuzz.h"
#include "exchange/retry.h"

enum { MESSAGE_BYTES = 20000 };
enum { STANZA_BYTES = 4000, NODES = 100, REQUESTS = 40, JOURNAL_BYTES = 10000, MAX_SEEN = 200 };

#define PEER        "p@example.org/soap"
#define INCARNATION "0123456789abcdef.1"
#define PACKED      "<packed xmlns='urn:soap-xmpp:packed:1'>AAAA</packed>"
#define RULES       "*@b, alice@example.org:add+subtract c.org, me@example.org:add"

/* A request with an id of ours that was queued. */
struct seen {
    char *caller, *id; /* bare */
    bool answered;
};

struct outcome {
    struct sx_iq_ends ends;
    struct sx_iq_refusals refusals;
    struct soap_xmpp_call *call, *kept;
    unsigned posted; /* of one stanza */
    struct seen seen[MAX_SEEN];
    unsigned seen_count;
};

/* ---- what goes out ---- */

static void count_answer(struct feed *feed, struct sx_element *stanza)
{
    const struct outcome *outcome = feed->user;
    CLAIM(!outcome->ends.is_component || sx_element_attribute(stanza, "from"));
    CLAIM(strcmp(sx_element_name(stanza), "iq") == 0);
    CLAIM(sx_element_attribute(stanza, "id") && sx_element_attribute(stanza, "type"));
}

static void post(void *user, uint64_t session, char *stanza, size_t len)
{
    struct outcome *outcome = user;
    struct feed feed = {.on_stanza = count_answer, .user = outcome};

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

/* ---- bytestreams, of which none is under way (linked with --wrap) ---- */

__typeof__(sx_shipments_reply) __wrap_sx_shipments_reply;
__typeof__(sx_shipments_again) __wrap_sx_shipments_again;
__typeof__(sx_shipments_receive) __wrap_sx_shipments_receive;
__typeof__(sx_shipments_take) __wrap_sx_shipments_take;

bool __wrap_sx_shipments_reply(struct sx_shipments *shipments, uint64_t session, const char *from,
                               const char *id, const struct sx_sender_reply *reply)
{
    (void)from;
    CLAIM(shipments && session == 1 && id && reply);
    return false;
}

bool __wrap_sx_shipments_again(struct sx_shipments *shipments, uint64_t session, const char *from,
                               const char *id)
{
    (void)from;
    CLAIM(shipments && session == 1 && id);
    return false;
}

void __wrap_sx_shipments_receive(struct sx_shipments *shipments, uint64_t session,
                                 const struct sx_head *reply, struct sx_element *element,
                                 const char *bytes, size_t len)
{
    struct sx_buffer out = {0};
    CLAIM(element && (bytes || !len));
    sx_stanza_error(&out, reply, "item-not-found", NULL);
    CLAIM(!out.failed);
    post(shipments, session, out.bytes, out.len);
}

bool __wrap_sx_shipments_take(struct sx_shipments *shipments, const char *from,
                              struct sx_element *packed, char **bytes, size_t *len)
{
    (void)from;
    CLAIM(shipments && packed && bytes && len);
    return false;
}

/* ---- the worker's part ---- */

static struct seen *find_seen(struct outcome *outcome, const char *from, const char *id)
{
    char caller[SX_JID_BYTES];
    unsigned i;
    sx_jid_bare(from, caller, sizeof caller);
    for (i = 0; i < outcome->seen_count; i++)
        if (strcmp(outcome->seen[i].id, id) == 0 && strcmp(outcome->seen[i].caller, caller) == 0)
            return &outcome->seen[i];
    return NULL;
}

static void note_seen(struct outcome *outcome, const struct sx_request *request, bool answered)
{
    char caller[SX_JID_BYTES];
    CLAIM(!find_seen(outcome, request->from, request->id));
    if (outcome->seen_count == MAX_SEEN)
        return;
    sx_jid_bare(request->from, caller, sizeof caller);
    outcome->seen[outcome->seen_count++] = (struct seen){
        fuzz_text(caller, strlen(caller)), fuzz_text(request->id, strlen(request->id)), answered};
}

/* Packed bytes are nobody's before they are read; what comes out is bounded. */
static void claims_about_arrival(const struct sx_envelope *envelope)
{
    static const struct sx_reader_limits limits = {MESSAGE_BYTES, {CLAIMS_DEPTH, NODES, NODES}};
    struct sx_reader reading = {0};
    char piece[100], why[160];
    size_t got = 1;
    if (!envelope->form) {
        claims_about_envelope(envelope);
        return;
    }
    while (got && sx_reader_next(&reading, envelope, &limits, piece, sizeof piece, &got, why,
                                 sizeof why) == SX_OK)
        CLAIM(got <= sizeof piece && reading.done_bytes <= MESSAGE_BYTES);
    CLAIM(got == 0);
    sx_reader_fini(&reading);
}

static void serve(struct outcome *outcome, const struct sx_request *request)
{
    static const char answer[] = "<iq type='result' from='example.org' id='1'/>";
    const struct sx_iq_ends *ends = &outcome->ends;
    bool answered = strlen(request->id) % 2 == 0;

    CLAIM(request->from && request->to && request->id && !request->answered);
    CLAIM(request->envelope.bytes && !request->envelope.err);
    CLAIM(strlen(request->id) <= SX_IQ_ID_BYTES);
    CLAIM(sx_access_allows(ends->access, request->from, request->envelope.operation));
    claims_about_arrival(&request->envelope);
    if (sx_request_id_is_tagged(request->id))
        note_seen(outcome, request, answered);
    if (answered)
        sx_journal_answer(ends->journal, request->from, request->id, answer, sizeof answer - 1, 0);
}

static unsigned serve_all(struct outcome *outcome)
{
    struct sx_request *request = sx_queue_take_all(outcome->ends.inbound), *next;
    unsigned count = 0;

    for (; request; request = next, count++) {
        next = request->next;
        serve(outcome, request);
        sx_request_free(request);
    }
    return count;
}

/* ---- calls ---- */

static unsigned long count_under_way(const struct outcome *outcome)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(outcome->ends.exchange, &counts);
    return counts.under_way;
}

static bool is_answer_of_peer(struct sx_element *stanza)
{
    const char *type = sx_element_attribute(stanza, "type"), *name = sx_element_name(stanza);
    return strcmp(name, "iq") == 0 && type &&
           (strcmp(type, "result") == 0 || strcmp(type, "error") == 0) &&
           sx_jid_equal(sx_element_attribute(stanza, "from"), PEER);
}

static void end_call(struct soap_xmpp_call *call)
{
    struct sx_reply reply = {0};

    sx_exchange_wait(call, 0, &reply); /* past: either the answer came or SX_ETIMEOUT */
    if (reply.err == SX_OK && reply.envelope.bytes)
        claims_about_arrival(&reply.envelope);
    CLAIM(reply.err != SX_ESTANZA || reply.condition[0]);
    CLAIM(reply.err == SX_OK || !reply.features);
    CLAIM(!reply.delivery.stale_for[0] || sx_request_id_is_incarnation(reply.delivery.stale_for));
    sx_reply_fini(&reply);
    sx_exchange_release(call);
}

static void begin_calls(struct outcome *outcome)
{
    struct sx_exchange *exchange = outcome->ends.exchange;
    CLAIM(sx_exchange_begin(exchange, PEER, "op", 0, &outcome->call) == SX_OK);
    CLAIM(sx_exchange_begin(exchange, PEER, "op", 0, &outcome->kept) == SX_OK);
    CLAIM(sx_retry_keep(outcome->kept, INCARNATION, PACKED, sizeof PACKED - 1) == SX_OK);
}

/* ---- ids ---- */

static void add_id(const struct outcome *outcome, const char *id, size_t len, struct sx_buffer *out)
{
    char incarnation[SX_INCARNATION_BYTES] = "";

    if (len == 4 && memcmp(id, "call", 4) == 0) {
        sx_buffer_add_text(out, sx_exchange_id(outcome->call));
    } else if (len == 4 && memcmp(id, "kept", 4) == 0) {
        sx_buffer_add_text(out, sx_exchange_id(outcome->kept));
    } else {
        if (len && id[len - 1] == *SX_REQUEST_ID_MARK)
            sx_journal_incarnation(outcome->ends.journal, 0, incarnation);
        sx_buffer_add(out, id, len);
        sx_buffer_add_text(out, incarnation);
    }
}

/* The input with its ids made ours. */
static void complete_ids(const struct outcome *outcome, const char *bytes, size_t len,
                         struct sx_buffer *out)
{
    static const char name[] = " id=";
    const char *end = bytes + len, *id, *quote;

    while ((id = memmem(bytes, (size_t)(end - bytes), name, sizeof name - 1)) != NULL) {
        id += sizeof name; /* behind the quote */
        if (id >= end || !(quote = memchr(id, id[-1], (size_t)(end - id))))
            break;
        sx_buffer_add(out, bytes, (size_t)(id - bytes));
        add_id(outcome, id, (size_t)(quote - id), out);
        bytes = quote;
    }
    sx_buffer_add(out, bytes, (size_t)(end - bytes));
    CLAIM(!out->failed);
}

/* ---- one stanza ---- */

static bool is_packed_without_tree(const struct sx_stream *stream, struct sx_element *child)
{
    const char *name = sx_element_name(child);
    return stream->binary && name && strcmp(name, "packed") == 0 && !sx_element_first(child) &&
           !*sx_element_text(child) && !sx_element_attribute(child, "transfer");
}

/* As a stream that is online delivers it: an envelope alone makes no tree. */
static struct sx_element *as_online(struct sx_element *stanza, const struct sx_stream *stream)
{
    struct sx_element *child = sx_element_first(stanza);
    bool has_text = *sx_element_text(stanza);
    bool is_alone = child && !has_text && !sx_element_next(child) &&
                    (stream->envelope || is_packed_without_tree(stream, child));
    return (child || has_text) && !is_alone ? stanza : NULL;
}

static unsigned wanted_answers(const struct outcome *outcome, struct sx_element *stanza)
{
    const char *type = sx_element_attribute(stanza, "type"),
               *id = sx_element_attribute(stanza, "id");

    if (strcmp(sx_element_name(stanza), "iq") != 0 || !id || !type || strlen(id) > SX_IQ_ID_BYTES)
        return 0;
    if (outcome->ends.is_component && !sx_element_attribute(stanza, "from"))
        return 0;
    return strcmp(type, "result") != 0 && strcmp(type, "error") != 0;
}

static void receive(struct feed *feed, struct sx_element *stanza)
{
    struct outcome *outcome = feed->user;
    const char *from = sx_element_attribute(stanza, "from"), *id;
    const struct seen *copy;
    unsigned long under_way = count_under_way(outcome);
    bool is_calls_id;
    unsigned taken;

    if (strcmp(sx_stream_name(&feed->stream), "message") == 0)
        return; /* fuzz_message.c's */
    id = sx_element_attribute(stanza, "id");
    is_calls_id = id && (strcmp(id, sx_exchange_id(outcome->call)) == 0 ||
                         strcmp(id, sx_exchange_id(outcome->kept)) == 0);
    copy = id ? find_seen(outcome, from ? from : "example.org", id) : NULL;
    outcome->posted = 0;
    sx_iq_receive(&outcome->ends, 1, as_online(stanza, &feed->stream), &feed->stream);
    taken = outcome->posted + serve_all(outcome);
    CLAIM(taken == wanted_answers(outcome, stanza) || (taken == 0 && copy && !copy->answered));
    CLAIM(count_under_way(outcome) == under_way ||
          (count_under_way(outcome) == under_way - 1 && is_calls_id && is_answer_of_peer(stanza)));
}

/* ---- the whole ---- */

static void doubt(void *user, uint64_t session, const char *peer)
{
    (void)user;
    CLAIM(session == 1 && sx_jid_equal(peer, PEER));
}

static void fall_back(void *user, const char *peer)
{
    (void)user;
    CLAIM(*peer);
}

static void drop_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user, (void)level;
    CLAIM(*line);
}

static void set_up(struct outcome *outcome, const struct sx_trace *trace)
{
    struct sx_iq_ends *ends = &outcome->ends;

    ends->exchange = sx_exchange_new(REQUESTS, NULL);
    ends->inbound = sx_queue_new(REQUESTS, REQUESTS * STANZA_BYTES, 0);
    ends->journal = sx_journal_new(REQUESTS, JOURNAL_BYTES);
    ends->access = sx_access_new();
    ends->disco = sx_features_new(REQUESTS);
    CLAIM(ends->exchange && ends->inbound && ends->journal && ends->access && ends->disco);
    CLAIM(sx_access_parse(ends->access, RULES, NULL, 0) == SX_OK);
    ends->refusals = &outcome->refusals;
    ends->trace = trace;
    ends->user = outcome;
    ends->post = ends->repeat = post;
    ends->doubt = doubt;
    ends->fall_back = fall_back;
    ends->packs = true;
    ends->shipments = (struct sx_shipments *)outcome;
    ends->checker = sx_checker_new(CLAIMS_DEPTH);
    ends->max_message_bytes = MESSAGE_BYTES;
    CLAIM(ends->checker);
    ends->own_jid = ends->is_component ? "example.org" : "me@example.org/soap";
    ends->names = sx_message_ids_new(NULL, ends->own_jid);
    CLAIM(ends->is_component || sx_exchange_set_own_jid(ends->exchange, ends->own_jid) == SX_OK);
    sx_queue_open(ends->inbound);
    begin_calls(outcome);
}

static void tear_down(struct outcome *outcome)
{
    end_call(outcome->call);
    end_call(outcome->kept);
    sx_exchange_free(outcome->ends.exchange);
    sx_queue_free(outcome->ends.inbound);
    sx_journal_free(outcome->ends.journal);
    sx_access_free(outcome->ends.access);
    sx_features_free(outcome->ends.disco);
    sx_checker_free(outcome->ends.checker);
    sx_message_ids_free(outcome->ends.names);
    while (outcome->seen_count) {
        struct seen *seen = &outcome->seen[--outcome->seen_count];
        free(seen->caller);
        free(seen->id);
    }
}

static void run(const uint8_t *bytes, size_t len, bool is_component)
{
    struct outcome outcome = {.ends.is_component = is_component};
    struct feed feed = {.on_stanza = receive, .user = &outcome};
    struct sx_buffer input = {0};
    struct sx_trace trace;

    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, drop_line, NULL, "me@example.org");
    set_up(&outcome, &trace);
    feed.stream.limits = (struct sx_stream_limits){
        .max_stanza_bytes = STANZA_BYTES, .max_depth = CLAIMS_DEPTH, .max_nodes = NODES};
    feed_start(&feed);
    feed_bytes(&feed, FEED_HEAD, sizeof FEED_HEAD - 1);
    complete_ids(&outcome, (const char *)bytes, len, &input);
    feed_bytes(&feed, input.bytes ? input.bytes : "", input.len);
    sx_buffer_fini(&input);
    feed_stop(&feed);
    tear_down(&outcome);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    run(bytes, len, false);
    run(bytes, len, true);
    return 0;
}
