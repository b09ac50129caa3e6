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
 * component says which of its JIDs answers; what is answered can stand in a stream, and goes to who
 * asked, with the id of what was asked, a later copy from another resource included; what is queued
 * is in order, is allowed, and under one id that is ours comes once; a call ends by an answer of
 * its peer's with its id and by nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "link/link.h"
#include "link/link_state.h"
#include "soap/reader.h"
#include "wire/stanza.h"
#include "posted.h"
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
    struct soap_xmpp_link *link; /* that nothing connects */
    struct soap_xmpp_call *call, *kept;
    const struct sx_element *stanza; /* that is answered now */
    unsigned posted;                 /* answers to it */
    struct seen seen[MAX_SEEN];
    unsigned seen_count;
};

/* ---- what goes out ---- */

static bool is_component(const struct outcome *outcome)
{
    return sx_session_config(outcome->link->session)->is_component;
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A question of ours and the end of a bytestream are no answers. */
static void count_answer(struct feed *feed, const struct sx_element *stanza)
{
    struct outcome *outcome = feed->user;
    const char *type = sx_element_attribute(stanza, "type");
    CLAIM(!is_component(outcome) || sx_element_attribute(stanza, "from"));
    CLAIM(strcmp(sx_element_name(stanza), "iq") == 0);
    CLAIM(sx_element_attribute(stanza, "id") && type);
    if (strcmp(type, "get") == 0 || strcmp(type, "set") == 0)
        return;
    outcome->posted++;
    CLAIM(is_same(sx_element_attribute(stanza, "id"), sx_element_attribute(outcome->stanza, "id")));
    CLAIM(
        is_same(sx_element_attribute(stanza, "to"), sx_element_attribute(outcome->stanza, "from")));
    CLAIM(
        !is_component(outcome) || !sx_element_attribute(outcome->stanza, "to") ||
        is_same(sx_element_attribute(stanza, "from"), sx_element_attribute(outcome->stanza, "to")));
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
    struct sx_response *response;
    struct soap_xmpp_link *link = outcome->link;
    bool answered = strlen(request->id) % 2 == 0;

    CLAIM(request->from && request->to && request->id && !request->answered);
    CLAIM(request->envelope.bytes && !request->envelope.err);
    CLAIM(strlen(request->id) <= SX_RECEIVE_ID_BYTES);
    CLAIM(request->grant != SX_GRANT_NONE);
    CLAIM(request->grant == sx_access_grant(link->access, request->from,
                                            request->envelope.operation_uri,
                                            request->envelope.operation));
    CLAIM(request->grant == SX_GRANT_EVERYTHING || !request->envelope.ambiguity);
    CLAIM(!request->envelope.traceparent[0] ||
          sx_traceparent_is_valid(request->envelope.traceparent));
    claims_about_arrival(&request->envelope);
    if (sx_request_id_is_tagged(request->id))
        note_seen(outcome, request, answered);
    if (!answered)
        return;
    CLAIM((response = sx_response_new(NULL, 0, 0, NULL)) != NULL);
    sx_journal_answer(link->journal, request->from, request->id, response, 0);
    sx_response_unref(response);
}

static unsigned serve_all(struct outcome *outcome)
{
    struct sx_request *request = sx_queue_take_all(outcome->link->queue), *next;
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
    sx_exchange_count(outcome->link->exchange, &counts);
    return counts.under_way;
}

static bool is_answer_of_peer(const struct sx_element *stanza)
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
    struct sx_exchange *exchange = outcome->link->exchange;
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
            sx_journal_incarnation(outcome->link->journal, 0, incarnation);
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

static bool is_packed_without_tree(const struct sx_stream *stream, const struct sx_element *child)
{
    const char *name = sx_element_name(child);
    return stream->binary && name && strcmp(name, "packed") == 0 && !sx_element_first(child) &&
           !*sx_element_text(child) && !sx_element_attribute(child, "transfer");
}

/* As a stream that is online delivers it: an envelope alone makes no tree. */
static const struct sx_element *as_online(const struct sx_element *stanza,
                                          const struct sx_stream *stream)
{
    const struct sx_element *child = sx_element_first(stanza);
    bool has_text = *sx_element_text(stanza);
    bool is_alone = child && !has_text && !sx_element_next(child) &&
                    (stream->envelope || is_packed_without_tree(stream, child));
    return (child || has_text) && !is_alone ? stanza : NULL;
}

static unsigned wanted_answers(const struct outcome *outcome, const struct sx_element *stanza)
{
    const char *type = sx_element_attribute(stanza, "type"),
               *id = sx_element_attribute(stanza, "id");

    if (strcmp(sx_element_name(stanza), "iq") != 0 || !id || !type ||
        strlen(id) > SX_RECEIVE_ID_BYTES)
        return 0;
    if (is_component(outcome) && !sx_element_attribute(stanza, "from"))
        return 0;
    return strcmp(type, "result") != 0 && strcmp(type, "error") != 0;
}

static void receive(struct feed *feed, const struct sx_element *stanza)
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
    outcome->stanza = stanza;
    sx_receive_stanza(&outcome->link->reception, 1, as_online(stanza, &feed->stream),
                      &feed->stream);
    taken = outcome->posted + serve_all(outcome);
    CLAIM(taken == wanted_answers(outcome, stanza) || (taken == 0 && copy && !copy->answered));
    /* That the peer takes no packed envelopes ends the kept call, too, which has none in truth. */
    CLAIM(count_under_way(outcome) == under_way ||
          (count_under_way(outcome) + 2 >= under_way && is_calls_id && is_answer_of_peer(stanza)));
}

