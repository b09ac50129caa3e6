// signed.h - a service whose messages are signed (WS-Security 1.1).
#import "wsse.h"

//gsoap w service name:      signed
//gsoap w service protocol:  SOAP
//gsoap w service style:     document
//gsoap w service encoding:  literal
//gsoap w service namespace: urn:soapxmpp:signed
//gsoap w service location:  xmpp:signed@example.org/soap
//gsoap w schema namespace:  urn:soapxmpp:signed

mutable struct SOAP_ENV__Header { char *w__ticket 0; };

//gsoap w service method-header-part: sum wsse__Security
//gsoap w service method-header-part: sum w__ticket
//gsoap w service method-action: sum "urn:soapxmpp:signed#sum"
int w__sum(double a, double b, char *note, double *sum);
