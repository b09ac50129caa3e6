/* report.h - how a command ends: its exit code, one sentence, and with --json one object.
 *
 * A command ends once, by report_end(). main() prints what it left: the sentence on standard error,
 *
 *     soap-xmpp: xmpp:cam@x/soap: GetStatus: service-unavailable (503): not executed
 *
 * or with --json one object on standard output, which has the same, and the command's own members:
 *
 *     {"command":"call","exit":3,"endpoint":..,"operation":..,"outcome":"not-executed","text":..,..}
 *
 * One thread calls these functions. */
#ifndef SOAP_XMPP_TOOL_REPORT_H
#define SOAP_XMPP_TOOL_REPORT_H

#include <jansson.h>
#include <stdbool.h>

/* Exit codes, the same for all commands; and 128 and a signal's number after a signal. */
enum report_exit {
    REPORT_OK = 0,           /* answered; of doctor: no failure */
    REPORT_FAULT = 1,        /* a SOAP fault: the service ran it and said no; a check that failed */
    REPORT_USAGE = 2,        /* wrong usage or configuration: nothing was tried */
    REPORT_NOT_EXECUTED = 3, /* never sent, or refused unread */
    REPORT_UNKNOWN = 4,      /* sent, and no answer */
    REPORT_UNUSABLE = 5,     /* executed, but the answer can't be used */
    REPORT_OFFLINE = 6       /* never online: login, certificate, DNS, network */
};

struct report {
    bool is_json, is_quiet;
    json_t *members;    /* of the object; insertion order is the order printed */
    char context[4096]; /* "xmpp:cam@x/soap: GetStatus: " */
    char text[2048];    /* the sentence, "" for none */
    const char *ran;    /* "not executed", or NULL: nothing that could have run */
    int exit_code;
    struct {
        const char *name;
        char *json;
    } raw[4]; /* members that are JSON already */
};

/* "command" is "" until it is set. main() alone. */
void report_begin(struct report *report, bool is_json, bool is_quiet);

/* What it is about; the second may be NULL. Stands before the sentence, and in the object as
 * "endpoint" and "operation". */
void report_about(struct report *report, const char *endpoint, const char *operation);

/* Whether it ran: the last part of the line, and "outcome" of the object. exit_code tells: OK and
 * FAULT and UNUSABLE executed, NOT_EXECUTED, UNKNOWN. For commands that call something. */
void report_ran(struct report *report, int exit_code);

/* A member of the object: takes the value, also NULL when there was no memory for it, which leaves
 * the member out. */
void report_set(struct report *report, const char *name, json_t *value);
void report_set_text(struct report *report, const char *name, const char *text);
/* The same of JSON as text, one line, which goes in as it is, behind all others: numbers keep their
 * digits. Up to four of them. */
void report_set_raw(struct report *report, const char *name, const char *json);

/* Ends: returns exit_code, which the command returns. format NULL: without a sentence. Control
 * characters of the sentence, and what isn't UTF-8, become '?'. */
__attribute__((format(printf, 3, 4))) int report_end(struct report *report, int exit_code,
                                                     const char *format, ...);

/* One line about what goes on, on standard error, not with -q; never a result. */
__attribute__((format(printf, 2, 3))) void report_note(const struct report *report,
                                                       const char *format, ...);

/* One event of a command that tells many: with --json the object as a line on standard output, else
 * the text. Takes the object. */
__attribute__((format(printf, 3, 4))) void report_event(const struct report *report, json_t *event,
                                                        const char *format, ...);

/* Prints the object as it is now as one event, and empties what a next one sets anew. */
void report_print_event(struct report *report);

/* Prints what report_end() left, and frees. Returns the exit code. main() alone. */
int report_print(struct report *report);

#endif
