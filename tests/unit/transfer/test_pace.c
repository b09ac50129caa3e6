/* How fast the bytes of a transfer must come: slow lines of honest peers, and peers that bring no
 * more than they must. */
#include "transfer/pace.h"

#include "../../lib/suite.h"

static const int64_t S = 1000000;
static const size_t MIB = 1 << 20;

/* Blocks of 6 KiB at so many bytes a second, from 0 to size. After each hour of that nothing comes
 * for cut_us, and then the session is opened again. False: given up. */
static bool arrives(size_t size, unsigned bytes_per_s, int64_t cut_us)
{
    struct sx_pace pace;
    int64_t now_us = S, cut_at_us = 3600 * S;
    size_t done = 0;
    sx_pace_begin(&pace, size, now_us);
    while (done < size) {
        size_t block = size - done < 6144 ? size - done : 6144;
        now_us += (int64_t)block * S / bytes_per_s;
        if (now_us >= sx_pace_due_us(&pace))
            return false;
        done += block;
        sx_pace_note(&pace, done, now_us);
        if (!cut_us || now_us < cut_at_us)
            continue;
        now_us += cut_us;
        cut_at_us = now_us + 3600 * S;
        if (now_us >= sx_pace_due_us(&pace))
            return false;
        sx_pace_resume(&pace, now_us);
    }
    return true;
}

static void slow_lines_are_fast_enough(void)
{
    CU_ASSERT_TRUE(arrives(64 * MIB, 1800, 0)); /* 20 kbit/s, as base64 with an iq around it */
    CU_ASSERT_TRUE(arrives(64 * MIB, 700, 0));  /* 1 KB/s */
    CU_ASSERT_TRUE(arrives(64 * MIB, 700, 70 * S));
    CU_ASSERT_TRUE(arrives(MIB, 700 / 13, 0)); /* shared by 13 */
    CU_ASSERT_TRUE(arrives(1000, 700, 0));
    CU_ASSERT_TRUE(arrives(1, 1, 0));
}

/* 60 MB at 400 bytes a second, a step in 80 s: bytes come until shortly before a step, and then
 * nothing for 110 s. */
static void a_cut_does_no_harm_whenever_it_is(void)
{
    struct sx_pace pace;
    size_t done;
    int64_t now_us = 0, cut_s;
    for (cut_s = 0; cut_s < 80; cut_s += 10) {
        sx_pace_begin(&pace, 60000000, now_us);
        for (done = 0; done < 32768 + (size_t)cut_s * 400; done += 4000) {
            CU_ASSERT_TRUE(now_us < sx_pace_due_us(&pace));
            sx_pace_note(&pace, done, now_us += 10 * S);
        }
        now_us += 110 * S;
        CU_ASSERT_TRUE(now_us < sx_pace_due_us(&pace));
        sx_pace_resume(&pace, now_us);
        for (; done < 100000; done += 4000) {
            CU_ASSERT_TRUE(now_us < sx_pace_due_us(&pace));
            sx_pace_note(&pace, done, now_us += 10 * S);
        }
    }
}

static void what_hardly_comes_is_given_up(void)
{
    CU_ASSERT_FALSE(arrives(64 * MIB, 130, 0));
    CU_ASSERT_FALSE(arrives(MIB, 40, 0));
    CU_ASSERT_FALSE(arrives(64 * MIB, 700, 121 * S));
}

static void a_step_has_a_size(void)
{
    struct sx_pace pace;
    sx_pace_begin(&pace, 100 * MIB, 0);
    CU_ASSERT_FALSE(sx_pace_note(&pace, 32767, S));
    CU_ASSERT_EQUAL(sx_pace_due_us(&pace), S + SX_PACE_PAUSE_US);
    CU_ASSERT_EQUAL(pace.step_us, 0);
    CU_ASSERT_TRUE(sx_pace_note(&pace, 32768, S));
    CU_ASSERT_EQUAL(pace.step_us, S);
    sx_pace_begin(&pace, 5 * MIB, 0);
    CU_ASSERT_FALSE(sx_pace_note(&pace, 5119, S));
    CU_ASSERT_TRUE(sx_pace_note(&pace, 5120, S));
    sx_pace_begin(&pace, 1500, 0);
    CU_ASSERT_FALSE(sx_pace_note(&pace, 1023, S));
    CU_ASSERT_TRUE(sx_pace_note(&pace, 1024, S));
    CU_ASSERT_FALSE(sx_pace_note(&pace, 1499, S));
    CU_ASSERT_TRUE(sx_pace_note(&pace, 1500, S)); /* the end is one, whatever its size */
    CU_ASSERT_FALSE(sx_pace_note(&pace, 1500, 2 * S));
}

