/* http.c - serves the contract over HTTP with keep-alive, as gSOAP's own servers do: a thread for
 * each connection. Says its port, until its standard input ends.
 *
 * gSOAP sets TCP_NODELAY by itself, here and in the caller.
 */
#include <pthread.h>

#include "soapH.h"
#include "bench/slice.h"

enum { BACKLOG = 64 };

static void *serve_connection(void *arg)
{
    struct soap *soap = arg;
    soap_serve(soap); /* until the caller closes */
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct soap *soap = arg, *copy;
    pthread_t thread;
    while (soap_valid_socket(soap_accept(soap))) {
        copy = soap_copy(soap);
        if (!copy || pthread_create(&thread, NULL, serve_connection, copy))
            slice_die("no thread");
        pthread_detach(thread);
    }
    slice_die("can't accept");
}

int main(void)
{
    struct soap *soap = soap_new1(SOAP_IO_KEEPALIVE);
    struct sockaddr_in address = {0};
    socklen_t len = sizeof address;
    pthread_t thread;
    SOAP_SOCKET listener;
    if (!soap)
        slice_die("no memory");
    soap->max_keep_alive = 0; /* as many calls as there are */
    listener = soap_bind(soap, "127.0.0.1", 0, BACKLOG);
    if (!soap_valid_socket(listener) || getsockname(listener, (struct sockaddr *)&address, &len) ||
        pthread_create(&thread, NULL, accept_all, soap))
        slice_die("can't listen");
    printf("port %d\n", ntohs(address.sin_port));
    slice_ready();
    while (getchar() != EOF)
        ;
    return 0; /* accept_all never returns: exit() ends its thread */
}
