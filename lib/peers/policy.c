/* policy.c - the policies, and what was chosen last.
 *
 * Invariant: each bare JID is remembered once at most, in the tree and in order, of which the last
 * was used last.
 *
 * Happy path: choose: find what was chosen last -> the policy -> remember. Failure: no memory, or
 * the contact was forgotten: chosen as for the first time.
 */
#include "peers/policy.h"

#include <assert.h>
#include <pthread.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct memory {
    TAILQ_ENTRY(memory) in_order;
    char *last; /* full JID */
    char bare[];
};

struct sx_policy {
    /* immutable */
    enum soap_xmpp_policy kind;
    unsigned max_contacts;
    /* under mu */
    pthread_mutex_t mu;
    TAILQ_HEAD(memory_list, memory) order;
    void *by_bare; /* a tree, see tsearch(3) */
    unsigned count;
};

struct sx_policy *sx_policy_new(enum soap_xmpp_policy kind, unsigned max_contacts)
{
    struct sx_policy *policy = calloc(1, sizeof *policy);
    if (!policy)
        return NULL;
    if (pthread_mutex_init(&policy->mu, NULL)) {
        free(policy);
        return NULL;
    }
    policy->kind = kind;
    policy->max_contacts = max_contacts;
    TAILQ_INIT(&policy->order);
    return policy;
}

static int compare_memories(const void *a, const void *b)
{
    return strcmp(((const struct memory *)a)->bare, ((const struct memory *)b)->bare);
}

static void forget_locked(struct sx_policy *policy, struct memory *memory)
{
    tdelete(memory, &policy->by_bare, compare_memories);
    TAILQ_REMOVE(&policy->order, memory, in_order);
    policy->count--;
    free(memory->last);
    free(memory);
}

void sx_policy_free(struct sx_policy *policy)
{
    struct memory *memory;
    if (!policy)
        return;
    while ((memory = TAILQ_FIRST(&policy->order)) != NULL)
        forget_locked(policy, memory);
    pthread_mutex_destroy(&policy->mu);
    free(policy);
}

/* That of the bare JID, a new one if need be; NULL: no memory. */
static struct memory *recall_locked(struct sx_policy *policy, const char *bare)
{
    size_t bytes = strlen(bare) + 1;
    struct memory *fresh = calloc(1, sizeof *fresh + bytes), *memory, **node;
    if (!fresh)
        return NULL;
    memcpy(fresh->bare, bare, bytes);
    node = tsearch(fresh, &policy->by_bare, compare_memories);
    memory = node ? *node : NULL;
    if (memory != fresh)
        free(fresh);
    if (!memory)
        return NULL;
    if (memory == fresh)
        policy->count++;
    else
        TAILQ_REMOVE(&policy->order, memory, in_order);
    TAILQ_INSERT_TAIL(&policy->order, memory, in_order);
    if (policy->count > policy->max_contacts)
        forget_locked(policy, TAILQ_FIRST(&policy->order));
    return memory;
}

/* The first one behind last by name, which itself may be gone. */
static unsigned follow(const char *last, const char *const *jids, unsigned count)
{
    unsigned i = 0;
    while (i < count && strcmp(jids[i], last) <= 0)
        i++;
    return i % count;
}

static unsigned choose(enum soap_xmpp_policy kind, const char *last, const char *const *jids,
                       const unsigned *loads, unsigned count, uint64_t random)
{
    unsigned first = last ? follow(last, jids, count) : (unsigned)(random % count);
    unsigned i, best = first;
    if (kind == SOAP_XMPP_POLICY_ROUND_ROBIN)
        return first;
    if (kind == SOAP_XMPP_POLICY_STICKY) {
        for (i = 0; last && i < count; i++)
            if (strcmp(jids[i], last) == 0)
                return i;
        return (unsigned)(random % count);
    }
    for (i = 1; i < count; i++) {
        unsigned next = (first + i) % count;
        if (loads[next] < loads[best])
            best = next;
    }
    return best;
}

unsigned sx_policy_choose(struct sx_policy *policy, const char *bare, const char *const *jids,
                          const unsigned *loads, unsigned count, uint64_t random)
{
    struct memory *memory;
    unsigned chosen;
    assert(count > 0);
    pthread_mutex_lock(&policy->mu);
    memory = recall_locked(policy, bare);
    chosen = choose(policy->kind, memory ? memory->last : NULL, jids, loads, count, random);
    if (memory && (!memory->last || strcmp(memory->last, jids[chosen]) != 0)) {
        free(memory->last);
        memory->last = strdup(jids[chosen]);
    }
    pthread_mutex_unlock(&policy->mu);
    return chosen;
}
