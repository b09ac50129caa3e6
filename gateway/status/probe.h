/* probe.h - a running gateway is asked whether it is ready: soap-xmpp-gateway --ready. */
#ifndef GW_PROBE_H
#define GW_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* Asks the admin listener at address ("127.0.0.1:9180", "[::1]:9180", or a socket's path) for
 * /readyz. Whether it is ready, and what it said, or why it can't be asked, one line. Blocks for
 * 10 s at most. */
bool gw_probe_ready(const char *address, char *why, size_t why_bytes);

#endif
