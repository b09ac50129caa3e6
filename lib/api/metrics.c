/* metrics.c - what links have done, as a monitoring system reads it (Prometheus' text format).
 *
 * Invariant: all lines of a metric stand together, whichever link they are of, as the format wants
 * it; each line is there whole or not at all; no label has a peer's text.
 *
 * Happy path: each metric begins with its help and type -> a line for each link and label.
 * Failure: no room; what doesn't fit is counted, and left out with all that follows.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "link/link.h"
#include "link/link_state.h"

enum { HEAD_BYTES = 400, LABEL_BYTES = 2 * SX_JID_BYTES, LINE_BYTES = LABEL_BYTES + 200 };

struct scrape {
    struct soap_xmpp_link *const *links;
    const char *const *names;
    size_t count;
    char *out;
    size_t room, len, needed; /* room: without the NUL */
};

/* ---- lines ---- */

static void add(struct scrape *scrape, const char *line, size_t len)
{
    if (scrape->out && scrape->needed == scrape->len && len <= scrape->room - scrape->len) {
        memcpy(scrape->out + scrape->len, line, len);
        scrape->len += len;
        scrape->out[scrape->len] = '\0';
    }
    scrape->needed += len;
}

static void begin(struct scrape *scrape, const char *name, const char *type, const char *help)
{
    char head[HEAD_BYTES];
    int len = snprintf(head, sizeof head, "# HELP soapxmpp_%s %s\n# TYPE soapxmpp_%s %s\n", name,
                       help, name, type);
    add(scrape, head, (size_t)len);
}

/* The value of the label: backslash, quote and line feed are written with a backslash. */
static void escape(const char *value, char out[LABEL_BYTES])
{
    size_t used = 0;
    for (; *value && used + 3 < LABEL_BYTES; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n')
            out[used++] = '\\';
        out[used++] = *value;
        if (*value == '\n')
            out[used - 1] = 'n';
    }
    out[used] = '\0';
}

static const char *label_of(const struct scrape *scrape, size_t which)
{
    const struct soap_xmpp_link *link = scrape->links[which];
    if (scrape->names && scrape->names[which])
        return scrape->names[which];
    return link ? sx_session_config(link->session)->jid : "";
}

