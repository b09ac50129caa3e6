/* mechanism.h - the SASL mechanisms that there are here, and sets of them.
 *
 * Noun: the mechanism (RFC 4422). Their order is that of preference: what proves most about both
 * sides comes first.
 *
 * Thread: any. Nothing blocks.
 */
#ifndef SX_CONFIG_MECHANISM_H
#define SX_CONFIG_MECHANISM_H

#include <stdbool.h>
#include <stddef.h>

enum sx_mechanism {
    SX_MECHANISM_EXTERNAL, /* RFC 4422 appendix A, by the client certificate */
    SX_MECHANISM_SCRAM_SHA_512_PLUS,
    SX_MECHANISM_SCRAM_SHA_256_PLUS, /* RFC 7677 */
    SX_MECHANISM_SCRAM_SHA_1_PLUS,   /* RFC 5802 */
    SX_MECHANISM_SCRAM_SHA_512,
    SX_MECHANISM_SCRAM_SHA_256,
    SX_MECHANISM_SCRAM_SHA_1,
    SX_MECHANISM_PLAIN, /* RFC 4616 */
    SX_MECHANISMS
};

enum {
    SX_MECHANISM_ALL = (1 << SX_MECHANISMS) - 1,
    /* the sets of those with a channel binding, and of the same without */
    SX_MECHANISM_PLUS = 1 << SX_MECHANISM_SCRAM_SHA_512_PLUS |
                        1 << SX_MECHANISM_SCRAM_SHA_256_PLUS | 1 << SX_MECHANISM_SCRAM_SHA_1_PLUS,
    SX_MECHANISM_SCRAM = 1 << SX_MECHANISM_SCRAM_SHA_512 | 1 << SX_MECHANISM_SCRAM_SHA_256 |
                         1 << SX_MECHANISM_SCRAM_SHA_1,
    SX_MECHANISM_LIST_BYTES = 160 /* all names with ", " between them, and NUL */
};

/* The set that holds this one alone. Sets are joined by |. */
unsigned sx_mechanism_set(enum sx_mechanism mechanism);

/* The name as it is sent. */
const char *sx_mechanism_name(enum sx_mechanism mechanism);

/* The set of the one that has this name of len bytes; 0: there is none. */
unsigned sx_mechanism_find(const char *name, size_t len);

/* The names of a set in the order of preference: "EXTERNAL, PLAIN"; "none" for 0. Cut at the end of
 * a name if out_bytes is less than SX_MECHANISM_LIST_BYTES. */
void sx_mechanism_list(unsigned set, char *out, size_t out_bytes);

/* The set of the names in text, between which there are spaces or commas. 0: *wrong (*wrong_len
 * bytes of text) is no name of one, or text has none (*wrong is its end). */
unsigned sx_mechanism_read(const char *text, const char **wrong, size_t *wrong_len);

#endif
