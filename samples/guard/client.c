/* guard-client - asks for a door to be opened: guard-client xmpp:guard@example.org/soap 'front
 * door' */
#include "soapH.h"
#include "soap_xmpp.h"
#include "guard.nsmap"
#include "wsseapi.h"

enum { LIFETIME_S = 60 }; /* how long the message is good for */

static const char usage[] =
    "usage: guard-client ENDPOINT DOOR\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "  GUARD_USER, GUARD_SECRET: who asks\n"
    "exit code: 0 opened, 1 the call failed, 2 wrong usage or configuration\n";

static int open_door(struct soap *soap, struct soap_xmpp_link *link, const char *guard, char *door)
{
    char *greeting = NULL;
    if (soap_register_plugin_arg(soap, soap_xmpp, link) || soap_register_plugin(soap, soap_wsse))
        return soap->error;
    /* Anew for each call: a token is good once. */
    if (soap_wsse_add_Timestamp(soap, "Time", LIFETIME_S) ||
        soap_wsse_add_UsernameTokenDigest(soap, "User", getenv("GUARD_USER"),
                                          getenv("GUARD_SECRET")) ||
        soap_call_guard__open(soap, guard, NULL, door, &greeting))
        return soap->error;
    printf("%s\n", greeting);
    return SOAP_OK;
}

int main(int argc, char **argv)
{
    if (argc != 3 || !getenv("GUARD_USER") || !getenv("GUARD_SECRET")) {
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
        fprintf(stderr, "guard-client: %s\n", why);
        return 2;
    }
    struct soap soap;
    soap_init(&soap);
    int failed = open_door(&soap, link, argv[1], argv[2]);
    if (failed)
        soap_print_fault(&soap, stderr);
    soap_wsse_delete_Security(&soap);
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    soap_xmpp_close(link);
    return failed ? 1 : 0;
}
