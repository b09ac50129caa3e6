/* login_facts.h - what is known of a connection that has come online, as facts (wire/fact.h).
 *
 * Noun: the facts of one login: the server, its TLS, how we have logged in, what it offers.
 * Gathered once, when the login is over; docs/api.md lists their names.
 *
 * Thread: the loop thread, but for copy.
 */
#ifndef SX_NET_LOGIN_FACTS_H
#define SX_NET_LOGIN_FACTS_H

#include <pthread.h>

#include "net/connection.h"

struct sx_login_facts {
    pthread_mutex_t mu;
    char *list; /* under mu; NULL: there is no session, or no memory for them */
};

int sx_login_facts_init(struct sx_login_facts *facts); /* 0 or an errno */
void sx_login_facts_fini(struct sx_login_facts *facts);

/* A session begins on the connection, whose own facts are taken. begun_us: when the attempt began.
 * round_trip_us: TCP's, 0: unknown. */
void sx_login_facts_gather(struct sx_login_facts *facts, struct sx_connection *connection,
                           int64_t begun_us, int64_t round_trip_us);

/* It has ended. */
void sx_login_facts_forget(struct sx_login_facts *facts);

/* The list, malloc'ed, the caller's; NULL: there is none, or no memory. Any thread. */
char *sx_login_facts_copy(struct sx_login_facts *facts);

#endif
