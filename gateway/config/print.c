/* See print.h. What it writes reads as the same configuration, but for passwords, which it leaves
 * out; options that say nothing are left out, too. */
#include "config/print.h"

#include <string.h>

#include "config/rewrite_options.h"
#include "config/route_section.h"
#include "config/serve_section.h"
#include "contract/text.h"

/* Between single quotes nothing is expanded, and \' and \\ are what they mean. */
static void put_quoted(struct ct_text *out, const char *text)
{
    ct_text_put(out, "'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            ct_text_put(out, "\\");
        ct_text_add(out, text, 1);
    }
    ct_text_put(out, "'");
}

static void put_text(struct ct_text *out, const char *name, const char *value)
{
    if (!*value)
        return;
    ct_text_print(out, "    %s = ", name);
    put_quoted(out, value);
    ct_text_put(out, "\n");
}

static void put_list(struct ct_text *out, const char *name, const struct gw_strings *values)
{
    size_t i;
    ct_text_print(out, "    %s = {", name);
    for (i = 0; i < values->count; i++) {
        ct_text_put(out, i ? ", " : " ");
        put_quoted(out, values->list[i]);
    }
    ct_text_put(out, " }\n");
}

static void put_strings(struct ct_text *out, const char *name, const struct gw_strings *values)
{
    if (values->count > 0)
        put_list(out, name, values);
}

static void put_switch(struct ct_text *out, const char *name, bool value)
{
    ct_text_print(out, "    %s = %s\n", name, value ? "true" : "false");
}

static void put_begin(struct ct_text *out, const char *kind, const char *title)
{
    ct_text_print(out, "%s ", kind);
    put_quoted(out, title);
    ct_text_put(out, " {\n");
}

static void put_listen(struct ct_text *out, const struct gw_listen *listen)
{
    put_begin(out, "listen", listen->address);
    put_text(out, "cert", listen->cert_file);
    put_text(out, "key", listen->key_file);
    put_text(out, "client-ca", listen->client_ca_file);
    if (listen->auth)
        put_text(out, "auth", listen->auth->name);
    if (listen->is_insecure)
        put_switch(out, "insecure", true);
    ct_text_put(out, "}\n");
}

static void put_admin(struct ct_text *out, const struct gw_config *config)
{
    put_begin(out, "admin", config->admin->address);
    if (config->admin->auth)
        put_text(out, "auth", config->admin->auth->name);
    put_switch(out, "try", config->has_trial);
    ct_text_put(out, "}\n");
}

static void put_auth(struct ct_text *out, const struct gw_auth *auth)
{
    put_begin(out, "auth", auth->name);
    put_text(out, "type", auth->type == GW_AUTH_BASIC ? "basic" : "client-certificate");
    put_text(out, "file", auth->file);
    put_strings(out, "groups", &auth->groups);
    ct_text_put(out, "}\n");
}

static void put_link(struct ct_text *out, const struct gw_link_config *link)
{
    size_t i;
    put_begin(out, "link", link->name);
    for (i = 0; i < link->names.count; i++) {
        if (strcmp(link->names.list[i], "password") == 0)
            ct_text_put(out, "    # password is set, and left out here\n");
        else
            put_text(out, link->names.list[i], link->values.list[i]);
    }
    ct_text_put(out, "}\n");
}

static void put_rewrite(struct ct_text *out, const struct gw_rewrite_config *rewrite)
{
    char *categories[8];
    struct gw_strings list = {categories, 0};
    size_t i;
    for (i = 0; gw_rewrite_options_categories[i]; i++) {
        if (rewrite->categories & (1U << i))
            categories[list.count++] = (char *)gw_rewrite_options_categories[i];
    }
    put_list(out, "rewrite", &list);
    put_strings(out, "element", &rewrite->elements);
    put_switch(out, "rewrite-signed", rewrite->of_signed);
}

static void put_wsdl(struct ct_text *out, enum gw_wsdl wsdl, const char *file)
{
    static const char *const words[] = {
        [GW_WSDL_NONE] = "none", [GW_WSDL_SERVICE] = "service", [GW_WSDL_URL] = "url"};
    put_text(out, "wsdl", wsdl == GW_WSDL_FILE ? file : words[wsdl]);
}

