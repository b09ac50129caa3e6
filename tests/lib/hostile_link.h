/* hostile_link.h - a link of the library's, opened to the hostile server. */
#ifndef TESTS_HOSTILE_LINK_H
#define TESTS_HOSTILE_LINK_H

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"
#undef SOAP_XMPP_NO_GSOAP

#include "hostile.h"

#define HOSTILE_DOMAIN "hostile.test"

/* Everything it takes to log in as alice, in clear; what should be different is set afterwards. */
void hostile_link_config(const struct hostile *hostile, struct soap_xmpp_config *config);

/* That link, in clear or with TLS by this CA. Not NULL: a failed assertion ends the test. */
struct soap_xmpp_link *hostile_link_open(const struct hostile *hostile, enum soap_xmpp_tls tls,
                                         const char *ca_file);

#endif
