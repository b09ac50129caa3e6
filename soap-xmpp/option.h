/* option.h - the options of a command: described once, in a table, and what was typed.
 *
 * The table is also what --help, soap-xmpp(1) and the completion are made from. */
#ifndef SOAP_XMPP_TOOL_OPTION_H
#define SOAP_XMPP_TOOL_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct option_row {
    const char *name;    /* without the dashes; NULL ends a table */
    char letter;         /* of the short form, or 0 */
    const char *value;   /* "FILE": what follows; NULL: nothing does */
    const char *words;   /* "auto|always|never": the only values, or NULL */
    const char *summary; /* one clause, for people */
    bool is_repeatable;
};

struct option_value {
    const struct option_row *row;
    const char *text; /* "" of an option without a value */
};

/* What was typed. The texts are argv's. */
struct options {
    const struct option_row *tables[3]; /* those that were asked for, NULL behind them */
    struct option_value *values;
    size_t value_count;
    char **arguments; /* what is no option, in order */
    size_t argument_count;
};

/* Reads argv[1] and on; options and arguments may stand in any order, "--" ends the options.
 * stops_at_argument: ends before the first argument, and *consumed is its place in argv. argv's
 * order changes. Returns 0, and the caller calls option_free(); -1 with one sentence in why. */
int option_parse(struct options *options, const struct option_row *first,
                 const struct option_row *second, bool stops_at_argument, int argc, char **argv,
                 int *consumed, char *why, size_t why_bytes);
void option_free(struct options *options);

/* The value that was typed last; "" of an option without a value; NULL: it wasn't typed. A name
 * that stands in no table is a mistake of the program, and ends it. */
const char *option_text(const struct options *options, const char *name);

/* How often it was typed, and the value of each time, in order. */
size_t option_count(const struct options *options, const char *name);
const char *option_at(const struct options *options, const char *name, size_t which);

/* Its value as a whole number within bounds, or what stands for it when it wasn't typed. Returns 0,
 * or -1 with one sentence in why. */
int option_number(const struct options *options, const char *name, long least, long most,
                  long otherwise, long *out, char *why, size_t why_bytes);

/* The same of a time in seconds, which may have a fraction, in milliseconds. */
int option_seconds(const struct options *options, const char *name, long most_s, long otherwise_ms,
                   long *out_ms, char *why, size_t why_bytes);

/* A time in seconds as text: 0 and *out_ms, or -1. */
int option_read_seconds(const char *text, long most_s, long *out_ms);

#endif
