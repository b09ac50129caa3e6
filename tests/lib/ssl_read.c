/* ssl_read.c - says "nothing yet" in OpenSSL's place.
 */
#include "ssl_read.h"

#include <openssl/ssl.h>
#include <stdbool.h>

int __real_SSL_read(SSL *ssl, void *out, int out_bytes);
int __wrap_SSL_read(SSL *ssl, void *out, int out_bytes);
int __real_SSL_get_error(const SSL *ssl, int result);
int __wrap_SSL_get_error(const SSL *ssl, int result);

static _Thread_local bool has_stopped;

void ssl_read_stop(void)
{
    has_stopped = true;
}

void ssl_read_go_on(void)
{
    has_stopped = false;
}

int __wrap_SSL_read(SSL *ssl, void *out, int out_bytes)
{
    return has_stopped ? -1 : __real_SSL_read(ssl, out, out_bytes);
}

int __wrap_SSL_get_error(const SSL *ssl, int result)
{
    return has_stopped ? SSL_ERROR_WANT_READ : __real_SSL_get_error(ssl, result);
}
