/* shipment.c - what travels ahead of a call or an answer. Invariant: shipment.h. */
#include "link/shipment.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "link/size_limit.h"
#include "wire/jid.h"
#include "wire/stanza.h"

enum {
    WINDOW = 64,
    BLOCK_BYTES = 6144, /* with base64 and names under what each server takes: RFC 6120 13.12 */
    SLOW_BLOCK_BYTES = 3072,
    IQ_BYTES = 1000, /* around a block but for the names */
    LEAST_BLOCK_BYTES = 256,
};

/* The largest block that still fits, in base64 and with its iq around it, into the largest stanza
 * that may leave; not above BLOCK_BYTES, or less toward a slow server, and LEAST_BLOCK_BYTES even
 * where that doesn't fit. */
static size_t choose_block_bytes(const struct sx_session *session, const char *from, const char *to)
{
    size_t limit = sx_size_limit_outgoing(session, NULL);
    size_t frame = IQ_BYTES + sx_scan_quoted_bytes(to) +
                   sx_scan_quoted_bytes(from ? from : sx_session_config(session)->jid);
    size_t bytes = limit > frame ? (limit - frame) / 4 * 3 : 0;
    size_t most = sx_session_is_slow(session) ? SLOW_BLOCK_BYTES : BLOCK_BYTES;
    if (bytes < LEAST_BLOCK_BYTES)
        return LEAST_BLOCK_BYTES;
    return bytes < most ? bytes : most;
}

enum sx_err sx_shipment_new(const struct sx_session *session, struct sx_payload *payload,
                            const char *from, const char *to, const char *operation,
                            const char *action, struct sx_buffer *reference,
                            struct sx_shipment **shipment)
{
    const struct sx_sender_settings settings = {
        .window = WINDOW,
        .adapts = true,
        .from = from,
        .operation = operation,
        .sha256 = payload->sha256,
        .block_bytes = choose_block_bytes(session, from, to),
    };
    struct sx_shipment *made = calloc(1, sizeof *made);
    if (!made)
        return SX_ENOMEM;
    made->sender = sx_sender_new(to, payload->bytes, payload->len, &settings, made);
    if (!made->sender) {
        free(made);
        return SX_ENOMEM;
    }
    payload->bytes = NULL;
    sx_payload_refer(reference, payload->form, action, sx_sender_id(made->sender), payload->len,
                     sx_sender_sha256(made->sender));
    *shipment = made;
    return SX_OK;
}

void sx_shipment_free(struct sx_shipment *shipment)
{
    if (!shipment)
        return;
    sx_sender_free(shipment->sender);
    free(shipment->id);
    sx_response_unref(shipment->response);
    sx_memory_give(&shipment->charge);
    free(shipment);
}

/* ---- memory ---- */

size_t sx_shipment_bytes(const struct sx_shipment *shipment)
{
    return sx_sender_size(shipment->sender) + sx_response_bytes(shipment->response);
}

bool sx_shipment_charge(const struct sx_session *session, struct sx_shipment *shipment)
{
    shipment->is_uncounted = !sx_memory_take(sx_session_memory(session), SX_MEMORY_ANSWER,
                                             sx_sender_to(shipment->sender),
                                             sx_shipment_bytes(shipment), &shipment->charge);
    return !shipment->is_uncounted;
}

/* ---- where to ---- */

static bool is_same_account(const char *one, const char *other)
{
    char bare[SX_JID_BYTES], other_bare[SX_JID_BYTES];
    sx_jid_bare(one, bare, sizeof bare);
    sx_jid_bare(other, other_bare, sizeof other_bare);
    return sx_jid_equal(bare, other_bare);
}

bool sx_shipment_is_akin(const struct sx_shipment *shipment, const struct sx_shipment *other)
{
    return is_same_account(sx_sender_to(shipment->sender), sx_sender_to(other->sender));
}

void sx_shipment_readdress(struct sx_shipment *shipment, const char *from, const char *id)
{
    if (!shipment->call_number && strcmp(shipment->id, id) == 0 &&
        is_same_account(sx_sender_to(shipment->sender), from))
        sx_sender_readdress(shipment->sender, from, sx_clock_now_us());
}

/* ---- progress ---- */

static bool is_whole_percent(size_t before, size_t done, size_t size)
{
    return done == size || done / (size / 100 + 1) != before / (size / 100 + 1);
}

void sx_shipment_tell(const struct sx_session *session, const char *peer, bool outgoing,
                      size_t before, size_t done, size_t size)
{
    const struct sx_config *config = sx_session_config(session);
    const struct soap_xmpp_progress progress = {peer, outgoing, done, size};
    if (config->progress_callback && is_whole_percent(before, done, size))
        config->progress_callback(config->progress_user, &progress);
}
