/* guard.h - a door that opens for people who say a password (WS-Security UsernameToken):
 *     soapcpp2 -2 -c -L -x -I/usr/share/gsoap/import -I/usr/share/gsoap guard.h */
#import "wsse.h"

//gsoap guard service name:       guard A door for people, behind whatever account they use
//gsoap guard service protocol:   SOAP1.2
//gsoap guard service style:      document
//gsoap guard service encoding:   literal
//gsoap guard service namespace:  urn:soapxmpp:guard
//gsoap guard service transport:  http://jabber.org/protocol/soap
//gsoap guard service location:   xmpp:guard@example.org/soap
//gsoap guard schema namespace:   urn:soapxmpp:guard
//gsoap guard schema elementForm: qualified

//gsoap guard service method: open Opens the door and greets; a Sender fault for whom the guard doesn't know
//gsoap guard service method-header-part: open wsse__Security
int guard__open(char *door, char **greeting);
