/* See route_section.h. */
#include "config/route_section.h"

#include <string.h>
#include <strings.h>

#include "config/link_section.h"
#include "config/rewrite_options.h"
#include "config/value.h"

enum { TIMEOUT_MS = 60000, MOST_TIMEOUT_MS = 24 * 3600 * 1000, CLAUSE_BYTES = 256 };

const char *const gw_route_section_paths[] = {"none", "resource", "header", NULL};

static int read_pattern(const struct gw_draft *draft, const struct gw_file_section *section,
                        struct gw_route_config *route)
{
    const char *title = section->title;
    const struct gw_route_config *other;
    char clause[CLAUSE_BYTES];
    size_t len = strlen(title);
    if (*title != '/' || (len > 1 && title[len - 1] == '/') || strpbrk(title, "?#% ") ||
        strstr(title, "//") || strstr(title, "/../"))
        return gw_place_tell(section->place, draft->why,
                             "route \"%.80s\": it is a path as \"/cam/{name}\", without a '/' at "
                             "its end and with nothing percent-encoded",
                             title);
    route->pattern = gw_pattern_new(title, clause, sizeof clause);
    if (!route->pattern)
        return gw_place_tell(section->place, draft->why, "route \"%.80s\": %s", title, clause);
    for (other = draft->config->routes; other < route; other++) {
        if (gw_pattern_compare(other->pattern, route->pattern) == 0)
            return gw_place_tell(section->place, draft->why,
                                 "route \"%s\" matches what \"%s\" in line %d does", title,
                                 gw_pattern_text(other->pattern), other->line);
    }
    return 0;
}

static int read_to(const struct gw_draft *draft, const struct gw_file_section *section,
                   struct gw_route_config *route)
{
    const struct gw_file_option *option = gw_file_find(section, "to");
    char clause[CLAUSE_BYTES];
    const char *query;
    if (!option)
        return gw_place_tell(section->place, draft->why,
                             "route \"%s\" has no to: to = \"xmpp:cam1@example.org\"",
                             section->title);
    route->to = option->values[0];
    query = strchr(route->to, '?');
    if (strncmp(route->to, "xmpp:", 5) != 0 || strpbrk(route->to, " \t<>\"&#") ||
        strchr("@/?", route->to[5]) || (query && strcmp(query, "?message") != 0))
        return gw_place_tell(option->place, draft->why,
                             "to = \"%.80s\": it is an address as \"xmpp:cam1@example.org\", maybe "
                             "with /resource, or with ?message behind it",
                             route->to);
    if (!gw_pattern_covers(route->pattern, route->to, false, clause, sizeof clause))
        return gw_place_tell(option->place, draft->why, "to = \"%.80s\": %s", route->to, clause);
    return 0;
}

static int read_path(const struct gw_draft *draft, const struct gw_file_section *section,
                     struct gw_route_config *route)
{
    const struct gw_file_option *option = gw_file_find(section, "path");
    bool has_resource = strchr(route->to, '/') != NULL;
    unsigned path = has_resource ? GW_PATH_NONE : GW_PATH_RESOURCE;
    if (gw_value_word(option, gw_route_section_paths, &path, draft->why))
        return -1;
    if (path == GW_PATH_RESOURCE && has_resource)
        return gw_place_tell(option->place, draft->why,
                             "path = \"resource\": to has a resource already (\"%.80s\"); leave "
                             "one of them out, or say path = \"header\"",
                             route->to);
    route->path = (enum gw_path)path;
    return 0;
}

static bool has_auth(const struct gw_listen *listen)
{
    return listen->auth || *listen->client_ca_file;
}

static bool is_group(const struct gw_config *config, const char *name)
{
    size_t i, j, len = strlen(name);
    for (i = 0; i < config->auth_count; i++) {
        const struct gw_strings *groups = &config->auths[i].groups;
        for (j = 0; j < groups->count; j++) {
            if (strncmp(groups->list[j], name, len) == 0 && groups->list[j][len] == '=')
                return true;
        }
    }
    return false;
}

/* Whoever names users needs listeners that ask who it is. */
static int check_listeners(const struct gw_draft *draft, const struct gw_file_option *option)
{
    size_t i;
    for (i = 0; i < draft->config->listen_count; i++) {
        if (!has_auth(&draft->config->listens[i]))
            return gw_place_tell(option->place, draft->why,
                                 "%s needs to know who asks, and listen \"%s\" asks nobody: give "
                                 "it an auth",
                                 option->name, draft->config->listens[i].address);
    }
    return 0;
}

