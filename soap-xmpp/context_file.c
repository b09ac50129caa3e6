/* context_file.c - saved accounts and servers: ~/.config/soap-xmpp/contexts.conf.
 *
 * Invariant: a file that holds a password is read if it is its owner's alone, and written so.
 *
 * Failure modes: one sentence each: libconfuse's with file and line, the system's with the path. */
#include "context_file.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parent.h"

enum { FILE_BYTES = 1 << 20 };

const char *const context_file_names[CONTEXT_FIELDS] = {
    "jid", "password", "password_file", "host", "tls", "ca", "cert", "key", "trusted_host",
};

/* libconfuse tells its sentence to a callback without a pointer of ours. */
static char *complaint;
static size_t complaint_bytes;

__attribute__((format(printf, 2, 0))) static void complain(cfg_t *cfg, const char *format,
                                                           va_list arguments)
{
    int len = snprintf(complaint, complaint_bytes, "%s:%d: ", cfg->filename, cfg->line);
    if (len > 0 && (size_t)len < complaint_bytes)
        vsnprintf(complaint + len, complaint_bytes - (size_t)len, format, arguments);
}

static int find_path(char path[4096], char *why, size_t why_bytes)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int len;
    if (config && *config == '/')
        len = snprintf(path, 4096, "%s/soap-xmpp/contexts.conf", config);
    else
        len = snprintf(path, 4096, "%s/.config/soap-xmpp/contexts.conf", home ? home : "");
    if (len < 4096)
        return 0;
    snprintf(why, why_bytes, "the path of contexts.conf is too long");
    return -1;
}

static bool is_path(size_t field)
{
    return field == CONTEXT_PASSWORD_FILE || field == CONTEXT_CA || field == CONTEXT_CERT ||
           field == CONTEXT_KEY;
}

static char *expand(size_t field, const char *value)
{
    const char *home = getenv("HOME");
    char *path = NULL;
    if (!is_path(field) || strncmp(value, "~/", 2) != 0 || !home)
        return strdup(value);
    return asprintf(&path, "%s%s", home, value + 1) < 0 ? NULL : path;
}

static int take_section(struct context_file *file, cfg_t *section, char *why, size_t why_bytes)
{
    const char *values[CONTEXT_FIELDS];
    size_t i;
    for (i = 0; i < CONTEXT_FIELDS; i++)
        values[i] = cfg_getstr(section, context_file_names[i]);
    return context_file_put(file, cfg_title(section), values, why, why_bytes);
}

static int take_all(struct context_file *file, cfg_t *cfg, char *why, size_t why_bytes)
{
    unsigned i;
    for (i = 0; i < cfg_size(cfg, "context"); i++) {
        if (take_section(file, cfg_getnsec(cfg, "context", i), why, why_bytes))
            return -1;
    }
    if (cfg_getstr(cfg, "default") && context_file_preset(file, cfg_getstr(cfg, "default"))) {
        snprintf(why, why_bytes, "no memory");
        return -1;
    }
    return 0;
}

static int parse(struct context_file *file, FILE *in, char *why, size_t why_bytes)
{
    cfg_opt_t section[CONTEXT_FIELDS + 1];
    const cfg_opt_t end = CFG_END();
    cfg_opt_t top[] = {CFG_STR("default", NULL, CFGF_NODEFAULT),
                       CFG_SEC("context", section, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
                       CFG_END()};
    int result = -1;
    cfg_t *cfg;
    size_t i;
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        const cfg_opt_t option = CFG_STR(context_file_names[i], NULL, CFGF_NODEFAULT);
        section[i] = option;
    }
    section[CONTEXT_FIELDS] = end;
    complaint = why;
    complaint_bytes = why_bytes;
    snprintf(why, why_bytes, "%s: no memory", file->path);
    cfg = cfg_init(top, CFGF_NONE);
    if (!cfg)
        return -1;
    free(cfg->filename);
    cfg->filename = strdup(file->path);
    cfg_set_error_function(cfg, complain);
    if (cfg->filename && cfg_parse_fp(cfg, in) == CFG_SUCCESS)
        result = take_all(file, cfg, why, why_bytes);
    cfg_free(cfg);
    return result;
}

/* A password in a file that others may read isn't secret: who wrote it has to learn that. */
static int check_secrecy(const struct context_file *file, const struct stat *status, char *why,
                         size_t why_bytes)
{
    size_t i;
    for (i = 0; i < file->count; i++) {
        if (file->contexts[i].values[CONTEXT_PASSWORD] && (status->st_mode & 077)) {
            snprintf(why, why_bytes,
                     "%s holds a password and others may read it: chmod 600, or password_file",
                     file->path);
            return -1;
        }
    }
    return 0;
}

int context_file_load(struct context_file *file, char *why, size_t why_bytes)
{
    struct stat status;
    int result = -1;
    FILE *in;
    memset(file, 0, sizeof *file);
    if (find_path(file->path, why, why_bytes))
        return -1;
    in = fopen(file->path, "re");
    if (!in && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!in || fstat(fileno(in), &status))
        snprintf(why, why_bytes, "%s: %s", file->path, strerror(errno));
    else if (status.st_size > FILE_BYTES)
        snprintf(why, why_bytes, "%s is larger than 1 MiB", file->path);
    else if (parse(file, in, why, why_bytes) == 0)
        result = check_secrecy(file, &status, why, why_bytes);
    if (in)
        fclose(in);
    if (result)
        context_file_free(file);
    return result;
}

