/* request_id.c - reads and writes the end of a request's id.
 *
 * Invariant: what format_incarnation writes, is_incarnation and parse accept; no other text of a
 * peer is taken for an incarnation.
 *
 * Happy path: tail of the id -> two numbers in hexadecimal, or one of three words. Failure: any
 * other tail is that of a foreign id: false, outputs untouched.
 */
#include "wire/request_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

void sx_request_id_format_incarnation(uint64_t process, uint64_t epoch,
                                      char out[SX_INCARNATION_BYTES])
{
    snprintf(out, SX_INCARNATION_BYTES, "%016" PRIx64 ".%" PRIx64, process, epoch);
}

static bool parse_incarnation(const char *text, uint64_t *process, uint64_t *epoch)
{
    uint64_t numbers[2];
    text = sx_hex_parse_number(text, &numbers[0]);
    if (!text || *text != '.')
        return false;
    text = sx_hex_parse_number(text + 1, &numbers[1]);
    if (!text || *text)
        return false;
    *process = numbers[0];
    *epoch = numbers[1];
    return true;
}

bool sx_request_id_is_any(const char *incarnation)
{
    return incarnation && strcmp(incarnation, SX_REQUEST_ID_ANY) == 0;
}

bool sx_request_id_is_incarnation(const char *text)
{
    uint64_t process, epoch;
    return sx_request_id_is_any(text) || parse_incarnation(text, &process, &epoch);
}

const char *sx_request_id_tail(const char *id)
{
    const char *mark = strrchr(id, SX_REQUEST_ID_MARK[0]);
    return mark ? mark + 1 : "";
}

bool sx_request_id_parse(const char *id, uint64_t *process, uint64_t *epoch)
{
    return parse_incarnation(sx_request_id_tail(id), process, epoch);
}

bool sx_request_id_is_same_process(const char *id, const char *incarnation)
{
    uint64_t process, other, epoch;
    return sx_request_id_parse(id, &process, &epoch) &&
           parse_incarnation(incarnation, &other, &epoch) && process == other;
}

bool sx_request_id_is_again(const char *id)
{
    return strcmp(sx_request_id_tail(id), SX_REQUEST_ID_AGAIN) == 0;
}

bool sx_request_id_is_tagged(const char *id)
{
    return sx_request_id_is_incarnation(sx_request_id_tail(id)) || sx_request_id_is_again(id);
}

bool sx_request_id_is_message(const char *id)
{
    return strcmp(sx_request_id_tail(id), SX_REQUEST_ID_MESSAGE) == 0;
}

size_t sx_request_id_stem_len(const char *id)
{
    const char *tail = sx_request_id_tail(id);
    bool differs = sx_request_id_is_any(tail) || sx_request_id_is_again(id);
    return differs ? (size_t)(tail - id) - 1 : strlen(id);
}
