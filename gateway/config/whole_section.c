/* See whole_section.h. */
#include "config/whole_section.h"

#include <string.h>

#include "config/address.h"
#include "config/value.h"

enum { KIB = 1 << 10, MIB = 1 << 20, MOST_IDLE_MS = 24 * 3600 * 1000 };

void gw_whole_section_init(struct gw_config *config)
{
    config->public_url = "";
    config->drain_ms = 30000;
    config->limits = (struct gw_limits){.body_bytes = 64 * (size_t)MIB,
                                        .header_bytes = 16 * (size_t)KIB,
                                        .memory_bytes = 256 * (size_t)MIB,
                                        .in_flight = 1000,
                                        .connections = 10000,
                                        .idle_ms = 60000};
}

static int read_public_url(const struct gw_draft *draft, const struct gw_file_option *option)
{
    char clause[256];
    if (!option)
        return 0;
    draft->config->public_url = option->values[0];
    if (!gw_address_check_url(option->values[0], false, false, clause, sizeof clause))
        return gw_place_tell(option->place, draft->why, "public-url = \"%.80s\": %s",
                             option->values[0], clause);
    if (option->values[0][strlen(option->values[0]) - 1] == '/')
        return gw_place_tell(option->place, draft->why,
                             "public-url = \"%.80s\": it has no '/' at its end, since paths of "
                             "routes follow",
                             option->values[0]);
    return 0;
}

static int read_proxies(const struct gw_draft *draft, const struct gw_file_option *option)
{
    size_t i;
    if (gw_value_texts(option, &draft->config->trusted_proxies, draft->why))
        return -1;
    for (i = 0; i < draft->config->trusted_proxies.count; i++) {
        if (!gw_address_is_numeric(draft->config->trusted_proxies.list[i]))
            return gw_place_tell(option->place, draft->why,
                                 "trusted-proxies has \"%.80s\": it is an IP address",
                                 draft->config->trusted_proxies.list[i]);
    }
    return 0;
}

int gw_whole_section_read(const struct gw_draft *draft, const struct gw_file_section *section)
{
    static const char *const forms[] = {"text", "json", NULL}, *const readies[] = {"all", "any",
                                                                                   NULL};
    struct gw_config *config = draft->config;
    unsigned form = config->log, ready = config->is_ready_by_any;
    if (read_public_url(draft, gw_file_find(section, "public-url")) ||
        read_proxies(draft, gw_file_find(section, "trusted-proxies")) ||
        gw_value_ms(gw_file_find(section, "drain"), 0, 3600 * 1000, &config->drain_ms,
                    draft->why) ||
        gw_value_word(gw_file_find(section, "log"), forms, &form, draft->why) ||
        gw_value_word(gw_file_find(section, "ready"), readies, &ready, draft->why))
        return -1;
    config->log = (enum gw_log_form)form;
    config->is_ready_by_any = ready == 1;
    return gw_value_switch(gw_file_find(section, "metrics-operations"),
                           &config->has_operation_metrics, draft->why);
}

int gw_whole_section_read_limits(const struct gw_draft *draft,
                                 const struct gw_file_section *section)
{
    struct gw_limits *limits = &draft->config->limits;
    const struct gw_file_option *body = gw_file_find(section, "body");
    if (gw_value_bytes(body, KIB, (size_t)1024 * MIB, &limits->body_bytes, draft->why) ||
        gw_value_bytes(gw_file_find(section, "header"), 4 * (size_t)KIB, (size_t)MIB,
                       &limits->header_bytes, draft->why) ||
        gw_value_bytes(gw_file_find(section, "memory"), (size_t)MIB, (size_t)1024 * 1024 * MIB,
                       &limits->memory_bytes, draft->why) ||
        gw_value_number(gw_file_find(section, "in-flight"), 1, 100000, &limits->in_flight,
                        draft->why) ||
        gw_value_number(gw_file_find(section, "connections"), 1, 1000000, &limits->connections,
                        draft->why) ||
        gw_value_ms(gw_file_find(section, "idle"), 1000, MOST_IDLE_MS, &limits->idle_ms,
                    draft->why))
        return -1;
    if (limits->memory_bytes < limits->body_bytes)
        return gw_place_tell(section->place, draft->why,
                             "limits: memory is smaller than body, which one request may have");
    return 0;
}
