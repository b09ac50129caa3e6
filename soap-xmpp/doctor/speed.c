/* speed.c - rtt, rate and idle: how fast the server answers and reads, and whether a connection
 * that is left alone lives on.
 *
 * Invariant: the server is asked, nobody else; 64 KiB are sent at most.
 *
 * Happy path: pings one by one, then in pairs -> pings with a long text -> silence, then one ping.
 * Failure modes: a ping without an answer is a FAIL; what is slow is a warning with the settings.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doctor/survey.h"
#include "interrupt.h"

enum {
    PING_MS = 5000,
    SINGLE = 10,
    PAIRS = 10,
    NAGLE_PAIRS = 4, /* as many late seconds aren't by accident */
    RATE_MS = 9000,
    RATE_TEXT_BYTES = 8000,
    RATE_BYTES = 65536,
    BURST_BYTES = 24576 /* both servers let 20,000 bytes pass before they slow down */
};
static const double nagle_s = 0.030, slow_s = 0.200, slow_bytes_per_s = 50000;

static double seconds_since(long long start_us)
{
    return (double)(deadline_now_us() - start_us) / 1e6;
}

/* ---- rtt ---- */

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static int ping(struct survey *survey, double *seconds, char *why, size_t why_bytes)
{
    long rtt_us = 0;
    int result = soap_xmpp_ping(survey->link, NULL, survey_timeout_ms(survey, PING_MS), &rtt_us,
                                why, why_bytes);
    *seconds = (double)rtt_us / 1e6;
    return result;
}

/* The second of a pair has a thread of its own: a ping blocks. */
struct second {
    struct survey *survey;
    double seconds;
    int result;
};

static void *ping_second(void *user)
{
    static const struct timespec behind = {0, 1000000}; /* the first one has left */
    struct second *second = user;
    char why[SURVEY_WHY_BYTES];
    nanosleep(&behind, NULL);
    second->result = ping(second->survey, &second->seconds, why, sizeof why);
    return NULL;
}

/* By how much the second answer of a pair took longer than the first one. */
static int ping_pair(struct survey *survey, double *late_seconds)
{
    struct second second = {.survey = survey};
    char why[SURVEY_WHY_BYTES];
    pthread_t thread;
    double first = 0;
    int result;
    if (pthread_create(&thread, NULL, ping_second, &second))
        return -1;
    result = ping(survey, &first, why, sizeof why);
    pthread_join(thread, NULL);
    *late_seconds = second.seconds - first;
    return result || second.result ? -1 : 0;
}

static void look_for_nagle(struct survey *survey, struct finding *finding)
{
    unsigned i, late = 0;
    for (i = 0; i < PAIRS && !interrupt_signal(); i++) {
        double late_seconds;
        if (ping_pair(survey, &late_seconds))
            return;
        late += late_seconds > nagle_s;
    }
    if (late < NAGLE_PAIRS)
        return;
    finding_say(
        finding, FINDING_WARN,
        "of two pings the second is answered more than %.0f ms behind the first (%u of %u): "
        "Nagle's algorithm at the server",
        nagle_s * 1e3, late, (unsigned)PAIRS);
    survey_advise(survey, finding, "network_settings = { nagle = false }",
                  "it sets TCP_NODELAY by itself: look for a proxy in front of it");
}

void speed_check_rtt(struct survey *survey, struct finding *finding)
{
    double all[SINGLE];
    char why[SURVEY_WHY_BYTES];
    unsigned count;
    for (count = 0; count < SINGLE && !interrupt_signal(); count++) {
        if (ping(survey, &all[count], why, sizeof why))
            break;
    }
    if (!count) {
        finding_say(finding, FINDING_FAIL, "the server answers no ping: %s", why);
        survey_advise(survey, finding, "\"ping\" in modules_enabled", "mod_ping in modules");
        return;
    }
    qsort(all, count, sizeof all[0], compare);
    finding_say(finding, FINDING_OK, "%.1f ms (median of %u pings; %.1f to %.1f ms)",
                all[count / 2] * 1e3, count, all[0] * 1e3, all[count - 1] * 1e3);
    finding_measure(finding, "p50_seconds", all[count / 2]);
    finding_measure(finding, "max_seconds", all[count - 1]);
    if (count < SINGLE)
        finding_say(finding, FINDING_WARN, "%s", why);
    if (all[count / 2] > slow_s) {
        finding_say(finding, FINDING_WARN, "that is slow");
        finding_advise(finding, "each call takes that long at least: a server that is nearer, or "
                                "many calls at once (docs/api.md)");
    }
    look_for_nagle(survey, finding);
}

