/* statistics.h - what became of the requests for each operation, since somebody wants to know.
 *
 * Noun: the statistics. Counted are requests that were begun: an answer, or none that could be
 * given (a fault, then). What was refused before isn't.
 *
 * Invariant: there is a row for each operation that the service's WSDL lists, SX_STATISTICS_ROWS at
 * most, and one for all others: who may call everything can call names that he makes up, which
 * neither take memory nor are told to others.
 *
 * Thread: any; one mutex, no call out with it held but to each row's teller.
 */
#ifndef SX_REQUEST_STATISTICS_H
#define SX_REQUEST_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

enum { SX_STATISTICS_ROWS = 200 };

struct sx_statistics;

struct sx_statistics_row {
    const char *operation; /* "{namespace}local"; "*": all others */
    unsigned long calls, faults;
    int64_t sum_us, max_us; /* from when a thread took it to its answer */
};

struct sx_statistics *sx_statistics_new(void);             /* counts nothing yet; NULL: no memory */
void sx_statistics_free(struct sx_statistics *statistics); /* NULL allowed */

/* Begins anew with these operations, each NUL-terminated, an empty one ends the list; NULL: counts
 * no more. SX_OK; SX_ENOMEM: nothing has changed. */
enum sx_err sx_statistics_begin(struct sx_statistics *statistics, const char *operations);

/* A request for this operation was answered so long after it was taken. Costs next to nothing while
 * nobody counts. */
void sx_statistics_note(struct sx_statistics *statistics, const char *uri, const char *operation,
                        bool is_fault, int64_t us);

/* Tells the rows of operations that were called, with the lock held. */
typedef void sx_statistics_row_fn(void *user, const struct sx_statistics_row *row);
void sx_statistics_tell(struct sx_statistics *statistics, sx_statistics_row_fn *each, void *user);

#endif
