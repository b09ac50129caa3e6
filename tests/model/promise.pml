/* promise.pml - what every model of a call must keep, and how a mistake is made on purpose.
 *
 * The promise, docs/guarantees.md: a call ends once; its request is executed at most once; of what
 * was told not executed nothing is executed, neither before nor after; what was told executed was.
 * Each model calls `execute` and `end_call` where the code does so, and the assertions in them are
 * all that is checked. Spin tries every order of steps, so that "after" needs no more words: a model
 * goes on when its call has ended.
 *
 * Models leave out what changes nothing. A stanza is lost by not being taken any more, a process dies
 * by not doing a step any more: spin tries that, too, of each of them at each moment.
 *
 * A mistake is a number in the environment, MISTAKE, and each model defines its own. With one of them
 * spin must find a broken promise; otherwise the model is blind to it, and proves nothing.
 */
hidden byte mistake;

#define READ_MISTAKE \
    c_code { const char *number = getenv("MISTAKE"); mistake = number ? atoi(number) : 0; }

/* What the call has ended with: soap_xmpp_outcome. */
#define UNDER_WAY    0
#define EXECUTED     1
#define NOT_EXECUTED 2
#define UNKNOWN      3

byte call = UNDER_WAY;
bool executed;

/* A step in words, which are shown of one that breaks the promise. */
#define SAY printf

inline end_call(outcome)
{
    if
    :: outcome == EXECUTED -> SAY("  the call ends: executed\n")
    :: outcome == NOT_EXECUTED -> SAY("  the call ends: not executed\n")
    :: outcome == UNKNOWN -> SAY("  the call ends: unknown\n")
    fi;
    assert(call == UNDER_WAY);
    assert(outcome != NOT_EXECUTED || !executed);
    assert(outcome != EXECUTED || executed);
    call = outcome
}

inline execute()
{
    assert(!executed);
    assert(call != NOT_EXECUTED);
    executed = true
}
