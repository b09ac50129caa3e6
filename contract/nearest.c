/* See nearest.h. */
#include "contract/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MOST_CHARACTERS = 64 };

/* How many characters have to change (Levenshtein's distance), upper and lower case being half the
 * difference; of long names the beginning alone is looked at. */
static unsigned distance_of(const char *a, const char *b)
{
    unsigned row[MOST_CHARACTERS + 1];
    size_t a_len = strnlen(a, MOST_CHARACTERS), b_len = strnlen(b, MOST_CHARACTERS);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = (unsigned)j * 2;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i * 2;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = a[i - 1] == b[j - 1] ? 0
                              : tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1])
                                  ? 1
                                  : 2;
            unsigned best = corner + change;
            best = row[j] + 2 < best ? row[j] + 2 : best;
            best = row[j - 1] + 2 < best ? row[j - 1] + 2 : best;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[b_len];
}

void ct_nearest_tell(struct ct_nearest *nearest, const char *name)
{
    unsigned distance = distance_of(nearest->typed, name);
    nearest->told++;
    if (nearest->count < CT_NEAREST_NAMES) {
        nearest->distances[nearest->count] = distance;
        nearest->names[nearest->count++] = name;
        return;
    }
    size_t worst = 0;
    for (size_t i = 1; i < CT_NEAREST_NAMES; i++)
        if (nearest->distances[i] >= nearest->distances[worst])
            worst = i;
    if (distance >= nearest->distances[worst])
        return;
    for (size_t i = worst; i + 1 < CT_NEAREST_NAMES; i++) {
        nearest->names[i] = nearest->names[i + 1];
        nearest->distances[i] = nearest->distances[i + 1];
    }
    nearest->names[CT_NEAREST_NAMES - 1] = name;
    nearest->distances[CT_NEAREST_NAMES - 1] = distance;
}

const char *ct_nearest_list(const struct ct_nearest *nearest, char list[CT_NEAREST_BYTES])
{
    size_t len = 0;
    snprintf(list, CT_NEAREST_BYTES, "nothing");
    for (size_t i = 0; i < nearest->count; i++) {
        const char *end = i + 1 == nearest->count && nearest->told > nearest->count ? ", ..." : "";
        int more = snprintf(list + len, CT_NEAREST_BYTES - len, "%s%.60s%s", i ? ", " : "",
                            nearest->names[i], end);
        if (more < 0 || len + (size_t)more >= CT_NEAREST_BYTES) {
            list[len] = '\0';
            break;
        }
        len += (size_t)more;
    }
    return list;
}

const char *ct_nearest_one(const char *typed, const char *const *names, size_t count)
{
    unsigned best = 2 * ((unsigned)strnlen(typed, MOST_CHARACTERS) / 3 + 2);
    const char *name = NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = distance_of(typed, names[i]);
        if (distance < best) {
            best = distance;
            name = names[i];
        }
    }
    return name;
}
