/* See serve_section.h. */
#include "config/serve_section.h"

#include <string.h>

#include "config/address.h"
#include "config/link_section.h"
#include "config/rewrite_options.h"
#include "config/route_section.h"
#include "config/value.h"

enum {
    TIMEOUT_MS = 30000,
    MOST_TIMEOUT_MS = 24 * 3600 * 1000,
    KEEPALIVE_MS = 5000,
    CONNECTIONS = 4,
    CLAUSE_BYTES = 256
};

const char *const gw_serve_section_logins[] = {"none", "basic", "digest", NULL};

static int read_pattern(const struct gw_draft *draft, const struct gw_file_section *section,
                        struct gw_serve_config *serve)
{
    const char *title = section->title, *at = strrchr(title, '@');
    const struct gw_serve_config *other;
    char clause[CLAUSE_BYTES];
    if (strpbrk(title, "/ \t<>\"&") || strncmp(title, "xmpp:", 5) == 0 || at == title ||
        strpbrk(at ? at : title, "{}"))
        return gw_place_tell(section->place, draft->why,
                             "serve \"%.80s\": it is a JID without a resource, as "
                             "\"cam1@example.org\" or a component's \"{node}@cams.example.org\"",
                             title);
    if (!gw_link_section_owns(serve->link, title, clause, sizeof clause))
        return gw_place_tell(section->place, draft->why, "serve \"%.80s\": %s", title, clause);
    serve->pattern = gw_pattern_new(title, clause, sizeof clause);
    if (!serve->pattern)
        return gw_place_tell(section->place, draft->why, "serve \"%.80s\": %s", title, clause);
    for (other = draft->config->serves; other < serve; other++) {
        if (gw_pattern_compare(other->pattern, serve->pattern) == 0)
            return gw_place_tell(section->place, draft->why,
                                 "serve \"%s\" matches what \"%s\" in line %d does", title,
                                 gw_pattern_text(other->pattern), other->line);
    }
    return 0;
}

static int read_url(const struct gw_draft *draft, const struct gw_file_section *section,
                    struct gw_serve_config *serve)
{
    const struct gw_file_option *option = gw_file_find(section, "url");
    char clause[CLAUSE_BYTES];
    if (!option)
        return gw_place_tell(section->place, draft->why,
                             "serve \"%s\" has no url: url = \"http://192.168.1.10/onvif/"
                             "device_service\"",
                             section->title);
    serve->url = option->values[0];
    if (!gw_address_check_url(serve->url, true, true, clause, sizeof clause) ||
        !gw_pattern_covers(serve->pattern, serve->url, false, clause, sizeof clause))
        return gw_place_tell(option->place, draft->why, "url = \"%.80s\": %s", serve->url, clause);
    return 0;
}

static int read_paths(const struct gw_draft *draft, const struct gw_file_section *section,
                      struct gw_serve_config *serve)
{
    const struct gw_file_option *option = gw_file_find(section, "paths");
    unsigned path = serve->link->is_component ? GW_PATH_RESOURCE : GW_PATH_HEADER;
    size_t i;
    if (gw_value_word(gw_file_find(section, "path"), gw_route_section_paths, &path, draft->why) ||
        gw_value_texts(option, &serve->paths, draft->why) ||
        gw_value_switch(gw_file_find(section, "query"), &serve->with_query, draft->why))
        return -1;
    serve->path = (enum gw_path)path;
    for (i = 0; i < serve->paths.count; i++) {
        const char *pattern = serve->paths.list[i];
        if (*pattern != '/' || strpbrk(pattern, "?#% ") || strstr(pattern, "..") ||
            strlen(pattern) > 512)
            return gw_place_tell(option->place, draft->why,
                                 "paths has \"%.80s\": it is a path as \"/onvif/media\", or with "
                                 "'*' for any text, \"/onvif/*\"",
                                 pattern);
    }
    if (path == GW_PATH_RESOURCE && !serve->link->is_component)
        return gw_place_tell(gw_file_find(section, "path")->place, draft->why,
                             "path = \"resource\" is a component's; the resource of an account is "
                             "its login's: say \"header\" or \"none\"");
    return 0;
}

static int read_allow(const struct gw_draft *draft, const struct gw_file_section *section,
                      struct gw_serve_config *serve)
{
    const struct gw_file_option *option = gw_file_find(section, "allow");
    size_t i;
    if (gw_value_texts(option, &serve->allow, draft->why))
        return -1;
    if (serve->allow.count == 0)
        return gw_place_tell(option ? option->place : section->place, draft->why,
                             "serve \"%s\" lets nobody call: allow = { \"alice@example.org\", "
                             "\"*@example.org:{urn:ptz}GetStatus\" }",
                             section->title);
    for (i = 0; i < serve->allow.count; i++) {
        if (strpbrk(serve->allow.list[i], " \t,;") || *serve->allow.list[i] == ':' ||
            strncmp(serve->allow.list[i], "xmpp:", 5) == 0)
            return gw_place_tell(option->place, draft->why,
                                 "allow has \"%.80s\": a rule is \"alice@example.org\", "
                                 "\"*@example.org\" or \"*\", maybe with \":{urn:x}Operation\" "
                                 "behind it",
                                 serve->allow.list[i]);
    }
    return 0;
}

