/* bytes.c - somebody's program without gSOAP: it has the core library and nothing else. Opens a
 * link to a server that isn't there, and asks of it what can be asked. C99, by what pkg-config
 * says.
 */
#include <stdio.h>
#include <string.h>

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

static int try_call(struct soap_xmpp_link *link)
{
    static const char envelope[] = "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'>"
                                   "<e:Body><turn xmlns='urn:x'/></e:Body></e:Envelope>";
    struct soap_xmpp_post post;
    struct soap_xmpp_call *call;
    int failed;
    soap_xmpp_post_init(&post);
    post.endpoint = "xmpp:nobody@localhost/soap";
    post.envelope = envelope;
    post.envelope_bytes = sizeof envelope - 1;
    post.timeout_ms = 100;
    if (!soap_xmpp_post(link, &post, NULL, 0))
        return 1;
    call = soap_xmpp_wait(link, 10000);
    if (!call)
        return 1;
    printf("%s\n", soap_xmpp_call_text(call));
    failed = soap_xmpp_call_end(call) != SOAP_XMPP_END_LOST ||
             soap_xmpp_call_outcome(call) != SOAP_XMPP_NOT_EXECUTED;
    soap_xmpp_cancel(call);
    return failed;
}

int main(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char text[256], jid[256];
    int failed;
    soap_xmpp_config_init(&config);
    config.jid = "bytes@localhost";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = 1; /* tcpmux: nobody listens */
    config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&config, text, sizeof text);
    if (!link) {
        fprintf(stderr, "%s\n", text);
        return 1;
    }
    failed = soap_xmpp_wait_online(link, 100) == 0;
    soap_xmpp_reason(link, text, sizeof text);
    soap_xmpp_jid(link, jid, sizeof jid);
    printf("%s: %s\n", jid, text);
    failed |= try_call(link) || soap_xmpp_take(link, 0, NULL);
    failed |= strcmp(jid, "bytes@localhost/soap") != 0 || !text[0];
    soap_xmpp_close(link);
    return failed;
}
