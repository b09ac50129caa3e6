/* names.c - the different attribute names of one XML document.
 *
 * Invariant: count is the number of slots in use, SX_NAMES_COUNT + 1 at most, so that a probe finds
 * an empty one. Two names share a slot by accident alone, hardly ever; it makes the count one less.
 *
 * The hash is the name's bytes as a polynomial modulo 2^61 - 1, at a point that is drawn once: two
 * names that were chosen without knowing it collide with a probability of length / 2^61.
 *
 * Failure: too many names or steps; the owner ends the document.
 */
#include "xml/names.h"

#include <stdatomic.h>
#include <string.h>

#include "base/random.h"

enum { SLOTS = sizeof((struct sx_names *)0)->slots / sizeof(uint32_t) };

_Static_assert(SLOTS > SX_NAMES_COUNT + 1, "a probe ends");

static const uint64_t prime = (UINT64_C(1) << 61) - 1;

static uint64_t point(void)
{
    static _Atomic uint64_t drawn;
    uint64_t value = atomic_load(&drawn), none = 0;
    if (value)
        return value;
    value = sx_random_number() % (prime - 512) + 256; /* above any byte, below the prime */
    return atomic_compare_exchange_strong(&drawn, &none, value) ? value : none;
}

/* a * b modulo 2^61 - 1, for factors below it */
static uint64_t multiply(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    uint64_t sum = (uint64_t)(product & prime) + (uint64_t)(product >> 61);
    return sum >= prime ? sum - prime : sum;
}

uint64_t sx_names_hash(uint64_t hash, const char *bytes, size_t len)
{
    uint64_t at = point();
    size_t i;
    for (i = 0; i < len; i++) {
        hash = multiply(hash, at) + (unsigned char)bytes[i] + 1;
        hash = hash >= prime ? hash - prime : hash;
    }
    return hash;
}

void sx_names_clear(struct sx_names *names)
{
    if (names->count)
        memset(names->slots, 0, sizeof names->slots);
    names->count = 0;
    names->steps = 0;
}

enum sx_err sx_names_walk(struct sx_names *names)
{
    if (names->count > SX_NAMES_FREE)
        names->steps += names->count - SX_NAMES_FREE;
    return names->count > SX_NAMES_COUNT || names->steps > SX_NAMES_STEPS ? SX_ETOOBIG : SX_OK;
}

enum sx_err sx_names_add(struct sx_names *names, uint64_t hash)
{
    uint64_t mixed = multiply(hash, point()); /* names that differ in their last byte alone, too */
    uint32_t key = (uint32_t)(mixed >> 29) | 1;
    size_t i = (size_t)(mixed % SLOTS);
    if (names->count > SX_NAMES_COUNT)
        return SX_ETOOBIG;
    while (names->slots[i] && names->slots[i] != key)
        i = (i + 1) % SLOTS;
    if (!names->slots[i]) {
        names->slots[i] = key;
        names->count++;
    }
    return sx_names_walk(names);
}
