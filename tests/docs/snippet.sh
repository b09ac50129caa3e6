#!/bin/bash
# snippet.sh NUMBER - a program around the NUMBERth block of C in README.md, which says what the
# program doesn't: server, port and CA come from the environment.
cat <<'END'
#include "soapH.h"
#include "soap_xmpp.h"
#include "calculator.nsmap"

#undef soap_xmpp_config_init
#define soap_xmpp_config_init(config)                                                              \
    (soap_xmpp_config_init_bytes((config), sizeof *(config)),                                      \
     soap_xmpp_config_from_env((config), why, sizeof why))

int c__add(struct soap *soap, double a, double b, double *result)
{
    (void)soap;
    *result = a + b;
    return SOAP_OK;
}

#define NOT_HERE(name)                                                                             \
    int name(struct soap *soap, double a, double b, double *result)                                \
    {                                                                                              \
        (void)a, (void)b, (void)result;                                                            \
        return soap_sender_fault(soap, "not here", NULL);                                          \
    }
NOT_HERE(c__sub)
NOT_HERE(c__mul)
NOT_HERE(c__div)

int main(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct soap *soap;
    char why[256];
    double sum = 0;
END
/usr/bin/python3 -B "$(dirname "$0")/pages.py" code README.md "$1" | sed 's/^/    /'
cat <<'END'
    printf("%g\n", sum);
    return 0;
}
END
