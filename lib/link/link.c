/* link.c - puts the parts of a link together, and hands on what its loop tells.
 *
 * Invariant: the parts are made before the loop starts and freed after its thread has ended; the
 * loop itself goes last.
 *
 * Happy path: open -> online -> stanzas come, calls and answers go -> stop: what was queued is
 * answered, the exchange ends its calls, then the loop. Failure: a session that is lost is begun
 * anew by the loop, unless waiting can't help (reconnect.c).
 */
#include "link/link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/password.h"
#include "exchange/message_call.h"
#include "link/link_state.h"

enum {
    CLOSE_US = 3000000, /* what a stop may take beyond its drain_ms, see soap_xmpp.h */
    BUDGETS = 1000      /* callers at once whose requests are costly to look into */
};

/* ---- callbacks of the loop ---- */

static bool on_connecting(void *user, struct sx_failure *failure)
{
    struct soap_xmpp_link *link = user;
    sx_reconnect_begin(&link->reconnect);
    sx_session_set_state(link->session, SOAP_XMPP_CONNECTING, NULL);
    return sx_session_renew_password(link->session, failure);
}

static void on_online(void *user, uint64_t number, const char *bound_jid)
{
    struct soap_xmpp_link *link = user;
    sx_session_forget_password(link->session);
    sx_session_begin(link->session, number, bound_jid);
    /* A component has no account: nothing comes to it without `from`. */
    if (!sx_session_config(link->session)->is_component &&
        sx_exchange_set_own_jid(link->exchange, bound_jid) != SX_OK)
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_ERROR, "no memory to remember %s",
                 bound_jid);
    sx_reconnect_done(&link->reconnect);
    sx_preparation_online(&link->preparation);
    sx_announcement_send(&link->announcement, number);
    sx_shipments_online(link->shipments);
    sx_session_set_state(link->session, SOAP_XMPP_ONLINE, NULL);
}

static void on_stanza(void *user, uint64_t number, const struct sx_element *stanza,
                      struct sx_stream *stream)
{
    struct soap_xmpp_link *link = user;
    sx_receive_stanza(&link->reception, number, stanza, stream);
}

static int64_t on_offline(void *user, uint64_t number, const struct sx_failure *failure)
{
    struct soap_xmpp_link *link = user;
    int64_t next_us;
    sx_session_forget_password(link->session);
    next_us = sx_reconnect_lost(&link->reconnect, number, failure);
    sx_preparation_lost(&link->preparation);
    return next_us;
}

static void on_kick(void *user)
{
    struct soap_xmpp_link *link = user;
    sx_reconnect_reset(&link->reconnect);
}

static bool on_wait(void *user, int64_t *look_us)
{
    struct soap_xmpp_link *link = user;
    return sx_reconnect_look(&link->reconnect, look_us);
}

