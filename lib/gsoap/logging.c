/* logging.c - the logging plugin's place in the chain of callbacks.
 *
 * Invariant: the data that other struct soaps may share with this one (gSOAP's plugin has no fcopy)
 * stays as it is; this one, and its copies, have data of their own.
 *
 * Happy path: put_in_front when ours is registered, put_back when it goes.
 * Failure modes: another version of the plugin, or another plugin registered in between that may
 * stand in the same chain, is left alone.
 */
#include "gsoap/logging.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As plugin/logging.h has it under this name. */
#define LOGGING "SOAP-LOGGING/1.4"
struct logging_data {
    FILE *inbound, *outbound;
    size_t stat_sent, stat_recv;
    int (*fsend)(struct soap *, const char *, size_t);
    size_t (*frecv)(struct soap *, char *, size_t);
};

/* gSOAP's plugins that don't stand in this chain. */
static bool is_beside(const char *id)
{
    static const char *const beginnings[] = {"SOAP-WSA/", "SOAP-WSSE/", "SOAP-HTTP-",
                                             "SOAP-SESSIONS/"};
    size_t i;
    for (i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (strncmp(id, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

int sx_logging_put_in_front(struct sx_logging *logging, struct soap *soap,
                            int (**fsend)(struct soap *, const char *, size_t),
                            size_t (**frecv)(struct soap *, char *, size_t))
{
    struct soap_plugin *last = soap->plugins;
    struct logging_data *shared, *own;
    while (last && is_beside(last->id))
        last = last->next;
    if (!last || strcmp(last->id, LOGGING) != 0)
        return SOAP_OK;
    own = malloc(sizeof *own);
    if (!own)
        return SOAP_EOM;
    shared = last->data;
    *own = *shared;
    own->fsend = soap->fsend;
    own->frecv = soap->frecv;
    soap->fsend = *fsend;
    soap->frecv = *frecv;
    *fsend = shared->fsend;
    *frecv = shared->frecv;
    logging->shared = shared;
    logging->own = last->data = own;
    return SOAP_OK;
}

void sx_logging_put_back(struct sx_logging *logging, struct soap *soap)
{
    struct soap_plugin *plugin = soap->plugins;
    while (plugin && plugin->data != logging->own)
        plugin = plugin->next;
    if (plugin && logging->own)
        plugin->data = logging->shared;
    free(logging->own);
    logging->own = logging->shared = NULL;
}
