// lab.h - the service of the integration tests.

//gsoap lab service name:      lab
//gsoap lab service protocol:  SOAP
//gsoap lab service style:     document
//gsoap lab service encoding:  literal
//gsoap lab service namespace: urn:soapxmpp:lab
//gsoap lab service location:  xmpp:lab@example.org/soap
//gsoap lab service transport: http://jabber.org/protocol/soap
//gsoap lab schema namespace:  urn:soapxmpp:lab

//gsoap lab service method-action: add "urn:soapxmpp:lab#add"
int lab__add(double a, double b, double *sum);

// A fault when b is 0.
//gsoap lab service method-action: divide "urn:soapxmpp:lab#divide"
int lab__divide(double a, double b, double *quotient);

// Answers after so many milliseconds, or as soon as lab_hurry() is called.
//gsoap lab service method-action: delay "urn:soapxmpp:lab#delay"
int lab__delay(int ms, int *waited_ms);

// One-way.
//gsoap lab service method-action: note "urn:soapxmpp:lab#note"
int lab__note(char *text, void);

// The caller, the callee, the IQ's id and the soapAction as the operation sees them.
struct lab__Seen { char *from; char *to; char *id; char *action; };
//gsoap lab service method-action: whoami "urn:soapxmpp:lab#whoami"
int lab__whoami(struct lab__Seen *seen);

struct lab__Record { char *name; int quantity; double price; };
struct lab__Records { int __sizerecord; struct lab__Record *record; };
//gsoap lab service method-action: echo "urn:soapxmpp:lab#echo"
int lab__echo(struct lab__Records *in, struct lab__Records *out);

//gsoap lab service method-action: say "urn:soapxmpp:lab#say"
int lab__say(char *text, char **said);

// ---- what the transport's fidelity is measured with ----

//gsoap wsu schema namespace: http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd

struct SOAP_ENV__Header {
    mustUnderstand char *lab__token 0;
    char *lab__hint 0;
};

struct lab__Circle { double radius; };

// Each member is something that a server in between might spoil.
struct lab__Subject {
    @char *Id 0;
    @char *wsu__Id 0;
    @char *unit 0;
    @char *lab__unit 0;
    char *lab__name 0;
    char *name 0;
    char *text 0;
    _QName lab__kind 0;
    int *count 0;
    int __sizeitem; char **item nullptr 0;
    int __type; void *value;
};

// Tells how the subject and the header blocks were understood, and gives the subject back.
struct lab__Inspection { char *report; struct lab__Subject *subject; };
//gsoap lab service method-action: inspect "urn:soapxmpp:lab#inspect"
//gsoap lab service method-header-part: inspect lab__token
//gsoap lab service method-header-part: inspect lab__hint
int lab__inspect(struct lab__Subject *subject, struct lab__Inspection *inspection);

struct lab__Overdrawn { double balance; char *currency; };
struct SOAP_ENV__Detail {
    struct lab__Overdrawn *lab__Overdrawn 0;
    _QName lab__kind 0;
    _XML __any;
    int __type; void *fault;
};

// Fails in one of the ways of enum laboratory_failure in laboratory.h.
//gsoap lab service method-action: fail "urn:soapxmpp:lab#fail"
//gsoap lab service method-fault: fail lab__Overdrawn
int lab__fail(int way, char **never);

// Counts how often it is run with this number, and answers it.
//gsoap lab service method-action: tick "urn:soapxmpp:lab#tick"
int lab__tick(int number, int *same);
