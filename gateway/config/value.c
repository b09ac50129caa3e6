/* See value.h. */
#include "config/value.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct unit {
    const char *name;
    unsigned long long factor;
};

static int refuse(const struct gw_file_option *option, const struct gw_why *why, const char *wanted)
{
    return gw_place_tell(option->place, why, "%s = \"%.80s\": it is %s", option->name,
                         option->values[0], wanted);
}

int gw_value_switch(const struct gw_file_option *option, bool *out, const struct gw_why *why)
{
    static const char *const words[] = {"false", "true", "off", "on", "no", "yes", NULL};
    unsigned which = 0;
    if (!option)
        return 0;
    while (words[which] && strcmp(words[which], option->values[0]) != 0)
        which++;
    if (!words[which])
        return refuse(option, why, "true or false");
    *out = which % 2;
    return 0;
}

/* A number with a unit behind it, in the first unit's measure; false: it is none. */
static bool read_measure(const char *text, const struct unit *units, unsigned long long *out)
{
    char *end;
    unsigned long long number;
    if (*text < '0' || *text > '9' || strspn(text, "0123456789") > 15)
        return false;
    number = strtoull(text, &end, 10);
    end += strspn(end, " ");
    for (; units->name; units++) {
        if (strcmp(end, units->name) == 0 && number <= UINT64_MAX / 2 / units->factor) {
            *out = number * units->factor;
            return true;
        }
    }
    return false;
}

int gw_value_number(const struct gw_file_option *option, unsigned least, unsigned most,
                    unsigned *out, const struct gw_why *why)
{
    static const struct unit units[] = {{"", 1}, {NULL, 0}};
    unsigned long long number;
    char wanted[80];
    if (!option)
        return 0;
    snprintf(wanted, sizeof wanted, "a whole number from %u to %u", least, most);
    if (!read_measure(option->values[0], units, &number) || number < least || number > most)
        return refuse(option, why, wanted);
    *out = (unsigned)number;
    return 0;
}

int gw_value_ms(const struct gw_file_option *option, unsigned least_ms, unsigned most_ms,
                unsigned *out, const struct gw_why *why)
{
    static const struct unit units[] = {{"", 1000},     {"ms", 1},      {"s", 1000},
                                        {"min", 60000}, {"h", 3600000}, {NULL, 0}};
    unsigned long long ms;
    char wanted[160];
    if (!option)
        return 0;
    snprintf(wanted, sizeof wanted,
             "a time from %u ms to %u s: a number of seconds, or one with ms, s, min or h",
             least_ms, most_ms / 1000);
    if (!read_measure(option->values[0], units, &ms) || ms < least_ms || ms > most_ms)
        return refuse(option, why, wanted);
    *out = (unsigned)ms;
    return 0;
}

int gw_value_bytes(const struct gw_file_option *option, size_t least, size_t most, size_t *out,
                   const struct gw_why *why)
{
    static const struct unit units[] = {{"", 1},          {"B", 1},         {"KiB", 1 << 10},
                                        {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};
    unsigned long long bytes;
    char wanted[160];
    if (!option)
        return 0;
    snprintf(wanted, sizeof wanted,
             "a size from %zu bytes to %zu MiB: a number of bytes, or one with KiB, MiB or GiB",
             least, most >> 20);
    if (!read_measure(option->values[0], units, &bytes) || bytes < least || bytes > most)
        return refuse(option, why, wanted);
    *out = (size_t)bytes;
    return 0;
}

int gw_value_word(const struct gw_file_option *option, const char *const *words, unsigned *out,
                  const struct gw_why *why)
{
    char wanted[200] = "";
    size_t used = 0;
    unsigned i;
    if (!option)
        return 0;
    for (i = 0; words[i]; i++) {
        if (strcmp(words[i], option->values[0]) == 0) {
            *out = i;
            return 0;
        }
        used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s\"%s\"",
                                 i == 0         ? ""
                                 : words[i + 1] ? ", "
                                                : " or ",
                                 words[i]);
    }
    return refuse(option, why, wanted);
}

int gw_value_text(const struct gw_file_option *option, char **out, const struct gw_why *why)
{
    if (!option)
        return 0;
    if (!*option->values[0])
        return gw_place_tell(option->place, why, "%s is empty: leave it out", option->name);
    *out = option->values[0];
    return 0;
}

int gw_value_texts(const struct gw_file_option *option, struct gw_strings *out,
                   const struct gw_why *why)
{
    size_t i;
    if (!option)
        return 0;
    for (i = 0; i < option->count; i++) {
        if (!*option->values[i])
            return gw_place_tell(option->place, why, "%s has an empty text in it", option->name);
    }
    *out = (struct gw_strings){option->values, option->count};
    return 0;
}

/* A pipe isn't opened: who reads it once has emptied it. */
static int check_file(const struct gw_file_option *option, const char *path, bool is_secret,
                      const struct gw_why *why)
{
    struct stat status;
    if (stat(path, &status) || access(path, R_OK))
        return gw_place_tell(option->place, why, "%s: %s: %s", option->name, path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return gw_place_tell(option->place, why, "%s: %s is a folder", option->name, path);
    if (is_secret && S_ISREG(status.st_mode) && (status.st_mode & (S_IROTH | S_IWOTH)))
        return gw_place_tell(option->place, why, "%s: others may %s %s: chmod o= %s", option->name,
                             status.st_mode & S_IROTH ? "read" : "write", path, path);
    return 0;
}

int gw_value_file(const struct gw_draft *draft, const struct gw_file_option *option, bool is_secret,
                  char **out)
{
    const char *path;
    if (!option)
        return 0;
    if (!*option->values[0])
        return gw_place_tell(option->place, draft->why, "%s is empty: leave it out", option->name);
    path = gw_place_path(option->place, option->values[0], draft->pool);
    if (!path)
        return gw_place_no_memory(draft->why);
    *out = (char *)path;
    return check_file(option, path, is_secret, draft->why);
}
