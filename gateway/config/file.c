/* file.c - see file.h.
 *
 * Happy path: each source is parsed in its turn (config/source.h), and what it includes comes after
 * the others.
 *
 * Failure modes: each is one sentence with file and line, and nothing is used of what was read. */
#include "config/file.h"

#include <string.h>

#include "config/source.h"
#include "config/token.h"

enum { OPTIONS = 16384, VALUES = 256 };

struct reading {
    struct ct_pool *pool;
    const struct gw_why *why;
    struct gw_sources *sources;
    size_t option_count;
    struct gw_tokens tokens;
    struct gw_token token;
    bool is_private;               /* others may do nothing with the file */
    struct gw_file_section **next; /* where the next section goes */
};

static int advance(struct reading *reading)
{
    return gw_token_next(&reading->tokens, &reading->token, reading->why);
}

static struct gw_place here(const struct reading *reading)
{
    return (struct gw_place){reading->tokens.place.path, reading->token.line};
}

static bool is_sign(const struct reading *reading, char sign)
{
    return reading->token.kind == GW_TOKEN_SIGN && reading->token.sign == sign;
}

static bool is_text(const struct reading *reading)
{
    return reading->token.kind == GW_TOKEN_TEXT || reading->token.kind == GW_TOKEN_WORD;
}

static int expect(struct reading *reading, char sign, const char *behind)
{
    if (is_sign(reading, sign))
        return advance(reading);
    return gw_place_tell(here(reading), reading->why, "'%c' is missing behind %s: there is '%.60s'",
                         sign, behind, reading->token.text);
}

/* ---- sections and options ---- */

static struct gw_file_section *add_section(struct reading *reading,
                                           const struct gw_syntax_section *syntax,
                                           const char *title, struct gw_place place)
{
    struct gw_file_section *section = ct_pool_take(reading->pool, sizeof *section);
    if (!section) {
        gw_place_no_memory(reading->why);
        return NULL;
    }
    *section = (struct gw_file_section){
        .syntax = syntax, .title = title, .place = place, .is_private = reading->is_private};
    *reading->next = section;
    reading->next = &section->next;
    return section;
}

static int read_list(struct reading *reading, const char *name, char **values, size_t *count)
{
    if (advance(reading))
        return -1;
    while (!is_sign(reading, '}')) {
        if (!is_text(reading))
            return gw_place_tell(here(reading), reading->why,
                                 "the list of %s has '%.60s' where a text has to be", name,
                                 reading->token.text);
        if (*count == VALUES)
            return gw_place_tell(here(reading), reading->why, "%s has more than 256 values", name);
        values[(*count)++] = (char *)reading->token.text;
        if (advance(reading))
            return -1;
        if (is_sign(reading, ',')) {
            if (advance(reading))
                return -1;
        } else if (!is_sign(reading, '}')) {
            return gw_place_tell(here(reading), reading->why,
                                 "the list of %s has no ',' or '}' before '%.60s'", name,
                                 reading->token.text);
        }
    }
    return advance(reading);
}

static int read_values(struct reading *reading, const struct gw_syntax_option *syntax,
                       struct gw_file_option *option)
{
    char *values[VALUES];
    size_t count = 0;
    if (is_sign(reading, '{') && syntax->is_list) {
        if (read_list(reading, syntax->name, values, &count))
            return -1;
    } else if (is_text(reading)) {
        values[count++] = (char *)reading->token.text;
        if (advance(reading))
            return -1;
    } else {
        return gw_place_tell(here(reading), reading->why,
                             is_sign(reading, '{') ? "%s has one value, and no list"
                                                   : "%s has no value",
                             syntax->name);
    }
    option->values = ct_pool_take(reading->pool, (count + 1) * sizeof *values);
    if (!option->values)
        return gw_place_no_memory(reading->why);
    memcpy(option->values, values, count * sizeof *values);
    option->count = count;
    return 0;
}

/* The token is the option's name. */
static int read_option(struct reading *reading, struct gw_file_section *section)
{
    const struct gw_syntax_option *syntax =
        gw_syntax_find_option(section->syntax, reading->token.text);
    const char *name = reading->token.text, *kind = section->syntax->name;
    struct gw_file_option *option, **end;
    char hint[320];
    if (!syntax) {
        gw_syntax_hint(*kind ? section->syntax : NULL, name, hint, sizeof hint);
        return gw_place_tell(here(reading), reading->why, "there is no option %.60s%s%s%s", name,
                             *kind ? " of a " : "", kind, hint);
    }
    if (++reading->option_count > OPTIONS)
        return gw_place_tell(here(reading), reading->why, "there are more than 16,384 options");
    option = ct_pool_take(reading->pool, sizeof *option);
    if (!option)
        return gw_place_no_memory(reading->why);
    option->name = syntax->name;
    option->place = here(reading);
    for (end = &section->options; *end; end = &(*end)->next) {
        if ((*end)->name == syntax->name)
            return gw_place_tell(option->place, reading->why, "%s stands in line %d already", name,
                                 (*end)->place.line);
    }
    *end = option;
    if (advance(reading) || expect(reading, '=', name))
        return -1;
    return read_values(reading, syntax, option);
}

