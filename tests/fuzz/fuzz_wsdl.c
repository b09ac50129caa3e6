/* fuzz_wsdl.c - the documents of a contract, as files that anybody may have written.
 *
 * Input: files, each behind a NUL; the first is the WSDL, the others are named "1", "2" and so on.
 * Claims: what is refused says why. What is asked for stands in the folder. Places are in order and
 * overlap nowhere. A text that is given away is well-formed if its document is, is no larger than
 * it may be, and says the address nowhere but where the WSDL had one; without imports all else is
 * the file's bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "soap/document.h"
#include "soap/wsdl_operations.h"
#include "soap/wsdl_text.h"

enum { FILES = 8 };

#define ADDRESS "xmpp:calc@example.org/a&b"

struct folder {
    struct {
        const char *bytes;
        size_t len;
    } files[FILES];
    size_t count;
};

static enum sx_err read_file(void *user, const char *path, size_t max_bytes, char **bytes,
                             size_t *len, size_t *read_bytes, char *why, size_t why_bytes)
{
    const struct folder *folder = user;
    struct sx_buffer clean = {0};
    enum sx_err err;
    unsigned long number = *path ? strtoul(path, NULL, 10) : 0;
    CLAIM(path[0] != '/' && !strstr(path, "/../") && strncmp(path, "../", 3) != 0 &&
          strcmp(path, "..") != 0);
    snprintf(why, why_bytes, "there is none");
    if (number >= folder->count || folder->files[number].len > max_bytes)
        return SX_EFILE;
    err = sx_document_clean(folder->files[number].bytes, folder->files[number].len, NULL, &clean,
                            why, why_bytes);
    if (err == SX_OK) {
        *read_bytes = folder->files[number].len;
        *bytes = sx_buffer_take(&clean, len);
    }
    sx_buffer_fini(&clean);
    return err;
}

static void split(const uint8_t *bytes, size_t len, struct folder *folder)
{
    const char *at = (const char *)bytes, *end = at + len;
    while (folder->count < FILES && at <= end) {
        const char *nul = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        folder->files[folder->count].bytes = at;
        folder->files[folder->count++].len = (size_t)((nul ? nul : end) - at);
        at = nul ? nul + 1 : end + 1;
    }
}

static void claim_places(const struct sx_wsdl_document *document)
{
    size_t i, done = 0;
    for (i = 0; i < document->wsdl.place_count; i++) {
        const struct sx_wsdl_place *place = &document->wsdl.places[i];
        CLAIM(place->at >= done && place->len <= document->len - place->at);
        done = place->at + place->len;
    }
}

static void claim_text(const struct sx_wsdl_set *set, const struct sx_wsdl_text *text)
{
    struct sx_buffer out = {0}, clean = {0};
    char why[300] = "";
    size_t address_bytes = 0;
    enum sx_err err;
    sx_wsdl_text_write(text, ADDRESS, &out);
    CLAIM(!out.failed);
    address_bytes = text->hole_count * strlen("xmpp:calc@example.org/a&amp;b");
    CLAIM(out.len == text->len + address_bytes);
    /* schemas inside of others may be nested deeper than one document can be */
    err = sx_document_clean(out.bytes, out.len, NULL, &clean, why, sizeof why);
    if (err != SX_OK && err != SX_EDEPTH)
        fuzz_fail(why, __FILE__, __LINE__);
    CLAIM(err != SX_OK || (clean.len == out.len && memcmp(clean.bytes, out.bytes, out.len) == 0));
    if (set->count == 1 && !text->hole_count)
        CLAIM(text->len == set->documents[0].len &&
              memcmp(text->bytes, set->documents[0].bytes, text->len) == 0);
    sx_buffer_fini(&out);
    sx_buffer_fini(&clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct folder folder = {0};
    const struct sx_wsdl_set_source source = {read_file, &folder};
    struct sx_wsdl_text texts[SX_WSDL_SET_DOCUMENTS];
    struct sx_buffer operations = {0};
    struct sx_wsdl_set set;
    char why[400] = "";
    size_t i;
    enum sx_err err;
    split(bytes, len, &folder);
    err = sx_wsdl_set_load(&set, "0", &source, why, sizeof why);
    CLAIM(err == SX_OK || *why);
    if (err != SX_OK)
        return 0;
    sx_wsdl_operations_list(&set, &operations);
    sx_buffer_fini(&operations);
    err = sx_wsdl_texts_make(texts, &set);
    CLAIM(err == SX_OK || err == SX_ETOOBIG);
    for (i = 0; i < set.count; i++) {
        claim_places(&set.documents[i]);
        if (err == SX_OK) {
            claim_text(&set, &texts[i]);
            sx_wsdl_text_fini(&texts[i]);
        }
    }
    sx_wsdl_set_fini(&set);
    return 0;
}
