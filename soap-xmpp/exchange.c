/* exchange.c - one call: its envelope goes out, and whatever its end is becomes an answer here.
 *
 * Invariant: an exit code of 3 is given for what the library says wasn't executed, and of 4 for
 * what it doesn't know; never by a guess.
 *
 * Failure modes: an answer that is damaged or too large ends as one that can't be used. */
#include "exchange.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "command.h"
#include "interrupt.h"

enum { STEP_BYTES = 256 * 1024, SLICE_MS = 1000, TRACE_DIGITS = 32, SPAN_BYTES = 8 };

/* XEP-0086 gives conditions the numbers of old, which people know from HTTP. */
static const struct {
    const char *condition;
    int number;
} numbers[] = {
    {"bad-request", 400},
    {"conflict", 409},
    {"feature-not-implemented", 501},
    {"forbidden", 403},
    {"gone", 302},
    {"internal-server-error", 500},
    {"item-not-found", 404},
    {"jid-malformed", 400},
    {"not-acceptable", 406},
    {"not-allowed", 405},
    {"not-authorized", 401},
    {"recipient-unavailable", 404},
    {"redirect", 302},
    {"registration-required", 407},
    {"remote-server-not-found", 404},
    {"remote-server-timeout", 504},
    {"resource-constraint", 500},
    {"service-unavailable", 503},
    {"subscription-required", 407},
    {"unexpected-request", 400},
};

void exchange_write_condition(const char *condition, char *out, size_t out_bytes)
{
    size_t i;
    snprintf(out, out_bytes, "%s", condition);
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(numbers[i].condition, condition) == 0)
            snprintf(out, out_bytes, "%s (%d)", condition, numbers[i].number);
    }
}

const char *exchange_end_word(enum soap_xmpp_end_value end)
{
    static const char *const words[] = {"answer",  "fault", "empty",   "refused",
                                        "timeout", "lost",  "stopped", "bad"};
    return (size_t)end < sizeof words / sizeof *words ? words[end] : "bad";
}

int exchange_write_traceparent(char out[EXCHANGE_TRACEPARENT_BYTES])
{
    unsigned char random[TRACE_DIGITS / 2 + SPAN_BYTES];
    const char *parent = getenv("TRACEPARENT");
    char trace[TRACE_DIGITS + 1], span[2 * SPAN_BYTES + 1];
    size_t i;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return -1;
    for (i = 0; i < TRACE_DIGITS / 2; i++)
        snprintf(trace + 2 * i, 3, "%02x", random[i]);
    for (i = 0; i < SPAN_BYTES; i++)
        snprintf(span + 2 * i, 3, "%02x", random[TRACE_DIGITS / 2 + i]);
    /* "00-" and the trace's 32 digits; the library refuses what is none. */
    if (parent && strlen(parent) == EXCHANGE_TRACEPARENT_BYTES - 1 &&
        strspn(parent + 3, "0123456789abcdef") == TRACE_DIGITS)
        memcpy(trace, parent + 3, TRACE_DIGITS);
    snprintf(out, EXCHANGE_TRACEPARENT_BYTES, "00-%s-%s-01", trace, span);
    return 0;
}

static int read_envelope(struct soap_xmpp_call *call, struct exchange_answer *answer)
{
    char *bytes = NULL;
    size_t len = 0;
    for (;;) {
        char *more = realloc(bytes, len + STEP_BYTES + 1);
        long got = -1;
        if (more) {
            bytes = more;
            got = soap_xmpp_call_read(call, bytes + len, STEP_BYTES, answer->text,
                                      sizeof answer->text);
        } else {
            snprintf(answer->text, sizeof answer->text, "no memory for the answer");
        }
        if (got < 0) {
            free(bytes);
            return -1;
        }
        len += (size_t)got;
        if (got == 0)
            break;
    }
    bytes[len] = '\0';
    answer->envelope = bytes;
    answer->envelope_bytes = len;
    return 0;
}

/* Steps over a part of a sentence and the colon behind it, if it begins with that. */
static const char *skip(const char *text, const char *part)
{
    size_t len = strlen(part);
    if (len && strncmp(text, part, len) == 0 && text[len] == ':')
        text += len + 1 + strspn(text + len + 1, " ");
    return text;
}

/* The library's sentence names endpoint, operation, condition and outcome as well, which stand on
 * their own here: "xmpp:cam@x: add: nobody is there: service-unavailable (503) (not executed)"
 * becomes "service-unavailable (503): nobody is there". */
