/* user.c - somebody's program: C and C++, built against what was installed. Opens a link to a
 * server that isn't there, registers the plugin and calls. The argument says what has to come of
 * the registration: "accepted", and then the call fails for want of a connection, or "refused". */
#include <stdio.h>
#include <string.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "contract.nsmap"

static int told; /* both versions, by the trace */

static void look_at_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user, (void)level;
    told |= strstr(line, "the program was built with gSOAP ") &&
            strstr(line, ", the library with gSOAP ");
}

static int try_call(struct soap *soap)
{
    char text[] = "abc", *turned = NULL;
    int err;
    soap->connect_timeout = -100000; /* us */
    err = soap_call_t__turn(soap, "xmpp:nobody@localhost/soap", NULL, text, &turned);
    if (err != SOAP_TCP_ERROR) {
        fprintf(stderr, "the call gave %d, expected SOAP_TCP_ERROR\n", err);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct soap *soap = soap_new();
    char why[256];
    int err, failed = 0, refused = argc > 1 && strcmp(argv[1], "refused") == 0;
    soap_xmpp_config_init(&config);
    config.jid = "user@localhost";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = 1;                      /* tcpmux: nobody listens */
    config.trace_callback = look_at_line; /* which says nothing */
    link = soap_xmpp_open(&config, why, sizeof why);
    if (!link) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    err = soap_register_plugin_arg(soap, soap_xmpp, link);
    if (err != (refused ? SOAP_PLUGIN_ERROR : SOAP_OK) || told != refused) {
        fprintf(stderr, "the registration gave %d, and told %d\n", err, told);
        failed = 1;
    } else if (!refused) {
        failed = try_call(soap);
    }
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    soap_xmpp_close(link);
    return failed;
}
