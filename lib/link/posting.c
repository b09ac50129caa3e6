/* posting.c - a call's envelope in each form that may be wanted. Invariant and failure: posting.h.
 */
#include "link/posting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/size_limit.h"

/* Of a scan no more than this is wanted here. */
static const struct sx_scan request_scan, fault_scan = {.is_fault = true};

static bool copy(char **to, const char *text)
{
    *to = text ? strdup(text) : NULL;
    return !*to == !text;
}

struct sx_posting *sx_posting_new(const struct sx_outgoing *out)
{
    struct sx_posting *posting = calloc(1, sizeof *posting);
    if (!posting)
        return NULL;
    posting->any_resource = out->any_resource;
    posting->is_message = out->is_message;
    posting->deadline = out->answer_deadline;
    if (out->traceparent)
        snprintf(posting->traceparent, sizeof posting->traceparent, "%s", out->traceparent);
    if (copy(&posting->to, out->to) && copy(&posting->from, out->from) &&
        copy(&posting->action, out->action))
        return posting;
    sx_posting_free(posting);
    return NULL;
}

void sx_posting_free(void *freed)
{
    struct sx_posting *posting = freed;
    if (!posting)
        return;
    sx_payload_fini(&posting->packed);
    sx_payload_fini(&posting->plain);
    sx_memory_give(&posting->charge);
    free(posting->progress.chosen);
    free(posting->progress.unknown);
    free(posting->message_id);
    free(posting->receipt_id);
    free(posting->operation);
    free(posting->action);
    free(posting->from);
    free(posting->to);
    free(posting);
}

/* ---- forms ---- */

/* The scan is the checker's, which goes on to the next envelope. */
static enum sx_err note_scan(struct sx_posting *posting, struct sx_payload *payload)
{
    if (!posting->operation)
        posting->operation = strdup(payload->scan->operation);
    payload->scan = payload->scan->is_fault ? &fault_scan : &request_scan;
    return posting->operation ? SX_OK : SX_ENOMEM;
}

static enum sx_err count(const struct sx_calls *calls, struct sx_posting *posting,
                         struct sx_payload *payload, char *why, size_t why_bytes)
{
    enum sx_err err = note_scan(posting, payload);
    if (err == SX_OK && !sx_memory_take(sx_session_memory(calls->session), SX_MEMORY_CALL,
                                        posting->to, payload->len, &posting->charge))
        err = SX_ETAKEN;
    if (err != SX_OK) {
        sx_payload_fini(payload);
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    }
    return err;
}

enum sx_err sx_posting_add_packed(const struct sx_calls *calls, const struct sx_outgoing *out,
                                  struct sx_posting *posting, char *why, size_t why_bytes)
{
    enum { LOOSE = 1 /* byte: no element is so small */ };
    enum sx_err err = sx_call_make_payload(calls, out, LOOSE, &posting->packed, why, why_bytes);
    if (err == SX_OK &&
        !sx_sender_hash(posting->packed.bytes, posting->packed.len, posting->sha256)) {
        sx_payload_fini(&posting->packed);
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ENOMEM));
        return SX_ENOMEM;
    }
    if (err == SX_OK)
        err = count(calls, posting, &posting->packed, why, why_bytes);
    if (err == SX_OK)
        posting->packed.sha256 = posting->sha256;
    return err;
}

enum sx_err sx_posting_add_plain(const struct sx_calls *calls, const struct sx_outgoing *out,
                                 struct sx_posting *posting, char *why, size_t why_bytes)
{
    enum sx_err err = sx_call_make_payload(calls, out, 0, &posting->plain, why, why_bytes);
    return err == SX_OK ? count(calls, posting, &posting->plain, why, why_bytes) : err;
}

void sx_posting_try_plain(const struct sx_calls *calls, const struct sx_outgoing *out,
                          struct sx_posting *posting)
{
    size_t limit = sx_size_limit_outgoing(calls->session, NULL);
    char clause[200] = "";
    if (out->envelope_len > limit) {
        posting->plain_err = SX_ETOOBIG;
        snprintf(clause, sizeof clause, "the envelope is %zu bytes; the limit is %zu",
                 out->envelope_len, limit);
    } else {
        posting->plain_err = sx_posting_add_plain(calls, out, posting, clause, sizeof clause);
    }
    snprintf(posting->plain_why, sizeof posting->plain_why,
             "the service takes no packed envelopes; plain, %s", clause);
}

/* ---- into the stanza ---- */

const char *sx_posting_from(const struct sx_session *session, const struct sx_posting *posting)
{
    return posting->from ? posting->from : sx_session_stamp(session);
}

static enum sx_err open_plain(const struct sx_posting *posting, struct sx_payload *payload,
                              char *why, size_t why_bytes)
{
    if (!posting->plain.bytes) {
        snprintf(why, why_bytes, "%s", posting->plain_why);
        return posting->plain_err;
    }
    *payload = posting->plain;
    return SX_OK;
}

enum sx_err sx_posting_open(const struct sx_posting *posting, size_t whole_bytes,
                            struct sx_payload *payload, bool *is_made, char *why, size_t why_bytes)
{
    const struct sx_payload_marks marks = {posting->action, posting->traceparent};
    *is_made = false;
    if (!whole_bytes || !posting->packed.bytes)
        return open_plain(posting, payload, why, why_bytes);
    if (!sx_payload_may_join(&posting->packed, whole_bytes)) {
        *payload = posting->packed;
        return SX_OK;
    }
    if (sx_payload_join(&posting->packed, &marks, payload) != SX_OK) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ENOMEM));
        return SX_ENOMEM;
    }
    *is_made = true;
    return SX_OK;
}
