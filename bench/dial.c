/* dial.c - see dial.h. */
#define SOAP_XMPP_NO_GSOAP
#include "bench/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/slice.h"
#include "soap_xmpp.h"

enum {
    MAX_STANZA_BYTES = 16 << 20, /* the megabyte, as a server may write it anew */
    MAX_MESSAGE_BYTES = 256 << 20,
    MAX_REQUESTS = 40000, /* one caller gets half of the places */
    QUEUE_BYTES = 256 << 20,
    MAX_CALLS = 20000,
    ONLINE_MS = 30000
};

/* "never"; a service takes what comes. */
static void choose_packing(struct soap_xmpp_config *config)
{
    const char *packing = getenv("BENCH_PACKING");
    if (packing && strcmp(packing, "never") == 0)
        config->packing = SOAP_XMPP_PACKING_NEVER;
}

struct soap_xmpp_link *dial_begin(const char *resource)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[256] = "", jid[512];
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why))
        slice_die("%s", why);
    choose_packing(&config);
    if (resource && config.jid) {
        snprintf(jid, sizeof jid, "%.*s/%s", (int)strcspn(config.jid, "/"), config.jid, resource);
        config.jid = jid;
    }
    config.max_stanza_bytes = MAX_STANZA_BYTES;
    if (!getenv("BENCH_IN_PIECES"))
        config.max_outgoing_bytes = MAX_STANZA_BYTES;
    config.max_message_bytes = MAX_MESSAGE_BYTES;
    config.max_queued_bytes = QUEUE_BYTES;
    config.max_request_bytes = QUEUE_BYTES;
    config.max_requests = MAX_REQUESTS;
    config.max_calls = MAX_CALLS;
    link = soap_xmpp_open(&config, why, sizeof why);
    if (!link)
        slice_die("%s", why);
    return link;
}

struct soap_xmpp_link *dial(const char *resource)
{
    struct soap_xmpp_link *link = dial_begin(resource);
    char why[256];
    if (soap_xmpp_wait_online(link, ONLINE_MS)) {
        soap_xmpp_reason(link, why, sizeof why);
        slice_die("%s", why);
    }
    return link;
}