static void write_text(const struct soap_xmpp_call *call, const char *operation,
                       struct exchange_answer *answer)
{
    const char *text = soap_xmpp_call_text(call), *said;
    char condition[96] = "", endpoint[sizeof answer->peer + 8];
    size_t len, condition_len;
    if (*answer->condition)
        exchange_write_condition(answer->condition, condition, sizeof condition);
    condition_len = strlen(condition);
    snprintf(endpoint, sizeof endpoint, "xmpp:%s", answer->peer);
    text = skip(skip(text, endpoint), operation);
    len = strlen(text);
    if (len && text[len - 1] == ')' && strstr(text, "execute"))
        len = (size_t)(strrchr(text, '(') - text);
    while (len && text[len - 1] == ' ')
        len--;
    said = condition_len ? strstr(text, condition) : NULL;
    if (!said || said + condition_len > text + len) {
        snprintf(answer->text, sizeof answer->text, "%s%s%.*s", condition,
                 condition_len && len ? ": " : "", (int)len, text);
        return;
    }
    snprintf(answer->text, sizeof answer->text, "%s%s%.*s%.*s", condition, said > text ? ": " : "",
             said > text + 1 ? (int)(said - text) - 2 : 0, text,
             (int)(text + len - said - (ptrdiff_t)condition_len), said + condition_len);
}

static int exit_code_of(const struct exchange_answer *answer)
{
    switch (answer->end) {
    case SOAP_XMPP_END_ANSWER:
    case SOAP_XMPP_END_EMPTY:
        return REPORT_OK;
    case SOAP_XMPP_END_FAULT:
        return REPORT_FAULT;
    default:
        break;
    }
    if (answer->outcome == SOAP_XMPP_NOT_EXECUTED)
        return REPORT_NOT_EXECUTED;
    return answer->outcome == SOAP_XMPP_EXECUTED ? REPORT_UNUSABLE : REPORT_UNKNOWN;
}

int exchange_take(struct soap_xmpp_call *call, const char *operation,
                  struct exchange_answer *answer)
{
    double ms = answer->ms;
    memset(answer, 0, sizeof *answer);
    answer->ms = ms;
    answer->end = soap_xmpp_call_end(call);
    answer->outcome = soap_xmpp_call_outcome(call);
    answer->is_packed = soap_xmpp_call_is_packed(call) == 1;
    snprintf(answer->peer, sizeof answer->peer, "%s", soap_xmpp_call_peer(call));
    snprintf(answer->condition, sizeof answer->condition, "%s", soap_xmpp_call_condition(call));
    write_text(call, operation ? operation : "", answer);
    if ((answer->end == SOAP_XMPP_END_ANSWER || answer->end == SOAP_XMPP_END_FAULT) &&
        read_envelope(call, answer))
        answer->end = SOAP_XMPP_END_BAD;
    soap_xmpp_cancel(call);
    return exit_code_of(answer);
}

/* The one call that is under way, when it is done; NULL: the link was stopped. */
static struct soap_xmpp_call *await(struct soap_xmpp_link *link,
                                    const struct soap_xmpp_call *posted)
{
    for (;;) {
        struct soap_xmpp_call *call = soap_xmpp_wait(link, SLICE_MS);
        if (call == posted)
            return call;
        if (call)
            soap_xmpp_cancel(call); /* the answer to a named call of an earlier process */
        else if (interrupt_signal() || soap_xmpp_state(link) >= SOAP_XMPP_STOPPING)
            return NULL;
    }
}

int exchange_make(struct run *run, struct soap_xmpp_link *link, struct soap_xmpp_post *post,
                  const char *operation, struct exchange_answer *answer)
{
    long long begun_us = deadline_now_us();
    struct soap_xmpp_call *call, *done;
    memset(answer, 0, sizeof *answer);
    post->timeout_ms = deadline_left_ms(&run->deadline, INT_MAX);
    if (post->timeout_ms < 1)
        post->timeout_ms = 1;
    call = soap_xmpp_post(link, post, answer->text, sizeof answer->text);
    answer->end = SOAP_XMPP_END_STOPPED;
    answer->outcome = SOAP_XMPP_NOT_EXECUTED;
    if (!call)
        return interrupt_signal() ? REPORT_NOT_EXECUTED : REPORT_USAGE;
    done = await(link, call);
    answer->ms = (double)(deadline_now_us() - begun_us) / 1000;
    if (done)
        return exchange_take(done, operation, answer);
    soap_xmpp_cancel(call);
    answer->outcome = SOAP_XMPP_UNKNOWN;
    return REPORT_UNKNOWN;
}

void exchange_free(struct exchange_answer *answer)
{
    free(answer->envelope);
    answer->envelope = NULL;
}
