/* workers.h - a few threads for what takes longer than a loop may stand still: large bodies, a
 * password's hash.
 *
 * Noun: the workers. Invariant: each piece of work runs once, in the order it came; those that wait
 * at the end run before gw_workers_stop() returns. */
#ifndef GW_WORKERS_H
#define GW_WORKERS_H

#include <stddef.h>

struct gw_workers;
typedef void gw_work_fn(void *user);

struct gw_workers *gw_workers_start(unsigned threads, char *why, size_t why_bytes);
/* 0, or -1: too many wait (4,096), no memory, or a stop has begun; work isn't run then. Any thread,
 * a worker too. */
int gw_workers_do(struct gw_workers *workers, gw_work_fn *work, void *user);
void gw_workers_stop(struct gw_workers *workers); /* NULL is fine */

#endif
