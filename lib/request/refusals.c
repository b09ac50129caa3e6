/* refusals.c - a ring of hashes of (caller, id).
 *
 * Happy path: note -> a second copy -> has. Failure: none; the oldest give way to new ones.
 *
 * Modelled in tests/model: message.pml.
 */
#include "request/refusals.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/random.h"
#include "wire/jid.h"
#include "wire/request_id.h"

struct sx_refusals {
    uint64_t seed;
    unsigned next;
    uint64_t keys[SX_REFUSALS]; /* 0: none yet */
};

struct sx_refusals *sx_refusals_new(void)
{
    struct sx_refusals *refusals = calloc(1, sizeof *refusals);

    if (refusals)
        refusals->seed = sx_random_number();
    return refusals;
}

void sx_refusals_free(struct sx_refusals *refusals)
{
    free(refusals);
}

/* FNV-1a, and what mixes its bits. */
static uint64_t add_text(uint64_t key, const char *text)
{
    do
        key = (key ^ (unsigned char)*text) * UINT64_C(1099511628211);
    while (*text++);
    return (key ^ key >> 32) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t key_of(const struct sx_refusals *refusals, const char *from, const char *id)
{
    char bare[SX_JID_BYTES];
    uint64_t key;

    sx_jid_bare(from, bare, sizeof bare);
    key = add_text(add_text(refusals->seed, bare), id);
    return key ? key : 1;
}

bool sx_refusals_has(const struct sx_refusals *refusals, const char *from, const char *id)
{
    uint64_t key;
    unsigned i;

    if (!sx_request_id_is_message(id))
        return false;
    key = key_of(refusals, from, id);
    for (i = 0; i < SX_REFUSALS; i++)
        if (refusals->keys[i] == key)
            return true;
    return false;
}

void sx_refusals_note(struct sx_refusals *refusals, const char *from, const char *id)
{
    if (!sx_request_id_is_message(id) || sx_refusals_has(refusals, from, id))
        return;
    refusals->keys[refusals->next] = key_of(refusals, from, id);
    refusals->next = (refusals->next + 1) % SX_REFUSALS;
}
