/* settings.h - what gateway.conf says of a link, as the library wants it.
 *
 * Noun: the settings. Any thread; doesn't block. */
#ifndef GW_LINK_SETTINGS_H
#define GW_LINK_SETTINGS_H

#include <stddef.h>

#include "config/config.h"
#include "soap_xmpp.h"

/* Fills settings from the members of config; most_bytes is what an envelope may have. Its strings
 * are config's, and name (for the log) must stay as long as the link. 0, or -1 with one sentence in
 * why. */
int gw_settings_make(const struct gw_link_config *config, char *name, size_t most_bytes,
                     struct soap_xmpp_config *settings, char *why, size_t why_bytes);

#endif
