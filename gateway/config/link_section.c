/* See link_section.h. */
#include "config/link_section.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/value.h"

/* Files beside gateway.conf, and whether others mustn't read them. */
static int read_file(const struct gw_draft *draft, const struct gw_file_option *option,
                     char **value)
{
    bool is_certificate =
        strcmp(option->name, "ca_file") == 0 || strcmp(option->name, "cert_file") == 0;
    bool is_secret =
        strcmp(option->name, "key_file") == 0 || strcmp(option->name, "password_file") == 0;
    if (!is_certificate && !is_secret)
        return gw_value_text(option, value, draft->why);
    return gw_value_file(draft, option, is_secret, value);
}

static int check_jid(const struct gw_draft *draft, const struct gw_file_option *option,
                     struct gw_link_config *link)
{
    const char *jid = link->jid, *at = strchr(jid, '@'), *slash = strchr(jid, '/');
    if (strpbrk(jid, " \t<>\"&") || *jid == '@' || *jid == '/' || (at && !at[1]) ||
        (at && slash == at + 1) || (at && slash && slash < at) || strncmp(jid, "xmpp:", 5) == 0)
        return gw_place_tell(option->place, draft->why,
                             "jid = \"%.80s\": it is an account (\"cam1@example.org\") or a "
                             "component's domain (\"cams.example.org\")",
                             jid);
    if (!at && slash)
        return gw_place_tell(option->place, draft->why,
                             "jid = \"%.80s\": a component is a domain, without a resource", jid);
    link->is_component = !at;
    return 0;
}

static int read_members(const struct gw_draft *draft, const struct gw_file_section *section,
                        struct gw_link_config *link)
{
    const struct gw_file_option *option;
    size_t count = 0;
    for (option = section->options; option; option = option->next)
        count++;
    link->names.list = ct_pool_take(draft->pool, (count + 1) * sizeof(char *));
    link->values.list = ct_pool_take(draft->pool, (count + 1) * sizeof(char *));
    if (!link->names.list || !link->values.list)
        return gw_place_no_memory(draft->why);
    for (option = section->options; option; option = option->next) {
        if (strcmp(option->name, "password") == 0 && !section->is_private)
            return gw_place_tell(option->place, draft->why,
                                 "there is a password here, and others may read the file: chmod "
                                 "o= %s, or password_file",
                                 option->place.path);
        if (read_file(draft, option, &link->values.list[link->values.count]))
            return -1;
        link->names.list[link->names.count++] = (char *)option->name;
        if (strcmp(option->name, "jid") == 0)
            link->jid = link->values.list[link->values.count];
        link->values.count++;
    }
    return 0;
}

int gw_link_section_read(const struct gw_draft *draft, const struct gw_file_section *section,
                         struct gw_link_config *link)
{
    const struct gw_file_option *shared = gw_file_find(section, "shared_jid");
    const struct gw_link_config *other;
    link->name = (char *)section->title;
    link->file = section->place.path;
    link->line = section->place.line;
    if (!*link->name)
        return gw_place_tell(section->place, draft->why, "a link needs a name: link \"main\"");
    for (other = draft->config->links; other < link; other++) {
        if (strcmp(other->name, link->name) == 0)
            return gw_place_tell(section->place, draft->why,
                                 "link \"%s\" stands in line %d already", link->name, other->line);
    }
    if (read_members(draft, section, link))
        return -1;
    if (!link->jid)
        return gw_place_tell(section->place, draft->why,
                             "link \"%s\" has no jid: jid = \"cam1@example.org\"", link->name);
    if (check_jid(draft, gw_file_find(section, "jid"), link))
        return -1;
    if (shared && strcmp(shared->values[0], "0") != 0 && !link->is_component)
        return gw_place_tell(shared->place, draft->why,
                             "shared_jid is a component's: \"%s\" is an account", link->jid);
    return 0;
}

void gw_link_section_wipe(struct gw_link_config *link)
{
    size_t i;
    for (i = 0; i < link->names.count; i++) {
        if (strcmp(link->names.list[i], "password") == 0)
            explicit_bzero(link->values.list[i], strlen(link->values.list[i]));
    }
}

int gw_link_section_find(const struct gw_draft *draft, const struct gw_file_section *section,
                         const struct gw_link_config **link)
{
    const struct gw_file_option *option = gw_file_find(section, "link");
    const struct gw_config *config = draft->config;
    size_t i;
    *link = !option && config->link_count == 1 ? config->links : NULL;
    for (i = 0; option && i < config->link_count; i++) {
        if (strcmp(config->links[i].name, option->values[0]) == 0)
            *link = &config->links[i];
    }
    if (*link)
        return 0;
    if (option)
        return gw_place_tell(option->place, draft->why, "there is no link \"%.80s\"",
                             option->values[0]);
    return gw_place_tell(section->place, draft->why,
                         config->link_count ? "%s \"%s\" doesn't say by which of the links: link = "
                                              "\"...\""
                                            : "%s \"%s\" needs a link: link \"main\" { jid = "
                                              "\"...\" password_file = \"...\" }",
                         section->syntax->name, section->title);
}

bool gw_link_section_owns(const struct gw_link_config *link, const char *jid, char *why,
                          size_t why_bytes)
{
    const char *at = strrchr(jid, '@'), *domain = at ? at + 1 : jid;
    size_t bare = strcspn(link->jid, "/");
    if (link->is_component) {
        if (strcasecmp(domain, link->jid) == 0)
            return true;
        snprintf(why, why_bytes, "link \"%s\" is the component %s, whose JIDs are \"...@%s\"",
                 link->name, link->jid, link->jid);
        return false;
    }
    if (strlen(jid) == bare && strncasecmp(jid, link->jid, bare) == 0)
        return true;
    snprintf(why, why_bytes, "link \"%s\" is the account %.*s, and no other JID", link->name,
             (int)bare, link->jid);
    return false;
}