static int read_users(const struct gw_draft *draft, const struct gw_file_section *section,
                      struct gw_route_config *route)
{
    const struct gw_file_option *option = gw_file_find(section, "users");
    size_t i;
    if (!option)
        return 0;
    if (gw_value_texts(option, &route->users, draft->why))
        return -1;
    if (option->count == 0)
        return gw_place_tell(option->place, draft->why,
                             "users names nobody: leave it out, or the whole route");
    for (i = 0; i < route->users.count; i++) {
        const char *user = route->users.list[i];
        if (strncmp(user, "group:", 6) == 0 && !is_group(draft->config, user + 6))
            return gw_place_tell(option->place, draft->why,
                                 "users: there is no group \"%.80s\": an auth has groups = "
                                 "{ \"%.80s=alice,bob\" }",
                                 user + 6, user + 6);
    }
    return check_listeners(draft, option);
}

static int read_from(const struct gw_draft *draft, const struct gw_file_section *section,
                     struct gw_route_config *route)
{
    const struct gw_file_option *option = gw_file_find(section, "from");
    const char *at;
    char clause[CLAUSE_BYTES];
    if (!option)
        return 0;
    route->from = option->values[0];
    if (!route->link->is_component)
        return gw_place_tell(option->place, draft->why,
                             "from: link \"%s\" is an account, which calls as itself; a "
                             "component's link calls as anybody of its domain",
                             route->link->name);
    at = strchr(route->from, '@');
    if (!at || at == route->from || strpbrk(route->from, " \t<>\"&") || strchr(at, '/') ||
        strcasecmp(at + 1, route->link->jid) != 0)
        return gw_place_tell(option->place, draft->why,
                             "from = \"%.80s\": it is somebody of the component's domain: "
                             "\"{user}@%s\"",
                             route->from, route->link->jid);
    if (!gw_pattern_covers(route->pattern, route->from, true, clause, sizeof clause))
        return gw_place_tell(option->place, draft->why, "from = \"%.80s\": %s", route->from,
                             clause);
    return strstr(route->from, "{user}") ? check_listeners(draft, option) : 0;
}

static int read_wsdl(const struct gw_draft *draft, const struct gw_file_section *section,
                     struct gw_route_config *route)
{
    const struct gw_file_option *option = gw_file_find(section, "wsdl");
    route->wsdl = GW_WSDL_SERVICE;
    if (!option || strcmp(option->values[0], "service") == 0)
        return 0;
    route->wsdl = GW_WSDL_NONE;
    if (strcmp(option->values[0], "none") == 0)
        return 0;
    if (strcmp(option->values[0], "url") == 0)
        return gw_place_tell(option->place, draft->why,
                             "wsdl = \"url\" is a serve's; a route has \"service\", \"none\" or a "
                             "file");
    route->wsdl = GW_WSDL_FILE;
    return gw_value_file(draft, option, false, &route->wsdl_file);
}

static int read_fault_status(const struct gw_draft *draft, const struct gw_file_section *section,
                             struct gw_route_config *route)
{
    const struct gw_file_option *option = gw_file_find(section, "fault-status");
    unsigned status = 0;
    if (option && strcmp(option->values[0], "standard") != 0 &&
        gw_value_number(option, 400, 599, &status, draft->why))
        return -1;
    route->fault_status = (int)status;
    return 0;
}

/* The answers to the calls of one process of several would reach another one. */
static int check_link(const struct gw_draft *draft, const struct gw_file_section *section,
                      const struct gw_route_config *route)
{
    const struct gw_link_config *link = route->link;
    size_t i;
    for (i = 0; i < link->names.count; i++) {
        if (strcmp(link->names.list[i], "shared_jid") == 0 &&
            strcmp(link->values.list[i], "1") == 0)
            return gw_place_tell(section->place, draft->why,
                                 "route \"%s\": link \"%s\" shares its JID with other processes "
                                 "(shared_jid), and would not get the answers: a route needs a "
                                 "link of its own",
                                 section->title, link->name);
    }
    return 0;
}

int gw_route_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                          struct gw_route_config *route)
{
    static const char *const onces[] = {"key", "message-id", NULL};
    unsigned once = 0;
    route->from = "";
    route->wsdl_file = "";
    route->timeout_ms = TIMEOUT_MS;
    route->file = section->place.path;
    route->line = section->place.line;
    if (gw_link_section_find(draft, section, &route->link) || check_link(draft, section, route) ||
        read_pattern(draft, section, route) || read_to(draft, section, route) ||
        read_path(draft, section, route) || read_users(draft, section, route) ||
        read_from(draft, section, route) || read_wsdl(draft, section, route) ||
        read_fault_status(draft, section, route) ||
        gw_rewrite_options_read(draft, section, &route->rewrite) ||
        gw_rewrite_options_read_names(draft, gw_file_find(section, "mtom"), &route->mtom) ||
        gw_value_ms(gw_file_find(section, "timeout"), 1, MOST_TIMEOUT_MS, &route->timeout_ms,
                    draft->why) ||
        gw_value_word(gw_file_find(section, "once"), onces, &once, draft->why))
        return -1;
    route->once_by_message_id = once == 1;
    return gw_value_switch(gw_file_find(section, "message"), &route->may_message, draft->why);
}