/* ---- rate ---- */

/* A ping with a text that nobody reads. */
static void write_long_ping(char *element, size_t element_bytes)
{
    static const char head[] = "<ping xmlns='urn:xmpp:ping'>", tail[] = "</ping>";
    snprintf(element, element_bytes, "%s", head);
    memset(element + sizeof head - 1, 'x', RATE_TEXT_BYTES);
    snprintf(element + sizeof head - 1 + RATE_TEXT_BYTES, sizeof tail, "%s", tail);
}

struct rate {
    size_t sent_bytes, burst_bytes; /* burst: sent before the clock was started */
    double seconds;                 /* for what is behind the burst */
    bool is_answered;
};

static void measure(struct survey *survey, struct rate *rate, char *why, size_t why_bytes)
{
    struct deadline deadline = deadline_after(survey_timeout_ms(survey, RATE_MS));
    char element[RATE_TEXT_BYTES + 64];
    long long start_us = deadline_now_us();
    write_long_ping(element, sizeof element);
    while (rate->sent_bytes < RATE_BYTES && !deadline_is_over(&deadline) && !interrupt_signal()) {
        char *answer = soap_xmpp_ask(survey->link, survey->domain, element,
                                     deadline_left_ms(&deadline, RATE_MS), why, why_bytes);
        /* Not in time is an answer, too, once some have come. */
        if (!answer && !(rate->is_answered && deadline_is_over(&deadline)))
            return;
        if (!answer)
            break;
        free(answer);
        rate->is_answered = true;
        rate->sent_bytes += strlen(element);
        if (rate->sent_bytes >= BURST_BYTES && !rate->burst_bytes) {
            rate->burst_bytes = rate->sent_bytes;
            start_us = deadline_now_us();
        }
    }
    rate->seconds = seconds_since(start_us);
}

static void advise_rate(const struct survey *survey, struct finding *finding)
{
    survey_advise(
        survey, finding,
        "\"limits\" in modules_enabled slows clients down to 10 kB/s: take it out, or set "
        "limits = { c2s = { rate = \"1mb/s\" } }",
        "a shaper slows clients down to 3,000 bytes/s: shaper_rules, c2s_shaper: none for "
        "this account");
    finding_advise(finding, "docs/servers.md has both, to copy");
}

void speed_check_rate(struct survey *survey, struct finding *finding)
{
    struct rate rate = {0};
    char why[SURVEY_WHY_BYTES] = "";
    double bytes_per_s;
    measure(survey, &rate, why, sizeof why);
    if (!rate.is_answered || rate.seconds <= 0) {
        finding_say(finding, FINDING_SKIP, "the server doesn't answer a ping of %u bytes: %s",
                    (unsigned)RATE_TEXT_BYTES, why);
        return;
    }
    bytes_per_s = (double)(rate.sent_bytes - rate.burst_bytes) / rate.seconds;
    finding_measure(finding, "bytes_per_second", bytes_per_s);
    if (bytes_per_s >= slow_bytes_per_s) {
        finding_say(finding, FINDING_OK, "the server reads %.0f KB/s or more", bytes_per_s / 1000);
    } else {
        finding_say(finding, FINDING_WARN, "the server reads %.1f KB/s behind the first %.0f KB",
                    bytes_per_s / 1000, (double)rate.burst_bytes / 1000);
        advise_rate(survey, finding);
    }
}

/* ---- idle ---- */

void speed_check_idle(struct survey *survey, struct finding *finding)
{
    char why[SURVEY_WHY_BYTES];
    double seconds;
    if (!survey->idle_s) {
        finding_say(finding, FINDING_SKIP,
                    "only with --idle SECONDS: how long a NAT or a firewall on "
                    "the way has to remember a silent connection");
        return;
    }
    if (interrupt_wait(survey->idle_s * 1000)) {
        finding_say(finding, FINDING_SKIP, "interrupted");
        return;
    }
    if (ping(survey, &seconds, why, sizeof why) == 0) {
        finding_say(finding, FINDING_OK, "the connection lives after %d s of silence",
                    survey->idle_s);
        return;
    }
    finding_say(finding, FINDING_FAIL, "no answer after %d s of silence: %s", survey->idle_s, why);
    finding_advise(finding,
                   "something on the way forgets silent connections: set keepalive_ms of the "
                   "program below that (60,000 by default)");
}
