/* relay-service - converts, for whoever the answer is to go to (WS-Addressing), takes answers and
 * faults that others send here, and keeps a journal of readings (WS-ReliableMessaging).
 *
 * One program for two parts: the converter, and the desk that its answers go to. Run it twice,
 * under two JIDs; each has to allow the other's calls: the converter:
 * SOAP_XMPP_ALLOW='alice@example.org' the desk:
 * SOAP_XMPP_ALLOW='converter@example.org:convertResponse+Fault'
 *
 * Where answers may go is for the service to decide: a caller who names a stranger's endpoint would
 * make us send there. RELAY_TO lists the endpoints that we do send to.
 */
#include <signal.h>
#include <sysexits.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "relay.nsmap"
#include "wsrmapi.h" /* and wsaapi.h */

static const char usage[] =
    "usage: relay-service   until SIGINT or SIGTERM\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "  SOAP_XMPP_ALLOW: who may call, 'alice@example.org, *@example.org:convert'; default: nobody\n"
    "  RELAY_TO: where answers may go, 'xmpp:desk@example.org/soap ...'; default: to their caller\n"
    "exit code: 0 stopped, 1 failed, 2 wrong usage or configuration, 77 refused for good\n";

static struct soap_xmpp_link *link_up;
static const char *allowed; /* RELAY_TO, with a blank before and behind */

/* ---- answers that may go elsewhere ---- */

/* A whole word of the list: two words and the blank between them are none. gSOAP takes an empty
 * address for one that it needn't connect to, and soap_wsa_reply() then leaks what it has copied.
 */
static int is_listed(const char *endpoint)
{
    char word[1024];
    int len = snprintf(word, sizeof word, " %s ", endpoint);
    return strncmp(endpoint, "xmpp:", 5) == 0 && !strpbrk(endpoint, " \t\r\n") &&
           len < (int)sizeof word && strstr(allowed, word) != NULL;
}

/* No address, or one of these two: the answer stays with the caller, or there is none. */
static int may_go_to(const char *endpoint)
{
    return !endpoint || strcmp(endpoint, soap_wsa_anonymousURI) == 0 ||
           strcmp(endpoint, soap_wsa_noneURI) == 0 || is_listed(endpoint);
}

/* soap_serve(), but for a check before each operation: the fault must not go where the answer must
 * not, and soap_wsa_reply() leaks memory where it can't connect. */
static int serve_checked(struct soap *soap)
{
    if (soap_begin_serve(soap))
        return soap->error;
    if (!may_go_to(soap_wsa_ReplyTo(soap)) || !may_go_to(soap_wsa_FaultTo(soap)))
        (void)soap_sender_fault(soap, "RELAY_TO doesn't list that endpoint", NULL);
    else
        (void)soap_serve_request(soap);
    return soap->error && soap->error < SOAP_STOP ? soap_send_fault(soap) : SOAP_OK;
}

/* What else the plugins would send to: a sequence's AcksTo. */
static int (*connect_on)(struct soap *, const char *, const char *, int);

static int connect_checked(struct soap *soap, const char *endpoint, const char *host, int port)
{
    if (!may_go_to(endpoint))
        return soap_receiver_fault(soap, "RELAY_TO doesn't list that endpoint", NULL);
    return connect_on(soap, endpoint, host, port);
}

int relay__convert(struct soap *soap, double celsius, struct relay__convertResponse *answer)
{
    if (soap_wsa_check(soap))
        return soap->error;
    printf("convert for %s\n", soap_xmpp_from(soap));
    if (celsius < -273.15)
        return soap_wsa_sender_fault(soap, "that is colder than it gets", NULL);
    answer->fahrenheit = celsius * 9 / 5 + 32;
    /* Sends the answer to the ReplyTo, if there is one, and an empty result to the caller. */
    return soap_wsa_reply(soap, soap_wsa_rand_uuid(soap), "urn:soapxmpp:relay#convertResponse");
}

/* ---- the desk: answers and faults that others send here ---- */

