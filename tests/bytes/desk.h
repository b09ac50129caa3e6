/* desk.h - a service without skeletons: a thread that takes requests as bytes, and does what their
 * operation is called.
 *
 *     echo      answers with the request, byte for byte
 *     fault     answers with a fault in the request's version
 *     nothing   answers empty
 *     hold      answers empty, once desk_release() was called
 *     tick      counts the number in <number/>, and answers with it
 *     grow      answers with a text of as many letters as <number/> says
 *     refuse    refuses, decline declines, with a text; busy declines with resource-constraint
 *     spoil     answers with what is no envelope, which can't be carried, and then with a fault
 *               that says why
 *
 * Noun: the desk. Functions are for the test's thread, or for a process that is no test.
 */
#ifndef TESTS_DESK_H
#define TESTS_DESK_H

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

enum { DESK_NUMBERS = 4096, DESK_TEXT_BYTES = 600 };

struct desk;

/* What the last request said of itself. */
struct desk_request {
    char from[DESK_TEXT_BYTES], to[DESK_TEXT_BYTES], id[DESK_TEXT_BYTES];
    char action[DESK_TEXT_BYTES], operation[DESK_TEXT_BYTES], ns[DESK_TEXT_BYTES];
    char traceparent[DESK_TEXT_BYTES];
    int version, is_message;
};

/* Serves the link, which the caller owns. Never NULL. */
struct desk *desk_start(struct soap_xmpp_link *link);

/* Stops the link, and frees the desk. */
void desk_stop(struct desk *desk);

/* How many requests were taken; waiting for so many: a failed assertion after 20 s. */
int desk_runs(struct desk *desk);
void desk_await_runs(struct desk *desk, int runs);

/* How often tick has run with this number. */
int desk_ticks(struct desk *desk, int number);

struct desk_request desk_last(struct desk *desk);

/* Answers what was held, and from now on holds nothing. */
void desk_release(struct desk *desk);

/* From now on every request is declined with service-unavailable, before it counts. */
void desk_close_window(struct desk *desk);

#endif
