/* guard_token.c - the check of samples/guard, for this contract: what a sample teaches is tested.
 */
#include "../../samples/guard/token.c"
