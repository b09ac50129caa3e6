/* sample.h - a random envelope, of the kind that two parsers may read differently.
 *
 * Noun: the sample. It is well-formed, and says what its Body's operation was written as; what is
 * in its Header is up to chance: blocks known, wanted or unknown, Bodies and operations among them,
 * prefixes declared anew, look-alikes of SOAP's namespaces, text that ends tags, references.
 *
 * One thread at a time.
 */
#ifndef TESTS_ORACLE_SAMPLE_H
#define TESTS_ORACLE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where chance comes from: bytes while there are some, and then, or without, the state. */
struct chance {
    uint64_t state; /* not 0 */
    const uint8_t *bytes;
    size_t len;
};

/* 0 to below - 1. */
unsigned chance_below(struct chance *chance, unsigned below);

struct sample {
    char bytes[16384]; /* NUL behind them */
    size_t len;
    const char *operation; /* of the Body, as it was written; NULL: chance wrote something else */
    const char *uri;       /* its namespace */
    const char *action;    /* beside the envelope; NULL: none */
    bool is_mild; /* there is nothing in it that is declined before gSOAP sees it, mostly */
    bool is_calm; /* nothing in it is unusual: a service has to run it */
};

/* The operations that the samples name: contract.h's. */
enum { SAMPLE_OPERATIONS = 7 };
extern const char *const sample_operations[SAMPLE_OPERATIONS];

/* The namespace that it is in. */
const char *sample_uri(const char *operation);

void sample_make(struct sample *sample, struct chance *chance);

#endif
