/* ledger.h - the calls that a fuzzer's program makes: how often each was run, and what was told.
 *
 * Noun: the ledger. Its claims, at any time:
 *   - a request is run once at most, and not at all if its caller was told that it wasn't, whether
 *     it comes before that or after;
 *   - what was told as executed was, and an answer is that of its own request, whole;
 *   - a call ends once, and nobody waits for it, or for its beginning, past its deadline.
 *
 * Call number 3 is operation op3, so that whoever gets its envelope can say which it is.
 */
#ifndef TESTS_FUZZ_LEDGER_H
#define TESTS_FUZZ_LEDGER_H

#include "base/buffer.h"
#include "link/link.h"

enum { LEDGER_CALLS = 8 };

/* An envelope's size: in a stanza, whatever is done to it; too large for one once it is packed. */
enum ledger_size { LEDGER_SMALL, LEDGER_BIG };

struct ledger_call {
    struct soap_xmpp_call *call; /* while it is under way */
    enum ledger_size size;
    int64_t deadline_us;
    bool is_over, is_not_executed; /* as was told */
    unsigned runs;
};

struct ledger {
    struct soap_xmpp_link *link; /* that of the program */
    struct sx_checker *checker;
    struct ledger_call calls[LEDGER_CALLS];
    unsigned begun;
};

void ledger_init(struct ledger *ledger, struct soap_xmpp_link *link);

/* Every call has ended. */
void ledger_fini(struct ledger *ledger);

/* Calls, if there is a number left: begins within begin_us, and ends within end_us of that. waits:
 * for the end as well. Turns happen meanwhile (host.h). */
void ledger_call(struct ledger *ledger, const char *to, bool any_resource, enum ledger_size size,
                 int64_t begin_us, int64_t end_us, bool waits);

/* Takes the ends of calls for which nobody waits. */
void ledger_collect(struct ledger *ledger);

bool ledger_is_over(const struct ledger *ledger); /* all that were begun */

/* The request with this envelope is run now: its number. */
unsigned ledger_run(struct ledger *ledger, const char *envelope);

/* The envelope of a call, or of its answer: malloc'ed. */
char *ledger_envelope(unsigned number, enum ledger_size size, size_t *len);

/* The text of an envelope that came, packed or not, malloc'ed; NULL: it can't be read. */
char *ledger_read(struct soap_xmpp_link *link, const struct sx_envelope *envelope);

#endif
