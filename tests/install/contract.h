//gsoap t service name: contract
//gsoap t service namespace: urn:soapxmpp:test:install
//gsoap t schema namespace: urn:soapxmpp:test:install
int t__turn(char *text, char **turned);
