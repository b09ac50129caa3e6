/* station-console - the other end of the station: calls it, and serves its reports.
 *
 * It connects outwards like the station does and opens no port either. `watch` takes requests by
 * hand (soap_xmpp_accept, then soap_serve), because it ends after so many reports; a service
 * without an end would use soap_xmpp_serve as the station does.
 *
 * It takes reports as messages, too: a station that was given xmpp:console@example.org?message goes
 * on reporting while nobody watches, the console's server keeps the reports of the night, and the
 * next `watch` gets each of them once. What it doesn't wait for is refused when it ends.
 */
#include <stdbool.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "station.nsmap"

static const char usage[] =
    "usage: station-console STATION-ENDPOINT read\n"
    "       station-console STATION-ENDPOINT configure SECONDS\n"
    "       station-console STATION-ENDPOINT watch NUMBER-OF-REPORTS\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "exit code: 0 done, 1 the call failed, 2 wrong usage or configuration\n";

static const char *station; /* its endpoint */
static unsigned reports_left;

static void show(struct station__Reading reading)
{
    char when[32];
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&reading.taken));
    printf("%s  %.1f degrees Celsius  %.1f hPa\n", when, reading.temperatureCelsius,
           reading.pressureHectopascal);
}

/* ---- what the station calls ---- */

int station__report(struct soap *soap, struct station__Reading reading)
{
    printf("report from %s: ", soap_xmpp_from(soap));
    show(reading);
    reports_left--;
    return SOAP_OK; /* one-way: the plugin answers with an empty result */
}

/* The station's part of the contract. */
int station__read(struct soap *soap, struct station__readResponse *response)
{
    (void)response;
    return soap->error = SOAP_NO_METHOD;
}

int station__configure(struct soap *soap, unsigned interval, unsigned *previous)
{
    (void)interval;
    (void)previous;
    return soap->error = SOAP_NO_METHOD;
}

/* The station, and nobody else, may report; whatever resource its account has then. Told before the
 * link is opened: the reports of the night come with the first connection. */
static void expect_reports(struct soap_xmpp_config *config)
{
    static char rules[4096];
    const char *jid = station + strcspn(station, ":") + 1;
    snprintf(rules, sizeof rules, "%s%s%.*s:report", config->allow ? config->allow : "",
             config->allow ? ", " : "", (int)strcspn(jid, "/?"), jid);
    config->allow = rules;
    config->messages = 1;
}

/* ---- the three commands; each returns soap->error ---- */

static int command_read(struct soap *soap)
{
    struct station__readResponse response;
    if (soap_call_station__read(soap, station, NULL, &response) == SOAP_OK)
        show(response.reading);
    return soap->error;
}

static int command_configure(struct soap *soap, unsigned interval_s)
{
    unsigned previous_s = 0;
    if (soap_call_station__configure(soap, station, NULL, interval_s, &previous_s) == SOAP_OK)
        printf("reports every %u s, before every %u s\n", interval_s, previous_s);
    return soap->error;
}

static int command_watch(struct soap *soap, unsigned reports)
{
    reports_left = reports;
    while (reports_left > 0) {
        if (soap_xmpp_accept(soap, 0))
            return soap->error;
        if (soap_serve(soap)) /* one bad request doesn't end the watch */
            soap_print_fault(soap, stderr);
        soap_destroy(soap);
        soap_end(soap);
    }
    return SOAP_OK;
}

static int run(struct soap *soap, const char *command, unsigned number)
{
    if (strcmp(command, "read") == 0)
        return command_read(soap);
    if (strcmp(command, "configure") == 0)
        return command_configure(soap, number);
    return command_watch(soap, number);
}

/* Whether the arguments fit; *number is SECONDS or NUMBER-OF-REPORTS. */
static bool parse(int argc, char **argv, unsigned *number)
{
    char rest;
    if (argc == 3)
        return strcmp(argv[2], "read") == 0;
    return argc == 4 && (strcmp(argv[2], "configure") == 0 || strcmp(argv[2], "watch") == 0) &&
           argv[3][0] != '-' && sscanf(argv[3], "%9u%c", number, &rest) == 1;
}

int main(int argc, char **argv)
{
    unsigned number = 0;
    if (!parse(argc, argv, &number)) {
        bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link = NULL;
    char why[256];
    station = argv[1];
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why) == 0) {
        if (strcmp(argv[2], "watch") == 0)
            expect_reports(&config);
        link = soap_xmpp_open(&config, why, sizeof why);
    }
    if (!link) {
        fprintf(stderr, "station-console: %s\n", why);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct soap soap;
    soap_init(&soap);
    int failed = soap_register_plugin_arg(&soap, soap_xmpp, link) ||
                 run(&soap, argv[2], number); /* waits for the link */
    if (failed)
        soap_print_fault(&soap, stderr);
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    soap_xmpp_close(link);
    return failed ? 1 : 0;
}
