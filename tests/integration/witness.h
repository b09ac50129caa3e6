/* witness.h - remembers what a link tells its owner: each change of state, each trace line.
 *
 * Set it in the configuration with witness_watch() and give it to nobody else; it must outlive the
 * link. Any thread.
 */
#ifndef TESTS_WITNESS_H
#define TESTS_WITNESS_H

#include <pthread.h>
#include <stdbool.h>

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"
#undef SOAP_XMPP_NO_GSOAP

#include "base/buffer.h"

struct witness {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    struct sx_buffer states; /* "connecting\nonline\n" */
    struct sx_buffer reasons;
    struct sx_buffer trace;
    bool is_told_now;  /* a callback runs: a second one at the same time is a failed assertion */
    unsigned overlaps; /* times it did */
    /* The test's own part of the callback, NULL for none; runs without mu. */
    void (*on_state)(struct witness *witness, enum soap_xmpp_state_value state);
    struct soap_xmpp_link *link; /* for on_state; set by the test before it matters */
    void *user;
};

void witness_init(struct witness *witness);
void witness_fini(struct witness *witness);

/* The link will tell this witness its states and its trace (debug). */
void witness_watch(struct witness *witness, struct soap_xmpp_config *config);

/* Waits until states, one per line, is how the record of states begins, and fails an assertion if
 * that doesn't come. */
void witness_expect(struct witness *witness, const char *states);

/* Waits for this state since the record was last cleared; false after 20 s. */
bool witness_await(struct witness *witness, enum soap_xmpp_state_value state);
/* Waits for a trace line that holds both; false after 20 s. */
bool witness_await_trace(struct witness *witness, const char *one, const char *other);
void witness_clear(struct witness *witness);

/* Copies, malloc'ed: all reasons, one per line; all trace lines. */
char *witness_reasons(struct witness *witness);
char *witness_trace(struct witness *witness);

#endif
