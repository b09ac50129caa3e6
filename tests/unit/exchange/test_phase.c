/* Phases: which follow which. */
#include "../../lib/suite.h"

#include <string.h>

#include "exchange/phase.h"

static void test_every_phase_has_a_name(void)
{
    int phase, other;
    for (phase = 0; phase < PHASES; phase++)
        for (other = 0; other <= phase; other++)
            CU_ASSERT_EQUAL(strcmp(sx_phase_name((enum call_phase)phase),
                                   sx_phase_name((enum call_phase)other)) == 0,
                            phase == other);
}

/* Whether the end is reached from there, by phases that the kind has. */
static bool reaches_end(enum call_kind kind, enum call_phase phase, int most_steps)
{
    int next;
    if (phase == PHASE_ENDED)
        return true;
    for (next = 0; next < PHASES && most_steps > 0; next++)
        if (sx_phase_may_follow(phase, (enum call_phase)next) &&
            sx_phase_fits((enum call_phase)next, kind) &&
            reaches_end(kind, (enum call_phase)next, most_steps - 1))
            return true;
    return false;
}

static void test_every_phase_leads_to_the_end(void)
{
    int kind, phase, next;
    for (kind = 0; kind < CALL_KINDS; kind++) {
        CU_ASSERT_TRUE(sx_phase_fits(PHASE_SENT, (enum call_kind)kind));
        for (phase = 0; phase < PHASES; phase++)
            if (sx_phase_fits((enum call_phase)phase, (enum call_kind)kind))
                CU_ASSERT_TRUE(reaches_end((enum call_kind)kind, (enum call_phase)phase, 2));
    }
    for (next = 0; next < PHASES; next++)
        CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_ENDED, (enum call_phase)next));
}

/* What booleans could say of a call, and a phase can't. */
static void test_what_cannot_be(void)
{
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_LAST, PHASE_HELD));
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_LAST_SENT, PHASE_HELD));
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_LAST_SENT, PHASE_SENT));
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_RECEIVED, PHASE_SENT));
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_SENT, PHASE_FOUND));
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_ASKED, PHASE_PREPARED));
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_HELD, PHASE_PREPARED));
    CU_ASSERT_FALSE(sx_phase_may_follow(PHASE_PREPARED, PHASE_RECEIVED));
    CU_ASSERT_FALSE(sx_phase_fits(PHASE_ASKED, CALL_KEPT));
    CU_ASSERT_FALSE(sx_phase_fits(PHASE_HELD, CALL_ONCE));
    CU_ASSERT_FALSE(sx_phase_fits(PHASE_RECEIVED, CALL_SHARED));
}

CU_TestInfo tests_phase[] = {
    {"every phase has a name of its own", test_every_phase_has_a_name},
    {"every phase leads to the end, and nothing beyond", test_every_phase_leads_to_the_end},
    {"a call is in no two states at once", test_what_cannot_be},
    CU_TEST_INFO_NULL,
};