/* more: the labels behind the link's, ",end=\"answer\"", or "". */
static void put(struct scrape *scrape, size_t which, const char *name, const char *more,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void put(struct scrape *scrape, size_t which, const char *name, const char *more,
                const char *format, ...)
{
    char label[LABEL_BYTES], line[LINE_BYTES];
    va_list value;
    size_t len;
    escape(label_of(scrape, which), label);
    len = (size_t)snprintf(line, sizeof line, "soapxmpp_%s{link=\"%s\"%s} ", name, label, more);
    va_start(value, format);
    len += (size_t)vsnprintf(line + len, sizeof line - len - 1, format, value);
    va_end(value);
    line[len++] = '\n';
    add(scrape, line, len);
}

/* ---- the link ---- */

static void put_states(struct scrape *scrape)
{
    static const char *const states[] = {[SOAP_XMPP_BACKING_OFF] = ",state=\"backing-off\"",
                                         [SOAP_XMPP_CONNECTING] = ",state=\"connecting\"",
                                         [SOAP_XMPP_ONLINE] = ",state=\"online\"",
                                         [SOAP_XMPP_FAILED] = ",state=\"failed\"",
                                         [SOAP_XMPP_STOPPING] = ",state=\"stopping\"",
                                         [SOAP_XMPP_CLOSED] = ",state=\"closed\""};
    size_t i, state;
    begin(scrape, "link_state", "gauge", "1 for the state that the link is in.");
    for (i = 0; i < scrape->count; i++) {
        enum soap_xmpp_state_value now = soap_xmpp_state(scrape->links[i]);
        for (state = 0; state < sizeof states / sizeof states[0]; state++)
            put(scrape, i, "link_state", states[state], "%d", state == (size_t)now);
    }
}

/* Of each link one line that is a member of struct soap_xmpp_counts. */
struct member {
    const char *name, *type, *help, *more;
    size_t offset;
};
#define MEMBER(member) offsetof(struct soap_xmpp_counts, member)

/* Those of one name stand one behind the other; the first of them has type and help. */
static const struct member members[] = {
    {"link_reconnects_total", "counter", "How often the link has come online again.", "",
     MEMBER(reconnects)},
    {"calls_in_flight", "gauge", "Calls that have begun and haven't ended.", "",
     MEMBER(calls_under_way)},
    {"requests_total", "counter", "Requests that a service was given, by their end.",
     ",end=\"answered\"", MEMBER(requests_answered)},
    {"requests_total", NULL, NULL, ",end=\"faulted\"", MEMBER(requests_faulted)},
    {"requests_total", NULL, NULL, ",end=\"refused\"", MEMBER(requests_refused)},
    {"requests_total", NULL, NULL, ",end=\"declined\"", MEMBER(requests_declined)},
    {"requests_taken_total", "counter", "Requests taken by a thread that serves.", "",
     MEMBER(requests_taken)},
    {"requests_denied_total", "counter", "Requests that no rule let pass.", "",
     MEMBER(requests_denied)},
    {"requests_replayed_total", "counter", "Copies of requests answered from memory.", "",
     MEMBER(requests_replayed)},
    {"requests_queued", "gauge", "Requests that wait for a thread that serves.", "",
     MEMBER(requests_queued)},
    {"requests_running", "gauge", "Requests that are being served.", "", MEMBER(requests_running)},
    {"resends_total", "counter", "Copies of calls that were sent again.", "", MEMBER(copies_sent)},
    {"moves_total", "counter", "Calls that went to another resource.", "", MEMBER(calls_moved)},
    {"replies_dropped_total", "counter", "Replies that belong to no call under way.",
     ",reason=\"late\"", MEMBER(replies_late)},
    {"replies_dropped_total", NULL, NULL, ",reason=\"foreign\"", MEMBER(replies_foreign)},
    {"bytes_total", "counter", "Bytes of stanzas, without TLS.",
     ",direction=\"in\",form=\"stanza\"", MEMBER(bytes_in)},
    {"bytes_total", NULL, NULL, ",direction=\"out\",form=\"stanza\"", MEMBER(bytes_out)},
    {"queue_bytes", "gauge", "Outgoing bytes that aren't written yet.", "", MEMBER(queued_bytes)},
    {"memory_bytes", "gauge", "Bytes taken of max_memory_bytes.", "", MEMBER(memory_bytes)},
};
enum { MEMBERS = sizeof members / sizeof members[0] };

static void put_member(struct scrape *scrape, size_t which, const struct member *member)
{
    struct soap_xmpp_counts counts;
    unsigned long value;
    soap_xmpp_count(scrape->links[which], &counts);
    memcpy(&value, (const char *)&counts + member->offset, sizeof value);
    put(scrape, which, member->name, member->more, "%lu", value);
}

static void put_members(struct scrape *scrape)
{
    size_t first, i, link;
    for (first = 0; first < MEMBERS; first = i) {
        begin(scrape, members[first].name, members[first].type, members[first].help);
        for (link = 0; link < scrape->count; link++)
            for (i = first; i < MEMBERS && (i == first || !members[i].type); i++)
                put_member(scrape, link, &members[i]);
        for (i = first + 1; i < MEMBERS && !members[i].type; i++)
            ;
    }
}

/* ---- calls ---- */

static void read_ends(const struct scrape *scrape, size_t which, struct sx_ends *ends)
{
    struct soap_xmpp_link *link = scrape->links[which];
    if (link && !sx_link_is_forked(link))
        sx_exchange_ends(link->exchange, ends);
    else
        memset(ends, 0, sizeof *ends);
}

/* An answer and a fault are executed, whatever else is possible for the others. */
static bool is_possible(unsigned end, unsigned outcome)
{
    return (end != SOAP_XMPP_END_ANSWER && end != SOAP_XMPP_END_FAULT) ||
           outcome == SOAP_XMPP_EXECUTED;
}

static void put_calls(struct scrape *scrape)
{
    static const char *const ends[SX_ENDS] = {"answer", "fault",   "empty", "refused",  "timeout",
                                              "lost",   "stopped", "bad",   "cancelled"};
    static const char *const outcomes[SX_OUTCOMES] = {"executed", "not-executed", "unknown"};
    char more[80];
    size_t i;
    unsigned end, outcome;
    begin(scrape, "calls_total", "counter", "Calls, by their end and whether they were executed.");
    for (i = 0; i < scrape->count; i++) {
        struct sx_ends counted;
        read_ends(scrape, i, &counted);
        for (end = 0; end < SX_ENDS; end++)
            for (outcome = 0; outcome < SX_OUTCOMES; outcome++) {
                if (!is_possible(end, outcome))
                    continue;
                snprintf(more, sizeof more, ",end=\"%s\",outcome=\"%s\"", ends[end],
                         outcomes[outcome]);
                put(scrape, i, "calls_total", more, "%lu", counted.by[end][outcome]);
            }
    }
}

/* sx_ends_bounds_us in seconds, whatever the program's locale writes for a point. */
static const char *const bounds[] = {
    ",le=\"0.001\"", ",le=\"0.0025\"", ",le=\"0.005\"", ",le=\"0.01\"", ",le=\"0.025\"",
    ",le=\"0.05\"",  ",le=\"0.1\"",    ",le=\"0.25\"",  ",le=\"0.5\"",  ",le=\"1\"",
    ",le=\"2.5\"",   ",le=\"5\"",      ",le=\"10\"",    ",le=\"30\"",   ",le=\"60\""};
_Static_assert(sizeof bounds / sizeof bounds[0] == SX_ENDS_BUCKETS, "a text for each bound");

static void put_histogram(struct scrape *scrape, size_t which)
{
    struct sx_ends ends;
    unsigned long below = 0;
    unsigned i;
    read_ends(scrape, which, &ends);
    for (i = 0; i < SX_ENDS_BUCKETS; i++) {
        below += ends.buckets[i];
        put(scrape, which, "call_seconds_bucket", bounds[i], "%lu", below);
    }
    below += ends.buckets[SX_ENDS_BUCKETS];
    put(scrape, which, "call_seconds_bucket", ",le=\"+Inf\"", "%lu", below);
    put(scrape, which, "call_seconds_sum", "", "%" PRIu64 ".%06u", ends.sum_us / 1000000,
        (unsigned)(ends.sum_us % 1000000));
    put(scrape, which, "call_seconds_count", "", "%lu", below);
}

static void put_times(struct scrape *scrape)
{
    size_t i;
    begin(scrape, "call_seconds", "histogram", "How long calls took, however they ended.");
    for (i = 0; i < scrape->count; i++)
        put_histogram(scrape, i);
}

size_t soap_xmpp_metrics(struct soap_xmpp_link *const *links, const char *const *names,
                         size_t count, char *out, size_t out_bytes)
{
    struct scrape scrape = {.links = links, .names = names, .count = links ? count : 0};
    if (out && out_bytes) {
        scrape.out = out;
        scrape.room = out_bytes - 1;
        *out = '\0';
    }
    put_states(&scrape);
    put_members(&scrape);
    put_calls(&scrape);
    put_times(&scrape);
    return scrape.needed;
}
