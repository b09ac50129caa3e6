/* attempt.h - one attempt to come online: what its look-ups and connections have come to.
 *
 * Noun: the attempt. It has no I/O: the loop looks up and connects, tells it how that ended, and
 * asks it whether to go on. A link has one after the other; where the last connection of one was
 * sent is the next one's to follow.
 *
 * Invariant: failure is that of the last look-up or connection, and a sentence of its own.
 *
 * Happy path: begin -> note -> session is set. A server that sends us elsewhere: note -> follow ->
 * the target is looked up and connected to -> note ...
 * Failure: is_useless says that the next address may do better.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NET_ATTEMPT_H
#define SX_NET_ATTEMPT_H

#include "net/connection.h"

struct sx_attempt {
    int64_t deadline;
    struct sx_redirect redirect; /* followed so far */
    struct sx_failure failure;
    uint64_t session; /* that came about; 0: none */
    bool is_useless;
    /* Where the last connection was sent, "": nowhere; it outlives the attempt, unfollowed. */
    char elsewhere[SX_NEGOTIATION_HOST_BYTES];
    bool is_direct;         /* TLS began with the first byte there */
    struct sx_failure said; /* by whom */
};

/* Zero before the first. */
void sx_attempt_begin(struct sx_attempt *attempt, int64_t deadline);

/* A connection has ended, and sx_connection_fini() was called. session: 0 if it was never online.
 */
void sx_attempt_note(struct sx_attempt *attempt, const struct sx_connection *connection,
                     uint64_t session);

/* Whether the last connection was sent elsewhere, and so that is to be seen to in this attempt. */
bool sx_attempt_is_sent(const struct sx_attempt *attempt);

/* The target, which is valid until the next begin. NULL: it isn't followed, for the reason that
 * failure gives, and is_useless. Where nobody can be reached that this attempt was sent to,
 * sx_attempt_lose_target() follows. */
const struct sx_redirect_target *sx_attempt_follow(struct sx_attempt *attempt);

/* Tells, too, who has sent us there. What a server says of where it isn't is no reason to give up
 * (an unknown name, another's certificate): the link's own addresses come next. */
void sx_attempt_lose_target(struct sx_attempt *attempt);

/* Failure's text for a look-up that was given up with failure.err. target NULL: it was for the
 * link's own server. */
void sx_attempt_explain_look_up(struct sx_attempt *attempt, const struct sx_config *config,
                                const struct sx_redirect_target *target);

#endif
