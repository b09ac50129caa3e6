// records.h - the contract of the benchmark: the smallest call, and records that come back.

//gsoap b service name:      records
//gsoap b service protocol:  SOAP
//gsoap b service style:     document
//gsoap b service encoding:  literal
//gsoap b service namespace: urn:soapxmpp:bench
//gsoap b service location:  xmpp:bench@example.org/soap
//gsoap b service transport: http://jabber.org/protocol/soap
//gsoap b schema namespace:  urn:soapxmpp:bench

int b__add(double a, double b, double *sum);

struct b__Record { char *name; int quantity; double price; };
struct b__Records { int __sizerecord; struct b__Record *record; };
int b__echo(struct b__Records *in, struct b__Records *out);

int b__store(char *text, unsigned LONG64 *bytes);
