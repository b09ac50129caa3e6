// contract.h - work: an operation that costs processor time, or time alone.

//gsoap work service name:      work
//gsoap work service protocol:  SOAP
//gsoap work service style:     document
//gsoap work service encoding:  literal
//gsoap work service namespace: urn:soapxmpp:work
//gsoap work service location:  xmpp:work.example.org
//gsoap work service transport: http://jabber.org/protocol/soap
//gsoap work schema namespace:  urn:soapxmpp:work

int work__do(LONG64 id, int burn_us, int wait_us, int *process);
