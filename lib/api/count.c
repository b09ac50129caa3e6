/* count.c - what a link has done, in numbers.
 *
 * Invariant: a program that was built with fewer members gets those that it knows, one that was
 * built with more gets zeros for the rest.
 */
#include <string.h>

#include "link/link.h"
#include "link/link_state.h"

static void count_calls(struct soap_xmpp_link *link, struct soap_xmpp_counts *counts)
{
    struct sx_exchange_counts calls;
    struct sx_ends ends;
    sx_exchange_count(link->exchange, &calls);
    sx_exchange_ends(link->exchange, &ends);
    counts->calls_under_way = calls.under_way - calls.questions;
    counts->replies_late = calls.late;
    counts->replies_foreign = calls.foreign;
    counts->calls_answered = sx_ends_of_end(&ends, SOAP_XMPP_END_ANSWER);
    counts->calls_faulted = sx_ends_of_end(&ends, SOAP_XMPP_END_FAULT);
    counts->calls_empty = sx_ends_of_end(&ends, SOAP_XMPP_END_EMPTY);
    counts->calls_refused = sx_ends_of_end(&ends, SOAP_XMPP_END_REFUSED);
    counts->calls_timed_out = sx_ends_of_end(&ends, SOAP_XMPP_END_TIMEOUT);
    counts->calls_lost = sx_ends_of_end(&ends, SOAP_XMPP_END_LOST);
    counts->calls_stopped = sx_ends_of_end(&ends, SOAP_XMPP_END_STOPPED);
    counts->calls_bad = sx_ends_of_end(&ends, SOAP_XMPP_END_BAD);
    counts->calls_cancelled = sx_ends_of_end(&ends, SX_END_CANCELLED);
    counts->calls_executed = sx_ends_of_outcome(&ends, SOAP_XMPP_EXECUTED);
    counts->calls_not_executed = sx_ends_of_outcome(&ends, SOAP_XMPP_NOT_EXECUTED);
    counts->calls_unknown = sx_ends_of_outcome(&ends, SOAP_XMPP_UNKNOWN);
    counts->copies_sent = ends.copies;
    counts->calls_moved = ends.moves;
}

static void count_requests(struct soap_xmpp_link *link, struct soap_xmpp_counts *counts)
{
    struct sx_queue_counts queue;
    struct sx_journal_counts journal;
    sx_queue_count(link->queue, &queue);
    sx_journal_count(link->journal, &journal);
    counts->requests_queued = queue.queued;
    counts->requests_running = queue.running;
    counts->requests_taken = queue.taken;
    counts->requests_answered = atomic_load(&link->tally.answered);
    counts->requests_faulted = atomic_load(&link->tally.faulted);
    counts->requests_refused = atomic_load(&link->tally.refused);
    counts->requests_declined = atomic_load(&link->tally.declined);
    counts->requests_denied = atomic_load(&link->tally.denied);
    counts->requests_replayed = journal.replayed;
}

static void count_bytes(struct soap_xmpp_link *link, struct soap_xmpp_counts *counts)
{
    struct sx_loop *loop = sx_session_loop(link->session);
    struct sx_memory_counts memory;
    sx_memory_count(sx_session_memory(link->session), &memory);
    sx_loop_bytes(loop, &counts->bytes_in, &counts->bytes_out);
    counts->queued_bytes = sx_loop_backlog_bytes(loop);
    counts->memory_bytes = memory.held_bytes;
}

void soap_xmpp_count_bytes(struct soap_xmpp_link *link, struct soap_xmpp_counts *counts,
                           size_t size)
{
    struct soap_xmpp_counts all = {.size = size};
    if (!counts || size < sizeof counts->size)
        return;
    if (link && !sx_link_is_forked(link)) {
        all.reconnects = sx_session_reconnects(link->session);
        count_calls(link, &all);
        count_requests(link, &all);
        count_bytes(link, &all);
    }
    if (size > sizeof all)
        memset((char *)counts + sizeof all, 0, size - sizeof all);
    memcpy(counts, &all, size < sizeof all ? size : sizeof all);
}
