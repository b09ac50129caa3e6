/* operations.c - what the skeletons of service.c, http.c and envelopes.c call. */
#include "soapH.h"
#include "records.nsmap"

int b__add(struct soap *soap, double a, double b, double *sum)
{
    (void)soap;
    *sum = a + b;
    return SOAP_OK;
}

int b__store(struct soap *soap, char *text, ULONG64 *bytes)
{
    (void)soap;
    *bytes = text ? strlen(text) : 0;
    return SOAP_OK;
}

int b__echo(struct soap *soap, struct b__Records *in, struct b__Records *out)
{
    (void)soap;
    *out = *in;
    return SOAP_OK;
}
