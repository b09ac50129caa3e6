/* calculator.c - the calculator as gSOAP serves it by HTTP, without a line of this library:
 * calculator-http WSDL
 *
 * Says "listening on PORT", and "ran add 1 2" for each call that it executes. GET ?wsdl gives the
 * file. Each connection has a thread of its own. */
#include <pthread.h>
#include <signal.h>

#include "soapH.h"
#include "calculator.nsmap"

static const char *wsdl_file;

static int ran(const char *operation, double a, double b)
{
    printf("ran %s %.15g %.15g\n", operation, a, b);
    return SOAP_OK;
}

int c__add(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a + b;
    return ran("add", a, b);
}

int c__sub(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a - b;
    return ran("sub", a, b);
}

int c__mul(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a * b;
    return ran("mul", a, b);
}

int c__div(struct soap *soap, double a, double b, double *result)
{
    ran("div", a, b);
    if (b == 0)
        return soap_sender_fault(soap, "division by zero", NULL);
    *result = a / b;
    return SOAP_OK;
}

static int tell_contract(struct soap *soap)
{
    FILE *file = fopen(wsdl_file, "r");
    if (!file)
        return 404;
    soap->http_content = "text/xml; charset=utf-8";
    int failed = soap_response(soap, SOAP_FILE);
    char piece[4096];
    size_t bytes;
    while (!failed && (bytes = fread(piece, 1, sizeof piece, file)) > 0)
        failed = soap_send_raw(soap, piece, bytes);
    fclose(file);
    return failed ? failed : soap_end_send(soap);
}

static void *serve(void *soap)
{
    pthread_detach(pthread_self());
    soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: calculator-http WSDL\n", stderr);
        return 2;
    }
    wsdl_file = argv[1];
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct soap soap;
    soap_init2(&soap, SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING, SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING);
    soap.fget = tell_contract;
    soap.max_keep_alive = 0; /* as many calls as a connection brings */
    soap.recv_timeout = 60;
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    if (!soap_valid_socket(soap_bind(&soap, "127.0.0.1", 0, 1024)) ||
        getsockname(soap.master, (struct sockaddr *)&address, &bytes)) {
        soap_print_fault(&soap, stderr);
        return 1;
    }
    printf("listening on %d\n", ntohs(address.sin_port));
    while (soap_valid_socket(soap_accept(&soap))) {
        struct soap *one = soap_copy(&soap);
        pthread_t thread;
        if (!one || pthread_create(&thread, NULL, serve, one))
            break;
    }
    soap_print_fault(&soap, stderr);
    return 1;
}
