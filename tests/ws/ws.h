// ws.h - what the tests of gSOAP's WS-* plugins speak: signed and authenticated messages (WS-Security
// 1.1), answers that go elsewhere (WS-Addressing 1.0), sequences (WS-ReliableMessaging 1.1).
#import "wsse.h"
#import "wsrm.h"
#import "wsa5.h"
#import "xop.h"
#import "xmime5.h"

//gsoap w service name:      ws
//gsoap w service protocol:  SOAP
//gsoap w service style:     document
//gsoap w service encoding:  literal
//gsoap w service namespace: urn:soapxmpp:ws
//gsoap w service location:  xmpp:ws@example.org/soap
//gsoap w schema namespace:  urn:soapxmpp:ws

mutable struct SOAP_ENV__Header { char *w__ticket 0; };

//gsoap w service method-header-part: sum wsse__Security
//gsoap w service method-header-part: sum w__ticket
//gsoap w service method-action: sum "urn:soapxmpp:ws#sum"
int w__sum(double a, double b, char *note, double *sum);

//gsoap w service method-header-part: protect wsse__Security
//gsoap w service method: protect a sum, by whatever protection the test has chosen
//gsoap w service method-action: protect "urn:soapxmpp:ws#protect"
int w__protect(double a, double b, double *sum);

/// data of the kind that gSOAP sends as attachments (MTOM)
struct w__File { _xop__Include data 1; @char *xmime5__contentType 0; };
struct w__Files { int __size; struct w__File *file; };

//gsoap w service method: swap the same files, the last one first
//gsoap w service method-action: swap "urn:soapxmpp:ws#swap"
int w__swap(struct w__Files *in, struct w__Files *out);

//gsoap w service method: greet who sent the UsernameToken
//gsoap w service method-action: greet "urn:soapxmpp:ws#greet"
int w__greet(char *greeting, char **answer);

//gsoap w service method: convertResponse convert's answer, where it is a message of its own
//gsoap w service method-action: convertResponse "urn:soapxmpp:ws#convertResponse"
int w__convertResponse(double fahrenheit, void);

//gsoap w service method: convert degrees Celsius to Fahrenheit, a fault below absolute zero
//gsoap w service method-action: convert "urn:soapxmpp:ws#convert"
//gsoap w service method-output-action: convert "urn:soapxmpp:ws#convertResponse"
int w__convert(double celsius, struct w__convertResponse *out);

//gsoap w service method: recordResponse record's answer, likewise
//gsoap w service method-action: recordResponse "urn:soapxmpp:ws#recordResponse"
int w__recordResponse(int count, void);

//gsoap w service method: record a number of a sequence; how many there are now
//gsoap w service method-action: record "urn:soapxmpp:ws#record"
//gsoap w service method-output-action: record "urn:soapxmpp:ws#recordResponse"
int w__record(int number, struct w__recordResponse *out);
