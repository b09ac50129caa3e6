/* nearest.h - "no parameter 'aa'; has: a, b": the names that may have been meant. */
#ifndef CT_NEAREST_H
#define CT_NEAREST_H

#include <stddef.h>

enum { CT_NEAREST_NAMES = 8, CT_NEAREST_BYTES = 320 };

/* The names that differ least from what was typed, in the order in which they were told. Zeroed but
 * for typed. */
struct ct_nearest {
    const char *typed;
    const char *names[CT_NEAREST_NAMES];
    unsigned distances[CT_NEAREST_NAMES];
    size_t count, told;
};

/* name lives as long as the struct. */
void ct_nearest_tell(struct ct_nearest *nearest, const char *name);
/* "a, b, c", ", ..." behind them if there were more; "nothing" if there were none. */
const char *ct_nearest_list(const struct ct_nearest *nearest, char list[CT_NEAREST_BYTES]);
/* The one of count names that differs least, or NULL: all differ in more than a third of what was
 * typed and one. Allocates nothing. */
const char *ct_nearest_one(const char *typed, const char *const *names, size_t count);

#endif
