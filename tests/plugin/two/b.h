// b.h - the second of two services in one process.
//gsoap b service name:      b
//gsoap b service protocol:  SOAP
//gsoap b service style:     document
//gsoap b service encoding:  literal
//gsoap b service namespace: urn:soapxmpp:test:b
//gsoap b schema namespace:  urn:soapxmpp:test:b
int b__pong(char *text, char **answer);
