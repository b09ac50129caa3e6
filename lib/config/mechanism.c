/* mechanism.c - names of SASL mechanisms to sets and back.
 *
 * Invariant: names[] has a row for each, in the order of the enumeration.
 *
 * Failure: an unknown name is pointed at.
 */
#include "config/mechanism.h"

#include <stdio.h>
#include <string.h>

#define BETWEEN " ,\t"

static const char *const names[SX_MECHANISMS] = {
    [SX_MECHANISM_EXTERNAL] = "EXTERNAL",
    [SX_MECHANISM_SCRAM_SHA_512_PLUS] = "SCRAM-SHA-512-PLUS",
    [SX_MECHANISM_SCRAM_SHA_256_PLUS] = "SCRAM-SHA-256-PLUS",
    [SX_MECHANISM_SCRAM_SHA_1_PLUS] = "SCRAM-SHA-1-PLUS",
    [SX_MECHANISM_SCRAM_SHA_512] = "SCRAM-SHA-512",
    [SX_MECHANISM_SCRAM_SHA_256] = "SCRAM-SHA-256",
    [SX_MECHANISM_SCRAM_SHA_1] = "SCRAM-SHA-1",
    [SX_MECHANISM_PLAIN] = "PLAIN",
};

unsigned sx_mechanism_set(enum sx_mechanism mechanism)
{
    return 1U << mechanism;
}

const char *sx_mechanism_name(enum sx_mechanism mechanism)
{
    return names[mechanism];
}

unsigned sx_mechanism_find(const char *name, size_t len)
{
    unsigned i;
    for (i = 0; i < SX_MECHANISMS; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return 1U << i;
    return 0;
}

void sx_mechanism_list(unsigned set, char *out, size_t out_bytes)
{
    size_t used = 0;
    unsigned i;
    snprintf(out, out_bytes, "none");
    for (i = 0; i < SX_MECHANISMS; i++) {
        const char *separator = used ? ", " : "";
        if (!(set & 1U << i))
            continue;
        if (used + strlen(separator) + strlen(names[i]) >= out_bytes)
            return;
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", separator, names[i]);
    }
}

unsigned sx_mechanism_read(const char *text, const char **wrong, size_t *wrong_len)
{
    unsigned set = 0;
    const char *name = text + strspn(text, BETWEEN);
    while (*name) {
        size_t len = strcspn(name, BETWEEN);
        unsigned one = sx_mechanism_find(name, len);
        if (!one) {
            *wrong = name;
            *wrong_len = len;
            return 0;
        }
        set |= one;
        name += len + strspn(name + len, BETWEEN);
    }
    *wrong = name;
    *wrong_len = 0;
    return set;
}
