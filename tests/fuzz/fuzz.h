/* fuzz.h - what all fuzzers share: libFuzzer's entry, claims, draws, exact copies. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Ends the process, and so makes a finding of the input, when what must be true isn't. */
#define CLAIM(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/* What is left of an input that is read byte by byte. */
struct fuzz_input {
    const uint8_t *bytes;
    size_t len;
};

/* The next byte, modulo below; 0 behind the end. */
unsigned fuzz_draw(struct fuzz_input *input, unsigned below);

/* Copies in an allocation of just that size, so that reading beyond it shows; the first is
 * NUL-terminated, the second isn't. */
char *fuzz_text(const void *bytes, size_t len);
char *fuzz_bytes(const void *bytes, size_t len);

#endif
