/* shortage.h - memory that runs short at a chosen allocation of the calling thread.
 *
 * Noun: the shortage. malloc, calloc, realloc, strdup and strndup of what is linked statically are
 * counted from 1, by --wrap (mk/gateway.mk), and so is what expat is given by gw_scan_read(). */
#ifndef TESTS_GATEWAY_SHORTAGE_H
#define TESTS_GATEWAY_SHORTAGE_H

#include <stdbool.h>

/* The allocation with this number fails, and with lasts all behind it; 0: none does, they are
 * counted alone. No fatal assertion before the end: it would leave the shortage on. */
void shortage_begin(unsigned number, bool lasts);
/* Whether one has failed. */
bool shortage_end(void);
/* How many there were since the last begin. */
unsigned shortage_count(void);

/* Calls attempt with every shortage that it can notice, one alone and one that lasts, until an
 * assertion fails. attempt begins and ends the shortage and returns what the end has told. Returns
 * how many allocations there were to fail, 0 after a failed assertion. */
unsigned shortage_sweep(bool (*attempt)(unsigned number, bool lasts));

#endif