static int read_login(const struct gw_draft *draft, const struct gw_file_section *section,
                      struct gw_serve_config *serve)
{
    const struct gw_file_option *option = gw_file_find(section, "login"),
                                *user = gw_file_find(section, "user");
    unsigned login = GW_LOGIN_NONE;
    const char *wrong = NULL;
    if (gw_value_word(option, gw_serve_section_logins, &login, draft->why) ||
        gw_value_text(user, &serve->user, draft->why) ||
        gw_value_file(draft, gw_file_find(section, "password_file"), true, &serve->password_file))
        return -1;
    serve->login = (enum gw_login)login;
    if (login == GW_LOGIN_NONE && (*serve->user || *serve->password_file))
        wrong = "has a user or password_file and no login: login = \"digest\", or \"basic\"";
    else if (login != GW_LOGIN_NONE && (!*serve->user || !*serve->password_file))
        wrong = "has a login without user and password_file";
    else if (login == GW_LOGIN_BASIC && strchr(serve->user, ':'))
        wrong = "has a ':' in its user, which Basic has no place for";
    return wrong
               ? gw_place_tell(section->place, draft->why, "serve \"%s\" %s", section->title, wrong)
               : 0;
}

static int read_tls(const struct gw_draft *draft, const struct gw_file_section *section,
                    struct gw_serve_config *serve)
{
    if (gw_value_file(draft, gw_file_find(section, "ca"), false, &serve->ca_file) ||
        gw_value_file(draft, gw_file_find(section, "cert"), false, &serve->cert_file) ||
        gw_value_file(draft, gw_file_find(section, "key"), true, &serve->key_file))
        return -1;
    if (!*serve->cert_file != !*serve->key_file)
        return gw_place_tell(section->place, draft->why,
                             "serve \"%s\": cert and key are there together or not at all",
                             section->title);
    if ((*serve->ca_file || *serve->cert_file) && strncmp(serve->url, "http:", 5) == 0)
        return gw_place_tell(section->place, draft->why,
                             "serve \"%s\" has certificates, and its url begins with http:, which "
                             "uses none",
                             section->title);
    return 0;
}

static int read_wsdl(const struct gw_draft *draft, const struct gw_file_section *section,
                     struct gw_serve_config *serve)
{
    const struct gw_file_option *option = gw_file_find(section, "wsdl");
    serve->wsdl = GW_WSDL_URL;
    if (!option || strcmp(option->values[0], "url") == 0)
        return 0;
    serve->wsdl = GW_WSDL_NONE;
    if (strcmp(option->values[0], "none") == 0)
        return 0;
    if (strcmp(option->values[0], "service") == 0)
        return gw_place_tell(option->place, draft->why,
                             "wsdl = \"service\" is a route's; a serve has \"url\" (what its url "
                             "answers to ?wsdl), \"none\" or a file");
    serve->wsdl = GW_WSDL_FILE;
    return gw_value_file(draft, option, false, &serve->wsdl_file);
}

static int read_aliases(const struct gw_draft *draft, const struct gw_file_section *section,
                        struct gw_serve_config *serve)
{
    const struct gw_file_option *option = gw_file_find(section, "aliases");
    char clause[CLAUSE_BYTES];
    size_t i;
    if (gw_value_texts(option, &serve->aliases, draft->why))
        return -1;
    for (i = 0; i < serve->aliases.count; i++) {
        const char *alias = serve->aliases.list[i];
        if (!gw_address_is_authority(alias, strlen(alias), true))
            return gw_place_tell(option->place, draft->why,
                                 "aliases has \"%.80s\": it is a host, maybe with a port", alias);
        if (!gw_pattern_covers(serve->pattern, alias, false, clause, sizeof clause))
            return gw_place_tell(option->place, draft->why, "aliases has \"%.80s\": %s", alias,
                                 clause);
    }
    return 0;
}

int gw_serve_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                          struct gw_serve_config *serve)
{
    const struct gw_file_option *keepalive = gw_file_find(section, "keepalive");
    serve->user = serve->password_file = serve->ca_file = serve->cert_file = "";
    serve->key_file = serve->wsdl_file = "";
    serve->timeout_ms = TIMEOUT_MS;
    serve->connections = CONNECTIONS;
    serve->keepalive_ms = KEEPALIVE_MS;
    serve->file = section->place.path;
    serve->line = section->place.line;
    if (gw_link_section_find(draft, section, &serve->link) || read_pattern(draft, section, serve) ||
        read_url(draft, section, serve) || read_paths(draft, section, serve) ||
        read_allow(draft, section, serve) || read_login(draft, section, serve) ||
        read_tls(draft, section, serve) || read_wsdl(draft, section, serve) ||
        read_aliases(draft, section, serve) ||
        gw_rewrite_options_read(draft, section, &serve->rewrite) ||
        gw_rewrite_options_read_names(draft, gw_file_find(section, "mtom"), &serve->mtom) ||
        gw_value_ms(gw_file_find(section, "timeout"), 1, MOST_TIMEOUT_MS, &serve->timeout_ms,
                    draft->why) ||
        gw_value_number(gw_file_find(section, "connections"), 1, 1000, &serve->connections,
                        draft->why))
        return -1;
    return gw_value_ms(keepalive, 0, 3600 * 1000, &serve->keepalive_ms, draft->why);
}
