/* file.c - see file.h.
 *
 * Happy path: files wait in a list, the first one alone at the beginning; each is read whole and
 * parsed, and what it includes is put behind the others. A file that is included twice is refused,
 * and so ends one that includes itself.
 *
 * Failure modes: each is one sentence with file and line, and nothing is used of what was read. */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/token.h"

enum { FILE_BYTES = 1 << 20, FILES = 256, OPTIONS = 16384, VALUES = 256 };

struct source {
    const char *path;
    struct gw_place named; /* where it is included; path NULL: nowhere */
    dev_t device;
    ino_t inode;
};

struct reading {
    struct ct_pool *pool;
    const struct gw_why *why;
    struct source sources[FILES];
    size_t source_count, option_count;
    struct gw_tokens tokens;
    struct gw_token token;
    bool is_private;
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

static int add_source(struct reading *reading, const char *path, struct gw_place named)
{
    struct source *source = &reading->sources[reading->source_count];
    if (reading->source_count == FILES)
        return gw_place_tell(named, reading->why, "more than 256 files are included");
    *source = (struct source){.named = named};
    source->path = ct_pool_copy(reading->pool, path, strlen(path));
    if (!source->path)
        return gw_place_no_memory(reading->why);
    reading->source_count++;
    return 0;
}

/* A pattern that nothing matches is fine, a file that isn't there is an error. */
static int add_sources(struct reading *reading, const char *pattern, struct gw_place named)
{
    const char *path = gw_file_path(named, pattern, reading->pool);
    glob_t found;
    int result, failure;
    size_t i;
    if (!path)
        return gw_place_no_memory(reading->why);
    if (!strpbrk(path, "*?["))
        return add_source(reading, path, named);
    failure = glob(path, GLOB_ERR, NULL, &found);
    if (failure == GLOB_NOMATCH)
        return 0;
    if (failure)
        return failure == GLOB_NOSPACE ? gw_place_no_memory(reading->why)
                                       : gw_place_tell(named, reading->why, "include \"%s\": %s",
                                                       path, strerror(errno));
    result = 0;
    for (i = 0; i < found.gl_pathc && result == 0; i++)
        result = add_source(reading, found.gl_pathv[i], named);
    globfree(&found);
    return result;
}

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
    if (add_sources(reading, reading->token.text, place) || advance(reading))
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

/* Where a file's own troubles are told: at its include. */
static int refuse(const struct reading *reading, const struct source *source, const char *what)
{
    if (!source->named.path)
        return gw_place_tell((struct gw_place){source->path, 0}, reading->why, "%s", what);
    return gw_place_tell(source->named, reading->why, "%s: %s", source->path, what);
}

static bool was_read(const struct reading *reading, const struct source *source)
{
    const struct source *other;
    for (other = reading->sources; other < source; other++) {
        if (other->device == source->device && other->inode == source->inode)
            return true;
    }
    return false;
}

/* NULL, or what is wrong with a file. */
static const char *check_source(struct reading *reading, struct source *source, int fd,
                                off_t *bytes)
{
    struct stat status;
    if (fstat(fd, &status))
        return strerror(errno);
    source->device = status.st_dev;
    source->inode = status.st_ino;
    reading->is_private = !(status.st_mode & S_IRWXO);
    *bytes = status.st_size;
    if (!S_ISREG(status.st_mode))
        return "it is no regular file";
    if (status.st_size > FILE_BYTES)
        return "it is larger than 1 MiB";
    return was_read(reading, source) ? "it is included twice" : NULL;
}

/* Reads up to bytes of a file, NUL-terminated; NULL, or what is wrong. */
static const char *read_bytes(int fd, char *text, size_t bytes)
{
    ssize_t got = 0;
    size_t len = 0;
    while (len < bytes && (got = read(fd, text + len, bytes - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    if (got < 0)
        return strerror(errno);
    return memchr(text, '\0', len) ? "it has a NUL in it: it is no text" : NULL;
}

/* A text is wiped before it is freed: there may be passwords in it. */
static int read_source(struct reading *reading, struct source *source)
{
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result;
    off_t bytes = 0;
    const char *wrong = fd < 0 ? strerror(errno) : check_source(reading, source, fd, &bytes);
    char *text = wrong ? NULL : malloc((size_t)bytes + 1);
    if (text)
        wrong = read_bytes(fd, text, (size_t)bytes);
    if (fd >= 0)
        close(fd);
    if (wrong || !text) {
        result = wrong ? refuse(reading, source, wrong) : gw_place_no_memory(reading->why);
    } else {
        bool has_mark = strncmp(text, "\xEF\xBB\xBF", 3) == 0;
        reading->tokens = (struct gw_tokens){
            .pool = reading->pool, .place = {source->path, 1}, .at = text + (has_mark ? 3 : 0)};
        result = read_all(reading);
    }
    if (text)
        explicit_bzero(text, (size_t)bytes);
    free(text);
    return result;
}

int gw_file_read(const char *path, struct ct_pool *pool, struct gw_file_section **sections,
                 const struct gw_why *why)
{
    struct reading *reading = calloc(1, sizeof *reading);
    struct gw_file_section *first = NULL;
    int result;
    size_t i;
    if (!reading)
        return gw_place_no_memory(why);
    reading->pool = pool;
    reading->why = why;
    reading->next = &first;
    result = add_source(reading, path, (struct gw_place){NULL, 0});
    for (i = 0; i < reading->source_count && result == 0; i++)
        result = read_source(reading, &reading->sources[i]);
    free(reading);
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

const char *gw_file_path(struct gw_place place, const char *path, struct ct_pool *pool)
{
    const char *slash = strrchr(place.path, '/');
    int folder = slash && *path != '/' ? (int)(slash - place.path) + 1 : 0;
    char here[PATH_MAX] = "", *whole;
    size_t bytes;
    if (*path != '/' && *place.path != '/' && !getcwd(here, sizeof here))
        *here = '\0';
    bytes = strlen(here) + 1 + (size_t)folder + strlen(path) + 1;
    whole = ct_pool_take(pool, bytes);
    if (whole)
        snprintf(whole, bytes, "%s%s%.*s%s", here, *here ? "/" : "", folder, place.path, path);
    return whole;
}
