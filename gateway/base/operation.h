/* operation.h - how often each operation was called, where the configuration wants to know.
 *
 * Noun: the operation. Invariant: its name is a peer's text, so that 200 are counted by name, and
 * all others together under "other"; a name is kept for ever. Any thread. */
#ifndef GW_OPERATION_H
#define GW_OPERATION_H

#include <stdbool.h>

enum { GW_OPERATIONS = 200 };

struct gw_operation {
    bool is_from_http;
    char route[128], name[128];
    unsigned long executed, not_executed, unknown;
};

/* Off at first: nothing is counted. What was counted stays. */
void gw_operation_switch(bool is_on);
/* outcome: "executed", "not-executed", "unknown". */
void gw_operation_count(bool is_from_http, const char *route, const char *name,
                        const char *outcome);
/* Calls each() for each, with a copy, in the order in which they came; "other" last, if any. */
void gw_operation_each(void (*each)(void *user, const struct gw_operation *operation), void *user);

#endif
