/* host.h - the machine on which a fuzzer's links stand: its clock, its chance, its waiting.
 *
 * Time stands still until somebody lets it pass. Chance follows from a seed. A thread that waits
 * lets the fuzzer's turns happen meanwhile, as another thread's would, and wakes up at its deadline
 * at the latest: whoever waits past that waits for ever.
 *
 * For programs linked with HOST (mk/fuzz.mk), of one thread; no link's loop is started. What a loop
 * would be told and given comes here instead.
 */
#ifndef TESTS_FUZZ_HOST_H
#define TESTS_FUZZ_HOST_H

#include "net/loop.h"

/* One turn of the world, while somebody waits. */
typedef void host_turn_fn(void *user);

/* What a loop is given to write for this session. Takes the stanza. */
typedef enum sx_err host_post_fn(void *user, struct sx_loop *loop, uint64_t session, char *stanza,
                                 size_t len);

void host_begin(uint64_t seed, host_turn_fn *turn, host_post_fn *post, void *user);

int64_t host_now_us(void);
bool host_is_waiting(void);    /* a turn happens while somebody waits */
void host_pass_us(int64_t us); /* time passes, but not beyond the deadline of who waits */

/* What the loop of the session that was made last would be told. */
struct sx_loop_callbacks host_callbacks(void);

#endif
