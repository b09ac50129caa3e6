//gsoap a service name:      adder
//gsoap a service style:     document
//gsoap a service encoding:  literal
//gsoap a service namespace: urn:soapxmpp:test:adder
//gsoap a schema namespace:  urn:soapxmpp:test:adder

/// the sum; a fault if it is more than an int
int a__add(int a, int b, int *sum);

/// the path behind the resource that was called
int a__path(char *question, char **path);
