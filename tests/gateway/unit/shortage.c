/* shortage.c - the allocator's functions, each with a refusal in front. */
#include "shortage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"

enum { SWEEP_MOST = 20000 };

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

static _Thread_local struct {
    unsigned number, count;
    bool lasts, begun, has_failed;
} now;

void shortage_begin(unsigned number, bool lasts)
{
    now.number = number;
    now.lasts = lasts;
    now.count = 0;
    now.has_failed = false;
    now.begun = true;
}

bool shortage_end(void)
{
    now.begun = false;
    return now.has_failed;
}

unsigned shortage_count(void)
{
    return now.count;
}

static bool is_refused(void)
{
    if (!now.begun)
        return false;
    now.count++;
    if (!now.number || now.count < now.number || (now.count > now.number && !now.lasts))
        return false;
    now.has_failed = true;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return is_refused() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return is_refused() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return is_refused() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return is_refused() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return is_refused() ? NULL : __real_strndup(text, len);
}

static unsigned sweep(bool (*attempt)(unsigned number, bool lasts), bool lasts)
{
    unsigned failures = CU_get_number_of_failures();
    for (unsigned number = 1; number < SWEEP_MOST; number++) {
        bool has_failed = attempt(number, lasts);
        if (CU_get_number_of_failures() != failures) {
            fprintf(stderr, "a shortage at allocation %u%s makes it fail\n", number,
                    lasts ? " and after it" : "");
            return 0;
        }
        if (!has_failed)
            return number - 1;
    }
    CU_FAIL("there are more allocations than a sweep tries");
    return 0;
}

unsigned shortage_sweep(bool (*attempt)(unsigned number, bool lasts))
{
    unsigned once = sweep(attempt, false);
    return sweep(attempt, true) ? once : 0;
}