static const char *related(struct soap *soap)
{
    const char *id = soap_wsa_RelatesTo(soap);
    return id ? id : "nothing";
}

int relay__convertResponse(struct soap *soap, double fahrenheit)
{
    if (soap_wsa_check(soap))
        return soap->error;
    printf("%.15g degrees Fahrenheit from %s, to %s\n", fahrenheit, soap_xmpp_from(soap),
           related(soap));
    return soap_send_empty_response(soap, SOAP_OK);
}

int SOAP_ENV__Fault(struct soap *soap, char *faultcode, char *faultstring, char *faultactor,
                    struct SOAP_ENV__Detail *detail, struct SOAP_ENV__Code *code,
                    struct SOAP_ENV__Reason *reason, char *node, char *role,
                    struct SOAP_ENV__Detail *detail12)
{
    const char *text = reason ? reason->SOAP_ENV__Text : faultstring; /* SOAP 1.2, 1.1 */
    (void)faultcode, (void)faultactor, (void)detail, (void)code, (void)node, (void)role;
    (void)detail12;
    printf("fault from %s, to %s: %s\n", soap_xmpp_from(soap), related(soap), text ? text : "");
    return soap_send_empty_response(soap, SOAP_OK);
}

/* ---- the journal: a sequence, in order and each reading once ---- */

int relay__record(struct soap *soap, double celsius, struct relay__recordResponse *answer)
{
    static int count;
    if (soap_wsrm_check(soap))
        return soap->error; /* SOAP_STOP: it was recorded before, or one before it is missing */
    answer->count = __atomic_add_fetch(&count, 1, __ATOMIC_ACQ_REL);
    printf("reading %d: %.15g\n", answer->count, celsius);
    return soap_wsrm_reply(soap, soap_wsa_rand_uuid(soap), "urn:soapxmpp:relay#recordResponse");
}

int relay__recordResponse(struct soap *soap, int count)
{
    (void)count;
    return soap_wsrm_check_send_empty_response(soap);
}

/* ---- the program ---- */

static void stop(int number)
{
    (void)number;
    soap_xmpp_interrupt(link_up);
}

static int serve(struct soap *soap)
{
    char text[4096]; /* any JID fits */
    if (soap_register_plugin_arg(soap, soap_xmpp, link_up) ||
        soap_register_plugin(soap, soap_wsa) || soap_register_plugin(soap, soap_wsrm))
        return soap->error;
    if (soap_xmpp_wait_online(link_up, -1) == 0) { /* if not, it goes on trying */
        soap_xmpp_jid(link_up, text, sizeof text);
        printf("online as %s\n", text);
    }
    connect_on = soap->fconnect;
    soap->fconnect = connect_checked;
    return soap_xmpp_serve(soap, serve_checked, 2); /* until the signal */
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        int help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    struct soap_xmpp_config config;
    char why[256], list[4096];
    const char *relay_to = getenv("RELAY_TO");
    snprintf(list, sizeof list, " %s ", relay_to ? relay_to : "");
    allowed = list;
    soap_xmpp_config_init(&config);
    config.trace = SOAP_XMPP_TRACE_INFO; /* tells who was refused; SOAP_XMPP_TRACE may differ */
    if (soap_xmpp_config_from_env(&config, why, sizeof why) == 0)
        link_up = soap_xmpp_open(&config, why, sizeof why);
    if (!link_up) {
        fprintf(stderr, "relay-service: %s\n", why);
        return 2;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct soap soap;
    soap_init(&soap);
    int failed = serve(&soap);
    if (failed)
        soap_print_fault(&soap, stderr);
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    signal(SIGINT, SIG_DFL); /* the handler must not see a closed link */
    signal(SIGTERM, SIG_DFL);
    int refused = soap_xmpp_state(link_up) == SOAP_XMPP_FAILED;
    soap_xmpp_close(link_up);
    return refused ? EX_NOPERM : failed ? 1 : 0;
}
