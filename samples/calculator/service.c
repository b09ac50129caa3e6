/* calculator-service - serves the calculator to whom SOAP_XMPP_ALLOW lists. */
#include <signal.h>
#include <sysexits.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "calculator.nsmap"

static const char usage[] =
    "usage: calculator-service   until SIGINT or SIGTERM\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "  SOAP_XMPP_ALLOW: who may call, 'alice@example.org, *@example.org:add+sub'; default: nobody\n"
    "  SOAP_XMPP_WSDL: the contract that callers are told, wsdl/calculator.wsdl; default: none\n"
    "exit code: 0 stopped, 1 failed, 2 wrong usage or configuration, 77 refused for good\n";

static struct soap_xmpp_link *calculator;

static void stop(int number)
{
    (void)number;
    soap_xmpp_interrupt(calculator);
}

static int answer(struct soap *soap, double value, double *result)
{
    printf("%s was answered %.15g\n", soap_xmpp_from(soap), value);
    *result = value;
    return SOAP_OK;
}

int c__add(struct soap *soap, double a, double b, double *result)
{
    return answer(soap, a + b, result);
}

int c__sub(struct soap *soap, double a, double b, double *result)
{
    return answer(soap, a - b, result);
}

int c__mul(struct soap *soap, double a, double b, double *result)
{
    return answer(soap, a * b, result);
}

int c__div(struct soap *soap, double a, double b, double *result)
{
    if (b == 0)
        return soap_sender_fault(soap, "division by zero", NULL);
    return answer(soap, a / b, result);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        int help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    struct soap_xmpp_config config;
    char text[4096]; /* any JID fits */
    soap_xmpp_config_init(&config);
    config.trace = SOAP_XMPP_TRACE_INFO; /* tells who was refused; SOAP_XMPP_TRACE may differ */
    if (soap_xmpp_config_from_env(&config, text, sizeof text) == 0)
        calculator = soap_xmpp_open(&config, text, sizeof text);
    if (!calculator) {
        fprintf(stderr, "calculator-service: %s\n", text);
        return 2;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct soap soap;
    soap_init(&soap);
    int failed = soap_register_plugin_arg(&soap, soap_xmpp, calculator);
    if (!failed && soap_xmpp_wait_online(calculator, -1) == 0) { /* if not, it goes on trying */
        soap_xmpp_jid(calculator, text, sizeof text);
        printf("online as %s\n", text);
    }
    if (!failed)
        failed = soap_xmpp_serve(&soap, soap_serve, 2); /* until the signal */
    if (failed)
        soap_print_fault(&soap, stderr);
    soap_end(&soap);
    soap_done(&soap);
    signal(SIGINT, SIG_DFL); /* the handler must not see a closed link */
    signal(SIGTERM, SIG_DFL);
    int refused = soap_xmpp_state(calculator) == SOAP_XMPP_FAILED;
    soap_xmpp_close(calculator);
    return refused ? EX_NOPERM : failed ? 1 : 0;
}
