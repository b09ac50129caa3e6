/* copy.c - one copy of a call: made whole or not at all. */
#include "exchange/copy.h"

#include <stdlib.h>
#include <string.h>

bool sx_copy_init(struct sx_copy *copy, const char *from, const char *peer, const char *id,
                  const char *payload, size_t payload_len)
{
    copy->from = from ? strdup(from) : NULL;
    copy->peer = strdup(peer);
    copy->id = strdup(id);
    copy->payload = malloc(payload_len + 1);
    copy->payload_len = payload_len;
    if (!copy->from != !from || !copy->peer || !copy->id || !copy->payload) {
        sx_copy_fini(copy);
        return false;
    }
    memcpy(copy->payload, payload, payload_len);
    copy->payload[payload_len] = '\0';
    return true;
}

void sx_copy_fini(struct sx_copy *copy)
{
    free(copy->from);
    free(copy->peer);
    free(copy->id);
    free(copy->payload);
    memset(copy, 0, sizeof *copy);
}
