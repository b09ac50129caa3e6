/* shipment_table.c - shipments by call and by turn. Invariant and paths: shipment_table.h. */
#include "link/shipment_table.h"

#include <search.h>

void sx_shipment_table_init(struct sx_shipment_table *table)
{
    *table = (struct sx_shipment_table){.by_call = NULL};
    TAILQ_INIT(&table->calls.list);
    TAILQ_INIT(&table->answers.list);
}

static int compare_calls(const void *a, const void *b)
{
    uint64_t number = ((const struct sx_shipment *)a)->call_number;
    uint64_t other = ((const struct sx_shipment *)b)->call_number;
    return number < other ? -1 : number > other;
}

static struct sx_shipment_round *round_of(struct sx_shipment_table *table,
                                          const struct sx_shipment *shipment)
{
    return shipment->call_number ? &table->calls : &table->answers;
}

void sx_shipment_table_enter(struct sx_shipment_table *table, struct sx_shipment *shipment)
{
    struct sx_shipment_round *round = round_of(table, shipment);
    TAILQ_INSERT_TAIL(&round->list, shipment, in_list);
    round->count++;
    if (shipment->call_number)
        (void)tsearch(shipment, &table->by_call, compare_calls);
}

void sx_shipment_table_remove(struct sx_shipment_table *table, struct sx_shipment *shipment)
{
    struct sx_shipment_round *round = round_of(table, shipment);
    TAILQ_REMOVE(&round->list, shipment, in_list);
    round->count--;
    if (shipment->call_number)
        tdelete(shipment, &table->by_call, compare_calls);
}

struct sx_shipment *sx_shipment_table_find(const struct sx_shipment_table *table,
                                           uint64_t call_number)
{
    const struct sx_shipment key = {.call_number = call_number};
    struct sx_shipment **node = tfind(&key, &table->by_call, compare_calls);
    return node ? *node : NULL;
}

struct sx_shipment *sx_shipment_table_next(struct sx_shipment_round *round)
{
    struct sx_shipment *shipment = TAILQ_FIRST(&round->list);
    if (!shipment)
        return NULL;
    TAILQ_REMOVE(&round->list, shipment, in_list);
    TAILQ_INSERT_TAIL(&round->list, shipment, in_list);
    return shipment;
}

static void note_refusal(struct sx_shipment_round *round)
{
    struct sx_shipment *shipment;
    TAILQ_FOREACH(shipment, &round->list, in_list)
        shipment->refusals += shipment->is_sending;
}

void sx_shipment_table_note_refusal(struct sx_shipment_table *table)
{
    note_refusal(&table->calls);
    note_refusal(&table->answers);
}
