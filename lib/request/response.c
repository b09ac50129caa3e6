/* response.c - what a request was answered with, without the head of a stanza. Invariant and paths:
 * response.h.
 */
#include "request/response.h"

#include <stdlib.h>
#include <string.h>

enum kind { RESULT, FAULT, ERROR, DECLINE };

struct sx_response {
    unsigned references; /* atomic */
    enum kind kind;
    char *payload; /* owned; NULL: none */
    size_t len, rewritten_bytes, bytes;
    const char *text; /* of an error, inside name[]; NULL: none */
    char name[];      /* of the fault's code, or the error's condition */
};

static struct sx_response *make(enum kind kind, const char *name, const char *text)
{
    size_t name_bytes = strlen(name) + 1, text_bytes = text ? strlen(text) + 1 : 0;
    size_t bytes = sizeof(struct sx_response) + name_bytes + text_bytes;
    struct sx_response *response = calloc(1, bytes);
    if (!response)
        return NULL;
    response->references = 1;
    response->kind = kind;
    response->bytes = bytes;
    memcpy(response->name, name, name_bytes);
    if (text)
        response->text = memcpy(response->name + name_bytes, text, text_bytes);
    return response;
}

/* What has grown to its length has room to spare, and may be remembered for long. */
static void trim(char **payload, size_t len)
{
    char *trimmed = realloc(*payload, len + 1);
    if (trimmed)
        *payload = trimmed;
}

struct sx_response *sx_response_new(char *payload, size_t len, size_t rewritten_bytes,
                                    const char *fault_code)
{
    struct sx_response *response =
        make(fault_code ? FAULT : RESULT, fault_code ? fault_code : "", NULL);
    if (!response) {
        free(payload);
        return NULL;
    }
    if (payload) {
        trim(&payload, len);
        response->payload = payload;
        response->len = len;
        response->rewritten_bytes = rewritten_bytes;
        response->bytes += len + 1;
    }
    return response;
}

struct sx_response *sx_response_error(const char *condition, const char *text)
{
    return make(ERROR, condition, text);
}

struct sx_response *sx_response_decline(const char *condition, const char *text)
{
    return make(DECLINE, condition, text);
}

struct sx_response *sx_response_ref(struct sx_response *response)
{
    __atomic_add_fetch(&response->references, 1, __ATOMIC_RELAXED);
    return response;
}

void sx_response_unref(struct sx_response *response)
{
    if (!response || __atomic_sub_fetch(&response->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    free(response->payload);
    free(response);
}

size_t sx_response_bytes(const struct sx_response *response)
{
    return response->bytes;
}

size_t sx_response_rewritten_bytes(const struct sx_response *response)
{
    return response->rewritten_bytes;
}

bool sx_response_is_fault(const struct sx_response *response)
{
    return response->kind == FAULT;
}

void sx_response_write(const struct sx_response *response, const struct sx_head *head,
                       struct sx_buffer *out)
{
    switch (response->kind) {
    case RESULT:
        sx_stanza_result(out, head, response->payload, response->len);
        break;
    case FAULT:
        sx_stanza_fault(out, head, response->payload, response->len, response->name);
        break;
    case ERROR:
        sx_stanza_error(out, head, response->name, response->text);
        break;
    case DECLINE:
        sx_stanza_refusal_of_all(out, head, response->name, response->text);
        break;
    }
}
