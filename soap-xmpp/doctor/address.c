/* address.c - dns and tcp: where the server may be, and whether anybody is there.
 *
 * Happy path: as the library looks: the host that is configured, else what /etc/hosts has of the
 * domain, else SRV records, else the domain itself -> addresses -> all are connected to at once.
 * Failure modes: a domain without a name is a FAIL, also nobody at any address; one address of many
 * is a warning.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor/dns.h"
#include "doctor/survey.h"

enum {
    PORT = 5222,
    DIRECT_PORT = 5223,
    COMPONENT_PORT = 5347,
    DNS_MS = 6000,
    CONNECT_MS = 5000,
    CLAUSE_BYTES = 128
};
static const double slow_dns_s = 1.0;

/* ---- dns ---- */

static unsigned usual_port(const struct survey *survey)
{
    return survey->config->port                          ? (unsigned)survey->config->port
           : survey->is_component                        ? COMPONENT_PORT
           : survey->config->tls == SOAP_XMPP_TLS_DIRECT ? DIRECT_PORT
                                                         : PORT;
}

static void add_host(struct survey *survey, struct finding *finding,
                     const struct dns_target *target, const struct deadline *deadline)
{
    struct dns_addresses found;
    char clause[CLAUSE_BYTES];
    unsigned i, before = survey->places.count;
    enum dns_result result = dns_find_addresses(target->host, survey->name_server, deadline, &found,
                                                clause, sizeof clause);
    if (result != DNS_FOUND) {
        finding_add_detail(finding, "%s: %s", target->host, clause);
        return;
    }
    for (i = 0; i < found.count; i++)
        place_add(&survey->places, (const struct sockaddr *)&found.all[i], target->port,
                  target->is_direct);
    for (i = before; i < survey->places.count; i++)
        finding_add_detail(finding, "%s: %s%s", target->host, survey->places.all[i].text,
                           target->is_direct ? ", TLS from the first byte" : "");
}

static void add_one_host(struct survey *survey, struct finding *finding, const char *host,
                         const char *sentence, const struct deadline *deadline)
{
    struct dns_target target = {.port = usual_port(survey),
                                .is_direct = survey->config->tls == SOAP_XMPP_TLS_DIRECT};
    snprintf(target.host, sizeof target.host, "%s", host);
    add_host(survey, finding, &target, deadline);
    if (survey->places.count) {
        finding_say(finding, FINDING_OK, "%s, %u address%s", sentence, survey->places.count,
                    survey->places.count == 1 ? "" : "es");
    } else {
        finding_say(finding, FINDING_FAIL, "%s, which has no address", sentence);
        finding_advise(finding,
                       "see that '%s' is spelt right, and has an address (getent hosts %s)", host,
                       host);
    }
}

/* No SRV record: the library takes the domain itself. */
static void take_domain(struct survey *survey, struct finding *finding, bool is_silent,
                        const struct deadline *deadline)
{
    char sentence[SURVEY_DOMAIN_BYTES + CLAUSE_BYTES];
    if (is_silent) {
        finding_say(finding, FINDING_WARN, "no name server has answered in time");
        finding_advise(finding,
                       "see /etc/resolv.conf, and whether its name servers can be reached");
        if (survey->name_server) { /* which would be asked again */
            finding_say(finding, FINDING_FAIL, "%s is silent", survey->name_server);
            return;
        }
    } else {
        finding_say(finding, FINDING_WARN, "no SRV record for %s", survey->domain);
        finding_advise(
            finding, "add to DNS: _xmpp-client._tcp.%s. SRV 0 5 5222 SERVER., or say --host SERVER",
            survey->ascii);
    }
    snprintf(sentence, sizeof sentence, "the domain itself");
    add_one_host(survey, finding, survey->ascii, sentence, deadline);
}

static void tell_targets(const struct dns_targets *targets, struct finding *finding)
{
    unsigned i;
    for (i = 0; i < targets->count; i++)
        finding_add_detail(finding, "_xmpp%s-client: %s port %u, priority %u, weight %u",
                           targets->all[i].is_direct ? "s" : "", targets->all[i].host,
                           targets->all[i].port, targets->all[i].priority, targets->all[i].weight);
}

static void look_for_targets(struct survey *survey, struct finding *finding,
                             const struct deadline *deadline)
{
    struct dns_targets targets = {0};
    enum dns_result plain = DNS_NONE, direct;
    unsigned i;
    direct = dns_find_targets(survey->ascii, true, survey->name_server, deadline, &targets);
    if (survey->config->tls != SOAP_XMPP_TLS_DIRECT && direct != DNS_SILENT)
        plain = dns_find_targets(survey->ascii, false, survey->name_server, deadline, &targets);
    tell_targets(&targets, finding);
    if (!targets.count && (plain == DNS_NOT_OFFERED || direct == DNS_NOT_OFFERED)) {
        finding_say(finding, FINDING_FAIL, "DNS says that %s has no XMPP (SRV \".\")",
                    survey->domain);
        finding_advise(finding, "another domain, or --host SERVER");
    } else if (!targets.count) {
        take_domain(survey, finding, direct == DNS_SILENT || plain == DNS_SILENT, deadline);
    } else {
        for (i = 0; i < targets.count; i++)
            add_host(survey, finding, &targets.all[i], deadline);
        finding_say(finding, survey->places.count ? FINDING_OK : FINDING_FAIL,
                    "%u SRV record%s, %u address%s", targets.count, targets.count == 1 ? "" : "s",
                    survey->places.count, survey->places.count == 1 ? "" : "es");
        if (!survey->places.count)
            finding_advise(finding,
                           "the hosts that the SRV records name have no address: mend DNS");
    }
}

