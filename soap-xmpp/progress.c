/* progress.c - how far a big message is that travels in pieces: a line on a terminal that goes
 * again.
 *
 * Invariant: once the message is whole the line is empty, so that what is told next begins there.
 */
#include "progress.h"

#include <stdio.h>

enum { KIB = 1024, PERCENT = 100 };

void progress_show(void *user, const struct soap_xmpp_progress *progress)
{
    size_t size = progress->size_bytes ? progress->size_bytes : 1;
    (void)user;
    if (progress->done_bytes >= progress->size_bytes)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "\r%s %zu of %zu KiB, %zu %%\033[K",
                progress->is_outgoing ? "sent" : "received", progress->done_bytes / KIB,
                progress->size_bytes / KIB, progress->done_bytes * PERCENT / size);
    fflush(stderr);
}
