/* fuzz_rewrite.c - addresses in documents of strangers.
 *
 * Input: a byte of categories and switches, then a document.
 * Claims: whatever it is, gw_rewrite() ends in a sentence or with a document. When each address
 * becomes itself, or stays, that is byte for byte what came. When each gets something before it, it
 * is XML as before, whose addresses are those in the same order with that before them.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "soap/rewrite.h"

enum { MOST_BYTES = 1 << 24 };

#define BEFORE "xmpp:]]>&<\"'"

/* Addresses that the map was asked about, each with its NUL. */
struct asked {
    enum { AS_IT_IS, ITSELF, WITH_BEFORE } mode;
    char *list;
    size_t len;
    bool is_signed; /* what came of it was thrown away */
};

static void note(struct asked *asked, const char *address)
{
    size_t len = strlen(address) + 1;
    asked->list = realloc(asked->list, asked->len + len);
    CLAIM(asked->list);
    memcpy(asked->list + asked->len, address, len);
    asked->len += len;
}

static int map(void *user, const char *address, char *out, size_t out_bytes)
{
    struct asked *asked = user;
    size_t len = strlen(address), before = asked->mode == WITH_BEFORE ? strlen(BEFORE) : 0;
    CLAIM(len && len < out_bytes && strncasecmp(address, "rtsp", 4) != 0);
    CLAIM(!strchr(" \t\r\n", address[0]) && !strchr(" \t\r\n", address[len - 1]));
    if (before + len >= out_bytes)
        before = 0;
    memcpy(out, BEFORE, before);
    memcpy(out + before, address, len + 1);
    note(asked, out);
    return asked->mode != AS_IT_IS;
}

static char *rewrite(const struct gw_rewrite_config *config, struct asked *asked,
                     const char *document, size_t len, size_t *out_len)
{
    struct gw_rewriting rewriting = {.config = config, .map = map, .user = asked};
    struct gw_rewrite_result result;
    char why[256] = "";
    char *out =
        gw_rewrite(&rewriting, document, len, MOST_BYTES, out_len, &result, why, sizeof why);
    CLAIM(out || *why);
    CLAIM(!out || out[*out_len] == '\0');
    asked->is_signed = result.is_signed;
    CLAIM(!result.is_signed || !(result.wsdl + result.wsa + result.xaddr + result.other));
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char *listed[] = {"{urn:a}b", "{}c", NULL};
    struct fuzz_input input = {bytes, len};
    unsigned switches = fuzz_draw(&input, 32);
    struct gw_rewrite_config config = {.categories = switches & 7,
                                       .of_signed = (switches & 8) != 0,
                                       .elements = {listed, switches & 16 ? 2 : 0}};
    char *document = fuzz_bytes(input.bytes, input.len);
    for (int mode = AS_IT_IS; mode <= WITH_BEFORE; mode++) {
        struct asked asked = {.mode = mode}, again = {.mode = AS_IT_IS};
        size_t out_len = 0, again_len = 0;
        char *out = rewrite(&config, &asked, document, input.len, &out_len);
        if (out && (mode != WITH_BEFORE || asked.is_signed))
            CLAIM(out_len == input.len && memcmp(out, document, out_len) == 0);
        if (out && mode == WITH_BEFORE && !asked.is_signed) {
            char *twice = rewrite(&config, &again, out, out_len, &again_len);
            CLAIM(twice && again_len == out_len);
            CLAIM(again.len == asked.len &&
                  (!asked.len || !memcmp(again.list, asked.list, asked.len)));
            free(twice);
        }
        free(asked.list);
        free(again.list);
        free(out);
    }
    free(document);
    return 0;
}
