/* ending.c - how a call has ended: in which way, whether it ran, and in one sentence; and its
 * envelope, read piece by piece. Invariant: ending.h.
 *
 * Happy path: add -> end, outcome -> read until its end. Failure: an envelope that can't be
 * unpacked is bad from there on.
 */
#include "api/ending.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "exchange/draft.h"
#include "exchange/message_call.h"
#include "link/link.h"
#include "soap/reader.h"
#include "soap/repair.h"

struct ending {
    enum soap_xmpp_end_value end;
    enum soap_xmpp_outcome_value outcome;
    char *text; /* NULL: "" */
    struct sx_reader reading;
    bool is_repaired;   /* before it was read */
    bool is_damaged;    /* it was read to where that shows */
    atomic_int version; /* of a packed envelope, once somebody has asked; 0: not yet */
};

/* ---- in which way ---- */

static bool was_unsent(const struct soap_xmpp_call *call)
{
    enum call_wait wait;
    return sx_draft_was_unsent(call, &wait);
}

static enum soap_xmpp_end_value judge_answer(const struct sx_envelope *envelope)
{
    if (envelope->err != SX_OK)
        return SOAP_XMPP_END_BAD;
    if (!envelope->bytes)
        return SOAP_XMPP_END_EMPTY;
    return envelope->is_fault ? SOAP_XMPP_END_FAULT : SOAP_XMPP_END_ANSWER;
}

static enum soap_xmpp_end_value judge_time_out(const struct soap_xmpp_call *call)
{
    enum call_wait wait;
    return sx_draft_was_unsent(call, &wait) && wait == WAIT_LINK ? SOAP_XMPP_END_LOST
                                                                 : SOAP_XMPP_END_TIMEOUT;
}

static enum soap_xmpp_end_value judge_end(const struct soap_xmpp_call *call,
                                          const struct sx_reply *reply)
{
    switch (reply->err) {
    case SX_OK:
        return judge_answer(&reply->envelope);
    case SX_ESTANZA:
        /* stale: a new process has refused what its predecessor was asked; no service answered */
        return reply->delivery.stale_for[0] ? SOAP_XMPP_END_LOST : SOAP_XMPP_END_REFUSED;
    case SX_ETIMEOUT:
        return judge_time_out(call);
    case SX_ESLOW:
    case SX_EROOM:
        return SOAP_XMPP_END_TIMEOUT;
    case SX_ELOST:
    case SX_EFORKED:
        return SOAP_XMPP_END_LOST;
    case SX_ESTOPPED:
        return SOAP_XMPP_END_STOPPED;
    default:
        return SOAP_XMPP_END_BAD;
    }
}

static enum soap_xmpp_outcome_value judge_outcome(const struct soap_xmpp_call *call,
                                                  const struct sx_reply *reply)
{
    if (!sx_exchange_may_have_run(call, reply))
        return SOAP_XMPP_NOT_EXECUTED;
    /* Of a message that is one-way all that is known is that our server has it. */
    if (reply->err == SX_OK && !reply->envelope.bytes && sx_message_call_is_one(call))
        return SOAP_XMPP_UNKNOWN;
    return sx_fault_is_answered(reply->err) ? SOAP_XMPP_EXECUTED : SOAP_XMPP_UNKNOWN;
}

/* ---- in one sentence ---- */

static void tell_wait(const struct soap_xmpp_call *call, struct sx_buffer *text)
{
    static const char *const whats[WAITS] = {
        [WAIT_LINK] = "for the link to be online",
        [WAIT_PEER] = "for the service to say what it understands (disco#info)",
        [WAIT_PRESENCE] = "for somebody of the account to be there",
        [WAIT_ROOM] = "for room in the outgoing queue",
    };
    enum call_wait wait;
    (void)sx_draft_was_unsent(call, &wait);
    sx_buffer_add_format(text, "not sent within %.3f s: it waited %s",
                         (double)sx_exchange_timeout_us(call) / 1e6, whats[wait]);
}

