/* guard_token.c - the check of samples/guard, for this contract: what a sample teaches is tested.
 */
/* NOLINTNEXTLINE(bugprone-suspicious-include): the same source for another soapH.h */
#include "../../samples/guard/token.c"
