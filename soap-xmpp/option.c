/* option.c - the options of a command: described once, in a table, and what was typed.
 *
 * Invariant: a value in options->values is one that its row allows.
 *
 * Failure modes: an unknown option, a value that is missing or none of the words: one sentence,
 * with what there is. */
#include "option.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/nearest.h"

enum { ROWS = 64, LETTERS = 3 * ROWS + 3 };

static const struct option_row *row_at(const struct options *options, size_t which)
{
    size_t t;
    for (t = 0; options->tables[t]; t++) {
        const struct option_row *row;
        for (row = options->tables[t]; row->name; row++) {
            if (which-- == 0)
                return row;
        }
    }
    return NULL;
}

static const struct option_row *find(const struct options *options, const char *name)
{
    const struct option_row *row;
    size_t i;
    for (i = 0; (row = row_at(options, i)); i++) {
        if (strcmp(row->name, name) == 0)
            return row;
    }
    fprintf(stderr, "soap-xmpp: no table has an option '%s'\n", name);
    abort();
}

static bool is_word(const char *words, const char *text)
{
    size_t len = strlen(text);
    const char *at = words;
    while (at) {
        const char *end = strchr(at, '|');
        if ((end ? (size_t)(end - at) : strlen(at)) == len && strncmp(at, text, len) == 0)
            return true;
        at = end ? end + 1 : NULL;
    }
    return false;
}

/* What getopt_long() wants: long options whose values are places in the tables, and the letters. */
static void describe(const struct options *options, bool stops_at_argument,
                     struct option longs[ROWS + 1], char letters[LETTERS])
{
    const struct option_row *row;
    char *out = letters;
    size_t i;
    *out++ = stops_at_argument ? '+' : ':';
    if (stops_at_argument)
        *out++ = ':';
    memset(longs, 0, (ROWS + 1) * sizeof *longs);
    for (i = 0; i < ROWS && (row = row_at(options, i)); i++) {
        longs[i].name = row->name;
        longs[i].has_arg = row->value ? required_argument : no_argument;
        longs[i].val = 256 + (int)i;
        if (row->letter) {
            *out++ = row->letter;
            if (row->value)
                *out++ = ':';
        }
    }
    *out = '\0';
}

static const struct option_row *row_of(const struct options *options, int code)
{
    const struct option_row *row;
    size_t i;
    if (code >= 256)
        return row_at(options, (size_t)code - 256);
    for (i = 0; (row = row_at(options, i)); i++) {
        if (row->letter == code)
            return row;
    }
    return NULL;
}

static int refuse_unknown(const struct options *options, char **argv, char *why, size_t why_bytes)
{
    const char *names[ROWS + 1], *typed = argv[optind > 1 ? optind - 1 : 1], *close;
    const struct option_row *row;
    size_t count = 0;
    if (optopt && optopt < 256) {
        snprintf(why, why_bytes, "unknown option -%c", optopt);
        return -1;
    }
    while (count < ROWS && (row = row_at(options, count)))
        names[count++] = row->name;
    close = ct_nearest_one(typed + strspn(typed, "-"), names, count);
    if (optopt >= 256 && (row = row_of(options, optopt)))
        snprintf(why, why_bytes, "--%s takes no value", row->name);
    else if (close)
        snprintf(why, why_bytes, "unknown option %s; is it --%s?", typed, close);
    else
        snprintf(why, why_bytes, "unknown option %s", typed);
    return -1;
}

static int take(struct options *options, int code, char **argv, char *why, size_t why_bytes)
{
    const struct option_row *row = code == '?' || code == ':' ? NULL : row_of(options, code);
    if (code == ':' && (row = row_of(options, optopt))) {
        snprintf(why, why_bytes, "--%s wants a value: %s", row->name, row->value);
        return -1;
    }
    if (!row)
        return refuse_unknown(options, argv, why, why_bytes);
    if (row->words && !is_word(row->words, optarg)) {
        snprintf(why, why_bytes, "--%s is '%s'; can be %s", row->name, optarg, row->words);
        return -1;
    }
    options->values[options->value_count].row = row;
    options->values[options->value_count++].text = row->value ? optarg : "";
    return 0;
}

int option_parse(struct options *options, const struct option_row *first,
                 const struct option_row *second, bool stops_at_argument, int argc, char **argv,
                 int *consumed, char *why, size_t why_bytes)
{
    struct option longs[ROWS + 1];
    char letters[LETTERS];
    size_t bytes = 0;
    int code, i;
    memset(options, 0, sizeof *options);
    options->tables[0] = first;
    options->tables[1] = second;
    describe(options, stops_at_argument, longs, letters);
    for (i = 0; i < argc; i++)
        bytes += strlen(argv[i]) + 1; /* -vvv is three values in one argument */
    options->values = calloc(bytes + 1, sizeof *options->values);
    if (!options->values) {
        snprintf(why, why_bytes, "no memory");
        return -1;
    }
    opterr = 0;
    optind = 0; /* anew, with the environment looked at again */
    while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (take(options, code, argv, why, why_bytes)) {
            option_free(options);
            return -1;
        }
    }
    options->arguments = argv + optind;
    options->argument_count = (size_t)(argc - optind);
    if (consumed)
        *consumed = optind;
    return 0;
}

void option_free(struct options *options)
{
    free(options->values);
    memset(options, 0, sizeof *options);
}

size_t option_count(const struct options *options, const char *name)
{
    const struct option_row *row = find(options, name);
    size_t i, count = 0;
    for (i = 0; i < options->value_count; i++)
        count += options->values[i].row == row;
    return count;
}

const char *option_at(const struct options *options, const char *name, size_t which)
{
    const struct option_row *row = find(options, name);
    size_t i;
    for (i = 0; i < options->value_count; i++) {
        if (options->values[i].row == row && which-- == 0)
            return options->values[i].text;
    }
    return NULL;
}

const char *option_text(const struct options *options, const char *name)
{
    size_t count = option_count(options, name);
    return count ? option_at(options, name, count - 1) : NULL;
}

int option_number(const struct options *options, const char *name, long least, long most,
                  long otherwise, long *out, char *why, size_t why_bytes)
{
    const char *text = option_text(options, name);
    char *end;
    long number;
    if (!text) {
        *out = otherwise;
        return 0;
    }
    number = strtol(text, &end, 10);
    if (end == text || *end || strlen(text) > 18 || number < least || number > most) {
        snprintf(why, why_bytes, "--%s is '%s'; can be %ld to %ld", name, text, least, most);
        return -1;
    }
    *out = number;
    return 0;
}

int option_read_seconds(const char *text, long most_s, long *out_ms)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds) || seconds < 0.001 || seconds > (double)most_s)
        return -1;
    *out_ms = lround(seconds * 1000);
    return 0;
}

int option_seconds(const struct options *options, const char *name, long most_s, long otherwise_ms,
                   long *out_ms, char *why, size_t why_bytes)
{
    const char *text = option_text(options, name);
    if (!text) {
        *out_ms = otherwise_ms;
        return 0;
    }
    if (option_read_seconds(text, most_s, out_ms)) {
        snprintf(why, why_bytes, "--%s is '%s'; can be 0.001 to %ld seconds", name, text, most_s);
        return -1;
    }
    return 0;
}
