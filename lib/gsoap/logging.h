/* logging.h - gSOAP's logging plugin, where it was registered before ours.
 *
 * Noun: the logging. It writes down what passes it on its way to gSOAP's own fsend and from its
 * frecv. Registered first it would stand behind ours, where no byte of XMPP comes by; so it is put
 * in front.
 *
 * Thread: that of the struct soap.
 */
#ifndef SX_GSOAP_LOGGING_H
#define SX_GSOAP_LOGGING_H

#include "soap_xmpp.h"

struct sx_logging {
    void *shared, *own; /* the plugin's data; own: NULL when nothing was put in front */
};

/* Called when ours is the last that was registered and soap has its fsend and frecv. Where logging
 * is the one before, but for gSOAP's own plugins that leave both alone, it gets these two to call,
 * and soap and *fsend, *frecv what it had. SOAP_OK, or SOAP_EOM with nothing changed. */
int sx_logging_put_in_front(struct sx_logging *logging, struct soap *soap,
                            int (**fsend)(struct soap *, const char *, size_t),
                            size_t (**frecv)(struct soap *, char *, size_t));

/* Undoes it. */
void sx_logging_put_back(struct sx_logging *logging, struct soap *soap);

#endif
