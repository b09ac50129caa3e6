/* attempt.h - one attempt to come online: what its look-ups and connections have come to.
 *
 * Noun: the attempt. It has no I/O: the loop looks up and connects, tells it how that ended, and
 * asks it whether to go on. A link has one after the other; where the last connection of one was
 * sent is the next one's to follow.
 *
 * Invariant: failure tells of the last look-up or connection, with the server that sent us there.
 *
 * Happy path: begin -> note -> session is set. A server that sends us elsewhere: note -> follow ->
 * the target is looked up and connected to -> note ...
 * Failure: may_go_on says that the next address may do better.
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
    bool may_go_on;   /* nobody of use was there: the next address may do better */
    /* Where the last connection was sent, "": nowhere; it outlives the attempt, unfollowed. */
    char target_text[SX_NEGOTIATION_HOST_BYTES];
    /* Of the connection that was sent there: */
    bool is_direct; /* TLS began with the first byte */
    struct sx_failure sender_failure;
};

/* Zero before the first. */
void sx_attempt_begin(struct sx_attempt *attempt, int64_t deadline);

/* A connection has ended at now_us, and sx_connection_fini() was called. session: 0 if it was never
 * online. */
void sx_attempt_note(struct sx_attempt *attempt, const struct sx_connection *connection,
                     uint64_t session, int64_t now_us);

/* Whether the last connection was sent elsewhere, where this attempt goes: it was no session. */
bool sx_attempt_has_redirect(const struct sx_attempt *attempt);

/* The target, which is valid until the next begin. NULL: it isn't followed, for the reason that
 * failure gives, and may_go_on. Where nobody can be reached that this attempt was sent to,
 * sx_attempt_give_up_target() follows. */
const struct sx_redirect_target *sx_attempt_follow(struct sx_attempt *attempt);

/* Tells, too, who has sent us there. What a server says of where it isn't is no reason to give up
 * (an unknown name, another's certificate): the link's own addresses come next. */
void sx_attempt_give_up_target(struct sx_attempt *attempt);

/* Failure's text for a look-up that was given up with failure.err. target NULL: it was for the
 * link's own server. */
void sx_attempt_explain_look_up(struct sx_attempt *attempt, const struct sx_config *config,
                                const struct sx_redirect_target *target);

#endif
