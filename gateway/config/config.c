/* config.c - see config.h.
 *
 * Happy path: the file is read as text, the sections are counted and their places taken, then each
 * is read and checked: first what others refer to (auth, listen, link), then routes and serves, at
 * last what is wrong only with all of it together.
 *
 * Failure modes: one sentence with file and line, and all that was taken is given back. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/difference.h"
#include "config/link_section.h"
#include "config/listen_section.h"
#include "config/print.h"
#include "config/route_section.h"
#include "config/serve_section.h"
#include "config/whole_section.h"

enum { POOL_BYTES = 16 << 20, MOST_ROUTES = 512, MOST_LINKS = 64, MOST_LISTENS = 64 };

typedef int read_fn(const struct gw_draft *draft, const struct gw_file_section *section);

static int read_auth(const struct gw_draft *draft, const struct gw_file_section *section)
{
    struct gw_config *config = draft->config;
    return gw_listen_section_read_auth(draft, section, &config->auths[config->auth_count++]);
}

static int read_listen(const struct gw_draft *draft, const struct gw_file_section *section)
{
    struct gw_config *config = draft->config;
    return gw_listen_section_read(draft, section, &config->listens[config->listen_count++]);
}

static int read_admin(const struct gw_draft *draft, const struct gw_file_section *section)
{
    struct gw_config *config = draft->config;
    config->admin = ct_pool_take(draft->pool, sizeof *config->admin);
    if (!config->admin)
        return gw_place_no_memory(draft->why);
    return gw_listen_section_read_admin(draft, section, config->admin);
}

static int read_link(const struct gw_draft *draft, const struct gw_file_section *section)
{
    struct gw_config *config = draft->config;
    return gw_link_section_read(draft, section, &config->links[config->link_count++]);
}

static int read_route(const struct gw_draft *draft, const struct gw_file_section *section)
{
    struct gw_config *config = draft->config;
    return gw_route_section_read(draft, section, &config->routes[config->route_count++]);
}

static int read_serve(const struct gw_draft *draft, const struct gw_file_section *section)
{
    struct gw_config *config = draft->config;
    return gw_serve_section_read(draft, section, &config->serves[config->serve_count++]);
}

/* In the order in which they are read; how many there may be. */
static const struct kind {
    const char *name;
    read_fn *read;
    size_t most;
} kinds[] = {{"", gw_whole_section_read, (size_t)-1},
             {"limits", gw_whole_section_read_limits, 1},
             {"auth", read_auth, MOST_LISTENS},
             {"listen", read_listen, MOST_LISTENS},
             {"admin", read_admin, 1},
             {"link", read_link, MOST_LINKS},
             {"route", read_route, MOST_ROUTES},
             {"serve", read_serve, MOST_ROUTES}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* How many sections there are of a kind, or -1 with a sentence: more than there may be. */
static int count_sections(const struct gw_draft *draft, const struct gw_file_section *sections,
                          const struct kind *kind, size_t *count)
{
    const struct gw_file_section *section, *before = NULL;
    *count = 0;
    for (section = sections; section; section = section->next) {
        if (strcmp(section->syntax->name, kind->name) != 0)
            continue;
        if (++*count > kind->most && kind->most == 1)
            return gw_place_tell(section->place, draft->why, "%s stands in %s:%d already",
                                 kind->name, before->place.path, before->place.line);
        if (*count > kind->most)
            return gw_place_tell(section->place, draft->why, "there are more than %zu of %s",
                                 kind->most, kind->name);
        before = section;
    }
    return 0;
}

static void *take_places(const struct gw_draft *draft, const struct gw_file_section *sections,
                         const char *name, size_t size)
{
    const struct gw_file_section *section;
    size_t count = 0;
    for (section = sections; section; section = section->next)
        count += strcmp(section->syntax->name, name) == 0;
    return ct_pool_take(draft->pool, (count + 1) * size);
}

static int take_all_places(const struct gw_draft *draft, const struct gw_file_section *sections)
{
    struct gw_config *config = draft->config;
    config->auths = take_places(draft, sections, "auth", sizeof *config->auths);
    config->listens = take_places(draft, sections, "listen", sizeof *config->listens);
    config->links = take_places(draft, sections, "link", sizeof *config->links);
    config->routes = take_places(draft, sections, "route", sizeof *config->routes);
    config->serves = take_places(draft, sections, "serve", sizeof *config->serves);
    if (config->auths && config->listens && config->links && config->routes && config->serves)
        return 0;
    return gw_place_no_memory(draft->why);
}

/* What stands in no section stands in one file alone. */
static int check_whole(const struct gw_draft *draft, const struct gw_file_section *sections)
{
    const struct gw_file_section *one, *other;
    const struct gw_file_option *option, *again;
    for (one = sections; one; one = one->next) {
        for (other = one->next; other && !*one->syntax->name; other = other->next) {
            for (option = *other->syntax->name ? NULL : other->options; option;
                 option = option->next) {
                again = gw_file_find(one, option->name);
                if (again)
                    return gw_place_tell(option->place, draft->why, "%s stands in %s:%d already",
                                         option->name, again->place.path, again->place.line);
            }
        }
    }
    return 0;
}

static int read_sections(const struct gw_draft *draft, const struct gw_file_section *sections)
{
    const struct gw_file_section *section;
    size_t i, count;
    if (take_all_places(draft, sections) || check_whole(draft, sections))
        return -1;
    for (i = 0; i < KINDS; i++) {
        if (count_sections(draft, sections, &kinds[i], &count))
            return -1;
        for (section = sections; section; section = section->next) {
            if (strcmp(section->syntax->name, kinds[i].name) == 0 && kinds[i].read(draft, section))
                return -1;
        }
    }
    return 0;
}

static int check_together(const struct gw_draft *draft, const char *path)
{
    const struct gw_config *config = draft->config;
    const struct gw_place place = {path, 0};
    if (config->route_count + config->serve_count == 0)
        return gw_place_tell(place, draft->why,
                             "there is neither a route nor a serve: there would be nothing to do");
    if (config->route_count > 0 && config->listen_count == 0)
        return gw_place_tell(place, draft->why,
                             "there are routes, and nobody reaches them: listen "
                             "\"127.0.0.1:8080\" { }");
    return 0;
}

static int compare_routes(const void *a, const void *b)
{
    return gw_pattern_compare(((const struct gw_route_config *)a)->pattern,
                              ((const struct gw_route_config *)b)->pattern);
}

static int compare_serves(const void *a, const void *b)
{
    return gw_pattern_compare(((const struct gw_serve_config *)a)->pattern,
                              ((const struct gw_serve_config *)b)->pattern);
}

static int read_config(const struct gw_draft *draft, const char *path)
{
    struct gw_config *config = draft->config;
    struct gw_file_section *sections;
    if (gw_file_read(path, draft->pool, &sections, draft->why) || read_sections(draft, sections) ||
        check_together(draft, path))
        return -1;
    qsort(config->routes, config->route_count, sizeof *config->routes, compare_routes);
    qsort(config->serves, config->serve_count, sizeof *config->serves, compare_serves);
    return 0;
}

/* In one piece with its pool. */
struct whole {
    struct gw_config config;
    struct ct_pool pool;
};

struct gw_config *gw_config_read(const char *path, char *why, size_t why_bytes)
{
    struct whole *whole = calloc(1, sizeof *whole);
    const struct gw_why sentence = {why, why_bytes};
    struct gw_draft draft = {.why = &sentence};
    if (!whole) {
        gw_place_no_memory(&sentence);
        return NULL;
    }
    whole->pool.limit = POOL_BYTES;
    whole->config.pool = &whole->pool;
    whole->config.references = 1;
    gw_whole_section_init(&whole->config);
    draft.config = &whole->config;
    draft.pool = &whole->pool;
    if (read_config(&draft, path) == 0)
        return &whole->config;
    if (whole->pool.over_limit)
        gw_place_tell((struct gw_place){path, 0}, &sentence,
                      "with all that it includes it needs more than 16 MiB");
    gw_config_release(&whole->config);
    return NULL;
}

struct gw_config *gw_config_hold(struct gw_config *config)
{
    __atomic_add_fetch(&config->references, 1, __ATOMIC_RELAXED);
    return config;
}

void gw_config_release(struct gw_config *config)
{
    size_t i;
    if (!config || __atomic_sub_fetch(&config->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (i = 0; i < config->route_count; i++)
        gw_pattern_free(config->routes[i].pattern);
    for (i = 0; i < config->serve_count; i++)
        gw_pattern_free(config->serves[i].pattern);
    for (i = 0; i < config->link_count; i++)
        gw_link_section_wipe(&config->links[i]);
    ct_pool_fini(config->pool);
    free(config); /* the first member of struct whole */
}

char *gw_config_print(const struct gw_config *config)
{
    return gw_print_write(config);
}

bool gw_config_needs_restart(const struct gw_config *before, const struct gw_config *after,
                             char *what, size_t what_bytes)
{
    return gw_difference_find(before, after, what, what_bytes);
}
