/* rules.h - rules for tests, and who may call by them. What can't be made fails the test. */
#ifndef TESTS_UNIT_REQUEST_RULES_H
#define TESTS_UNIT_REQUEST_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "request/access.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A text of rules, a caller, an operation; and whether it may be called. */
struct rules_asked {
    const char *rules, *from, *operation;
    bool allowed;
};

struct sx_access *rules_make(void);
void rules_allow(struct sx_access *access, const char *who, const char *operation);
void rules_parse(struct sx_access *access, const char *rules);

/* Each row with rules of its own. */
void rules_ask_all(const struct rules_asked *rows, size_t count);

/* A text of so many rules, each for another account: u<number>@b may add. The caller's to free. */
char *rules_many(unsigned first, unsigned count);

#endif
