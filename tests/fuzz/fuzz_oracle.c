/* fuzz_oracle.c - callers that may run one operation, and envelopes that bytes have chosen.
 *
 * Input: a byte that switches a layer off or none; then what chance would choose, a byte for each
 * choice, and a few more.
 * Claims: gSOAP's own skeletons run the operation that was allowed, once, or nothing, with each of
 * the two layers alone, too (tests/oracle).
 */
#include "fuzz.h"
#include "../oracle/oracle.h"

/* gSOAP copies the type in xsi:type onto itself, by strncpy(). */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "replace_str=0:intercept_strlen=0:intercept_strchr=0:intercept_strndup=0";
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static bool has_begun;
    struct chance chance = {.state = 88172645463325252u, .bytes = bytes, .len = len};
    if (!has_begun)
        oracle_begin();
    has_begun = true;
    oracle_switch((enum oracle_layers)chance_below(&chance, ORACLE_WITHOUT_BOTH));
    while (chance.len)
        oracle_ask(&chance);
    CLAIM(oracle_counts()->failed == 0);
    return 0;
}
