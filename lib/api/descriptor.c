/* descriptor.c - the descriptor that a program polls: base/readiness.h, of the queue of requests
 * and of the calls that are done.
 *
 * Invariant: a link has one readiness, from the first call on until it is freed.
 */
#include <errno.h>

#include "link/link.h"
#include "link/link_state.h"

/* Of two threads that make one each, the second takes the first one's. */
static struct sx_readiness *share(struct soap_xmpp_link *link, struct sx_readiness *made)
{
    struct sx_readiness *other = NULL;
    if (atomic_compare_exchange_strong(&link->readiness, &other, made))
        return made;
    sx_readiness_free(made);
    return other;
}

int soap_xmpp_fd(struct soap_xmpp_link *link)
{
    struct sx_readiness *readiness;
    if (!link || sx_link_is_forked(link)) {
        errno = EINVAL;
        return -1;
    }
    readiness = atomic_load(&link->readiness);
    if (!readiness) {
        readiness = sx_readiness_new();
        if (!readiness)
            return -1;
        readiness = share(link, readiness);
        sx_queue_join(link->queue, readiness);
        sx_exchange_join(link->exchange, readiness);
    }
    return sx_readiness_descriptor(readiness);
}
