// contract.h - what two versions of the library say to each other.

//gsoap mixed service name:      mixed
//gsoap mixed service protocol:  SOAP
//gsoap mixed service style:     document
//gsoap mixed service encoding:  literal
//gsoap mixed service namespace: urn:soapxmpp:mixed
//gsoap mixed service location:  xmpp:mixed@example.org/soap
//gsoap mixed service transport: http://jabber.org/protocol/soap
//gsoap mixed schema namespace:  urn:soapxmpp:mixed

// Writes number down, and answers with what it got; held, only after it was told to finish.
struct mixed__Entry { int number; char *text; };
int mixed__enter(int number, int held, char *text, struct mixed__Entry *entry);

// Writes number down, and answers with a fault.
int mixed__reject(int number, int *never);

// Writes number down; one-way.
int mixed__note(int number, void);
