// contract.h - a ledger: what is entered stands in a file that survives its process.

//gsoap ledger service name:      ledger
//gsoap ledger service protocol:  SOAP
//gsoap ledger service style:     document
//gsoap ledger service encoding:  literal
//gsoap ledger service namespace: urn:soapxmpp:ledger
//gsoap ledger service location:  xmpp:ledger@example.org/soap
//gsoap ledger service transport: http://jabber.org/protocol/soap
//gsoap ledger schema namespace:  urn:soapxmpp:ledger

// Writes number down, then answers with it; held, only after it was told to finish.
int ledger__enter(int number, int held, int *entered);
