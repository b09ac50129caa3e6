/* settings.c - what gateway.conf says of a link, as the library wants it.
 *
 * Invariant: what the file says goes before what the gateway would say by itself. */
#include "link/settings.h"

#include <stdio.h>

#include "link/trace.h"

/* What the library takes for the size of a message: docs/configuration.md. */
enum { LEAST_BYTES = 10000, MOST_BYTES = 1 << 30 };

static int set_members(const struct gw_link_config *config, struct soap_xmpp_config *settings,
                       char *why, size_t why_bytes)
{
    char clause[500] = "";
    size_t i;

    for (i = 0; i < config->names.count; i++)
        if (soap_xmpp_config_set(settings, config->names.list[i], config->values.list[i], clause,
                                 sizeof clause)) {
            snprintf(why, why_bytes, "link \"%s\": %s", config->name, clause);
            return -1;
        }
    return 0;
}

int gw_settings_make(const struct gw_link_config *config, char *name, size_t most_bytes,
                     struct soap_xmpp_config *settings, char *why, size_t why_bytes)
{
    soap_xmpp_config_init(settings);
    settings->state_callback = gw_trace_state;
    settings->state_user = name;
    settings->max_message_bytes = most_bytes < LEAST_BYTES  ? LEAST_BYTES
                                  : most_bytes > MOST_BYTES ? MOST_BYTES
                                                            : most_bytes;
    if (set_members(config, settings, why, why_bytes))
        return -1;
    if (!settings->trace_to) {
        settings->trace_callback = gw_trace_line;
        settings->trace_user = name;
    }
    return 0;
}
