/* link.h - one link of the gateway: calls go out and requests come in, without a thread per call.
 *
 * Noun: the link (link/ alone includes soap_xmpp.h). Two threads: one polls soap_xmpp_fd(), ends
 * calls and takes requests; one answers (answers.h), since soap_xmpp_answer() may wait for room,
 * and neither the first nor another link has to wait with it.
 *
 * Invariant: `done` is called exactly once for each call; each request is ended exactly once. */
#ifndef GW_LINK_H
#define GW_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct gw_link;
struct gw_incoming; /* a request that came by XMPP */

enum gw_outcome { GW_EXECUTED, GW_NOT_EXECUTED, GW_UNKNOWN };
const char *gw_link_outcome_text(enum gw_outcome outcome); /* "executed", "not-executed", ... */

/* As enum soap_xmpp_end_value. */
enum gw_end {
    GW_END_ANSWER,
    GW_END_FAULT,
    GW_END_EMPTY,
    GW_END_REFUSED,
    GW_END_TIMEOUT,
    GW_END_LOST,
    GW_END_STOPPED,
    GW_END_BAD
};
const char *gw_link_end_text(enum gw_end end); /* "answer", "fault", ... */

/* How a call has ended; texts are valid during done(). */
struct gw_call_end {
    enum gw_end end;
    enum gw_outcome outcome;
    const char *condition, *text, *peer;
    int version; /* 11, 12; 0 */
    bool is_packed;
    char *envelope; /* malloc'ed, NUL-terminated; done may take it and set NULL; NULL: none */
    size_t envelope_bytes;
};
/* Runs on the link's thread; must not block. */
typedef void gw_link_done_fn(void *user, struct gw_call_end *end_of_call);

struct gw_outgoing {
    const char *endpoint, *action, *from; /* action and from NULL: none */
    const char *envelope;                 /* fit for a stanza: soap_xmpp_clean() */
    size_t envelope_bytes;
    const char *traceparent; /* NULL: none */
    unsigned timeout_ms;
    bool is_one_way; /* by message */
    gw_link_done_fn *done;
    void *user;
};

/* Told of a request; runs on the link's thread, must not block. It is owned from then on, and ended
 * by one of answer, refuse, decline, from any thread. */
typedef void gw_link_take_fn(void *user, struct gw_link *link, struct gw_incoming *incoming);

/* Whether the library knows its members and takes their values: 0, or -1 with "FILE:LINE: ..." in
 * why. What else is wrong with them gw_link_open() finds. */
int gw_link_check(const struct gw_link_config *config, char *why, size_t why_bytes);
/* Opens it; it comes online by itself. Changes of its state go into the log, and its trace, which
 * has errors alone unless config says otherwise, unless that says where to (trace_to). rules: all
 * that may pass for one of the link's services (soap_xmpp_set_rules()); NULL: those of config.
 * most_bytes: of an envelope; of requests four times that are held at once, and 4,096: while it is
 * so many, further ones wait in the library's queue, and are refused there (resource-constraint,
 * not executed) once that is full. take NULL: it serves nothing. NULL with one sentence in why.
 * Threads inherit the caller's mask of signals. */
struct gw_link *gw_link_open(const struct gw_link_config *config, const char *rules,
                             size_t most_bytes, gw_link_take_fn *take, void *user, char *why,
                             size_t why_bytes);
int gw_link_set_rules(struct gw_link *link, const char *rules, char *why, size_t why_bytes);
const char *gw_link_name(const struct gw_link *link);
bool gw_link_is_online(struct gw_link *link);
void gw_link_reason(struct gw_link *link, char *text, size_t text_bytes); /* why it isn't */
void gw_link_kick(struct gw_link *link);
/* The link itself, for metrics and questions. */
struct soap_xmpp_link *gw_link_of(struct gw_link *link);

/* Begins a call. 0, or -1 with one sentence in why and *condition (a constant: "policy-violation",
 * "resource-constraint", "bad-request", or "service-unavailable": the link is stopped, or its
 * server refuses it): nothing was sent, and done isn't called. done may run before this returns.
 * Any thread; doesn't block. */
int gw_link_call(struct gw_link *link, const struct gw_outgoing *outgoing, const char **condition,
                 char *why, size_t why_bytes);

const char *gw_incoming_from(const struct gw_incoming *incoming);
const char *gw_incoming_to(const struct gw_incoming *incoming);
const char *gw_incoming_action(const struct gw_incoming *incoming);      /* "" */
const char *gw_incoming_operation(const struct gw_incoming *incoming);   /* "" */
const char *gw_incoming_namespace(const struct gw_incoming *incoming);   /* "" */
const char *gw_incoming_traceparent(const struct gw_incoming *incoming); /* "" */
int gw_incoming_version(const struct gw_incoming *incoming);             /* 11, 12 */
bool gw_incoming_is_message(const struct gw_incoming *incoming);
/* Whether a service's own rules admit it. One whose caller may call some of its operations alone
 * has no action from then on. */
struct soap_xmpp_rules;
bool gw_incoming_is_admitted(struct gw_incoming *incoming, const struct soap_xmpp_rules *rules);
const char *gw_incoming_envelope(const struct gw_incoming *incoming, size_t *bytes);

/* Each ends it, and takes it from its owner at once; the link's second thread sends it. An answer
 * that can't be carried becomes a refusal that says why. envelope is malloc'ed and becomes the
 * link's; NULL: an empty result. */
void gw_incoming_answer(struct gw_incoming *incoming, char *envelope, size_t envelope_bytes);
void gw_incoming_refuse(struct gw_incoming *incoming, const char *text);
void gw_incoming_decline(struct gw_incoming *incoming, const char *condition, const char *text);

/* New requests are declined and new calls refused; what is under way gets drain_ms; then done() of
 * each call that is left is called (GW_END_STOPPED). No callback runs any more once it returns,
 * within drain_ms + 4 s. A second time does nothing. NULL is fine. */
void gw_link_stop(struct gw_link *link, unsigned drain_ms);
/* Stops it if that wasn't done, sends what was answered, and frees it. Requests that are held may
 * be ended later, by any thread, and nothing is sent then. NULL is fine. */
void gw_link_close(struct gw_link *link);
long long gw_link_turned_ms(const struct gw_link *link); /* as gw_server_turned_ms() */

#endif
