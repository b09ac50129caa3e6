/* oracle.h - whether what runs is what was allowed: random envelopes through scan or glance, rules,
 * gate and gSOAP's own skeletons.
 *
 * Noun: the oracle. Each caller may call one operation, and each request that the rules let pass
 * goes the way of any request. An operation that ran although its caller may call another one, two
 * that ran for one request, and one whose element isn't in the service's namespaces are failures;
 * so is a calm request that ran nothing.
 *
 * One of the two layers can be switched off, what is decided before gSOAP has the bytes or what is
 * looked at while it reads them: the other one alone has to let nothing pass. Calm requests don't
 * count then. The first one alone is asked half of the time as if the service's table held the
 * namespace of its operations alone, and half of the time with all of the table: what it can't know
 * then (docs/internals/rules.md) is counted as left to the gate. With both layers off there have to
 * be failures, or the oracle sees none.
 *
 * There is one at a time, on one thread.
 */
#ifndef TESTS_ORACLE_ORACLE_H
#define TESTS_ORACLE_ORACLE_H

#include "sample.h"

enum oracle_layers { ORACLE_ALL, ORACLE_WITHOUT_SCAN, ORACLE_WITHOUT_GATE, ORACLE_WITHOUT_BOTH };

struct oracle_counts {
    unsigned long made, refused, denied, admitted, ran, failed, left;
};

void oracle_begin(void);
void oracle_end(void);

/* From the next envelope on; ORACLE_ALL before. */
void oracle_switch(enum oracle_layers layers);

/* One envelope; the first failures are printed. */
void oracle_ask(struct chance *chance);

const struct oracle_counts *oracle_counts(void);

#endif
