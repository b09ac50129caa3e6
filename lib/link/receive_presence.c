/* receive_presence.c - presence: who is there, who asks to see ours, who lets us see theirs.
 *
 * Invariant: presence changes what is known of others, or is answered by presence; no request comes
 * of it.
 */
#include "link/reception.h"

#include <stdlib.h>

#include "wire/jid.h"

static void trace(const struct sx_reception *reception, const char *who, const char *words)
{
    sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_INFO, "%.200s %s", who, words);
}

void sx_receive_presence(const struct sx_reception *reception, uint64_t number,
                         const struct sx_element *stanza)
{
    const char *from = sx_element_attribute(stanza, "from");
    struct sx_presence_mark mark;
    enum sx_presence_kind kind = sx_presence_read(stanza, &mark);
    char *jid = NULL, bare[SX_JID_BYTES];
    if (!from || sx_jid_parse(from, NULL, &jid, NULL, 0) != SX_OK)
        return;
    sx_jid_bare(jid, bare, sizeof bare);
    switch (kind) {
    case SX_PRESENCE_AVAILABLE:
        sx_routing_note_available(reception->routing, jid, &mark);
        break;
    case SX_PRESENCE_GONE:
        sx_routing_note_gone(reception->routing, jid);
        break;
    case SX_PRESENCE_SUBSCRIBE:
        sx_announcement_answer(reception->announcement, number, bare);
        break;
    case SX_PRESENCE_SUBSCRIBED:
        trace(reception, bare, "lets us see its presence");
        break;
    case SX_PRESENCE_UNSUBSCRIBED:
        trace(reception, bare, "doesn't let us see its presence");
        sx_routing_note_gone(reception->routing, bare);
        break;
    case SX_PRESENCE_NONE:
        break;
    }
    free(jid);
}
