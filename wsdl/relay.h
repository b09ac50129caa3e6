/* relay.h - a converter whose answers may go to a third endpoint (WS-Addressing), and a journal that
 * takes a sequence of readings, whole and in order (WS-ReliableMessaging):
 *     soapcpp2 -2 -a -c -L -x -I/usr/share/gsoap/import -I/usr/share/gsoap relay.h
 * -a: operations are found by wsa:Action, too. The imports bring Fault, CreateSequence and so on. */
#import "wsrm.h"
#import "wsa5.h"

//gsoap relay service name:       relay Answers that go elsewhere, and sequences
//gsoap relay service protocol:   SOAP1.2
//gsoap relay service style:      document
//gsoap relay service encoding:   literal
//gsoap relay service namespace:  urn:soapxmpp:relay
//gsoap relay service transport:  http://jabber.org/protocol/soap
//gsoap relay service location:   xmpp:relay@example.org/soap
//gsoap relay schema namespace:   urn:soapxmpp:relay
//gsoap relay schema elementForm: qualified

/* convert's answer is an operation of its own, one-way, for whoever it goes to. Declared first, it is
 * convert's result as well. */

//gsoap relay service method: convertResponse Takes convert's answer, degrees Fahrenheit
//gsoap relay service method-action: convertResponse "urn:soapxmpp:relay#convertResponse"
int relay__convertResponse(double fahrenheit, void);

//gsoap relay service method: convert Degrees Celsius to Fahrenheit; a Sender fault below absolute zero
//gsoap relay service method-action: convert "urn:soapxmpp:relay#convert"
//gsoap relay service method-output-action: convert "urn:soapxmpp:relay#convertResponse"
int relay__convert(double celsius, struct relay__convertResponse *answer);

//gsoap relay service method: recordResponse Takes record's answer: how many readings there are now
//gsoap relay service method-action: recordResponse "urn:soapxmpp:relay#recordResponse"
int relay__recordResponse(int count, void);

//gsoap relay service method: record Takes the next reading of a sequence, degrees Celsius
//gsoap relay service method-action: record "urn:soapxmpp:relay#record"
//gsoap relay service method-output-action: record "urn:soapxmpp:relay#recordResponse"
int relay__record(double celsius, struct relay__recordResponse *answer);