static void put_route(struct ct_text *out, const struct gw_route_config *route)
{
    put_begin(out, "route", gw_pattern_text(route->pattern));
    put_text(out, "to", route->to);
    put_text(out, "link", route->link->name);
    put_text(out, "path", gw_route_section_paths[route->path]);
    put_strings(out, "users", &route->users);
    put_text(out, "from", route->from);
    ct_text_print(out, "    timeout = %ums\n", route->timeout_ms);
    if (route->fault_status)
        ct_text_print(out, "    fault-status = %d\n", route->fault_status);
    else
        put_text(out, "fault-status", "standard");
    put_wsdl(out, route->wsdl, route->wsdl_file);
    put_rewrite(out, &route->rewrite);
    put_text(out, "once", route->once_by_message_id ? "message-id" : "key");
    put_switch(out, "message", route->may_message);
    put_strings(out, "mtom", &route->mtom);
    ct_text_put(out, "}\n");
}

static void put_serve(struct ct_text *out, const struct gw_serve_config *serve)
{
    put_begin(out, "serve", gw_pattern_text(serve->pattern));
    put_text(out, "url", serve->url);
    put_text(out, "link", serve->link->name);
    put_text(out, "path", gw_route_section_paths[serve->path]);
    put_strings(out, "paths", &serve->paths);
    put_switch(out, "query", serve->with_query);
    put_strings(out, "allow", &serve->allow);
    put_text(out, "login", gw_serve_section_logins[serve->login]);
    put_text(out, "user", serve->user);
    put_text(out, "password_file", serve->password_file);
    put_text(out, "ca", serve->ca_file);
    put_text(out, "cert", serve->cert_file);
    put_text(out, "key", serve->key_file);
    ct_text_print(out, "    timeout = %ums\n    connections = %u\n    keepalive = %ums\n",
                  serve->timeout_ms, serve->connections, serve->keepalive_ms);
    put_wsdl(out, serve->wsdl, serve->wsdl_file);
    put_rewrite(out, &serve->rewrite);
    put_strings(out, "aliases", &serve->aliases);
    put_strings(out, "mtom", &serve->mtom);
    ct_text_put(out, "}\n");
}

static void put_whole(struct ct_text *out, const struct gw_config *config)
{
    const struct gw_limits *limits = &config->limits;
    ct_text_print(out, "drain = %ums\nlog = %s\nready = %s\nmetrics-operations = %s\n",
                  config->drain_ms, config->log == GW_LOG_JSON ? "json" : "text",
                  config->is_ready_by_any ? "any" : "all",
                  config->has_operation_metrics ? "true" : "false");
    if (*config->public_url) {
        ct_text_put(out, "public-url = ");
        put_quoted(out, config->public_url);
        ct_text_put(out, "\n");
    }
    put_strings(out, "trusted-proxies", &config->trusted_proxies);
    ct_text_print(out,
                  "limits {\n    body = %zu\n    header = %zu\n    memory = %zu\n"
                  "    in-flight = %u\n    connections = %u\n    idle = %ums\n}\n",
                  limits->body_bytes, limits->header_bytes, limits->memory_bytes, limits->in_flight,
                  limits->connections, limits->idle_ms);
}

char *gw_print_write(const struct gw_config *config)
{
    struct ct_text out = {0};
    size_t i;
    char *text;
    put_whole(&out, config);
    for (i = 0; i < config->auth_count; i++)
        put_auth(&out, &config->auths[i]);
    for (i = 0; i < config->listen_count; i++)
        put_listen(&out, &config->listens[i]);
    if (config->admin)
        put_admin(&out, config);
    for (i = 0; i < config->link_count; i++)
        put_link(&out, &config->links[i]);
    for (i = 0; i < config->route_count; i++)
        put_route(&out, &config->routes[i]);
    for (i = 0; i < config->serve_count; i++)
        put_serve(&out, &config->serves[i]);
    text = ct_text_take(&out);
    ct_text_fini(&out);
    return text;
}
