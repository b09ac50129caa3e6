/* calculator.h - the calculator's contract. soapcpp2 makes stubs, skeleton and WSDL from it:
 *     soapcpp2 -2 -c -L -x calculator.h */

//gsoap c service name:       calculator Four operations on two numbers
//gsoap c service protocol:   SOAP1.2
//gsoap c service style:      document
//gsoap c service encoding:   literal
//gsoap c service namespace:  urn:soapxmpp:calculator
//gsoap c service transport:  http://jabber.org/protocol/soap
//gsoap c service location:   xmpp:calc@example.org/soap
//gsoap c schema namespace:   urn:soapxmpp:calculator
//gsoap c schema elementForm: qualified

//gsoap c service method: add The sum a + b; numbers have no unit
int c__add(double a, double b, double *result);

//gsoap c service method: sub The difference a - b
int c__sub(double a, double b, double *result);

//gsoap c service method: mul The product a * b
int c__mul(double a, double b, double *result);

//gsoap c service method: div The quotient a / b; b = 0 gives a Sender fault
int c__div(double a, double b, double *result);
