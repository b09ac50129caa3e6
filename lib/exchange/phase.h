/* phase.h - what a call is, and where: its kind, its phase, and what it waits for.
 *
 * Nouns: the kind says how a call is sent.
 *   ONCE        in an iq, once: so each begins
 *   KEPT        in an iq, and again until it is answered: its payload is kept (retry.c)
 *   SHARED      likewise, to a JID that several processes share (shared.c)
 *   BY_MESSAGE  in a message, once (message_call.c)
 * The phase says where it is:
 *   SENT                    begun: as a rule a copy is out. Not before the first is posted, nor
 *                           once all have bounced: `sent` counts them
 *   SENT <-> ASKED          a later copy asks what became of the first, and nothing was said yet
 *   SENT, ASKED <-> HELD    its bytes must be with the peer first (hold.c)
 *   SENT, ASKED, HELD -> LAST <-> LAST_SENT
 *                           one more copy may go out, and none after it; that is out
 *   SENT -> RECEIVED        the message is with our server
 *   PREPARED <-> SENT       begun, and nothing of it was posted: it waits for something (draft.c).
 *                           Back again: it was about to be posted, and there was no room
 *   PREPARED -> HELD        its bytes go ahead of it
 *   all of these -> ENDED   the reply is there, or the error
 *   FOUND -> RETURNED -> ENDED
 *                           an answer whose call nobody here has begun; next_done has returned it
 *
 * Two more things that are said of calls are no phases, since they hold in any: whether any
 * resource of the peer will do (reroute.c), and whether it is detached.
 *
 * Constants alone; any thread.
 */
#ifndef SX_EXCHANGE_PHASE_H
#define SX_EXCHANGE_PHASE_H

#include <stdbool.h>

enum call_kind { CALL_ONCE, CALL_KEPT, CALL_SHARED, CALL_BY_MESSAGE, CALL_KINDS };

enum call_phase {
    PHASE_SENT,
    PHASE_ASKED,
    PHASE_HELD,
    PHASE_LAST,
    PHASE_LAST_SENT,
    PHASE_RECEIVED,
    PHASE_PREPARED,
    PHASE_ENDED, /* those before it are under way */
    PHASE_FOUND,
    PHASE_RETURNED,
    PHASES
};

/* What a call waits for while it is PREPARED. */
enum call_wait {
    WAIT_LINK,     /* the link's next turn, once that is online */
    WAIT_PEER,     /* what a peer says of itself */
    WAIT_PRESENCE, /* somebody of an account */
    WAIT_ROOM,     /* room in the outgoing queue */
    WAITS
};

const char *sx_phase_name(enum call_phase phase); /* "last sent" */

/* Whether a call may go from the one to the other. */
bool sx_phase_may_follow(enum call_phase phase, enum call_phase next);

/* Whether calls of that kind have that phase. */
bool sx_phase_fits(enum call_phase phase, enum call_kind kind);

#endif
