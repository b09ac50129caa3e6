/* shortage.c - the allocator's functions, each with a refusal in front.
 *
 * Invariant: what a refused allocation was asked to change is unchanged.
 *
 * Happy path: the linker turns each call of malloc into one of __wrap_malloc, and __real_malloc
 * into malloc, which may be a sanitizer's or valgrind's.
 * Failure: without --wrap the program doesn't link; a function that is missing on the linker's
 * command line is never refused, and a test that counts on it sees too few allocations.
 */
#include "shortage.h"

#include <errno.h>
#include <expat.h>
#include <idn2.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#define ZSTD_STATIC_LINKING_ONLY /* for contexts that allocate by functions of ours */
#include <zstd.h>

#include "freed.h"

enum { SWEEP_MOST = 20000 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__real_mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
XML_Parser __wrap_XML_ParserCreate(const XML_Char *encoding);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
ZSTD_CDict *__wrap_ZSTD_createCDict(const void *bytes, size_t len, int level);
ZSTD_DDict *__wrap_ZSTD_createDDict(const void *bytes, size_t len);
ZSTD_CDict *__real_ZSTD_createCDict(const void *bytes, size_t len, int level);
ZSTD_DDict *__real_ZSTD_createDDict(const void *bytes, size_t len);

int __wrap_idn2_lookup_u8(const uint8_t *name, uint8_t **ascii, int flags);
int __wrap_idn2_to_unicode_8z8z(const char *ascii, char **name, int flags);
int __real_idn2_lookup_u8(const uint8_t *name, uint8_t **ascii, int flags);
int __real_idn2_to_unicode_8z8z(const char *ascii, char **name, int flags);

static _Thread_local struct {
    struct shortage shortage;
    bool begun, paused, has_failed;
    unsigned count;
} now;

void shortage_begin(struct shortage shortage)
{
    now.shortage = shortage;
    now.has_failed = false;
    now.count = 0;
    now.begun = true;
}

bool shortage_end(void)
{
    now.begun = false;
    return now.has_failed;
}

void shortage_pause(void)
{
    now.paused = true;
}

void shortage_resume(void)
{
    now.paused = false;
}

static bool is_refused_to(bool openssl)
{
    if (!now.begun || now.paused || now.shortage.is_openssl != openssl)
        return false;
    now.count++;
    if (now.count < now.shortage.number || (now.count > now.shortage.number && !now.shortage.lasts))
        return false;
    now.has_failed = true;
    errno = ENOMEM;
    return true;
}

static bool is_refused(void)
{
    return is_refused_to(false);
}

/* ---- the allocator's functions ---- */

void *__wrap_malloc(size_t size)
{
    if (is_refused())
        return NULL;
    return freed_is_watching() ? __real_calloc(1, size) : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    if (is_refused())
        return NULL;
    return freed_is_watching() ? freed_move(block, size) : __real_realloc(block, size);
}

void *__wrap_mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
    return is_refused() ? MAP_FAILED : __real_mmap(where, size, protection, flags, fd, offset);
}

char *__wrap_strdup(const char *text)
{
    return is_refused() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return is_refused() ? NULL : __real_strndup(text, len);
}

__attribute__((format(printf, 2, 0))) static int print(char **out, const char *format,
                                                       va_list arguments)
{
    return is_refused() ? -1 : vasprintf(out, format, arguments);
}

int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = print(out, format, arguments);
    va_end(arguments);
    return len;
}

/* What asprintf becomes with _FORTIFY_SOURCE. */
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
{
    va_list arguments;
    int len;

    (void)flag;
    va_start(arguments, format);
    len = print(out, format, arguments);
    va_end(arguments);
    return len;
}

/* libexpat.so calls its malloc itself. */
XML_Parser __wrap_XML_ParserCreate(const XML_Char *encoding)
{
    static const XML_Memory_Handling_Suite suite = {__wrap_malloc, __wrap_realloc, free};

    return XML_ParserCreate_MM(encoding, &suite, NULL);
}

/* So does libzstd.so. */
static void *zstd_malloc(void *user, size_t size)
{
    (void)user;
    return __wrap_malloc(size);
}

static void zstd_free(void *user, void *block)
{
    (void)user;
    free(block);
}

static const ZSTD_customMem zstd_memory = {zstd_malloc, zstd_free, NULL};

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void)
{
    return ZSTD_createCCtx_advanced(zstd_memory);
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
    return ZSTD_createDCtx_advanced(zstd_memory);
}

ZSTD_CDict *__wrap_ZSTD_createCDict(const void *bytes, size_t len, int level)
{
    return is_refused() ? NULL : __real_ZSTD_createCDict(bytes, len, level);
}

ZSTD_DDict *__wrap_ZSTD_createDDict(const void *bytes, size_t len)
{
    return is_refused() ? NULL : __real_ZSTD_createDDict(bytes, len);
}

int __wrap_idn2_lookup_u8(const uint8_t *name, uint8_t **ascii, int flags)
{
    return is_refused() ? IDN2_MALLOC : __real_idn2_lookup_u8(name, ascii, flags);
}

int __wrap_idn2_to_unicode_8z8z(const char *ascii, char **name, int flags)
{
    return is_refused() ? IDN2_MALLOC : __real_idn2_to_unicode_8z8z(ascii, name, flags);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_refused_to(true) ? NULL : __real_malloc(size);
}

/* Without a block it is an allocation, as in OpenSSL, which tells of one that failed. */
static void *openssl_realloc(void *block, size_t size, const char *file, int line)
{
    if (!block)
        return CRYPTO_malloc(size, file, line);
    return is_refused_to(true) ? NULL : __real_realloc(block, size);
}

static void openssl_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    __real_free(block);
}

/* OpenSSL takes them before it has allocated anything, and never after. */
__attribute__((constructor)) static void stand_before_openssl(void)
{
    if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free))
        abort();
}

/* ---- every number ---- */

static unsigned sweep(bool (*attempt)(struct shortage), struct shortage shortage, unsigned stride)
{
    unsigned failures = CU_get_number_of_failures();
    bool has_failed;

    do {
        shortage.number += stride;
        has_failed = attempt(shortage);
        if (CU_get_number_of_failures() == failures && shortage.number < SWEEP_MOST)
            continue;
        fprintf(stderr, "a shortage at allocation %u%s%s makes it fail\n", shortage.number,
                shortage.is_openssl ? " of OpenSSL's" : "", shortage.lasts ? " and after it" : "");
        CU_ASSERT(shortage.number < SWEEP_MOST);
        return 0;
    } while (has_failed);
    return shortage.number - stride;
}

unsigned shortage_sweep(bool (*attempt)(struct shortage shortage))
{
    unsigned once = sweep(attempt, (struct shortage){.lasts = false}, 1);

    return sweep(attempt, (struct shortage){.lasts = true}, 1) ? once : 0;
}

unsigned shortage_sweep_openssl(bool (*attempt)(struct shortage shortage), unsigned stride)
{
    unsigned once = sweep(attempt, (struct shortage){.is_openssl = true}, stride);

    return sweep(attempt, (struct shortage){.lasts = true, .is_openssl = true}, stride) ? once : 0;
}
