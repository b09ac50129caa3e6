/* service - the calculator, with an ear on its connection: service KEEPALIVE_MS PING_TIMEOUT_MS
 *
 * The sample service has the link's own minute; a test that makes routers forget wants to see it
 * noticed.
 *
 * Says each state of its link, and why: "online", "backing off: no sign of life from ...". Runs
 * until it is killed. Exit code 2: wrong usage, or the link was refused.
 */
#include "soapH.h"
#include "soap_xmpp.h"
#include "calculator.nsmap"

int c__add(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a + b;
    return SOAP_OK;
}

int c__sub(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a - b;
    return SOAP_OK;
}

int c__mul(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a * b;
    return SOAP_OK;
}

int c__div(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a / b;
    return SOAP_OK;
}

static void say_state(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    (void)user;
    printf("%s%s%s\n", soap_xmpp_state_text(state), *reason ? ": " : "", reason);
}

int main(int argc, char **argv)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link = NULL;
    struct soap soap;
    char why[256] = "usage: service KEEPALIVE_MS PING_TIMEOUT_MS";
    setvbuf(stdout, NULL, _IOLBF, 0);
    soap_xmpp_config_init(&config);
    config.state_callback = say_state;
    if (argc == 3 && soap_xmpp_config_from_env(&config, why, sizeof why) == 0) {
        config.keepalive_ms = atoi(argv[1]);
        config.ping_timeout_ms = atoi(argv[2]);
        link = soap_xmpp_open(&config, why, sizeof why);
    }
    if (!link) {
        fprintf(stderr, "service: %s\n", why);
        return 2;
    }
    soap_init(&soap);
    if (soap_register_plugin_arg(&soap, soap_xmpp, link) == SOAP_OK)
        soap_xmpp_serve(&soap, soap_serve, 2);
    soap_done(&soap);
    soap_xmpp_close(link);
    return 0;
}