static void tell_stanza_error(const struct soap_xmpp_call *call, const struct sx_reply *reply,
                              struct sx_buffer *text)
{
    char sentence[SX_FAULT_SENTENCE_BYTES] = "";
    if (!reply->is_own)
        sx_fault_explain(reply->condition, sx_exchange_peer(call), reply->delivery.refused,
                         sentence);
    sx_buffer_add_format(text, "%s%s%s (%d)%s%s", sentence, *sentence ? ": " : "", reply->condition,
                         sx_fault_number(reply->condition), reply->text[0] ? ": " : "",
                         reply->text);
}

static void tell_error(const struct soap_xmpp_call *call, const struct sx_reply *reply,
                       struct sx_buffer *text)
{
    if (reply->err == SX_ETIMEOUT && was_unsent(call))
        tell_wait(call, text);
    else if (reply->err == SX_ETIMEOUT)
        sx_buffer_add_format(text, "no answer within %.3f s",
                             (double)sx_exchange_timeout_us(call) / 1e6);
    else if (reply->err == SX_ESTANZA && !reply->delivery.stale_for[0])
        tell_stanza_error(call, reply, text);
    else if (reply->err == SX_OK)
        sx_buffer_add_format(text, "the answer is bad: %s", reply->envelope.why);
    else
        sx_buffer_add_text(text, reply->text[0] ? reply->text : sx_fault_text(reply->err));
}

static char *make_text(const struct soap_xmpp_call *call, const struct sx_reply *reply,
                       const struct ending *ending)
{
    static const char *const outcomes[] = {
        [SOAP_XMPP_NOT_EXECUTED] = " (not executed)",
        [SOAP_XMPP_UNKNOWN] = " (outcome unknown)",
        [SOAP_XMPP_EXECUTED] = "",
    };
    const char *operation = sx_exchange_operation(call);
    struct sx_buffer text = {0};
    size_t len;
    sx_buffer_add_format(&text, "xmpp:%s: %s%s", sx_exchange_peer(call), operation,
                         *operation ? ": " : "");
    tell_error(call, reply, &text);
    sx_buffer_add_text(&text, outcomes[ending->outcome]);
    return sx_buffer_take(&text, &len);
}

/* ---- made and freed ---- */

static void free_ending(void *freed)
{
    struct ending *ending = freed;
    if (!ending)
        return;
    sx_reader_fini(&ending->reading);
    free(ending->text);
    free(ending);
}

static const struct ending unknown_ending = {
    .end = SOAP_XMPP_END_BAD,
    .outcome = SOAP_XMPP_UNKNOWN,
};

static const struct ending *find(const struct soap_xmpp_call *call)
{
    const struct ending *ending = call ? sx_exchange_ending(call) : NULL;
    return ending ? ending : &unknown_ending;
}

/* A reply of which the error tells all has no more. */
static const struct sx_reply *find_reply(const struct soap_xmpp_call *call, struct sx_reply *none)
{
    const struct sx_reply *reply = sx_exchange_reply(call);
    *none = (struct sx_reply){.err = sx_exchange_err(call)};
    return reply ? reply : none;
}

void sx_ending_add(struct soap_xmpp_call *call)
{
    struct ending *ending = calloc(1, sizeof *ending);
    const struct sx_reply *reply;
    struct sx_reply none;
    free_ending(sx_exchange_ending(call));
    sx_exchange_set_ending(call, ending, free_ending);
    if (!ending)
        return;
    reply = find_reply(call, &none);
    ending->outcome = judge_outcome(call, reply);
    ending->end = judge_end(call, reply);
    if (ending->end > SOAP_XMPP_END_EMPTY)
        ending->text = make_text(call, reply, ending);
}

/* ---- what the program asks ---- */

enum soap_xmpp_end_value soap_xmpp_call_end(const struct soap_xmpp_call *call)
{
    return find(call)->end;
}

enum soap_xmpp_outcome_value soap_xmpp_call_outcome(const struct soap_xmpp_call *call)
{
    return find(call)->outcome;
}

const char *soap_xmpp_call_condition(const struct soap_xmpp_call *call)
{
    const struct sx_reply *reply = call ? sx_exchange_reply(call) : NULL;
    return reply && find(call)->end == SOAP_XMPP_END_REFUSED ? reply->condition : "";
}

const char *soap_xmpp_call_text(const struct soap_xmpp_call *call)
{
    const struct ending *ending = find(call);
    if (ending->text)
        return ending->text;
    return ending->end > SOAP_XMPP_END_EMPTY ? sx_fault_text(SX_ENOMEM) : "";
}

