/* freed.c - looks at each block before it goes. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "freed.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    const struct freed_secret *secrets; /* NULL: nobody asks */
    size_t count;
    unsigned found;
    const char *last;
} now;

void __real_free(void *block);
void __wrap_free(void *block);

void freed_begin(const struct freed_secret *secrets, size_t count)
{
    now.secrets = secrets;
    now.count = count;
    now.found = 0;
    now.last = "";
}

unsigned freed_end(void)
{
    now.secrets = NULL;
    return now.found;
}

const char *freed_last(void)
{
    return now.last;
}

bool freed_is_watching(void)
{
    return now.secrets != NULL;
}

static void look(const void *block, size_t len)
{
    size_t i;
    for (i = 0; i < now.count; i++) {
        const struct freed_secret *secret = &now.secrets[i];
        if (memmem(block, len, secret->bytes, secret->len)) {
            now.found++;
            now.last = secret->name;
        }
    }
}

void __wrap_free(void *block)
{
    if (block && now.secrets)
        look(block, malloc_usable_size(block));
    __real_free(block);
}

void *freed_move(void *block, size_t size)
{
    size_t len = block ? malloc_usable_size(block) : 0;
    void *moved = calloc(1, size);
    if (!moved)
        return NULL;
    if (block)
        memcpy(moved, block, len < size ? len : size);
    __wrap_free(block);
    return moved;
}
