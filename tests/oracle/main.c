/* oracle [SEED [COUNT [scan|gate|both]]] - COUNT random envelopes, with both layers, or with one or
 * both switched off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

static enum oracle_layers without(const char *off)
{
    return strcmp(off, "scan") == 0   ? ORACLE_WITHOUT_SCAN
           : strcmp(off, "gate") == 0 ? ORACLE_WITHOUT_GATE
           : strcmp(off, "both") == 0 ? ORACLE_WITHOUT_BOTH
                                      : ORACLE_ALL;
}

int main(int argc, char **argv)
{
    unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000, i;
    const char *off = argc > 3 ? argv[3] : "";
    struct chance chance = {.state = seed * 2654435761u + 88172645463325252u};
    const struct oracle_counts *counts = oracle_counts();
    oracle_begin();
    oracle_switch(without(off));
    for (i = 0; i < count; i++)
        oracle_ask(&chance);
    oracle_end();
    printf("seed %lu%s%s: %lu envelopes, %lu refused, %lu denied, %lu admitted, %lu ran, ", seed,
           *off ? " without " : "", off, counts->made, counts->refused, counts->denied,
           counts->admitted, counts->ran);
    if (counts->left)
        printf("%lu left to the gate, ", counts->left);
    printf("%lu failed\n", counts->failed);
    return counts->failed != 0;
}
