/* envelope.c - an envelope of the library's, read whole.
 *
 * Invariant: no more than most_bytes and one piece are ever held.
 *
 * Happy path: piece by piece into a text -> the text's bytes. Failure: all is freed, and why says
 * what it was. */
#include "link/envelope.h"

#include <stdio.h>
#include <stdlib.h>

#include "contract/text.h"

enum { PIECE_BYTES = 16384 };

static enum gw_envelope_result judge(const struct ct_text *text, char *why, size_t why_bytes)
{
    if (text->no_memory) {
        snprintf(why, why_bytes, "there is no memory for the envelope");
        return GW_ENVELOPE_NO_MEMORY;
    }
    snprintf(why, why_bytes, "the envelope is larger than %zu bytes", text->limit);
    return GW_ENVELOPE_OVER;
}

enum gw_envelope_result gw_envelope_read(gw_envelope_next_fn *next, void *from, size_t most_bytes,
                                         char **envelope, size_t *envelope_bytes, char *why,
                                         size_t why_bytes)
{
    struct ct_text text = {.limit = most_bytes};
    enum gw_envelope_result result = GW_ENVELOPE_OK;
    char piece[PIECE_BYTES];
    long got;

    while ((got = next(from, piece, sizeof piece, why, why_bytes)) > 0 && !ct_text_failed(&text))
        ct_text_add(&text, piece, (size_t)got);
    if (ct_text_failed(&text))
        result = judge(&text, why, why_bytes);
    else if (got < 0)
        result = GW_ENVELOPE_BAD;
    if (result == GW_ENVELOPE_OK) {
        *envelope_bytes = text.len;
        *envelope = text.bytes;
    } else {
        ct_text_fini(&text);
    }
    return result;
}
