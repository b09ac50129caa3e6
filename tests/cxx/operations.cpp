/* operations.cpp - what the services' classes do. */
#include "operations.h"

#include <limits.h>
#include <string.h>

static int add(struct soap *soap, int a, int b, int *sum)
{
    if (b > 0 && a > INT_MAX - b)
        return soap_sender_fault(soap, "the sum is too large", NULL);
    *sum = a + b;
    return SOAP_OK;
}

static int tell_path(struct soap *soap, char **path)
{
    *path = soap_strdup(soap, soap->path);
    return *path ? SOAP_OK : SOAP_EOM;
}

int j::adderService::add(int a, int b, int *sum)
{
    return ::add(this->soap, a, b, sum);
}

int j::adderService::path(char *, char **path)
{
    return tell_path(this->soap, path);
}

int i::adderService::add(int a, int b, int *sum)
{
    return ::add(this, a, b, sum);
}

int i::adderService::path(char *, char **path)
{
    return tell_path(this, path);
}

int t::turnerService::turn(char *text, char **turned)
{
    size_t n, len = strlen(text);
    *turned = (char *)soap_malloc(this->soap, len + 1);
    if (!*turned)
        return SOAP_EOM;
    for (n = 0; n < len; n++)
        (*turned)[n] = text[len - 1 - n];
    (*turned)[len] = '\0';
    return SOAP_OK;
}
