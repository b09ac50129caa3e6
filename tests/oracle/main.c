/* oracle [SEED [COUNT [scan|gate]]] - COUNT random envelopes, with both layers or one switched off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

int main(int argc, char **argv)
{
    unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000, i;
    const char *off = argc > 3 ? argv[3] : "";
    struct chance chance = {.state = seed * 2654435761u + 88172645463325252u};
    const struct oracle_counts *counts = oracle_counts();
    oracle_begin(strcmp(off, "scan") == 0   ? ORACLE_WITHOUT_SCAN
                 : strcmp(off, "gate") == 0 ? ORACLE_WITHOUT_GATE
                                            : ORACLE_ALL);
    for (i = 0; i < count; i++)
        oracle_ask(&chance);
    oracle_end();
    printf("seed %lu%s%s: %lu envelopes, %lu refused, %lu denied, %lu admitted, %lu ran, %lu "
           "failed\n",
           seed, *off ? " without the " : "", off, counts->made, counts->refused, counts->denied,
           counts->admitted, counts->ran, counts->failed);
    return counts->failed != 0;
}
