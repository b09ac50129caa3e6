/* openssl_error.c - reads OpenSSL's queue of errors.
 *
 * Invariant: the queue stays as it was.
 *
 * Happy path: peek at the oldest and the newest. Failure: an empty queue is no shortage, and its
 * reason is unknown.
 */
#include "net/openssl_error.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

static bool is_shortage(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    if (ERR_SYSTEM_ERROR(error))
        return reason == ENOMEM || reason == EMFILE || reason == ENFILE;
    return reason == ERR_R_MALLOC_FAILURE || reason == ERR_R_INIT_FAIL; /* the latter of a BIO */
}

/* PEM_read_bio() doesn't tell that it has no memory, but all else. */
static bool is_without_cause(unsigned long oldest)
{
    return ERR_GET_REASON(oldest) == ERR_R_PEM_LIB;
}

bool sx_openssl_error_is_shortage(void)
{
    unsigned long oldest = ERR_peek_error();
    return is_shortage(oldest) || is_without_cause(oldest) || is_shortage(ERR_peek_last_error());
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
