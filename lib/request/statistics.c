/* statistics.c - what became of the requests for each operation.
 *
 * Invariant: rows[0] is that of the others; those behind it are sorted by name. The names stand in
 * `names`, which they point into.
 *
 * Happy path: begin -> note, any number of times -> tell. Failure: no memory at begin.
 */
#include "request/statistics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/scan.h"

struct sx_statistics {
    atomic_bool counts;
    pthread_mutex_t mu;
    /* under mu */
    char *names;
    struct sx_statistics_row *rows;
    size_t row_count;
};

struct sx_statistics *sx_statistics_new(void)
{
    struct sx_statistics *statistics = calloc(1, sizeof *statistics);
    if (!statistics)
        return NULL;
    if (pthread_mutex_init(&statistics->mu, NULL)) {
        free(statistics);
        return NULL;
    }
    atomic_init(&statistics->counts, false);
    return statistics;
}

void sx_statistics_free(struct sx_statistics *statistics)
{
    if (!statistics)
        return;
    pthread_mutex_destroy(&statistics->mu);
    free(statistics->names);
    free(statistics->rows);
    free(statistics);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sx_statistics_row *)a)->operation,
                  ((const struct sx_statistics_row *)b)->operation);
}

static size_t measure(const char *operations, size_t *bytes)
{
    const char *name = operations;
    size_t count = 0;
    for (; *name; name += strlen(name) + 1)
        count++;
    *bytes = (size_t)(name - operations) + 1;
    return count < SX_STATISTICS_ROWS ? count : SX_STATISTICS_ROWS;
}

static bool make_rows(const char *operations, char **names, struct sx_statistics_row **rows,
                      size_t *count)
{
    size_t bytes, i;
    const char *name;
    *count = measure(operations, &bytes) + 1;
    *names = malloc(bytes);
    *rows = calloc(*count, sizeof **rows);
    if (!*names || !*rows) {
        free(*names);
        free(*rows);
        return false;
    }
    name = memcpy(*names, operations, bytes);
    (*rows)[0].operation = "*";
    for (i = 1; i < *count; i++, name += strlen(name) + 1)
        (*rows)[i].operation = name;
    qsort(*rows + 1, *count - 1, sizeof **rows, compare);
    return true;
}

enum sx_err sx_statistics_begin(struct sx_statistics *statistics, const char *operations)
{
    struct sx_statistics_row *rows = NULL, *old_rows;
    char *names = NULL, *old_names;
    size_t count = 0;
    if (operations && !make_rows(operations, &names, &rows, &count))
        return SX_ENOMEM;
    pthread_mutex_lock(&statistics->mu);
    old_names = statistics->names;
    old_rows = statistics->rows;
    statistics->names = names;
    statistics->rows = rows;
    statistics->row_count = count;
    atomic_store(&statistics->counts, rows != NULL);
    pthread_mutex_unlock(&statistics->mu);
    free(old_names);
    free(old_rows);
    return SX_OK;
}

static struct sx_statistics_row *find_locked(struct sx_statistics *statistics, const char *name)
{
    const struct sx_statistics_row key = {.operation = name};
    struct sx_statistics_row *row = bsearch(&key, statistics->rows + 1, statistics->row_count - 1,
                                            sizeof *statistics->rows, compare);
    return row ? row : statistics->rows;
}

void sx_statistics_note(struct sx_statistics *statistics, const char *uri, const char *operation,
                        bool is_fault, int64_t us)
{
    char name[SX_SCAN_URI_BYTES + SX_SCAN_NAME_BYTES + 2];
    struct sx_statistics_row *row;
    if (!atomic_load_explicit(&statistics->counts, memory_order_relaxed))
        return;
    snprintf(name, sizeof name, "{%s}%s", uri, operation);
    pthread_mutex_lock(&statistics->mu);
    if (statistics->rows) {
        row = find_locked(statistics, name);
        row->calls++;
        row->faults += is_fault;
        row->sum_us += us;
        if (us > row->max_us)
            row->max_us = us;
    }
    pthread_mutex_unlock(&statistics->mu);
}

void sx_statistics_tell(struct sx_statistics *statistics, sx_statistics_row_fn *each, void *user)
{
    size_t i;
    pthread_mutex_lock(&statistics->mu);
    for (i = 0; i < statistics->row_count; i++)
        if (statistics->rows[i].calls)
            each(user, &statistics->rows[i]);
    pthread_mutex_unlock(&statistics->mu);
}
