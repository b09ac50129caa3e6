/* denial.h - the sentence that tells the owner of a service who was refused. */
#ifndef SX_REQUEST_DENIAL_H
#define SX_REQUEST_DENIAL_H

#include <stddef.h>

/* The sentence for the trace: who was refused, and the narrowest rule that would allow the account.
 * That rule is whole or left out: cut, it might allow somebody else, or more. out is always
 * terminated; from and operation may be NULL. The operation may have its {namespace}. */
void sx_denial_describe(const char *from, const char *operation, char *out, size_t out_bytes);

#endif
