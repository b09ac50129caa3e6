/* beside.c - a program that uses libstrophe itself, the shared one, next to ours: each has to get
 * its own. libstrophe's parser drops prefixes of attributes, ours keeps envelopes out of the tree.
 */
#include <stdio.h>
#include <string.h>
#include <strophe.h>

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

int main(void)
{
    static const char text[] = "<iq xmlns='jabber:client' type='result'><a><b/></a></iq>";
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    xmpp_ctx_t *ctx;
    xmpp_stanza_t *stanza;
    char why[256];
    int failed;
    soap_xmpp_config_init(&config);
    config.jid = "user@localhost";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = 1;
    link = soap_xmpp_open(&config, why, sizeof why);
    xmpp_initialize();
    ctx = xmpp_ctx_new(NULL, NULL);
    stanza = xmpp_stanza_new_from_string(ctx, text);
    failed = !link || !stanza || strcmp(xmpp_stanza_get_name(stanza), "iq") != 0 ||
             !xmpp_stanza_get_child_by_name(stanza, "a");
    if (stanza)
        xmpp_stanza_release(stanza);
    xmpp_ctx_free(ctx);
    soap_xmpp_close(link);
    xmpp_shutdown();
    return failed;
}
