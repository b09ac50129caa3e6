// contract.h - what the oracle's service can do: each way in which a skeleton finds its operation, by
// an element of the operation's name, by one of its first parameter's, by none, and (soapcpp2 -a) by
// an action. Headers are known, wanted or unknown; one parameter is called Body.

#import "wsa5.h"

//gsoap c service name:       oracle
//gsoap c service protocol:   SOAP1.2
//gsoap c service style:      document
//gsoap c service encoding:   literal
//gsoap c service namespace:  urn:c
//gsoap c schema namespace:   urn:c
//gsoap c schema elementForm: qualified
//gsoap h schema namespace:   urn:h
//gsoap h schema elementForm: qualified

struct h__inner { char *h__name 0; int h__n 0; };
struct h__sec { mustUnderstand char *h__user 0; struct h__inner *h__inner 0; @char *h__id 0; };
mutable struct SOAP_ENV__Header { struct h__sec *h__sec 0; mustUnderstand char *h__to 0; struct h__inner *h__i 0; };

//gsoap c service method-action: add "urn:c#add"
//gsoap c service method-header-part: add h__sec
int c__add(double a 0, double b 0, double *result);

//gsoap c service method-action: sub "urn:c#sub"
int c__sub(double a 0, double b 0, double *result);

//gsoap c service method-action: note "urn:c#note"
int c__note(char *Body 0, struct h__inner *add 0, void);

//gsoap c service method-action: none "urn:c#none"
int c__none(double *result);

//gsoap c service method-action: doc "urn:c#doc"
int __c__doc(char *c__doc 0, struct c__docResponse { double r; } *result);

// Without input: whatever no other operation takes, this one does.
//gsoap c service method-action: read "urn:c#read"
int __c__read(struct c__readResponse { double r; } *result);