static void going_back_is_no_progress(void)
{
    struct sx_pace pace;
    sx_pace_begin(&pace, 10000, 0);
    CU_ASSERT_TRUE(sx_pace_note(&pace, 5000, S));
    CU_ASSERT_FALSE(sx_pace_note(&pace, 0, 2 * S));
    CU_ASSERT_FALSE(sx_pace_note(&pace, 5000, 3 * S));
    CU_ASSERT_EQUAL(sx_pace_due_us(&pace), S + SX_PACE_PAUSE_US);
    CU_ASSERT_FALSE(sx_pace_note(&pace, 6023, 4 * S));
    CU_ASSERT_EQUAL(sx_pace_due_us(&pace), 4 * S + SX_PACE_PAUSE_US);
    CU_ASSERT_TRUE(sx_pace_note(&pace, 6024, 5 * S));
}

static void to_open_again_is_no_step(void)
{
    struct sx_pace pace;
    sx_pace_begin(&pace, 10000, 0);
    sx_pace_resume(&pace, 100 * S);
    CU_ASSERT_EQUAL(sx_pace_due_us(&pace), 100 * S + SX_PACE_PAUSE_US);
    sx_pace_resume(&pace, 200 * S);
    CU_ASSERT_EQUAL(sx_pace_due_us(&pace), SX_PACE_STEP_US);
    CU_ASSERT_FALSE(sx_pace_note(&pace, 1000, 210 * S));
    CU_ASSERT_EQUAL(sx_pace_due_us(&pace), SX_PACE_STEP_US);
    CU_ASSERT_TRUE(sx_pace_note(&pace, 2000, 220 * S));
    CU_ASSERT_EQUAL(sx_pace_due_us(&pace), 220 * S + SX_PACE_PAUSE_US);
}

/* Who brings a step in the last moment, again and again, is through some day. */
static void each_is_over_some_day(void)
{
    static const size_t sizes[] = {1, 1024, 1 << 20, 64 << 20};
    static const int64_t hours[] = {0, 0, 69, 138};
    unsigned i;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sx_pace pace;
        int64_t now_us = 0;
        size_t done = 0;
        sx_pace_begin(&pace, sizes[i], 0);
        while (done < sizes[i]) {
            sx_pace_resume(&pace, sx_pace_due_us(&pace) - 1);
            now_us = sx_pace_due_us(&pace) - 1;
            while (!sx_pace_note(&pace, ++done, now_us))
                ;
        }
        CU_ASSERT(now_us >= SX_PACE_STEP_US - 2 && now_us < (hours[i] * 3600 + 241) * S);
    }
}

static void each_has_its_time(void)
{
    struct sx_pace pace;
    sx_pace_begin(&pace, 1000, 5 * S);
    CU_ASSERT_FALSE(sx_pace_has_had_its_time(&pace, 15 * S - 1));
    CU_ASSERT_TRUE(sx_pace_has_had_its_time(&pace, 15 * S + 15000));
    sx_pace_begin(&pace, 64 * MIB, 5 * S);
    CU_ASSERT_FALSE(sx_pace_has_had_its_time(&pace, 1000 * S));
    CU_ASSERT_TRUE(sx_pace_has_had_its_time(&pace, 1100 * S));
}

CU_TestInfo tests_pace[] = {
    {"slow lines are fast enough", slow_lines_are_fast_enough},
    {"a cut does no harm, whenever it is", a_cut_does_no_harm_whenever_it_is},
    {"what hardly comes is given up", what_hardly_comes_is_given_up},
    {"a step has a size", a_step_has_a_size},
    {"going back is no progress", going_back_is_no_progress},
    {"to open again is no step", to_open_again_is_no_step},
    {"each is over some day", each_is_over_some_day},
    {"each has its time", each_has_its_time},
    CU_TEST_INFO_NULL,
};