static int64_t min_us(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t on_timer(void *user, uint64_t number)
{
    struct soap_xmpp_link *link = user;
    int64_t due_us;
    sx_announcement_update(&link->announcement, number);
    sx_revocation_step(&link->revocation);
    due_us = sx_bytestream_step(&link->bytestream);
    /* Before the calls: a shipment that has arrived makes its call due. */
    due_us = min_us(due_us, sx_shipments_step(link->shipments, number));
    due_us = min_us(due_us, sx_fallback_step(&link->fallback));
    due_us = min_us(due_us, sx_routing_step(&link->routing));
    due_us = min_us(due_us, sx_preparation_step(&link->preparation, number));
    return min_us(due_us, sx_call_post_due(&link->calls, number));
}

static char *on_ping(void *user, unsigned long *number, size_t *len)
{
    struct soap_xmpp_link *link = user;
    return sx_session_ping(link->session, number, len);
}

static void on_interrupt(void *user)
{
    struct soap_xmpp_link *link = user;
    sx_session_set_state(link->session, SOAP_XMPP_STOPPING, NULL);
    sx_queue_close(link->queue);
    sx_queue_close(sx_describer_queue(link->describer));
}

/* ---- open and close ---- */

/* The rules of the configuration. why as soap_xmpp_open()'s. */
static bool make_access(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    link->access = sx_access_new();
    link->rules = (struct sx_rules){link->session, link->access};
    return link->access && sx_rules_read(&link->rules, why, why_bytes) == SX_OK;
}

static bool make_tables(struct soap_xmpp_link *link, const struct sx_config *config)
{
    link->exchange = sx_exchange_new(config->max_calls, link);
    link->queue =
        sx_queue_new(config->max_requests, config->max_request_bytes, config->max_running);
    link->features = sx_features_new(config->max_peers, sx_session_memory(link->session));
    link->journal = sx_journal_new(config->max_remembered, config->max_remembered_bytes);
    link->checker = sx_checker_new(config->max_depth);
    link->budget = sx_budget_new(BUDGETS);
    link->shipments = sx_shipments_new(link->session, link->exchange, link->journal);
    link->receiver = sx_bytestream_new_receiver(link->session, link->exchange);
    link->names = sx_message_ids_new(config->name_key, config->jid);
    link->statistics = sx_statistics_new();
    if (config->presence && !config->is_component) {
        link->roster = sx_roster_new(config->max_peers);
        link->policy = sx_policy_new(config->policy, config->max_peers);
        if (!link->roster || !link->policy)
            return false;
    }
    if (!link->exchange || !link->queue || !link->features || !link->journal || !link->checker ||
        !link->budget || !link->shipments || !link->receiver || !link->names || !link->statistics)
        return false;
    if (config->is_shared)
        sx_journal_share(link->journal);
    if (config->messages) {
        sx_queue_expect(link->queue);
        link->refused = sx_refusals_new();
        if (!link->refused)
            return false;
    }
    if (config->name_key)
        sx_message_call_expect_found(link->exchange, config->max_request_bytes);
    return true;
}

/* What goes out. */
static void make_senders(struct soap_xmpp_link *link)
{
    link->query = (struct sx_query){link->session, link->exchange, link->features};
    link->fallback = (struct sx_fallback){
        .session = link->session,
        .exchange = link->exchange,
        .features = link->features,
        .query = &link->query,
        .checker = link->checker,
        .shipments = link->shipments,
    };
    sx_backlog_init(&link->fallback.backlog);
    sx_backlog_init(&link->moves);
    link->routing = (struct sx_routing){
        .session = link->session,
        .exchange = link->exchange,
        .features = link->features,
        .query = &link->query,
        .roster = link->roster,
        .policy = link->policy,
        .backlog = &link->moves,
    };
    link->announcement = (struct sx_announcement){
        .session = link->session,
        .queue = link->queue,
        .journal = link->journal,
        .access = link->access,
        .is_on = link->roster != NULL,
    };
    link->calls = (struct sx_calls){
        .session = link->session,
        .exchange = link->exchange,
        .features = link->features,
        .query = &link->query,
        .routing = &link->routing,
        .shipments = link->shipments,
        .names = link->names,
    };
    link->answers = (struct sx_answers){
        .session = link->session,
        .journal = link->journal,
        .shipments = link->shipments,
        .statistics = link->statistics,
        .tally = &link->tally,
    };
    sx_preparation_init(&link->preparation, &link->calls);
    link->reconnect = (struct sx_reconnect){
        .session = link->session,
        .exchange = link->exchange,
        .journal = link->journal,
        .queue = link->queue,
        .shipments = link->shipments,
        .roster = link->roster,
    };
}

/* What comes in. */
static void make_reception(struct soap_xmpp_link *link, const struct sx_config *config)
{
    link->content = (struct sx_content){
        .packs = config->packs,
        .max_message_bytes = config->max_message_bytes,
        .checker = link->checker,
        .budget = link->budget,
        .receiver = link->receiver,
        .trace = sx_session_trace(link->session),
        .memory = sx_session_memory(link->session),
    };
    link->admission = (struct sx_admission){
        .session = link->session,
        .queue = link->queue,
        .journal = link->journal,
        .access = link->access,
        .shipments = link->shipments,
        .refused = link->refused,
        .describer = link->describer,
        .tally = &link->tally,
    };
    link->bytestream = (struct sx_bytestream){
        .session = link->session,
        .exchange = link->exchange,
        .queue = link->queue,
        .journal = link->journal,
        .access = link->access,
        .shipments = link->shipments,
        .receiver = link->receiver,
        .admission = &link->admission,
    };
    link->revocation = (struct sx_revocation){
        .session = link->session,
        .exchange = link->exchange,
        .access = link->access,
        .receiver = link->receiver,
        .answers = &link->answers,
        .seen = sx_access_version(link->access),
    };
    link->reception = (struct sx_reception){
        .session = link->session,
        .exchange = link->exchange,
        .queue = link->queue,
        .journal = link->journal,
        .access = link->access,
        .features = link->features,
        .names = link->names,
        .shipments = link->shipments,
        .announcement = &link->announcement,
        .fallback = &link->fallback,
        .preparation = &link->preparation,
        .routing = &link->routing,
        .content = &link->content,
        .admission = &link->admission,
        .bytestream = &link->bytestream,
        .describer = link->describer,
    };
}

/* What the configuration says of the service. why as soap_xmpp_open()'s. */
static bool describe(struct soap_xmpp_link *link, const char *wsdl_file, char *why,
                     size_t why_bytes)
{
    const struct soap_xmpp_description said = {.size = sizeof said, .wsdl_file = wsdl_file};
    struct sx_description *description;
    char sentence[900] = "";
    enum sx_err err;
    description = sx_description_new(&said, sentence, sizeof sentence);
    if (!description && why && why_bytes)
        snprintf(why, why_bytes, "wsdl_file (SOAP_XMPP_WSDL): %s", sentence);
    if (!description)
        return false;
    err = sx_describer_set(link->describer, description);
    sx_description_unref(description);
    return err == SX_OK;
}

static bool make_describer(struct soap_xmpp_link *link, const struct sx_config *config, char *why,
                           size_t why_bytes)
{
    const struct sx_describer_parts parts = {
        .session = link->session,
        .access = link->access,
        .answers = &link->answers,
        .limits = &link->reader_limits,
        .statistics = link->statistics,
    };
    link->describer = sx_describer_new(&parts);
    return link->describer &&
           (!config->wsdl_file || describe(link, config->wsdl_file, why, why_bytes));
}

/* For gSOAP's bytes. */
static struct sx_reader_limits make_limits(const struct sx_config *config)
{
    return (struct sx_reader_limits){
        .max_bytes = config->max_message_bytes,
        .gauge = {config->max_depth, config->max_attributes, config->max_namespaces},
    };
}

/* False: why says why not, unless memory is short. */
static bool make_parts(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    const struct sx_config *config = sx_session_config(link->session);
    if (!make_access(link, why, why_bytes) || !make_tables(link, config))
        return false;
    make_senders(link);
    link->reader_limits = make_limits(config);
    if (!make_describer(link, config, why, why_bytes))
        return false;
    make_reception(link, config);
    link->process = getpid();
    atomic_init(&link->references, 1);
    atomic_init(&link->told_nobody_may, false);
    atomic_init(&link->serves_bytes, false);
    atomic_init(&link->readiness, NULL);
    return true;
}

/* As far as they were made. */
static void free_tables(struct soap_xmpp_link *link)
{
    sx_describer_free(link->describer);
    sx_statistics_free(link->statistics);
    sx_preparation_fini(&link->preparation);
    sx_receiver_free(link->receiver);
    if (link->queue)
        sx_queue_free(link->queue);
    if (link->exchange)
        sx_exchange_free(link->exchange);
    sx_features_free(link->features);
    sx_journal_free(link->journal);
    sx_refusals_free(link->refused);
    sx_access_free(link->access);
    sx_checker_free(link->checker);
    sx_budget_free(link->budget);
    sx_shipments_free(link->shipments);
    sx_roster_free(link->roster);
    sx_policy_free(link->policy);
    sx_message_ids_free(link->names);
    sx_backlog_fini(&link->fallback.backlog);
    sx_backlog_fini(&link->moves);
}

struct soap_xmpp_link *sx_link_new(const struct soap_xmpp_config *config, char *why,
                                   size_t why_bytes)
{
    struct soap_xmpp_link *link = calloc(1, sizeof *link);
    const struct sx_loop_callbacks callbacks = {
        .user = link,
        .on_connecting = on_connecting,
        .on_online = on_online,
        .on_stanza = on_stanza,
        .on_offline = on_offline,
        .on_timer = on_timer,
        .on_kick = on_kick,
        .on_ping = on_ping,
        .on_interrupt = on_interrupt,
        .on_wait = on_wait,
    };
    if (!link) {
        sx_session_say(why, why_bytes, "no memory for a link");
        return NULL;
    }
    link->session = sx_session_new(config, &callbacks, why, why_bytes);
    if (!link->session)
        goto err_after_alloc;
    sx_session_say(why, why_bytes, "no memory for a link");
    if (!make_parts(link, why, why_bytes))
        goto err_after_session;
    sx_session_say(why, why_bytes, "");
    return link;

err_after_session:
    free_tables(link);
    sx_session_free(link->session);
err_after_alloc:
    free(link);
    return NULL;
}

static void warn_of_files(const struct sx_session *session)
{
    const struct sx_config *config = sx_session_config(session);
    if (config->password_is_exposed)
        sx_trace(sx_session_trace(session), SOAP_XMPP_TRACE_ERROR, SX_PASSWORD_EXPOSED,
                 SX_PASSWORD_FILE);
    if (config->key_is_exposed)
        sx_trace(sx_session_trace(session), SOAP_XMPP_TRACE_ERROR, SX_PASSWORD_EXPOSED,
                 "key_file (SOAP_XMPP_KEYFILE)");
}

struct soap_xmpp_link *soap_xmpp_open(const struct soap_xmpp_config *config, char *why,
                                      size_t why_bytes)
{
    struct soap_xmpp_link *link = sx_link_new(config, why, why_bytes);
    int err;
    if (link)
        warn_of_files(link->session);
    err = link ? sx_loop_start(sx_session_loop(link->session)) : 0;
    if (!err)
        return link;
    if (why && why_bytes)
        snprintf(why, why_bytes, "no thread for the link: %s", strerror(err));
    sx_link_unref(link);
    return NULL;
}

bool sx_link_is_forked(const struct soap_xmpp_link *link)
{
    return link->process != getpid();
}

struct soap_xmpp_link *sx_link_ref(struct soap_xmpp_link *link)
{
    atomic_fetch_add(&link->references, 1);
    return link;
}

void sx_link_unref(struct soap_xmpp_link *link)
{
    if (atomic_fetch_sub(&link->references, 1) != 1)
        return;
    if (sx_link_is_forked(link)) /* the tables may be in the middle of a change, for ever */
        return;
    free_tables(link);
    sx_readiness_free(atomic_load(&link->readiness));
    sx_session_free(link->session);
    free(link);
}

static void decline(struct soap_xmpp_link *link, struct sx_request *request, int64_t deadline)
{
    sx_answer_decline(&link->answers, request, "service-unavailable", "the service is stopping",
                      deadline);
}

static void refuse_queued(struct soap_xmpp_link *link, struct sx_queue *queue, int64_t deadline)
{
    struct sx_request *request = sx_queue_take_all(queue);
    while (request) {
        struct sx_request *next = request->next;
        decline(link, request, deadline);
        sx_request_free(request);
        request = next;
    }
}

void soap_xmpp_stop(struct soap_xmpp_link *link, int drain_ms)
{
    struct sx_queue *described;
    int64_t deadline;
    if (!link || sx_link_is_forked(link))
        return;
    described = sx_describer_queue(link->describer);
    assert(!sx_loop_is_self(sx_session_loop(link->session)));
    sx_link_ref(link); /* another thread may close the link as soon as it is closed */
    deadline = sx_clock_deadline(
        sx_config_timeout_ms(drain_ms, sx_session_config(link->session)->timeout_us));
    if (!sx_session_begin_stop(link->session)) {
        sx_session_await_closed(link->session, deadline + CLOSE_US);
        sx_link_unref(link);
        return;
    }
    sx_queue_close(link->queue);
    sx_queue_close(described);
    sx_loop_wake(sx_session_loop(link->session));
    if (!sx_queue_was_opened(link->queue)) /* and won't be */
        refuse_queued(link, link->queue, deadline);
    if (!sx_queue_drained(link->queue, deadline) || !sx_queue_drained(described, deadline) ||
        !sx_shipments_drained(link->shipments, deadline))
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_INFO,
                 "stopped before every request was answered");
    refuse_queued(link, link->queue, deadline);
    refuse_queued(link, described, deadline);
    sx_exchange_stop(link->exchange, SX_ESTOPPED, "the link was stopped");
    sx_loop_stop(sx_session_loop(link->session), deadline);
    sx_session_set_state(link->session, SOAP_XMPP_CLOSED, NULL);
    sx_describer_join(link->describer);
    sx_session_await_closed(link->session, SX_NEVER);
    sx_link_unref(link);
}

