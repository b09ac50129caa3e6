/* linger.h - connections that are closed, and whose client still sends.
 *
 * Noun: the lingering end of a connection. A descriptor that is closed with bytes unread makes the
 * kernel reset the connection, and the client loses the answer that it was just sent: a 413 looks
 * like a crash. So one more descriptor stays, and what comes is thrown away, for two seconds or
 * until the client's own end. The accept thread's, but for gw_linger_add(). */
#ifndef GW_LINGER_H
#define GW_LINGER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { GW_LINGER_PLACES = 256 };

struct gw_linger {
    pthread_mutex_t mutex;
    int epoll;
    struct gw_linger_end {
        int fd; /* -1: free */
        long long until_ms;
    } ends[GW_LINGER_PLACES]; /* under mutex */
};

void gw_linger_init(struct gw_linger *linger, int epoll);
void gw_linger_fini(struct gw_linger *linger); /* closes all */
/* Keeps another descriptor of fd's connection, which is about to be closed. Without a place or a
 * descriptor it doesn't. Any thread. */
void gw_linger_add(struct gw_linger *linger, int fd);
/* Whether the key of an event is one of these; then it is read. */
int gw_linger_is_key(uint64_t key);
void gw_linger_read(struct gw_linger *linger, uint64_t key);
void gw_linger_expire(struct gw_linger *linger, long long now_ms);

#endif
