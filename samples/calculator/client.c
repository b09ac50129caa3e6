/* calculator-client - one call: calculator-client xmpp:calc@example.org/soap add 1 2 */
#include "soapH.h"
#include "soap_xmpp.h"
#include "calculator.nsmap"

static const struct operation {
    const char *name;
    int (*call)(struct soap *, const char *endpoint, const char *action, double, double, double *);
} operations[] = {{"add", soap_call_c__add},
                  {"sub", soap_call_c__sub},
                  {"mul", soap_call_c__mul},
                  {"div", soap_call_c__div}};

static const char usage[] =
    "usage: calculator-client ENDPOINT add|sub|mul|div A B\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "exit code: 0 answered, 1 the call failed, 2 wrong usage or configuration\n";

static const struct operation *find(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (strcmp(name, operations[i].name) == 0)
            return &operations[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct operation *operation = argc == 5 ? find(argv[2]) : NULL;
    double a, b, result = 0;
    char rest;
    if (!operation || sscanf(argv[3], "%lf%c", &a, &rest) != 1 ||
        sscanf(argv[4], "%lf%c", &b, &rest) != 1) {
        int help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link = NULL;
    char why[256];
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why) == 0)
        link = soap_xmpp_open(&config, why, sizeof why);
    if (!link) {
        fprintf(stderr, "calculator-client: %s\n", why);
        return 2;
    }
    struct soap soap;
    soap_init(&soap);
    int failed = soap_register_plugin_arg(&soap, soap_xmpp, link) ||
                 operation->call(&soap, argv[1], NULL, a, b, &result); /* waits for the link */
    if (failed)
        soap_print_fault(&soap, stderr);
    else
        printf("%.15g\n", result);
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    soap_xmpp_close(link);
    return failed ? 1 : 0;
}
