/* shipment_inbox.c - what the loop thread has yet to take. Invariant and paths: shipment_inbox.h.
 */
#include "link/shipment_inbox.h"

#include "base/clock.h"

enum { MAX_UNCOUNTED = 8 };

bool sx_shipment_inbox_init(struct sx_shipment_inbox *inbox)
{
    *inbox = (struct sx_shipment_inbox){.answers = 0};
    TAILQ_INIT(&inbox->list);
    if (pthread_mutex_init(&inbox->mu, NULL))
        return false;
    if (!sx_clock_cond_init(&inbox->drained))
        return true;
    pthread_mutex_destroy(&inbox->mu);
    return false;
}

void sx_shipment_inbox_fini(struct sx_shipment_inbox *inbox)
{
    struct sx_shipment *shipment;
    while ((shipment = TAILQ_FIRST(&inbox->list))) {
        TAILQ_REMOVE(&inbox->list, shipment, in_list);
        sx_shipment_free(shipment);
    }
    pthread_cond_destroy(&inbox->drained);
    pthread_mutex_destroy(&inbox->mu);
}

bool sx_shipment_inbox_is_full(struct sx_shipment_inbox *inbox)
{
    bool is_full;
    pthread_mutex_lock(&inbox->mu);
    is_full = inbox->answers >= SX_SHIPMENT_INBOX_ANSWERS;
    pthread_mutex_unlock(&inbox->mu);
    return is_full;
}

unsigned sx_shipment_inbox_answers(struct sx_shipment_inbox *inbox)
{
    unsigned answers;
    pthread_mutex_lock(&inbox->mu);
    answers = inbox->answers;
    pthread_mutex_unlock(&inbox->mu);
    return answers;
}

bool sx_shipment_inbox_is_short(struct sx_shipment_inbox *inbox)
{
    bool is_short;
    pthread_mutex_lock(&inbox->mu);
    is_short = inbox->uncounted >= MAX_UNCOUNTED;
    pthread_mutex_unlock(&inbox->mu);
    return is_short;
}

void sx_shipment_inbox_add(struct sx_shipment_inbox *inbox, struct sx_shipment *shipment)
{
    pthread_mutex_lock(&inbox->mu);
    TAILQ_INSERT_TAIL(&inbox->list, shipment, in_list);
    inbox->answers += shipment->call_number == 0;
    inbox->uncounted += shipment->is_uncounted;
    pthread_mutex_unlock(&inbox->mu);
}

void sx_shipment_inbox_take(struct sx_shipment_inbox *inbox, struct sx_shipment_list *list)
{
    pthread_mutex_lock(&inbox->mu);
    TAILQ_CONCAT(list, &inbox->list, in_list);
    inbox->uncounted = 0;
    pthread_mutex_unlock(&inbox->mu);
}

void sx_shipment_inbox_end_answer(struct sx_shipment_inbox *inbox)
{
    pthread_mutex_lock(&inbox->mu);
    if (--inbox->answers == 0)
        pthread_cond_broadcast(&inbox->drained);
    pthread_mutex_unlock(&inbox->mu);
}

bool sx_shipment_inbox_drained(struct sx_shipment_inbox *inbox, int64_t deadline)
{
    bool in_time = true, drained;
    pthread_mutex_lock(&inbox->mu);
    while (!(drained = inbox->answers == 0) && !inbox->is_hopeless && in_time)
        in_time = sx_clock_cond_wait(&inbox->drained, &inbox->mu, deadline);
    pthread_mutex_unlock(&inbox->mu);
    return drained;
}

void sx_shipment_inbox_set_hopeless(struct sx_shipment_inbox *inbox, bool is_hopeless)
{
    pthread_mutex_lock(&inbox->mu);
    inbox->is_hopeless = is_hopeless;
    pthread_cond_broadcast(&inbox->drained);
    pthread_mutex_unlock(&inbox->mu);
}

void sx_shipment_inbox_readdress(struct sx_shipment_inbox *inbox, const char *from, const char *id)
{
    struct sx_shipment *shipment;
    pthread_mutex_lock(&inbox->mu);
    TAILQ_FOREACH(shipment, &inbox->list, in_list)
        sx_shipment_readdress(shipment, from, id);
    pthread_mutex_unlock(&inbox->mu);
}

struct sx_shipment *sx_shipment_inbox_find(struct sx_shipment_inbox *inbox, uint64_t call_number)
{
    struct sx_shipment *shipment;
    pthread_mutex_lock(&inbox->mu);
    TAILQ_FOREACH(shipment, &inbox->list, in_list)
        if (shipment->call_number == call_number)
            break;
    pthread_mutex_unlock(&inbox->mu);
    return shipment;
}
