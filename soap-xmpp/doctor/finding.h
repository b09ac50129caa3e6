/* finding.h - what one check has found.
 *
 * Noun: the finding: a state, one sentence on what was found, a line for each thing it found (an
 * address, a certificate), lines on what to do, and numbers with their units in their names.
 *
 * Invariant: the state only gets worse. The texts are valid UTF-8 without control characters
 * whatever a server or a peer has said; none holds a secret, since no check has one.
 *
 * Failure: without memory a text stays as it was, and is_short is set: whoever prints says so.
 *
 * Thread: that of the doctor alone. Nothing blocks.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_FINDING_H
#define SOAP_XMPP_TOOL_DOCTOR_FINDING_H

#include <stdbool.h>

/* From good to bad. */
enum finding_state {
    FINDING_OK = 0,
    FINDING_SKIP, /* not looked at; the sentence says why */
    FINDING_WARN,
    FINDING_FAIL
};

enum { FINDING_NUMBERS = 12 };

struct finding_number {
    const char *name; /* with its unit, in base units: "p50_seconds"; a constant */
    double value;
};

struct finding {
    const char *id; /* of its check; a constant */
    enum finding_state state;
    char *found;   /* NULL: nothing yet */
    char *details; /* lines, with a newline between them; NULL: none */
    char *advice;  /* the same */
    struct finding_number numbers[FINDING_NUMBERS];
    unsigned number_count;
    double seconds; /* how long the check took */
    bool is_short;  /* of memory */
};

void finding_init(struct finding *finding, const char *id);
void finding_fini(struct finding *finding);

/* Adds a clause to the sentence, "; " before it, and makes the state that one if it is worse. A
 * SKIP among other states is no worse than OK. */
void finding_say(struct finding *finding, enum finding_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_add_detail(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One line on what to do. One that is there already isn't added again. */
void finding_advise(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One more than there is room for is left out. */
void finding_measure(struct finding *finding, const char *name, double value);

/* "ok", "skip", "warn", "FAIL". */
const char *finding_state_text(enum finding_state state);

#endif
