/* ledger.c - makes calls, and claims that what becomes of them is what is told.
 *
 * Invariant: a call is under way, or over and told; nothing leaves that.
 */
#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "soap/checker.h"
#include "wire/namespaces.h"
#include "fuzz.h"
#include "host.h"

enum { PAST = 1, BIG_BYTES = 12000, DEPTH = 16 };

#define OPERATION "<c:op"

void ledger_init(struct ledger *ledger, struct soap_xmpp_link *link)
{
    *ledger = (struct ledger){.link = link, .checker = sx_checker_new(DEPTH)};
    CLAIM(ledger->checker);
}

void ledger_fini(struct ledger *ledger)
{
    CLAIM(ledger_is_over(ledger));
    sx_checker_free(ledger->checker);
}

/* ---- envelopes ---- */

/* Letters that nothing makes shorter; made once for each call. */
static const char *noise(unsigned number)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static char texts[LEDGER_CALLS][BIG_BYTES + 1];
    uint32_t drawn = number + 1;
    unsigned i;
    for (i = 0; i < BIG_BYTES && !texts[number][BIG_BYTES - 1]; i++) {
        drawn = drawn * 1664525 + 1013904223;
        texts[number][i] = letters[drawn >> 26];
    }
    return texts[number];
}

char *ledger_envelope(unsigned number, enum ledger_size size, size_t *len)
{
    struct sx_buffer out = {0};
    sx_buffer_add_format(
        &out, "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>" OPERATION "%u xmlns:c='urn:c'>",
        number);
    if (size == LEDGER_BIG)
        sx_buffer_add(&out, noise(number), BIG_BYTES);
    sx_buffer_add_format(&out, "</c:op%u></e:Body></e:Envelope>", number);
    CLAIM(!out.failed);
    return sx_buffer_take(&out, len);
}

char *ledger_read(struct soap_xmpp_link *link, const struct sx_envelope *envelope)
{
    struct sx_reader reading = {0};
    struct sx_buffer out = {0};
    char piece[1000], why[160];
    size_t got = 1, len;
    enum sx_err err = SX_OK;
    if (!envelope->form)
        return fuzz_text(envelope->bytes, envelope->len);
    while (got && err == SX_OK) {
        err = sx_reader_next(&reading, envelope, sx_link_reader_limits(link), piece, sizeof piece,
                             &got, why, sizeof why);
        sx_buffer_add(&out, piece, got);
    }
    sx_reader_fini(&reading);
    CLAIM(err == SX_OK && !out.failed);
    return sx_buffer_take(&out, &len);
}

/* Whose it is. */
static unsigned number_of(const char *envelope)
{
    const char *operation = strstr(envelope, OPERATION);
    unsigned number;
    CLAIM(operation);
    number = (unsigned)(operation[sizeof OPERATION - 1] - '0');
    CLAIM(number < LEDGER_CALLS);
    return number;
}

/* What came is what was sent, up to how its root declares namespaces. */
static void claim_whole(const char *envelope, unsigned number, enum ledger_size size)
{
    size_t len;
    char *sent = ledger_envelope(number, size, &len);
    const char *body = strstr(sent, OPERATION);
    CLAIM(strstr(envelope, strchr(body, '>')));
    free(sent);
}

/* ---- what happens ---- */

unsigned ledger_run(struct ledger *ledger, const char *envelope)
{
    unsigned number = number_of(envelope);
    struct ledger_call *call = &ledger->calls[number];
    CLAIM(number < ledger->begun);
    claim_whole(envelope, number, call->size);
    call->runs++;
    CLAIM(call->runs == 1);
    CLAIM(!call->is_not_executed);
    return number;
}

static void end(struct ledger *ledger, unsigned number, bool is_not_executed)
{
    struct ledger_call *call = &ledger->calls[number];
    CLAIM(!call->is_over);
    CLAIM(!is_not_executed || call->runs == 0);
    call->is_over = true;
    call->is_not_executed = is_not_executed;
}

static void settle(struct ledger *ledger, unsigned number, struct soap_xmpp_call *call,
                   struct sx_reply *reply)
{
    char *text;
    bool may_have_run = sx_exchange_may_have_run(call, reply);
    if (sx_fault_is_answered(reply->err))
        CLAIM(ledger->calls[number].runs == 1);
    if (reply->err == SX_OK && reply->envelope.bytes) {
        text = ledger_read(ledger->link, &reply->envelope);
        CLAIM(number_of(text) == number);
        claim_whole(text, number, ledger->calls[number].size);
        free(text);
    }
    sx_reply_fini(reply);
    ledger->calls[number].call = NULL;
    sx_exchange_release(call);
    end(ledger, number, !may_have_run);
}

/* ---- what the program does ---- */

void ledger_collect(struct ledger *ledger)
{
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    unsigned i;
    while ((call = sx_exchange_next_done(sx_link_exchange(ledger->link), PAST))) {
        i = (unsigned)((struct ledger_call *)sx_exchange_user(call) - ledger->calls);
        sx_exchange_wait(call, PAST, &reply);
        settle(ledger, i, call, &reply);
    }
    for (i = 0; i < ledger->begun; i++)
        CLAIM(ledger->calls[i].is_over || host_now_us() <= ledger->calls[i].deadline_us);
}

static enum sx_err begin(struct ledger *ledger, const char *to, bool any_resource,
                         enum ledger_size size, unsigned number, int64_t begin_us,
                         struct soap_xmpp_call **call)
{
    struct sx_outgoing out = {
        .to = to,
        .any_resource = any_resource,
        .checker = ledger->checker,
        .online_deadline = host_now_us() + begin_us,
        .room_deadline = host_now_us() + begin_us,
    };
    char why[600] = "", *envelope = ledger_envelope(number, size, &out.envelope_len);
    enum sx_err err;
    out.envelope = envelope;
    ledger->calls[number] = (struct ledger_call){.size = size, .deadline_us = SX_NEVER};
    err = sx_link_request(ledger->link, &out, call, why, sizeof why);
    CLAIM(host_now_us() <= out.online_deadline);
    CLAIM((err == SX_OK) == !*why);
    free(envelope);
    return err;
}

void ledger_call(struct ledger *ledger, const char *to, bool any_resource, enum ledger_size size,
                 int64_t begin_us, int64_t end_us, bool waits)
{
    struct soap_xmpp_call *call = NULL;
    struct sx_reply reply;
    unsigned number = ledger->begun;
    if (number == LEDGER_CALLS)
        return;
    ledger->begun++;
    if (begin(ledger, to, any_resource, size, number, begin_us, &call) != SX_OK) {
        end(ledger, number, true);
        return;
    }
    ledger->calls[number].deadline_us = host_now_us() + end_us;
    ledger->calls[number].call = call;
    if (!waits) {
        sx_exchange_detach(call, ledger->calls[number].deadline_us, &ledger->calls[number]);
        return;
    }
    sx_exchange_wait(call, ledger->calls[number].deadline_us, &reply);
    CLAIM(host_now_us() <= ledger->calls[number].deadline_us);
    settle(ledger, number, call, &reply);
}

bool ledger_is_over(const struct ledger *ledger)
{
    unsigned i;
    for (i = 0; i < ledger->begun; i++)
        if (!ledger->calls[i].is_over)
            return false;
    return true;
}
