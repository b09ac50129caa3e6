/* See health.h. */
#include "status/health.h"

#include <stdio.h>
#include <string.h>

enum { REASON_BYTES = 256, WHO_BYTES = 96 };

/* Adds "; " and a clause; what has no room is cut. */
static void add(char *why, size_t why_bytes, const char *who, const char *what)
{
    size_t len = strlen(why);
    snprintf(why + len, why_bytes - len, "%s%s %s", len ? "; " : "", who, what);
}

static void add_link(char *why, size_t why_bytes, const struct gw_link *link, const char *what)
{
    char who[WHO_BYTES];
    snprintf(who, sizeof who, "link %s:", gw_link_name(link));
    add(why, why_bytes, who, what);
}

bool gw_health_turns(const struct gw_status_of *of, long long now_ms, char *why, size_t why_bytes)
{
    size_t i;
    long long oldest = now_ms - GW_HEALTH_TURN_MS;
    why[0] = '\0';
    if (of->server && gw_server_turned_ms(of->server) < oldest)
        add(why, why_bytes, "the HTTP server", "stands still");
    if (of->client && gw_client_turned_ms(of->client) < oldest)
        add(why, why_bytes, "the HTTP client", "stands still");
    for (i = 0; i < of->link_count; i++)
        if (gw_link_turned_ms(of->links[i]) < oldest)
            add_link(why, why_bytes, of->links[i], "its thread stands still");
    return why[0] == '\0';
}

bool gw_health_is_ready(const struct gw_status_of *of, bool by_any, char *why, size_t why_bytes)
{
    size_t i, online = 0;
    why[0] = '\0';
    for (i = 0; i < of->link_count; i++) {
        char reason[REASON_BYTES];
        if (gw_link_is_online(of->links[i])) {
            online++;
            continue;
        }
        gw_link_reason(of->links[i], reason, sizeof reason);
        add_link(why, why_bytes, of->links[i], reason);
    }
    return by_any ? online > 0 || of->link_count == 0 : online == of->link_count;
}
