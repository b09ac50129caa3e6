/* error.h - what went wrong, as a kind for programs and as one sentence for people.
 *
 * Noun: the error. Invariant: a function that returns anything but CT_OK has written its sentence;
 * one that returns CT_OK has written nothing. The sentence says who, what and why, and what to do;
 * it has no line breaks or other control characters, whatever the names in a contract are.
 *
 * Folder contract/: reads WSDL 1.1 with its schemas, and makes from it what a program needs that
 * has no stubs: requests from NAME=VALUE, templates, lists of parameters, values and JSON out of
 * answers. It knows nothing of XMPP, includes nothing of lib/, and of the outside libc and libxml2
 * alone. All that a contract or an answer could make large is bounded.
 *
 * Threads: what is read is constant afterwards, and any number of threads may use it. Nothing
 * blocks, but the callbacks of the caller. */
#ifndef CT_ERROR_H
#define CT_ERROR_H

#include <stddef.h>

enum ct_err {
    CT_OK = 0,
    CT_ENOMEM,       /* memory is short */
    CT_EUSAGE,       /* what the user typed is wrong: an operation, an argument, a value */
    CT_ECONTRACT,    /* the contract can't be read or contradicts itself */
    CT_EUNSUPPORTED, /* it is right, and has what isn't understood here: the request must be XML */
    CT_ELIMIT,       /* it is larger or deeper than a limit */
    CT_EANSWER       /* an answer isn't what it has to be */
};

enum { CT_ERROR_BYTES = 640 };

struct ct_error {
    enum ct_err kind;
    char text[CT_ERROR_BYTES]; /* UTF-8, no full stop, no line break */
};

/* Writes the sentence and returns the kind, so that a function can `return ct_error_set(...)`. What
 * is too long is cut between two characters, and made plain (plain.h). */
enum ct_err ct_error_set(struct ct_error *error, enum ct_err kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* CT_EUNSUPPORTED, and behind the clause what to do instead. */
enum ct_err ct_error_unsupported(struct ct_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* CT_ENOMEM with its sentence. */
enum ct_err ct_error_no_memory(struct ct_error *error);

#endif
