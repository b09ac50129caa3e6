/* load.h - how many calls are under way to a JID, and a list of some of them.
 *
 * Noun: the load. It knows no call: whoever adds one decides what counts, and which calls the list
 * holds. JIDs are compared as sx_jid_equal does. Finding one takes steps that grow with the
 * logarithm of the number of JIDs.
 *
 * Thread: whoever holds the exchange's mutex.
 */
#ifndef SX_EXCHANGE_LOAD_H
#define SX_EXCHANGE_LOAD_H

#include <sys/queue.h>

struct soap_xmpp_call;
TAILQ_HEAD(sx_load_list, soap_xmpp_call);

struct sx_load {
    unsigned count;
    struct sx_load_list list; /* the user's: empty before the last drop */
    unsigned long *steps;     /* of its loads */
    const char *jid;
    char text[];
};

/* All zero: none. */
struct sx_loads {
    void *tree;          /* see tsearch(3) */
    unsigned long steps; /* JIDs that were compared, so far */
};

/* Counts one more to the JID; to be dropped. NULL: no memory, nothing is counted. */
struct sx_load *sx_load_add(struct sx_loads *loads, const char *jid);

/* Counts one less. NULL is allowed. */
void sx_load_drop(struct sx_loads *loads, struct sx_load *load);

/* NULL: none is counted to the JID. */
struct sx_load *sx_load_find(struct sx_loads *loads, const char *jid);

/* How many are counted. */
unsigned sx_load_count(struct sx_loads *loads, const char *jid);

#endif
