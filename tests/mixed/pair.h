/* pair.h - two peers of different versions of the library at one server, and what they call.
 *
 * Each is a process of its own (tests/mixed/peer) and reaches the server through a proxy of its
 * own. Both serve, both call, and both write what they run into one ledger. Each call has a number,
 * from 0; those of storms begin at 1,000. Whatever happened: pair_close() fails an assertion if a
 * call ran twice, or if it was told of a call what isn't true.
 *
 * Failure: what can't be had ends the test with a failed assertion.
 */
#ifndef MIXED_PAIR_H
#define MIXED_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "../integration/site.h"
#include "../lib/child.h"
#include "../lib/proxy.h"

enum { PAIR_MOST_CALLS = 200, PAIR_PROGRAM_BYTES = 64, PAIR_OPTIONS = 4 };
enum { PAIR_SOON_MS = 60000, PAIR_CALL_S = 120 };

/* The sides of a pair. */
enum { NEWER, OLDER, SIDES };

struct party {
    char program[PAIR_PROGRAM_BYTES];
    const char *user; /* NULL: the component */
    const char *resource;
    const char *options[PAIR_OPTIONS]; /* of peer.c, up to the first NULL */
    struct proxy *proxy;
    struct child *child; /* NULL: it doesn't run */
};

struct pair_call {
    int caller;
    bool is_orphan; /* its caller has died, or was never told to tell */
};

struct pair {
    const struct site *site;
    const char *version; /* the older one */
    char ledger[SITE_PATH_BYTES + 32];
    struct party sides[SIDES];
    struct pair_call calls[PAIR_MOST_CALLS];
    int count;
};

/* Runs the test for each older version, at each of the two servers: those that nobody kills, or
 * those that are there to be killed. */
void pair_each(void (*run)(const struct site *site, const char *version));
void pair_each_fragile(void (*run)(const struct site *site, const char *version));

/* What takes long is tried once for each side, one at each server, unless MIXED_LONG is in the
 * environment: then at both. */
bool pair_is_long(void);
bool pair_has_turn(const struct site *site, int side);

/* Both start and are online; options may be NULL. alice is newer, bob is older. */
void pair_open(struct pair *pair, const struct site *site, const char *version,
               const char *newer_option, const char *older_option);

/* The same in two steps, between which the test may change who the parties are. Those of
 * pair_fill() don't run; pair_begin() starts both, and returns once both are online. */
void pair_fill(struct pair *pair, const struct site *site, const char *version,
               const char *newer_option, const char *older_option);
void pair_begin(struct pair *pair);

/* Judges all calls, stops both and frees. */
void pair_close(struct pair *pair);

/* For each side that has its turn: a pair opens, both with this option or NULL, run gets it, and it
 * closes. */
void pair_each_side(const struct site *site, const char *version, const char *option,
                    void (*run)(struct pair *pair, int side));

/* ---- parties ---- */

/* The program of that version; NULL: of this tree. */
void party_set_version(struct party *party, const char *version);

/* Its process starts; party_await_online() waits until it can be called. */
void party_start(struct pair *pair, struct party *party);
void party_await_online(struct party *party);
/* The process of that version takes the place of one that has ended, and can be called. */
void party_replace(struct pair *pair, struct party *party, const char *version);
void party_stop(struct party *party);
void party_kill(struct party *party);

/* Returns once its server has noticed that its process has ended: what the server gets before that
 * goes nowhere. */
void party_await_gone(const struct pair *pair, const struct party *party);

/* Fails an assertion if it doesn't say so within PAIR_SOON_MS. */
void party_expect(struct party *party, const char *words);
void party_expect_number(struct party *party, const char *event, int number);

/* "xmpp:bob@example.org/soap"; in static memory, the latest eight are valid. */
const char *party_endpoint(const struct pair *pair, const struct party *party);

/* ---- calls ---- */

/* One side calls the other; returns the call's number. */
int pair_call(struct pair *pair, int caller, int size, bool held);

/* The same to somebody else than the other side. */
int pair_call_to(struct pair *pair, int caller, const char *endpoint, int size, bool held);

/* verb is of peer.c: "reject", "note". */
int pair_order(struct pair *pair, int caller, const char *verb);

/* A number for a call that the test orders itself; it is judged by how often it ran alone. */
int pair_number(struct pair *pair, int caller);

/* Lets the other side's operation answer. */
void pair_finish(struct pair *pair, int number);

/* "error unknown 2013 the words", of the call that has ended; "" with a failed assertion if it
 * doesn't end. */
const char *pair_await_end(struct pair *pair, int number);

/* It ends answered, and has run once. */
void pair_expect_answer(struct pair *pair, int number);

/* How often each number from first on has run. */
void pair_count_runs(const struct pair *pair, int first, int count, unsigned char *runs);
int pair_runs(const struct pair *pair, int number);

/* Those that this caller has made die with it: nobody tells how they end. */
void pair_orphan(struct pair *pair, int caller);

#endif
