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
 * count then.
 *
 * There is one at a time, on one thread.
 */
#ifndef TESTS_ORACLE_ORACLE_H
#define TESTS_ORACLE_ORACLE_H

#include "sample.h"

enum oracle_layers { ORACLE_ALL, ORACLE_WITHOUT_SCAN, ORACLE_WITHOUT_GATE };

struct oracle_counts {
    unsigned long made, refused, denied, admitted, ran, failed;
};

void oracle_begin(enum oracle_layers layers);
void oracle_end(void);

/* One envelope; the first failures are printed. */
void oracle_ask(struct chance *chance);

const struct oracle_counts *oracle_counts(void);

#endif
