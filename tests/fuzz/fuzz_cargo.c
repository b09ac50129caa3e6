/* fuzz_cargo.c - what goes along with an envelope, there and back.
 *
 * Input: the number of parts and the version, a path, a NUL, then an envelope, whose last bytes are
 * the parts'.
 * Claims: what is put in comes out as it was, and so does the envelope, byte for byte; an envelope
 * of a stranger ends in a sentence, or without a block, and another one is never left in it.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "soap/cargo.h"

enum { MOST_BYTES = 1 << 24, PARTS = 3 };

static void claim_same(const struct gw_cargo *taken, const struct gw_cargo *cargo)
{
    CLAIM(strcmp(taken->path, cargo->path) == 0 && taken->part_count == cargo->part_count);
    for (size_t i = 0; i < taken->part_count; i++) {
        const struct gw_part *a = &taken->parts[i], *b = &cargo->parts[i];
        CLAIM(strcmp(a->id, b->id) == 0 && strcmp(a->type, b->type) == 0 && a->len == b->len);
        CLAIM(memcmp(a->bytes, b->bytes, a->len) == 0 && a->bytes[a->len] == '\0');
    }
}

static void there_and_back(const struct gw_cargo *cargo, int version, const char *envelope,
                           size_t len)
{
    char why[256] = "";
    size_t out_len = 0, back_len = 0;
    struct gw_cargo taken;
    char *out = gw_cargo_put(cargo, version, envelope, len, MOST_BYTES, &out_len, why, sizeof why);
    CLAIM(out || *why);
    if (!out)
        return;
    char *exact = fuzz_bytes(out, out_len);
    char *back = gw_cargo_take(&taken, exact, out_len, MOST_BYTES, &back_len, why, sizeof why);
    CLAIM(back && back_len == len && memcmp(back, envelope, len) == 0);
    claim_same(&taken, cargo);
    gw_cargo_free(&taken);
    free(back);
    free(exact);
    free(out);
}

static void take_only(const char *envelope, size_t len)
{
    char why[256] = "";
    size_t out_len = 0, again_len = 0;
    struct gw_cargo taken, again;
    char *out = gw_cargo_take(&taken, envelope, len, MOST_BYTES, &out_len, why, sizeof why);
    CLAIM(out ? out_len <= len && taken.path : *why && !taken.path && !taken.parts);
    if (out) {
        char *twice = gw_cargo_take(&again, out, out_len, MOST_BYTES, &again_len, why, sizeof why);
        /* What was behind the Header may be no XML, and wasn't read before. */
        CLAIM(twice ? again_len == out_len && memcmp(twice, out, out_len) == 0 : *why);
        CLAIM(!twice || (!*again.path && !again.part_count));
        gw_cargo_free(&again);
        free(twice);
    }
    gw_cargo_free(&taken);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    unsigned switches = fuzz_draw(&input, 2 * (PARTS + 1));
    const uint8_t *nul = input.len ? memchr(input.bytes, 0, input.len) : NULL;
    size_t path_len = nul ? (size_t)(nul - input.bytes) : 0, skip = nul ? path_len + 1 : 0;
    char *path = fuzz_text(input.bytes, path_len);
    char *envelope = fuzz_bytes(input.bytes + skip, input.len - skip);
    struct gw_part parts[PARTS];
    struct gw_cargo cargo = {.path = path, .parts = parts, .part_count = switches / 2};
    for (size_t i = 0; i < PARTS; i++) {
        size_t part_len = input.len - skip < i * 5 ? input.len - skip : i * 5;
        parts[i] =
            (struct gw_part){.id = i ? "a&\"b" : path, .type = "text/plain", .len = part_len};
        parts[i].bytes = fuzz_bytes(envelope + (input.len - skip - part_len), part_len);
    }
    there_and_back(&cargo, switches % 2 ? 11 : 12, envelope, input.len - skip);
    take_only(envelope, input.len - skip);
    for (size_t i = 0; i < PARTS; i++)
        free(parts[i].bytes);
    free(path);
    free(envelope);
    return 0;
}
