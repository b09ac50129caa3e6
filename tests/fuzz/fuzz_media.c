/* fuzz_media.c - Content-Type and SOAPAction as strangers write them.
 *
 * Input: the size of a buffer, then a text.
 * Claims: each ends in a sentence or is read; what is read has no control character in it but a
 * tab; an action that is written into a type is read from it as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "soap/media_type.h"

static void claim_printable(const char *text)
{
    for (; *text; text++)
        CLAIM((unsigned char)*text >= 0x20 || *text == '\t');
}

static void read_type(const char *text)
{
    struct gw_media_type type;
    char why[256] = "";
    if (gw_media_type_read(&type, text, why, sizeof why)) {
        CLAIM(*why && type.media == GW_MEDIA_OTHER);
        return;
    }
    claim_printable(type.charset);
    claim_printable(type.action);
    claim_printable(type.boundary);
    claim_printable(type.start);
    claim_printable(type.type);
    claim_printable(type.start_info);
}

static void read_action(const char *text, size_t room)
{
    char *action = malloc(room), *out = NULL, why[256];
    struct gw_media_type type;
    CLAIM(action);
    int result = gw_media_type_read_action(text, action, room);
    CLAIM(strlen(action) < room && (result == 0 || !*action));
    claim_printable(action);
    size_t out_bytes = 2 * room + 64;
    out = malloc(out_bytes);
    CLAIM(out);
    gw_media_type_write(12, action, out, out_bytes);
    CLAIM(strlen(out) < out_bytes);
    if (strlen(action) < sizeof type.action - 1) {
        CLAIM(gw_media_type_read(&type, out, why, sizeof why) == 0);
        CLAIM(type.media == GW_MEDIA_SOAP_12 && strcmp(type.action, action) == 0);
    }
    gw_media_type_write(11, action, out, out_bytes);
    CLAIM(strchr(out, '=') && !strstr(out, "action"));
    free(action);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    size_t room = 1 + fuzz_draw(&input, 255);
    char *text = fuzz_text(input.bytes, input.len);
    read_type(text);
    read_action(text, room);
    free(text);
    return 0;
}
