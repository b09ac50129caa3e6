/* value.h - what an option's text means: sizes, times, words, files.
 *
 * Noun: the value. Each takes an option that may be NULL, for one that isn't there: *out stays as
 * it is, its default. 0, or -1 with one sentence in why. */
#ifndef GW_VALUE_H
#define GW_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/draft.h"

/* "true", "false"; "on", "off", "yes", "no". */
int gw_value_switch(const struct gw_file_option *option, bool *out, const struct gw_why *why);
/* A whole number. */
int gw_value_number(const struct gw_file_option *option, unsigned least, unsigned most,
                    unsigned *out, const struct gw_why *why);
/* "30" and "30s" are seconds; "500ms", "2min". */
int gw_value_ms(const struct gw_file_option *option, unsigned least_ms, unsigned most_ms,
                unsigned *out, const struct gw_why *why);
/* "4096" are bytes; "64KiB", "64 MiB", "1GiB". */
int gw_value_bytes(const struct gw_file_option *option, size_t least, size_t most, size_t *out,
                   const struct gw_why *why);
/* One of words, which NULL ends: which one. */
int gw_value_word(const struct gw_file_option *option, const char *const *words, unsigned *out,
                  const struct gw_why *why);
/* Any text but "". */
int gw_value_text(const struct gw_file_option *option, char **out, const struct gw_why *why);
/* All of its texts; "" isn't one. */
int gw_value_texts(const struct gw_file_option *option, struct gw_strings *out,
                   const struct gw_why *why);
/* The path of a file that can be read; others mustn't be able to read a secret. */
int gw_value_file(const struct gw_draft *draft, const struct gw_file_option *option, bool is_secret,
                  char **out);

#endif
