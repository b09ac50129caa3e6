/* pair.h - two links of the gateway on one site: alice/desk calls, bob/soap serves.
 *
 * A request is ended by what its operation is called:
 *
 *     echo      answered with the request, byte for byte
 *     fault     answered with a fault
 *     nothing   answered empty
 *     refuse, decline (with "recipient-unavailable")
 *     spoil     answered with what can't be carried
 *     large     answered with as many letters as LARGE_BYTES
 *     hold      kept, until pair_end_held() answers it empty
 *
 * The caller may send eight times as much as the service takes.
 *
 * Noun: the pair. Functions are for the test's thread, and assert. */
#ifndef TESTS_GATEWAY_LINK_PAIR_H
#define TESTS_GATEWAY_LINK_PAIR_H

#include "../../integration/site.h"
#include "link/link.h"

enum { PAIR_MOST_BYTES = 50000, LARGE_BYTES = 250000, PAIR_HELD = 200 };

struct pair;

struct pair *pair_open(const struct site *site);
struct gw_link *pair_caller(struct pair *pair);
struct gw_link *pair_service(struct pair *pair);
void pair_close_service(struct pair *pair); /* before pair_close(), which then doesn't */
void pair_close(struct pair *pair);         /* nothing is held any more */

/* How a call has ended. */
struct pair_end {
    enum gw_end end;
    enum gw_outcome outcome;
    char condition[64], text[400], from[300], operation[64], trace[64];
    char *envelope; /* malloc'ed, "" without one */
    int version;
};
/* Makes a call of this operation with `inside`, waits for its end (60 s) and frees what it held
 * before. */
void pair_ask(struct pair *pair, const char *operation, const char *inside, struct pair_end *end);
void pair_end_free(struct pair_end *end);

/* Begins calls, and waits for so many ends of all that were begun since. */
void pair_begin(struct pair *pair, const char *operation, size_t text_bytes, unsigned count);
void pair_await_ends(struct pair *pair, unsigned count);
unsigned pair_ends(struct pair *pair, enum gw_end end);

/* Requests that are kept: waits for so many; how many there are; ends all. */
void pair_await_held(struct pair *pair, unsigned count);
unsigned pair_held(struct pair *pair);
unsigned pair_end_held(struct pair *pair);

#endif
