/* bindings.c - lib/net/tls.c's reading of a binding, passed on or refused. */
#include "bindings.h"

#include <stdatomic.h>

#include "net/tls.h"

static atomic_uint lacking;

__typeof__(sx_tls_read_binding) __wrap_sx_tls_read_binding, __real_sx_tls_read_binding;

bool __wrap_sx_tls_read_binding(enum sx_binding binding, unsigned char out[SX_BINDING_BYTES],
                                size_t *len)
{
    return !(atomic_load(&lacking) & 1U << binding) &&
           __real_sx_tls_read_binding(binding, out, len);
}

void bindings_lack(unsigned set)
{
    atomic_store(&lacking, set);
}
