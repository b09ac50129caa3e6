/* openssl_error.c - reads OpenSSL's queue of errors.
 *
 * Invariant: the queue stays as it was.
 *
 * Happy path: peek at the oldest and the newest. Failure: an empty queue is no shortage, and its
 * reason is unknown.
 */
#include "net/openssl_error.h"

#include <openssl/err.h>
#include <openssl/pem.h>

bool sx_openssl_error_is_shortage(void)
{
    return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ||
           ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

bool sx_openssl_error_is_end_of_pem(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

const char *sx_openssl_error_reason(void)
{
    unsigned long error = ERR_peek_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    return reason ? reason : "unknown reason";
}
