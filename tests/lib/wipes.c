/* wipes.c - looks at each block before it is wiped. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "wipes.h"

#include <stddef.h>
#include <string.h>

/* Valgrind would tell of what is looked at and was never written: the end of a buffer, for one. */
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED_IF_ADDRESSABLE(bytes, len) ((void)(bytes), (void)(len))
#endif

static __thread const char *wanted; /* NULL: nobody asks */
static __thread unsigned found;

void __real_explicit_bzero(void *bytes, size_t len);
void __wrap_explicit_bzero(void *bytes, size_t len);
void __wrap___explicit_bzero_chk(void *bytes, size_t len, size_t room);
void __wrap_OPENSSL_cleanse(void *bytes, size_t len);

void wipes_begin(const char *secret)
{
    wanted = secret;
    found = 0;
}

unsigned wipes_end(void)
{
    wanted = NULL;
    return found;
}

void __wrap_explicit_bzero(void *bytes, size_t len)
{
    if (wanted) {
        VALGRIND_MAKE_MEM_DEFINED_IF_ADDRESSABLE(bytes, len);
        found += memmem(bytes, len, wanted, strlen(wanted)) != NULL;
    }
    __real_explicit_bzero(bytes, len);
}

void __wrap___explicit_bzero_chk(void *bytes, size_t len, size_t room)
{
    (void)room;
    __wrap_explicit_bzero(bytes, len);
}

void __wrap_OPENSSL_cleanse(void *bytes, size_t len)
{
    __wrap_explicit_bzero(bytes, len);
}
