/* posted.h - what a loop is given to write, taken by the test in its place; and how fast it is said
 * to be read.
 *
 * For programs linked with --wrap=sx_loop_post, sx_loop_post_again, sx_loop_note_pong and
 * sx_loop_speed (mk/tests.mk). Loops without a taker write as ever, and learn of pongs. Any thread.
 */
#ifndef TESTS_POSTED_H
#define TESTS_POSTED_H

#include "net/loop.h"

/* stanza is malloc'ed, and the taker's; session is whichever it was posted to. */
typedef void posted_fn(void *user, uint64_t session, char *stanza, size_t len);

/* From now on take gets all that is posted to the loop; NULL: it is written again. At most 64 loops
 * at once. */
void posted_take(struct sx_loop *loop, posted_fn *take, void *user);

/* From now on nothing can be posted to a loop that has a taker: it is freed, and err returned.
 * SX_OK: it can again. */
void posted_refuse(struct sx_loop *loop, enum sx_err err);

/* From now on sx_loop_speed says so of this loop, and of no other one before it; NULL: of none. */
void posted_set_speed(struct sx_loop *loop, enum sx_speed_verdict verdict, unsigned bytes_per_s);

#endif