/* NULL: it has ended without an envelope that can be read. */
static const struct sx_envelope *find_envelope(const struct soap_xmpp_call *call)
{
    const struct sx_reply *reply = call ? sx_exchange_reply(call) : NULL;
    enum soap_xmpp_end_value end = find(call)->end;
    return reply && (end == SOAP_XMPP_END_ANSWER || end == SOAP_XMPP_END_FAULT) ? &reply->envelope
                                                                                : NULL;
}

/* A packed answer wasn't looked into when it came. */
static int glance(const struct soap_xmpp_call *call, const struct sx_envelope *envelope)
{
    struct soap_xmpp_link *link = sx_link_of(call);
    struct sx_checker *checker = sx_checker_new(sx_link_max_depth(link));
    struct sx_envelope glanced = {
        .form = envelope->form, .bytes = envelope->bytes, .len = envelope->len};
    if (checker)
        (void)sx_envelope_glance(&glanced, checker, sx_link_reader_limits(link)->max_bytes,
                                 ULONG_MAX);
    sx_checker_free(checker);
    return glanced.version;
}

int soap_xmpp_call_version(const struct soap_xmpp_call *call)
{
    const struct sx_envelope *envelope = find_envelope(call);
    struct ending *ending = call ? sx_exchange_ending(call) : NULL;
    int version = envelope ? envelope->version : 0;
    if (!envelope || version || !ending)
        return version;
    version = atomic_load(&ending->version);
    if (!version) {
        version = glance(call, envelope);
        atomic_store(&ending->version, version);
    }
    return version;
}

int soap_xmpp_call_is_packed(const struct soap_xmpp_call *call)
{
    const struct sx_envelope *envelope = find_envelope(call);
    return envelope && envelope->form != SX_FORM_PLAIN;
}

static long say(char *why, size_t why_bytes, const struct soap_xmpp_call *call, const char *clause)
{
    if (why && why_bytes && call)
        snprintf(why, why_bytes, "xmpp:%s: %s: the answer is bad: %s", sx_exchange_peer(call),
                 sx_exchange_operation(call), clause);
    else if (why && why_bytes)
        snprintf(why, why_bytes, "%s", clause);
    return -1;
}

/* What a server has lost of names in values is put back, as for soap_xmpp_request_read(): without a
 * table of the program's. Not before it is read: a call that is attached has a table. */
static bool repair(struct soap_xmpp_call *call, struct ending *ending,
                   char clause[SX_REPAIR_WHY_BYTES])
{
    struct sx_reply *reply = sx_exchange_reply(call);
    const struct sx_repair repair = {.trace = sx_link_trace(sx_link_of(call)),
                                     .sender = sx_exchange_peer(call)};
    enum sx_err err;
    if (ending->is_repaired || !reply || !sx_repair_is_due(&reply->envelope))
        return true;
    err = sx_repair_envelope(&repair, &reply->envelope, clause);
    if (err == SX_ENOMEM)
        snprintf(clause, SX_REPAIR_WHY_BYTES, "%s", sx_fault_text(err));
    ending->is_repaired = err == SX_OK;
    return ending->is_repaired;
}

long soap_xmpp_call_read(struct soap_xmpp_call *call, char *out, size_t out_bytes, char *why,
                         size_t why_bytes)
{
    const struct sx_envelope *envelope = find_envelope(call);
    struct ending *ending = call ? sx_exchange_ending(call) : NULL;
    char clause[SX_REPAIR_WHY_BYTES] = "";
    size_t got = 0;
    if (!out || !out_bytes)
        return say(why, why_bytes, NULL, "there is no room to read into");
    if (!envelope || !ending)
        return 0;
    if (ending->is_damaged)
        return say(why, why_bytes, call, "it is damaged");
    if (out_bytes > LONG_MAX)
        out_bytes = LONG_MAX;
    if (repair(call, ending, clause) &&
        sx_reader_next(&ending->reading, envelope, sx_link_reader_limits(sx_link_of(call)), out,
                       out_bytes, &got, clause, sizeof clause) == SX_OK)
        return (long)got;
    ending->is_damaged = true;
    return say(why, why_bytes, call, clause);
}
