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
#include "link/link.h"
#include "link/link_state.h"
#include "posted.h"
#include "claims.h"
#include "feed.h"
#include "fuzz.h"
#include "exchange/message_call.h"

enum { MESSAGE_BYTES = 20000, STANZA_BYTES = 4000, NODES = 100, REQUESTS = 40 };

#define PEER  "p@example.org"
#define RULES "*@b, p@example.org:add+subtract"
#define HEAD  "0123456789abcdef-1"

struct outcome {
    struct soap_xmpp_link *link; /* that nothing connects */
    struct soap_xmpp_call *call;
    char *named;
    unsigned posted, found; /* answers to one stanza; calls found in all */
};

/* ---- what goes out ---- */

static void check_answer(struct feed *feed, const struct sx_element *stanza)
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
    for (; (request = sx_queue_take(outcome->link->queue, 1, &closed)); taken++) {
        char name[SX_MESSAGE_ID_BYTES + 1];
        CLAIM(sx_session_config(outcome->link->session)->messages && request->is_message);
        CLAIM(request->envelope.err == SX_OK && request->envelope.bytes);
        CLAIM(request->grant != SX_GRANT_NONE);
        CLAIM(request->grant == sx_access_grant(outcome->link->access, request->from,
                                                request->envelope.operation_uri,
                                                request->envelope.operation));
        CLAIM(request->grant == SX_GRANT_EVERYTHING || !request->envelope.ambiguity);
        CLAIM(!sx_exchange_gave_out(outcome->link->exchange, request->id));
        CLAIM(sx_message_ids_read(outcome->link->names, request->id, request->from, name) ==
              SX_MESSAGE_ID_NONE);
        if (request->envelope.form == SX_FORM_PLAIN)
            claims_about_envelope(&request->envelope);
        sx_request_free(request);
    }
    return taken;
}

static void take_found(struct outcome *outcome, const char *from, const char *id)
{
    struct soap_xmpp_call *call = sx_exchange_next_done(outcome->link->exchange, 1);
    char bare[SX_JID_BYTES];
    if (!call)
        return;
    sx_jid_bare(from, bare, sizeof bare);
    CLAIM(strcmp(id, outcome->named) == 0 && sx_jid_equal(bare, PEER));
    CLAIM(strcmp(sx_message_call_name(call), "job") == 0 && outcome->found++ == 0);
    sx_exchange_release(call);
    CLAIM(!sx_exchange_next_done(outcome->link->exchange, 1));
}

static unsigned long count_under_way(struct outcome *outcome)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(outcome->link->exchange, &counts);
    return counts.under_way;
}

static void receive(struct feed *feed, const struct sx_element *stanza)
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
    sx_receive_stanza(&outcome->link->reception, 1, stanza, &feed->stream);
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
    CLAIM(sx_exchange_begin(outcome->link->exchange, PEER, "add", 1, &outcome->call) == SX_OK);
    sx_message_ids_write(outcome->link->names, &suffix, sx_exchange_id(outcome->call), NULL, PEER);
    CLAIM(sx_message_call_set(outcome->call, suffix.bytes, NULL) == SX_OK);
    sx_buffer_fini(&suffix);
    sx_buffer_add_text(&named, HEAD);
    sx_message_ids_write(outcome->link->names, &named, HEAD, "job", PEER);
    CLAIM(!named.failed);
    outcome->named = named.bytes;
}

static void configure(struct soap_xmpp_config *config, unsigned options)
{
    soap_xmpp_config_init(config);
    config->jid = "me@example.org/soap";
    config->password = "secret";
    config->host = "127.0.0.1";
    config->tls = SOAP_XMPP_TLS_OFF;
    config->allow = RULES;
    config->name_key = "key";
    config->messages = options & 1;
    config->max_age_s = options & 2 ? 60 : 0;
    config->max_calls = config->max_requests = config->max_remembered = REQUESTS;
    config->max_peers = REQUESTS;
    config->max_request_bytes = REQUESTS * STANZA_BYTES;
    config->max_remembered_bytes = 10000;
    config->max_depth = CLAIMS_DEPTH;
    config->max_message_bytes = MESSAGE_BYTES;
    config->trace = SOAP_XMPP_TRACE_STANZA;
    config->trace_callback = drop_line;
}

static void set_up(struct outcome *outcome, unsigned options)
{
    struct soap_xmpp_config config;
    configure(&config, options);
    outcome->link = sx_link_new(&config, NULL, 0);
    CLAIM(outcome->link);
    posted_take(sx_session_loop(outcome->link->session), post, outcome);
    sx_session_begin(outcome->link->session, 1, config.jid);
    CLAIM(sx_exchange_set_own_jid(outcome->link->exchange, config.jid) == SX_OK);
    sx_queue_open(outcome->link->queue);
    begin_call(outcome);
}

static void tear_down(struct outcome *outcome)
{
    sx_exchange_release(outcome->call);
    posted_take(sx_session_loop(outcome->link->session), NULL, NULL);
    sx_link_unref(outcome->link);
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
    if (!len)
        return 0;
    set_up(&outcome, bytes[0]);
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
