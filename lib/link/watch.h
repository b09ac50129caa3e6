/* watch.h - whether what a login depends on here has changed: its files, and the machine's clock.
 *
 * Noun: the watch. A refusal is often mended on this machine: a password that was replaced, a
 * certificate that was renewed, a clock that was set. It is looked at from time to time: no
 * notification tells what happens behind a symbolic link or on another machine's file system.
 *
 * Invariant: a change after sx_watch_begin() is told by the next look, once, however small the
 * clock's step and whatever became of the file's contents.
 *
 * Thread: the owner's. Nothing can fail: a file that isn't there is a state like others.
 */
#ifndef SX_LINK_WATCH_H
#define SX_LINK_WATCH_H

#include <stdbool.h>

#include "config/config.h"

enum { SX_WATCH_FILES = 4 };

struct sx_watch {
    struct sx_watch_stamp {
        long long device, inode, bytes, modified_s, modified_ns, changed_s, changed_ns;
    } stamps[SX_WATCH_FILES]; /* all zero: there is no such file */
    int64_t clock_us;         /* the time of day at this library's time zero */
};

/* What is there now is how it is meant to be. */
void sx_watch_begin(struct sx_watch *watch, const struct sx_config *config);

/* What has changed since then, in words; NULL: nothing. What is there now is how it is meant to be.
 */
const char *sx_watch_look(struct sx_watch *watch, const struct sx_config *config);

#endif
