/* envelope_fixture.h - envelopes to write down quickly, and their check and scan. For
 * test_envelope.c and test_scan.c. */
#ifndef TESTS_ENVELOPE_FIXTURE_H
#define TESTS_ENVELOPE_FIXTURE_H

#include "../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/envelope.h"

#define URI11        "http://schemas.xmlsoap.org/soap/envelope/"
#define URI12        "http://www.w3.org/2003/05/soap-envelope"
#define ROOT11       "<E:Envelope xmlns:E='" URI11 "'>"
#define ROOT12       "<E:Envelope xmlns:E='" URI12 "'>"
#define BODY         "<E:Body>"
#define TAIL         "</E:Body></E:Envelope>"
#define AT           (sizeof ROOT11 BODY - 1) /* offset of the body's first child */
#define ACTION(text) "<soapAction xmlns='" SX_NS_ACTION "'>" text "</soapAction>"

enum { MAX_DEPTH = 6 };

struct verdict {
    enum sx_err err;
    const struct sx_scan *scan;
    size_t bad_byte;
    char why[160];
};

static inline struct verdict check(struct sx_checker *checker, const char *bytes, size_t len)
{
    struct verdict verdict = {.bad_byte = 4242, .why = "untouched"};
    /* A copy of the exact size shows reads beyond the end to the sanitizer. */
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    verdict.err = sx_checker_check(checker, copy, len, &verdict.scan, &verdict.bad_byte,
                                   verdict.why, sizeof verdict.why);
    free(copy);
    return verdict;
}

/* The scan of a good envelope; valid until the checker is freed or used again. */
static inline const struct sx_scan *scan_of(struct sx_checker *checker, const char *bytes)
{
    struct verdict verdict = check(checker, bytes, strlen(bytes));
    if (verdict.err)
        printf("\n    byte %zu: %s: %s", verdict.bad_byte, verdict.why, bytes);
    CU_ASSERT_EQUAL_FATAL(verdict.err, SX_OK);
    return verdict.scan;
}

#endif
