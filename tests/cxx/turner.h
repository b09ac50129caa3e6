//gsoap t service name:      turner
//gsoap t service style:     document
//gsoap t service encoding:  literal
//gsoap t service namespace: urn:soapxmpp:test:turner
//gsoap t schema namespace:  urn:soapxmpp:test:turner

/// the text from its end to its beginning
int t__turn(char *text, char **turned);