void address_check_names(struct survey *survey, struct finding *finding)
{
    struct deadline deadline = deadline_after(survey_timeout_ms(survey, DNS_MS));
    const struct soap_xmpp_config *config = survey->config;
    long long start_us = deadline_now_us();
    double seconds;
    if (config->host || survey->is_component)
        add_one_host(survey, finding, config->host ? config->host : "localhost",
                     config->host ? "the host that is configured" : "a component's host, localhost",
                     &deadline);
    else if (!survey->name_server && dns_is_in_hosts(survey->ascii))
        add_one_host(survey, finding, survey->ascii, "/etc/hosts has the domain", &deadline);
    else
        look_for_targets(survey, finding, &deadline);
    seconds = (double)(deadline_now_us() - start_us) / 1e6;
    finding_measure(finding, "lookup_seconds", seconds);
    finding_measure(finding, "addresses", survey->places.count);
    if (seconds > slow_dns_s && finding->state < FINDING_FAIL) {
        finding_say(finding, FINDING_WARN, "it took %.1f s", seconds);
        finding_advise(finding, "see /etc/resolv.conf: the first name server is slow, or silent");
    }
}

/* ---- tcp ---- */

struct attempts {
    unsigned count, pending, open;
    double fastest_seconds;
    struct pollfd polled[PLACE_MOST];
    long long start_us;
};

static void end_attempt(struct attempts *attempts, struct place *place, unsigned i, int error,
                        struct finding *finding)
{
    double seconds = (double)(deadline_now_us() - attempts->start_us) / 1e6;
    if (attempts->polled[i].fd >= 0)
        close(attempts->polled[i].fd);
    attempts->polled[i].fd = -1;
    attempts->pending--;
    place->is_open = error == 0;
    if (error) {
        finding_add_detail(finding, "%s: %s", place->text, strerror(error));
        return;
    }
    finding_add_detail(finding, "%s: %.1f ms", place->text, seconds * 1e3);
    if (!attempts->open++ || seconds < attempts->fastest_seconds)
        attempts->fastest_seconds = seconds;
}

static void begin_attempts(struct attempts *attempts, struct places *places,
                           struct finding *finding)
{
    unsigned i;
    attempts->count = attempts->pending = places->count;
    attempts->start_us = deadline_now_us();
    for (i = 0; i < places->count; i++) {
        attempts->polled[i].events = POLLOUT;
        attempts->polled[i].fd = place_connect(&places->all[i]);
        if (attempts->polled[i].fd < 0)
            end_attempt(attempts, &places->all[i], i, errno, finding);
    }
}

static void await_attempts(struct attempts *attempts, struct places *places,
                           const struct deadline *deadline, struct finding *finding)
{
    unsigned i;
    while (attempts->pending && !deadline_is_over(deadline)) {
        if (poll(attempts->polled, attempts->count, deadline_left_ms(deadline, CONNECT_MS)) <= 0)
            continue;
        for (i = 0; i < attempts->count; i++) {
            int error = 0;
            socklen_t len = sizeof error;
            if (attempts->polled[i].fd < 0 || !attempts->polled[i].revents)
                continue;
            if (getsockopt(attempts->polled[i].fd, SOL_SOCKET, SO_ERROR, &error, &len))
                error = errno;
            end_attempt(attempts, &places->all[i], i, error, finding);
        }
    }
    for (i = 0; i < attempts->count; i++)
        if (attempts->polled[i].fd >= 0)
            end_attempt(attempts, &places->all[i], i, ETIMEDOUT, finding);
}

void address_check_ports(struct survey *survey, struct finding *finding)
{
    struct deadline deadline = deadline_after(survey_timeout_ms(survey, CONNECT_MS));
    struct attempts attempts = {0};
    if (!survey->places.count) {
        finding_say(finding, FINDING_SKIP, "there is no address to connect to: see dns");
        return;
    }
    begin_attempts(&attempts, &survey->places, finding);
    await_attempts(&attempts, &survey->places, &deadline, finding);
    finding_measure(finding, "addresses_open", attempts.open);
    if (attempts.open)
        finding_measure(finding, "connect_seconds", attempts.fastest_seconds);
    if (survey->places.left_out)
        finding_add_detail(finding, "%u more addresses were not tried", survey->places.left_out);
    if (attempts.open == attempts.count) {
        finding_say(finding, FINDING_OK, "%u of %u address%s, %.1f ms", attempts.open,
                    attempts.count, attempts.count == 1 ? "" : "es",
                    attempts.fastest_seconds * 1e3);
        return;
    }
    finding_say(finding, attempts.open ? FINDING_WARN : FINDING_FAIL,
                "nobody answers at %u of %u address%s", attempts.count - attempts.open,
                attempts.count, attempts.count == 1 ? "" : "es");
    finding_advise(finding, "see that the server runs and listens there, and that no firewall is "
                            "between");
    survey_advise(survey, finding, "c2s_ports and interfaces say where it listens",
                  "listen, port and ip say where it listens");
}
