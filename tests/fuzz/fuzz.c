/* fuzz.c - what a fuzzer needs before its inputs, how it reads one, and says what isn't true. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_context.h"

void fuzz_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
    abort();
}

/* Links share it: to make one for each input would take longer than most inputs do. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct sx_tls_context *kept;
    static const struct sx_config no_files;
    char why[320];
    (void)argc;
    (void)argv;
    CLAIM(sx_tls_context_renew(&kept, &no_files, why, sizeof why) == SX_OK);
    return 0;
}

unsigned fuzz_draw(struct fuzz_input *input, unsigned below)
{
    if (!input->len)
        return 0;
    input->len--;
    return *input->bytes++ % below;
}

static char *copy(const void *bytes, size_t len, size_t size)
{
    char *out = malloc(size);
    if (!out)
        fuzz_fail("there is memory", __FILE__, __LINE__);
    if (len)
        memcpy(out, bytes, len);
    return out;
}

char *fuzz_text(const void *bytes, size_t len)
{
    char *text = copy(bytes, len, len + 1);
    text[len] = '\0';
    return text;
}

char *fuzz_bytes(const void *bytes, size_t len)
{
    return copy(bytes, len, len ? len : 1);
}
