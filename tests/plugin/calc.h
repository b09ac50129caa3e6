// calc.h - the contract that the plugin's tests speak; as small as each trap allows.

//gsoap calc service name:      calc a calculator with every message pattern
//gsoap calc service protocol:  SOAP
//gsoap calc service style:     document
//gsoap calc service encoding:  literal
//gsoap calc service namespace: urn:soapxmpp:test:calc
//gsoap calc service location:  xmpp:calc@example.org/soap
//gsoap calc service transport: http://jabber.org/protocol/soap
//gsoap calc schema namespace:  urn:soapxmpp:test:calc

#import "xop.h"
#import "xmime5.h"

/// a record of the bulk payload
struct calc__Record { char *name; int quantity; double price; };

/// any number of records
struct calc__Records { int __size; struct calc__Record *record; };

/// binary data as MTOM describes it
struct calc__Blob { _xop__Include data 1; @char *xmime5__contentType 0; };

/// binary data as plain SOAP describes it, with the members that make it an attachment
struct xsd__base64Binary { unsigned char *__ptr; int __size; char *id, *type, *options; };
struct calc__Image { struct xsd__base64Binary data 1; };

//gsoap calc service method: add the sum of two numbers
//gsoap calc service method-action: add "urn:soapxmpp:test:calc#add"
int calc__add(double a, double b, double *sum);

//gsoap calc service method: div a quotient, or a fault when b is 0
//gsoap calc service method-action: div "urn:soapxmpp:test:calc#div"
int calc__div(double a, double b, double *quotient);

//gsoap calc service method: bulk the same records back
int calc__bulk(struct calc__Records *in, struct calc__Records *out);

//gsoap calc service method: note one-way; the text tells the service how to end
int calc__note(char *text, void);

//gsoap calc service method: blob the same bytes back
int calc__blob(struct calc__Blob *in, struct calc__Blob *out);

//gsoap calc service method: image the same bytes back
int calc__image(struct calc__Image *in, struct calc__Image *out);

//gsoap calc service method: slow the sum, not before the test opens the gate
int calc__slow(double a, double b, double *sum);

//gsoap calc service method: who caller, callee and IQ id, separated by spaces
int calc__who(char *greeting, char **names);

//gsoap calc service method: relay the sum, computed by a call to the endpoint
int calc__relay(char *endpoint, double a, double b, double *sum);

//gsoap calc service method: say count times the text, raw as the test wants it
int calc__say(char *text, int count, char **said);
