/* answer_fault.h - a fault of either version, read from its element. */
#ifndef CT_ANSWER_FAULT_H
#define CT_ANSWER_FAULT_H

#include <stdbool.h>

#include "contract/answer.h"
#include "contract/value.h"

/* Fills *fault, and makes its *value: code, subcode, ... false: the pool gives no more. */
bool ct_answer_fault_read(const struct ct_values *values, xmlNode *node, enum ct_version version,
                          struct ct_fault *fault, struct ct_value **value);

#endif
