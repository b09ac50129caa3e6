/* nearest.c - which name was meant by one that is misspelt.
 *
 * Happy path: the edit distance to each name (Levenshtein), and the least of them, if it is at most
 * a third of what was typed and one. */
#include "nearest.h"

#include <string.h>

enum { NAME_BYTES = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_BYTES + 1], a_len = strlen(a), b_len = strlen(b), i, j;
    if (a_len > NAME_BYTES || b_len > NAME_BYTES)
        return NAME_BYTES;
    for (j = 0; j <= b_len; j++)
        row[j] = j;
    for (i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = least(diagonal + (a[i - 1] != b[j - 1]), least(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[b_len];
}

const char *nearest_name(const char *text, const char *const *names, size_t count)
{
    size_t best = strlen(text) / 3 + 2, i;
    const char *name = NULL;
    for (i = 0; i < count; i++) {
        size_t apart = distance(text, names[i]);
        if (apart < best) {
            best = apart;
            name = names[i];
        }
    }
    return name;
}