void soap_xmpp_kick(struct soap_xmpp_link *link)
{
    if (!link || sx_link_is_forked(link) || !sx_session_kick(link->session))
        return;
    sx_queue_resume(link->queue); /* who serves from now on waits for what comes of it */
    sx_loop_kick(sx_session_loop(link->session));
}

void soap_xmpp_interrupt(struct soap_xmpp_link *link)
{
    if (link && !sx_link_is_forked(link))
        sx_loop_interrupt(sx_session_loop(link->session));
}

void soap_xmpp_close(struct soap_xmpp_link *link)
{
    if (!link)
        return;
    if (sx_link_is_forked(link)) { /* now: what the parent's threads refer to, they do for ever */
        sx_session_abandon(link->session);
        sx_message_ids_wipe(link->names);
    }
    soap_xmpp_stop(link, 0);
    sx_link_unref(link); /* NOLINT(clang-analyzer-unix.Malloc): the reference of the caller */
}

void sx_link_serve(struct soap_xmpp_link *link)
{
    sx_queue_open(link->queue);
    sx_loop_wake(sx_session_loop(link->session)); /* presence tells that */
    if (!sx_access_has_rules(link->access) && !atomic_exchange(&link->told_nobody_may, true))
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_ERROR,
                 "nobody may call the service: allow callers with SOAP_XMPP_ALLOW, "
                 "e.g. SOAP_XMPP_ALLOW=alice@example.org, with config.allow or soap_xmpp_allow()");
}