/* ---- the whole ---- */

static void drop_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user, (void)level;
    CLAIM(*line);
}

static void configure(struct soap_xmpp_config *config, bool as_component)
{
    soap_xmpp_config_init(config);
    config->jid = as_component ? "example.org" : "me@example.org/soap";
    config->password = "secret";
    config->host = "127.0.0.1";
    config->port = 5347;
    config->tls = SOAP_XMPP_TLS_OFF;
    config->allow = RULES;
    config->max_calls = config->max_requests = config->max_remembered = REQUESTS;
    config->max_peers = REQUESTS;
    config->max_request_bytes = REQUESTS * STANZA_BYTES;
    config->max_remembered_bytes = JOURNAL_BYTES;
    config->max_depth = CLAIMS_DEPTH;
    config->max_message_bytes = MESSAGE_BYTES;
    config->trace = SOAP_XMPP_TRACE_STANZA;
    config->trace_callback = drop_line;
}

static void set_up(struct outcome *outcome, bool as_component)
{
    struct soap_xmpp_config config;
    configure(&config, as_component);
    outcome->link = sx_link_new(&config, NULL, 0);
    CLAIM(outcome->link);
    posted_take(sx_session_loop(outcome->link->session), post, outcome);
    sx_session_begin(outcome->link->session, 1, config.jid);
    CLAIM(as_component || sx_exchange_set_own_jid(outcome->link->exchange, config.jid) == SX_OK);
    sx_queue_open(outcome->link->queue);
    begin_calls(outcome);
}

static void tear_down(struct outcome *outcome)
{
    end_call(outcome->call);
    end_call(outcome->kept);
    posted_take(sx_session_loop(outcome->link->session), NULL, NULL);
    sx_link_unref(outcome->link);
    while (outcome->seen_count) {
        struct seen *seen = &outcome->seen[--outcome->seen_count];
        free(seen->caller);
        free(seen->id);
    }
}

static void run(const uint8_t *bytes, size_t len, bool as_component)
{
    struct outcome outcome = {.posted = 0};
    struct feed feed = {.on_stanza = receive, .user = &outcome};
    struct sx_buffer input = {0};

    set_up(&outcome, as_component);
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
