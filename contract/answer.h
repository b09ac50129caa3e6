/* answer.h - an answer's envelope as values, JSON, body or fault.
 *
 * Noun: the answer. Invariant: it is read before anything is written, so that output is all or
 * nothing; the contract decides what is a number or an array, never what came.
 *
 * Values, a leaf on each line, with paths as in request.h:
 *
 *   result=3
 *   list=1
 *   list=2
 *   p[1].x=1          what has elements in it and may be repeated has its number
 *   p[1].@unit=m
 *   note:=            nil
 *   shape<Circle>.r=2 xsi:type, where it is another type than the contract's
 *
 * In a value control characters are \n, \r, \t or \xHH (\u00HH of U+0080 to U+009F), and '\' is \\:
 * an answer can neither forge a line nor command a terminal.
 *
 * JSON: an element is a member, named by its local name ({namespace}name where two differ in
 * nothing else); repeated ones are an array, always if the contract lets it be repeated, otherwise
 * if it is; attributes are "@name", xsi:type "@xsi:type" with the type's local name; text beside
 * attributes or elements is "#text"; nil is null. Numbers: the types of up to 32 bits, float and
 * double, digit by digit as they came; what they can't express (INF, NaN), long, unsignedLong,
 * integer and decimal are strings, always, so that the same member always looks the same. Booleans
 * are true and false. Without a contract all are strings.
 *
 * A fault as values or JSON: code, subcode, reason, node, role, detail; detail is an object of its
 * entries. */
#ifndef CT_ANSWER_H
#define CT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"
#include "contract/text.h"

struct ct_answer;

/* What a fault says, of either version; "" where it says nothing. All text is the answer's. */
struct ct_fault {
    enum ct_version version;
    const char *code;    /* local name: "Sender", "Client", "Receiver", "Server", ... */
    const char *subcode; /* 1.2: as written, "ter:InvalidArgVal"; deeper ones behind a '/'. 1.1:
                          * what stands behind the code's first '.' */
    const char *reason;  /* the text in English if there is one, otherwise the first */
    const char *node;    /* 1.2: Node; 1.1: faultactor */
    const char *role;    /* 1.2 */
    const char *detail;  /* the entries as XML, with all prefixes declared */
};

/* Reads an envelope. contract and operation may be NULL: all values are text then. CT_EANSWER: no
 * well-formed XML, a DOCTYPE, no Envelope, no Body; CT_ELIMIT: too deep; CT_ENOMEM. On success
 * *answer is the caller's and refers to contract, which outlives it; otherwise it is untouched. */
enum ct_err ct_answer_read(const struct ct_contract *contract, const struct ct_operation *operation,
                           const char *bytes, size_t len, struct ct_answer **answer,
                           struct ct_error *error);
void ct_answer_free(struct ct_answer *answer); /* NULL is fine */

enum ct_version ct_answer_version(const struct ct_answer *answer);
const struct ct_fault *ct_answer_fault(const struct ct_answer *answer); /* NULL: it is none */

/* Each adds to out, or CT_ENOMEM, CT_ELIMIT (out->limit) and out has what it had. */
enum ct_err ct_answer_write_values(const struct ct_answer *answer, struct ct_text *out,
                                   struct ct_error *error);
/* One JSON object, without a line end behind it; indent: spaces for each level, 0: one line. */
enum ct_err ct_answer_write_json(const struct ct_answer *answer, unsigned indent,
                                 struct ct_text *out, struct ct_error *error);
/* What is in the Body, each element with the prefixes that it may use, on lines of its own;
 * is_indented: made readable, where that changes no text. */
enum ct_err ct_answer_write_body(const struct ct_answer *answer, bool is_indented,
                                 struct ct_text *out, struct ct_error *error);

#endif
