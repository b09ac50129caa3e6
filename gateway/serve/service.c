/* See service.h. */
#include "serve/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "serve/rules.h"
#include "soap_xmpp.h"

enum { CLAUSE_BYTES = 400 };

/* The first line of the file. NULL with one sentence in why. */
static char *read_password(const char *path, char *why, size_t why_bytes)
{
    char line[1024], *password = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        snprintf(why, why_bytes, "%s: %s", path, strerror(errno));
    else if (!fgets(line, sizeof line, file) || !*line || strcspn(line, "\r\n") == 0)
        snprintf(why, why_bytes, "%s: the first line, which is the password, is empty", path);
    else {
        line[strcspn(line, "\r\n")] = '\0';
        password = strdup(line);
        if (!password)
            snprintf(why, why_bytes, "there is no memory left");
    }
    explicit_bzero(line, sizeof line);
    if (file)
        fclose(file);
    return password;
}

static struct soap_xmpp_rules *read_rules(const struct gw_serve_config *serve, char *why,
                                          size_t why_bytes)
{
    struct ct_text text = {0};
    struct soap_xmpp_rules *rules = NULL;
    char *made;
    if (!gw_rules_check(&serve->allow, why, why_bytes))
        return NULL;
    gw_rules_add(&text, &serve->allow, serve->wsdl != GW_WSDL_NONE);
    made = ct_text_take(&text);
    ct_text_fini(&text);
    if (made)
        rules = soap_xmpp_rules_read(made, why, why_bytes);
    else
        snprintf(why, why_bytes, "there is no memory left");
    free(made);
    return rules;
}

static int fill(struct gw_service *service, const struct gw_serve_config *serve, char *why,
                size_t why_bytes)
{
    service->serve = serve;
    service->rules = read_rules(serve, why, why_bytes);
    if (!service->rules)
        return -1;
    if (serve->login == GW_LOGIN_NONE)
        return 0;
    service->password = read_password(serve->password_file, why, why_bytes);
    return service->password ? 0 : -1;
}

struct gw_services *gw_services_new(struct gw_config *config, char *why, size_t why_bytes)
{
    struct gw_services *services = calloc(1, sizeof *services);
    char clause[CLAUSE_BYTES] = "";
    if (services)
        services->list = calloc(config->serve_count + 1, sizeof *services->list);
    if (!services || !services->list) {
        free(services);
        snprintf(why, why_bytes, "there is no memory left");
        return NULL;
    }
    atomic_init(&services->references, 1);
    services->config = gw_config_hold(config);
    for (; services->count < config->serve_count; services->count++) {
        struct gw_service *service = &services->list[services->count];
        if (fill(service, &config->serves[services->count], clause, sizeof clause) != 0) {
            snprintf(why, why_bytes, "%s:%d: %s", service->serve->file, service->serve->line,
                     clause);
            soap_xmpp_rules_free(service->rules);
            gw_services_release(services);
            return NULL;
        }
    }
    return services;
}

struct gw_services *gw_services_hold(struct gw_services *services)
{
    atomic_fetch_add(&services->references, 1);
    return services;
}

void gw_services_release(struct gw_services *services)
{
    if (!services || atomic_fetch_sub(&services->references, 1) != 1)
        return;
    for (size_t i = 0; i < services->count; i++) {
        struct gw_service *service = &services->list[i];
        soap_xmpp_rules_free(service->rules);
        if (service->password)
            explicit_bzero(service->password, strlen(service->password));
        free(service->password);
    }
    free(services->list);
    gw_config_release(services->config);
    free(services);
}
