/* dns.h - questions to the system's name servers, each of which gets a share of the time.
 *
 * Noun: DNS, as one look-up asks it. The C library would wait for a silent server as long as
 * /etc/resolv.conf says, with each question anew, and without end for an answer by TCP.
 *
 * Invariant: a server that was silent isn't asked again. Each call ends by the deadline.
 *
 * Happy path: begin -> ask, ask ... -> tune: what the C library asks afterwards knows who is
 * silent. Failure: nobody answers, or with errors alone: -1.
 *
 * Thread: that of the look-up, which is its own: tune changes the C library's state of the thread.
 */
#ifndef SX_NET_DNS_H
#define SX_NET_DNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { SX_DNS_SERVERS = 3, SX_DNS_ANSWER_BYTES = 8192 };

struct sx_dns {
    int64_t deadline;
    int64_t most_share_us; /* of a server that is silent; 2 s by begin */
    unsigned count;
    struct sx_dns_server {
        struct sockaddr_storage address;
        bool is_silent;
    } servers[SX_DNS_SERVERS];
};

/* The servers of /etc/resolv.conf, which are asked until the deadline at most. */
void sx_dns_begin(struct sx_dns *dns, int64_t deadline);

/* Asks for records of a name in A-labels (type: ns_t_srv). The length of the answer, a DNS message
 * that may say there are none; a longer one has lost its end. 0: the name doesn't exist. -1: nobody
 * could tell. Each server is asked twice, then the next one; one that answers with an error
 * (SERVFAIL, REFUSED), or isn't there, costs no time. What comes truncated is asked for again by
 * TCP. */
int sx_dns_ask(struct sx_dns *dns, const char *name, int type,
               unsigned char answer[SX_DNS_ANSWER_BYTES]);

/* What getaddrinfo() asks on this thread from now on goes to the silent servers last, and each of
 * them costs a share of the time until the deadline, no more than /etc/resolv.conf says. */
void sx_dns_tune(const struct sx_dns *dns, int64_t deadline);

#endif
