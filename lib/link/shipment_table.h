/* shipment_table.h - the shipments of one link that the loop thread has: calls and answers.
 *
 * Noun: the table. It finds a shipment by its call, and gives each its turn to be looked at.
 *
 * Invariant: a shipment is in one of the two rounds from enter to remove. Nothing is owned here.
 *
 * Happy path: enter -> next, find ... -> remove. Failure: no memory: find doesn't see that one, all
 * else goes on.
 *
 * Thread: the loop's. Nothing blocks.
 */
#ifndef SX_LINK_SHIPMENT_TABLE_H
#define SX_LINK_SHIPMENT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "link/shipment.h"

/* Those that were looked at longest ago come first. To be read by others. */
struct sx_shipment_round {
    struct sx_shipment_list list;
    unsigned count;
};

struct sx_shipment_table {
    struct sx_shipment_round calls, answers;
    void *by_call; /* shipment_table.c's */
};

void sx_shipment_table_init(struct sx_shipment_table *table); /* once empty it keeps no memory */

void sx_shipment_table_enter(struct sx_shipment_table *table, struct sx_shipment *shipment);
void sx_shipment_table_remove(struct sx_shipment_table *table, struct sx_shipment *shipment);

/* The shipment of a call; NULL: there is none. */
struct sx_shipment *sx_shipment_table_find(const struct sx_shipment_table *table,
                                           uint64_t call_number);

/* Whose turn it is in this round, and the last one's from then on; NULL: it is empty. */
struct sx_shipment *sx_shipment_table_next(struct sx_shipment_round *round);

/* The server has ended the session over what was sent: each that is being sent may be why. */
void sx_shipment_table_note_refusal(struct sx_shipment_table *table);

#endif