enum sx_err sx_link_serve_namespaces(struct soap_xmpp_link *link, const char *const *namespaces,
                                     size_t count)
{
    return sx_access_serve(link->access, namespaces, count);
}

/* ---- what the plugin asks ---- */

enum sx_err sx_link_request(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                            struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    if (sx_link_is_forked(link)) {
        snprintf(why, why_bytes, "xmpp:%.200s: %s", out->to, sx_fault_text(SX_EFORKED));
        return SX_EFORKED;
    }
    return (out->is_message ? sx_message_call_send : sx_call_send)(&link->calls, out, call, why,
                                                                   why_bytes);
}

enum sx_err sx_link_post(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                         struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    enum sx_err err;
    sx_link_ref(link); /* the call's, which another thread may cancel meanwhile, */
    sx_link_ref(link); /* and close the link */
    err = sx_preparation_post(&link->preparation, out, call, why, why_bytes);
    if (err != SX_OK)
        sx_link_unref(link);
    sx_link_unref(link); /* NOLINT(clang-analyzer-unix.Malloc): the second of two */
    return err;
}

enum sx_err sx_link_answer(struct soap_xmpp_link *link, struct sx_request *request,
                           struct sx_checker *checker, const char *envelope, size_t envelope_len,
                           char *why, size_t why_bytes)
{
    if (sx_link_is_forked(link))
        return SX_OK; /* the other process answers */
    return sx_answer_send(&link->answers, request, checker, envelope, envelope_len, why, why_bytes);
}