static void free_context(struct context *context)
{
    size_t i;
    free(context->name);
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        if (context->values[i])
            explicit_bzero(context->values[i], strlen(context->values[i]));
        free(context->values[i]);
    }
}

void context_file_free(struct context_file *file)
{
    size_t i;
    for (i = 0; i < file->count; i++)
        free_context(&file->contexts[i]);
    free(file->contexts);
    free(file->preset);
    file->contexts = NULL;
    file->preset = NULL;
    file->count = 0;
}

struct context *context_file_find(const struct context_file *file, const char *name)
{
    size_t i;
    for (i = 0; i < file->count; i++) {
        if (strcmp(file->contexts[i].name, name) == 0)
            return &file->contexts[i];
    }
    return NULL;
}

static bool is_text(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 127)
            return false;
    }
    return true;
}

static int fill(struct context *context, const char *name, const char *const values[CONTEXT_FIELDS])
{
    size_t i;
    if (!(context->name = strdup(name)))
        return -1;
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        if (values[i] && !(context->values[i] = expand(i, values[i])))
            return -1;
    }
    return 0;
}

int context_file_put(struct context_file *file, const char *name,
                     const char *const values[CONTEXT_FIELDS], char *why, size_t why_bytes)
{
    struct context fresh = {0}, *place = context_file_find(file, name), *more;
    size_t i;
    if (!is_text(name) || !*name) {
        snprintf(why, why_bytes, "a context's name is text, without control characters");
        return -1;
    }
    for (i = 0; i < CONTEXT_FIELDS; i++) {
        if (values[i] && !is_text(values[i])) {
            snprintf(why, why_bytes, "%s has a control character", context_file_names[i]);
            return -1;
        }
    }
    snprintf(why, why_bytes, "no memory");
    if (fill(&fresh, name, values)) {
        free_context(&fresh);
        return -1;
    }
    if (!place) {
        more = realloc(file->contexts, (file->count + 1) * sizeof *more);
        if (!more) {
            free_context(&fresh);
            return -1;
        }
        file->contexts = more;
        place = &more[file->count++];
        memset(place, 0, sizeof *place);
    }
    free_context(place);
    *place = fresh;
    return 0;
}

void context_file_remove(struct context_file *file, struct context *context)
{
    size_t at = (size_t)(context - file->contexts);
    if (file->preset && strcmp(file->preset, context->name) == 0)
        context_file_preset(file, NULL);
    free_context(context);
    memmove(context, context + 1, (file->count - at - 1) * sizeof *context);
    file->count--;
}

int context_file_preset(struct context_file *file, const char *name)
{
    char *copy = name ? strdup(name) : NULL;
    if (name && !copy)
        return -1;
    free(file->preset);
    file->preset = copy;
    return 0;
}

/* Between single quotes libconfuse expands nothing, and reads \' and \\ as what they mean. */
static void write_quoted(FILE *out, const char *text, const char *end)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fprintf(out, "'%s", end);
}

static void write_all(FILE *out, const struct context_file *file)
{
    size_t i, field;
    fputs("# Written by soap-xmpp context.\n", out);
    if (file->preset) {
        fputs("default = ", out);
        write_quoted(out, file->preset, "\n");
    }
    for (i = 0; i < file->count; i++) {
        fputs("context ", out);
        write_quoted(out, file->contexts[i].name, " {\n");
        for (field = 0; field < CONTEXT_FIELDS; field++) {
            if (!file->contexts[i].values[field])
                continue;
            fprintf(out, "    %s = ", context_file_names[field]);
            write_quoted(out, file->contexts[i].values[field], "\n");
        }
        fputs("}\n", out);
    }
}

int context_file_store(const struct context_file *file, char *why, size_t why_bytes)
{
    char place[PATH_MAX], fresh[PATH_MAX + 8];
    FILE *out = NULL;
    int fd = -1;
    bool is_written;
    if (!realpath(file->path, place)) /* behind a symbolic link, which stays */
        snprintf(place, sizeof place, "%s", file->path);
    snprintf(fresh, sizeof fresh, "%s.XXXXXX", place);
    if (parent_make(file->path) || (fd = mkostemp(fresh, O_CLOEXEC)) < 0 ||
        !(out = fdopen(fd, "w"))) {
        snprintf(why, why_bytes, "%s: %s", file->path, strerror(errno));
        if (fd >= 0) {
            close(fd);
            unlink(fresh);
        }
        return -1;
    }
    write_all(out, file);
    is_written = fflush(out) == 0 && fsync(fd) == 0;
    is_written = fclose(out) == 0 && is_written;
    if (is_written && rename(fresh, place) == 0)
        return 0;
    snprintf(why, why_bytes, "%s: %s", file->path, strerror(errno));
    unlink(fresh);
    return -1;
}