/* The token is the section's name. */
static int read_section(struct reading *reading, const struct gw_syntax_section *syntax)
{
    struct gw_place place = here(reading);
    struct gw_file_section *section;
    const char *title = "";
    if (advance(reading))
        return -1;
    if (syntax->title) {
        if (!is_text(reading))
            return gw_place_tell(place, reading->why, "a %s needs %s", syntax->name, syntax->title);
        title = reading->token.text;
        if (advance(reading))
            return -1;
    }
    section = add_section(reading, syntax, title, place);
    if (!section || expect(reading, '{', *title ? title : syntax->name))
        return -1;
    while (!is_sign(reading, '}')) {
        if (reading->token.kind == GW_TOKEN_END)
            return gw_place_tell(place, reading->why, "the %s that begins here has no '}'",
                                 syntax->name);
        if (reading->token.kind != GW_TOKEN_WORD)
            return gw_place_tell(here(reading), reading->why,
                                 "there is '%.60s' where an option has to be", reading->token.text);
        if (read_option(reading, section))
            return -1;
    }
    return advance(reading);
}

/* ---- files ---- */

/* include "pattern", or include("pattern"). */
static int read_include(struct reading *reading)
{
    struct gw_place place = here(reading);
    bool is_call;
    if (advance(reading))
        return -1;
    is_call = is_sign(reading, '(');
    if (is_call && advance(reading))
        return -1;
    if (!is_text(reading) || !*reading->token.text)
        return gw_place_tell(place, reading->why,
                             "include needs a file's name: include "
                             "\"gateway.d/*.conf\"");
    if (gw_sources_add(reading->sources, reading->token.text, place, reading->why) ||
        advance(reading))
        return -1;
    return is_call ? expect(reading, ')', "include") : 0;
}

static int read_all(struct reading *reading)
{
    struct gw_place start = {reading->tokens.place.path, 0};
    struct gw_file_section *whole = add_section(reading, gw_syntax_find(""), "", start);
    if (!whole || advance(reading))
        return -1;
    while (reading->token.kind != GW_TOKEN_END) {
        const struct gw_syntax_section *syntax;
        int result;
        if (reading->token.kind != GW_TOKEN_WORD || !*reading->token.text)
            return gw_place_tell(here(reading), reading->why,
                                 "there is '%.60s' where an option or a section has to be",
                                 reading->token.text);
        syntax = gw_syntax_find(reading->token.text);
        if (strcmp(reading->token.text, "include") == 0)
            result = read_include(reading);
        else
            result = syntax ? read_section(reading, syntax) : read_option(reading, whole);
        if (result)
            return -1;
    }
    return 0;
}

static int read_source(struct reading *reading, size_t which)
{
    struct gw_source_text text;
    int result;
    if (gw_sources_read(reading->sources, which, &text, reading->why))
        return -1;
    reading->is_private = text.is_private;
    reading->tokens =
        (struct gw_tokens){.pool = reading->pool, .place = {text.path, 1}, .at = text.begin};
    result = read_all(reading);
    gw_source_text_fini(&text);
    return result;
}

int gw_file_read(const char *path, struct ct_pool *pool, struct gw_file_section **sections,
                 const struct gw_why *why)
{
    struct reading reading = {.pool = pool, .why = why};
    struct gw_file_section *first = NULL;
    int result;
    size_t i;
    reading.next = &first;
    reading.sources = gw_sources_new(path, pool, why);
    if (!reading.sources)
        return -1;
    for (i = 0, result = 0; i < gw_sources_count(reading.sources) && result == 0; i++)
        result = read_source(&reading, i);
    gw_sources_free(reading.sources);
    if (result == 0)
        *sections = first;
    return result;
}

const struct gw_file_option *gw_file_find(const struct gw_file_section *section, const char *name)
{
    const struct gw_file_option *option;
    for (option = section->options; option; option = option->next) {
        if (gw_syntax_equal(option->name, name))
            return option;
    }
    return NULL;
}
