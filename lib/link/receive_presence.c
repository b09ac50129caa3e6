/* receive_presence.c - presence: who is there, who asks to see ours, who lets us see theirs.
 *
 * Invariant: presence changes what is known of others, or is answered by presence; no request comes
 * of it.
 */
#include "link/reception.h"

#include <stdlib.h>

#include "wire/jid.h"

void sx_receive_presence(const struct sx_reception *reception, uint64_t number,
                         const struct sx_element *stanza)
{
    const char *from = sx_element_attribute(stanza, "from");
    struct sx_presence_mark mark;
    enum sx_presence_kind kind = sx_presence_read(stanza, &mark);
    char *jid = NULL, bare[SX_JID_BYTES];
    if (!from || sx_jid_read(from, &jid) != SX_OK)
        return;
    sx_jid_bare(jid, bare, sizeof bare);
    switch (kind) {
    case SX_PRESENCE_AVAILABLE:
        sx_routing_note_available(reception->routing, jid, &mark);
        sx_preparation_note_available(reception->preparation, jid);
        break;
    case SX_PRESENCE_GONE:
        sx_routing_note_gone(reception->routing, jid);
        break;
    case SX_PRESENCE_SUBSCRIBE:
        sx_announcement_answer(reception->announcement, number, bare);
        break;
    case SX_PRESENCE_SUBSCRIBED:
        sx_announcement_tell(reception->announcement, bare, true);
        break;
    case SX_PRESENCE_UNSUBSCRIBED:
        sx_announcement_tell(reception->announcement, bare, false);
        sx_routing_note_gone(reception->routing, bare);
        break;
    case SX_PRESENCE_NONE:
        break;
    }
    free(jid);
}
