/* See listen_section.h. */
#include "config/listen_section.h"

#include <string.h>

#include "config/address.h"
#include "config/value.h"

static const struct gw_file_option *find(const struct gw_file_section *section, const char *name)
{
    return gw_file_find(section, name);
}

/* "ops=alice,bob" */
static int check_groups(const struct gw_draft *draft, const struct gw_file_option *option,
                        const struct gw_strings *groups)
{
    size_t i;
    for (i = 0; i < groups->count; i++) {
        const char *group = groups->list[i], *equal = strchr(group, '=');
        if (!equal || equal == group || equal[1] == '\0' || strpbrk(group, " :"))
            return gw_place_tell(option->place, draft->why,
                                 "groups: \"%.80s\" isn't a group and who is in it: "
                                 "\"ops=alice,bob\"",
                                 group);
    }
    return 0;
}

int gw_listen_section_read_auth(const struct gw_draft *draft, const struct gw_file_section *section,
                                struct gw_auth *auth)
{
    static const char *const types[] = {"basic", "client-certificate", NULL};
    const struct gw_file_option *groups = find(section, "groups");
    unsigned type = GW_AUTH_BASIC;
    const struct gw_auth *other;
    auth->name = (char *)section->title;
    auth->file = "";
    for (other = draft->config->auths; other < auth; other++) {
        if (strcmp(other->name, auth->name) == 0)
            return gw_place_tell(section->place, draft->why, "auth \"%s\" is there twice",
                                 auth->name);
    }
    if (gw_value_word(find(section, "type"), types, &type, draft->why) ||
        gw_value_file(draft, find(section, "file"), true, &auth->file) ||
        gw_value_texts(groups, &auth->groups, draft->why) ||
        check_groups(draft, groups, &auth->groups))
        return -1;
    auth->type = (enum gw_auth_type)type;
    if (auth->type == GW_AUTH_BASIC && !*auth->file)
        return gw_place_tell(section->place, draft->why,
                             "auth \"%s\" says no file of users: file = \"staff\", in it lines "
                             "\"user:hash\" as mkpasswd -m yescrypt makes it",
                             auth->name);
    return 0;
}

static int find_auth(const struct gw_draft *draft, const struct gw_file_option *option,
                     const struct gw_auth **auth)
{
    const struct gw_config *config = draft->config;
    size_t i;
    for (i = 0; option && i < config->auth_count; i++) {
        if (strcmp(config->auths[i].name, option->values[0]) == 0)
            *auth = &config->auths[i];
    }
    if (option && !*auth)
        return gw_place_tell(option->place, draft->why, "there is no auth \"%.80s\"",
                             option->values[0]);
    return 0;
}

static int check_tls(const struct gw_draft *draft, const struct gw_file_section *section,
                     const struct gw_listen *listen)
{
    bool asks_certificate = listen->auth && listen->auth->type == GW_AUTH_CERTIFICATE;
    const char *wrong = NULL;
    if (*listen->cert_file && !*listen->key_file)
        wrong = "cert needs its key: key = \"...\"";
    else if (*listen->key_file && !*listen->cert_file)
        wrong = "key needs its certificate: cert = \"...\"";
    else if (*listen->client_ca_file && !*listen->cert_file)
        wrong = "client-ca asks for certificates, which needs TLS: cert and key";
    else if (asks_certificate && !*listen->client_ca_file)
        wrong = "its auth is by certificates: client-ca says whose";
    return wrong ? gw_place_tell(section->place, draft->why, "listen \"%s\": %s", listen->address,
                                 wrong)
                 : 0;
}

/* Beyond this machine there is TLS, and who comes is asked who it is. */
static int check_openness(const struct gw_draft *draft, const struct gw_file_section *section,
                          const struct gw_listen *listen)
{
    if (gw_address_is_local(listen->address) || listen->is_insecure)
        return 0;
    if (!*listen->cert_file)
        return gw_place_tell(section->place, draft->why,
                             "listen \"%s\" is reached from elsewhere, and without TLS: say cert "
                             "and key, or listen on 127.0.0.1, or insecure = true",
                             listen->address);
    if (!listen->auth && !*listen->client_ca_file)
        return gw_place_tell(section->place, draft->why,
                             "listen \"%s\" is reached from elsewhere, and lets everybody in: say "
                             "auth or client-ca, or insecure = true",
                             listen->address);
    return 0;
}

static int read_address(const struct gw_draft *draft, const struct gw_file_section *section,
                        struct gw_listen *listen)
{
    char clause[256];
    *listen = (struct gw_listen){
        .address = (char *)section->title, .cert_file = "", .key_file = "", .client_ca_file = ""};
    if (!gw_address_check(listen->address, clause, sizeof clause))
        return gw_place_tell(section->place, draft->why, "%s \"%.80s\": %s", section->syntax->name,
                             listen->address, clause);
    return 0;
}

int gw_listen_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                           struct gw_listen *listen)
{
    const struct gw_listen *other;
    if (read_address(draft, section, listen))
        return -1;
    for (other = draft->config->listens; other < listen; other++) {
        if (gw_address_is_same(other->address, listen->address))
            return gw_place_tell(section->place, draft->why, "listen \"%s\" is there twice",
                                 listen->address);
    }
    if (gw_value_file(draft, find(section, "cert"), false, &listen->cert_file) ||
        gw_value_file(draft, find(section, "key"), true, &listen->key_file) ||
        gw_value_file(draft, find(section, "client-ca"), false, &listen->client_ca_file) ||
        gw_value_switch(find(section, "insecure"), &listen->is_insecure, draft->why) ||
        find_auth(draft, find(section, "auth"), &listen->auth) || check_tls(draft, section, listen))
        return -1;
    return check_openness(draft, section, listen);
}

int gw_listen_section_read_admin(const struct gw_draft *draft,
                                 const struct gw_file_section *section, struct gw_listen *admin)
{
    size_t i;
    if (read_address(draft, section, admin))
        return -1;
    if (!gw_address_is_local(admin->address))
        return gw_place_tell(section->place, draft->why,
                             "admin \"%s\" would be reached from elsewhere: it is for this machine "
                             "alone, \"127.0.0.1:9180\" or a socket \"/run/...\"",
                             admin->address);
    for (i = 0; i < draft->config->listen_count; i++) {
        if (gw_address_is_same(draft->config->listens[i].address, admin->address))
            return gw_place_tell(section->place, draft->why,
                                 "admin \"%s\" is an address of listen, too", admin->address);
    }
    if (gw_value_switch(find(section, "try"), &draft->config->has_trial, draft->why))
        return -1;
    return find_auth(draft, find(section, "auth"), &admin->auth);
}
