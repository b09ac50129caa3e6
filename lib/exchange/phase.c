/* phase.c - which phase follows which, and which kind of call has it.
 *
 * Invariant: from each phase the end can be reached, and nothing follows it.
 */
#include "exchange/phase.h"

#define BIT(phase) (1u << (phase))

/* By phase: its name, and what may follow. */
static const struct {
    const char *name;
    unsigned next;
} phases[PHASES] = {
    [PHASE_SENT] = {"sent", BIT(PHASE_ASKED) | BIT(PHASE_HELD) | BIT(PHASE_LAST) |
                                BIT(PHASE_RECEIVED) | BIT(PHASE_PREPARED) | BIT(PHASE_ENDED)},
    [PHASE_ASKED] = {"asked",
                     BIT(PHASE_SENT) | BIT(PHASE_HELD) | BIT(PHASE_LAST) | BIT(PHASE_ENDED)},
    [PHASE_HELD] = {"held", BIT(PHASE_SENT) | BIT(PHASE_LAST) | BIT(PHASE_ENDED)},
    [PHASE_LAST] = {"last", BIT(PHASE_LAST_SENT) | BIT(PHASE_ENDED)},
    [PHASE_LAST_SENT] = {"last sent", BIT(PHASE_LAST) | BIT(PHASE_ENDED)},
    [PHASE_RECEIVED] = {"received", BIT(PHASE_ENDED)},
    [PHASE_PREPARED] = {"prepared", BIT(PHASE_SENT) | BIT(PHASE_HELD) | BIT(PHASE_ENDED)},
    [PHASE_ENDED] = {"ended", 0},
    [PHASE_FOUND] = {"found", BIT(PHASE_RETURNED)},
    [PHASE_RETURNED] = {"returned", BIT(PHASE_ENDED)},
};

static const unsigned phases_of_kind[CALL_KINDS] = {
    [CALL_ONCE] = BIT(PHASE_PREPARED) | BIT(PHASE_SENT) | BIT(PHASE_ENDED),
    [CALL_KEPT] = BIT(PHASE_PREPARED) | BIT(PHASE_SENT) | BIT(PHASE_HELD) | BIT(PHASE_LAST) |
                  BIT(PHASE_LAST_SENT) | BIT(PHASE_ENDED),
    [CALL_SHARED] = BIT(PHASE_PREPARED) | BIT(PHASE_SENT) | BIT(PHASE_ASKED) | BIT(PHASE_HELD) |
                    BIT(PHASE_LAST) | BIT(PHASE_LAST_SENT) | BIT(PHASE_ENDED),
    [CALL_BY_MESSAGE] = BIT(PHASE_PREPARED) | BIT(PHASE_SENT) | BIT(PHASE_RECEIVED) |
                        BIT(PHASE_ENDED) | BIT(PHASE_FOUND) | BIT(PHASE_RETURNED),
};

const char *sx_phase_name(enum call_phase phase)
{
    return phases[phase].name;
}

bool sx_phase_may_follow(enum call_phase phase, enum call_phase next)
{
    return phases[phase].next & BIT(next);
}

bool sx_phase_fits(enum call_phase phase, enum call_kind kind)
{
    return phases_of_kind[kind] & BIT(phase);
}
