/* calculator.c - a client of the calculator's by a gSOAP stub and http:, without a line of this
 * library: calculator-http-client URL 11|12 */
#include "soapH.h"
#include "calculator.nsmap"

static int call(struct soap *soap, const char *url, const char *operation, double a, double b,
                int (*stub)(struct soap *, const char *, const char *, double, double, double *))
{
    double result = 0;
    if (stub(soap, url, NULL, a, b, &result) == SOAP_OK) {
        printf("%s %.15g\n", operation, result);
        return 0;
    }
    const char *text = *soap_faultstring(soap);
    printf("fault %s\n", text ? text : "without a text");
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: calculator-http-client URL 11|12\n", stderr);
        return 2;
    }
    struct soap soap;
    soap_init1(&soap, SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING);
    soap_set_namespaces(&soap, namespaces);
    soap_set_version(&soap, strcmp(argv[2], "11") == 0 ? 1 : 2);
    soap.recv_timeout = 60;
    int failed = call(&soap, argv[1], "add", 1, 2, soap_call_c__add) ||
                 call(&soap, argv[1], "mul", 3, 4, soap_call_c__mul);
    if (!failed)
        call(&soap, argv[1], "div", 1, 0, soap_call_c__div);
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    return 0;
}