void sx_link_refuse(struct soap_xmpp_link *link, struct sx_request *request, const char *condition,
                    const char *text)
{
    if (!sx_link_is_forked(link))
        sx_answer_refuse(&link->answers, request, condition, text);
}

void sx_link_decline(struct soap_xmpp_link *link, struct sx_request *request, enum sx_err err)
{
    int64_t deadline = sx_clock_deadline(sx_session_timeout_us(link->session));
    if (sx_link_is_forked(link))
        return;
    if (err == SX_ESTOPPED)
        decline(link, request, deadline);
    else
        sx_answer_decline(&link->answers, request, sx_fault_condition(err), sx_fault_text(err),
                          deadline);
}

bool sx_link_may_run(struct soap_xmpp_link *link, struct sx_request *request)
{
    return sx_revocation_spares(&link->revocation, request);
}

bool sx_link_is_stopping(struct soap_xmpp_link *link)
{
    enum soap_xmpp_state_value state = sx_session_state(link->session);
    return state == SOAP_XMPP_STOPPING || state == SOAP_XMPP_CLOSED;
}

bool sx_link_is_closed(struct soap_xmpp_link *link)
{
    return sx_session_state(link->session) == SOAP_XMPP_CLOSED;
}

bool sx_link_may_name(const struct soap_xmpp_link *link)
{
    return sx_message_ids_has_key(link->names);
}

