// a.h - the first of two services in one process.
//gsoap a service name:      a
//gsoap a service protocol:  SOAP
//gsoap a service style:     document
//gsoap a service encoding:  literal
//gsoap a service namespace: urn:soapxmpp:test:a
//gsoap a schema namespace:  urn:soapxmpp:test:a
int a__ping(char *text, char **answer);
