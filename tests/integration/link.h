/* link.h - what becomes of a link that is opened with a configuration.
 *
 * Noun: the link. Each function waits, for 20 s or a minute, and asserts.
 */
#ifndef TESTS_LINK_H
#define TESTS_LINK_H

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"
#undef SOAP_XMPP_NO_GSOAP

/* Not NULL: a failed assertion ends the test. */
struct soap_xmpp_link *link_open(const struct soap_xmpp_config *config);

/* Valid until the next call. */
const char *link_reason(struct soap_xmpp_link *link);

/* Until the reason holds this. */
void link_await_reason(struct soap_xmpp_link *link, const char *reason);

/* It logs in, and is closed. */
void link_assert_online(const struct soap_xmpp_config *config);

/* It stops trying, for a reason that holds both, and is closed. */
void link_assert_final(const struct soap_xmpp_config *config, const char *reason,
                       const char *detail);

#endif
