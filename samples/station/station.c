/* station - a measuring station behind NAT: it serves and calls at once, on one outbound
 * connection.
 *
 * This is what SOAP over XMPP is for. Nobody can connect to the station: it has no address of its
 * own, and no port of it is open. It dials out to its XMPP server once, and from then on the
 * console calls read and configure here like any SOAP service, while the station calls report at
 * the console, which may well sit behind a NAT of its own. Over HTTP the first would need a hole
 * in the station's firewall, the second one in the console's.
 *
 * Who may call is configured, by account and by operation: everybody of a domain may well read the
 * station, while only the console configures it.
 *
 * Reports go wherever the console is: to its resource while it watches, or, with ?message behind
 * the endpoint, to its account, whose server keeps them until it does.
 *
 * Happy path: online -> the reporter thread reports at each interval, soap_xmpp_serve serves
 * beside it -> SIGINT or SIGTERM -> serve returns -> the reporter is woken and joined.
 * Failure: a report that fails is printed and not repeated, the next interval brings a fresh one;
 * the link reconnects by itself.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sysexits.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "station.nsmap"

enum { DEFAULT_INTERVAL_S = 10, MAX_INTERVAL_S = 86400 };

static const char usage[] =
    "usage: station CONSOLE-ENDPOINT (xmpp:console@example.org/watch, or, for reports that wait "
    "for\n"
    "  a console that is off, xmpp:console@example.org?message)\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "  SOAP_XMPP_ALLOW: who may call, 'console@example.org, *@example.org:read'; default: nobody\n"
    "exit code: 0 stopped, 1 failed, 2 wrong usage or configuration, 77 refused for good\n";

static struct soap_xmpp_link *link_up;
static const char *console; /* its endpoint */

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned interval_s = DEFAULT_INTERVAL_S; /* under mu */
static bool stopping;                            /* under mu */

/* ---- what the console calls ---- */

/* A stand-in for sensors. */
static struct station__Reading measure(void)
{
    struct station__Reading reading;
    reading.taken = time(NULL);
    reading.temperatureCelsius = 18 + (double)(reading.taken % 60) / 10;
    reading.pressureHectopascal = 1013.25 - (double)(reading.taken % 30) / 10;
    return reading;
}

int station__read(struct soap *soap, struct station__readResponse *response)
{
    printf("read by %s\n", soap_xmpp_from(soap));
    response->reading = measure();
    return SOAP_OK;
}

int station__configure(struct soap *soap, unsigned interval, unsigned *previous)
{
    printf("configure %u s by %s\n", interval, soap_xmpp_from(soap));
    if (interval < 1 || interval > MAX_INTERVAL_S)
        return soap_sender_fault(soap, "intervalSeconds must be 1 to 86400", NULL);
    pthread_mutex_lock(&mu);
    *previous = interval_s;
    interval_s = interval;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mu);
    return SOAP_OK;
}

/* The console's part of the contract. */
int station__report(struct soap *soap, struct station__Reading reading)
{
    (void)reading;
    return soap->error = SOAP_NO_METHOD;
}

/* ---- what the station calls ---- */

/* Waits for one interval, counted anew when it is changed; false when the station stops. */
static bool wait_interval(void)
{
    pthread_mutex_lock(&mu);
    bool over = false;
    while (!over && !stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += interval_s;
        over = pthread_cond_timedwait(&changed, &mu, &until) != 0;
    }
    bool go_on = !stopping;
    pthread_mutex_unlock(&mu);
    return go_on;
}

static void *report_at_intervals(void *context)
{
    struct soap *soap = context;
    while (wait_interval()) {
        /* One-way: the empty answer says that the report arrived, not what became of it; of a
         * message there is none, and this returns when our server has taken it. */
        if (soap_send_station__report(soap, console, NULL, measure()) ||
            soap_recv_empty_response(soap))
            soap_print_fault(soap, stderr);
        soap_destroy(soap);
        soap_end(soap);
    }
    return NULL;
}

/* ---- both at once ---- */

static void stop(int number)
{
    (void)number;
    soap_xmpp_interrupt(link_up);
}

static int run(struct soap *soap)
{
    pthread_t reporter;
    struct soap *calling = soap_copy(soap); /* a struct soap of its own for the other thread */
    if (!calling)
        return SOAP_EOM;
    int failed = pthread_create(&reporter, NULL, report_at_intervals, calling);
    if (!failed) {
        failed = soap_xmpp_serve(soap, soap_serve, 2); /* until the signal */
        pthread_mutex_lock(&mu);
        stopping = true;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&mu);
        pthread_join(reporter, NULL);
    }
    soap_free(calling);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 2 || strncmp(argv[1], "xmpp:", 5) != 0) {
        bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    struct soap_xmpp_config config;
    char text[4096]; /* any JID fits */
    soap_xmpp_config_init(&config);
    config.trace = SOAP_XMPP_TRACE_INFO; /* tells who was refused; SOAP_XMPP_TRACE may differ */
    if (soap_xmpp_config_from_env(&config, text, sizeof text) == 0)
        link_up = soap_xmpp_open(&config, text, sizeof text);
    if (!link_up) {
        fprintf(stderr, "station: %s\n", text);
        return 2;
    }
    console = argv[1];
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct soap soap;
    soap_init(&soap);
    int failed = soap_register_plugin_arg(&soap, soap_xmpp, link_up);
    if (!failed && soap_xmpp_wait_online(link_up, -1) == 0) { /* if not, it goes on trying */
        soap_xmpp_jid(link_up, text, sizeof text);
        printf("online as %s\n", text);
    }
    if (!failed)
        failed = run(&soap);
    if (failed)
        soap_print_fault(&soap, stderr);
    soap_end(&soap);
    soap_done(&soap);
    signal(SIGINT, SIG_DFL); /* the handler must not see a closed link */
    signal(SIGTERM, SIG_DFL);
    int refused = soap_xmpp_state(link_up) == SOAP_XMPP_FAILED;
    soap_xmpp_close(link_up);
    return refused ? EX_NOPERM : failed ? 1 : 0;
}