struct sx_exchange *sx_link_exchange(struct soap_xmpp_link *link)
{
    return link->exchange;
}

struct soap_xmpp_link *sx_link_of(const struct soap_xmpp_call *call)
{
    return sx_exchange_owner(call);
}

struct sx_queue *sx_link_queue(struct soap_xmpp_link *link)
{
    return link->queue;
}

struct sx_memory *sx_link_memory(struct soap_xmpp_link *link)
{
    return sx_session_memory(link->session);
}

const struct sx_trace *sx_link_trace(struct soap_xmpp_link *link)
{
    return sx_session_trace(link->session);
}

int64_t sx_link_timeout_us(struct soap_xmpp_link *link)
{
    return sx_session_config(link->session)->timeout_us;
}

const struct sx_reader_limits *sx_link_reader_limits(struct soap_xmpp_link *link)
{
    return &link->reader_limits;
}

unsigned sx_link_max_depth(struct soap_xmpp_link *link)
{
    return sx_session_config(link->session)->max_depth;
}

enum sx_err sx_link_wait_online(struct soap_xmpp_link *link, bool calls, int64_t deadline,
                                char *why, size_t why_bytes)
{
    uint64_t number;
    if (sx_link_is_forked(link)) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_EFORKED));
        return SX_EFORKED;
    }
    if (!calls)
        return sx_session_await_online(link->session, deadline, &number, why, why_bytes);
    if (sx_session_config(link->session)->is_shared) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ESHARED));
        return SX_ESHARED;
    }
    return sx_session_await(link->session, deadline, &number, why, why_bytes);
}
