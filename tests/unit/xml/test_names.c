/* The different attribute names of a document, counted, and what they cost. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/names.h"

static enum sx_err add(struct sx_names *names, const char *name)
{
    return sx_names_add(names, sx_names_hash(0, name, strlen(name)));
}

static enum sx_err add_numbered(struct sx_names *names, unsigned number)
{
    char name[20];
    snprintf(name, sizeof name, "a%u", number);
    return add(names, name);
}

static void add_many(struct sx_names *names, unsigned count)
{
    unsigned i;
    for (i = 0; i < count; i++)
        CU_ASSERT_EQUAL(add_numbered(names, i), SX_OK);
}

static void names_count_once(void)
{
    static struct sx_names names;
    unsigned i;
    sx_names_clear(&names);
    for (i = 0; i < 3; i++)
        add_many(&names, 50);
    CU_ASSERT_EQUAL(names.count, 50);
    CU_ASSERT_EQUAL(names.steps, 0);
}

static void the_limit_itself_passes(void)
{
    static struct sx_names names;
    sx_names_clear(&names);
    add_many(&names, SX_NAMES_COUNT);
    CU_ASSERT_EQUAL(names.count, SX_NAMES_COUNT);
    CU_ASSERT_EQUAL(add_numbered(&names, 0), SX_OK);
    CU_ASSERT_EQUAL(add_numbered(&names, SX_NAMES_COUNT), SX_ETOOBIG);
    CU_ASSERT_EQUAL(add_numbered(&names, SX_NAMES_COUNT + 1), SX_ETOOBIG);
    CU_ASSERT_EQUAL(sx_names_walk(&names), SX_ETOOBIG);
}

static void few_names_are_free(void)
{
    static struct sx_names names;
    unsigned i;
    sx_names_clear(&names);
    add_many(&names, SX_NAMES_FREE);
    for (i = 0; i < 20000000; i++)
        if (sx_names_walk(&names))
            break;
    CU_ASSERT_EQUAL(i, 20000000);
}

static void steps_are_bounded(void)
{
    static struct sx_names names;
    unsigned elements = 0;
    sx_names_clear(&names);
    add_many(&names, SX_NAMES_COUNT);
    while (sx_names_walk(&names) == SX_OK)
        elements++;
    CU_ASSERT_TRUE(elements > 9000 && elements < 11000);
    sx_names_clear(&names);
    CU_ASSERT_EQUAL(sx_names_walk(&names), SX_OK);
    add_many(&names, SX_NAMES_COUNT);
}

static void pieces_make_the_same_name(void)
{
    static const char name[] = "xsi:type";
    uint64_t whole = sx_names_hash(0, name, 8);
    size_t cut;
    for (cut = 0; cut <= 8; cut++)
        CU_ASSERT_EQUAL(sx_names_hash(sx_names_hash(0, name, cut), name + cut, 8 - cut), whole);
    CU_ASSERT_NOT_EQUAL(sx_names_hash(0, "\0", 1), sx_names_hash(0, "\0\0", 2));
    CU_ASSERT_NOT_EQUAL(sx_names_hash(0, "ab", 2), sx_names_hash(0, "ba", 2));
}

CU_TestInfo tests_names[] = {
    {"a name counts once", names_count_once},
    {"the limit itself passes, one more doesn't", the_limit_itself_passes},
    {"as many elements as one likes have few names", few_names_are_free},
    {"elements times names are bounded", steps_are_bounded},
    {"a name in pieces is the same name", pieces_make_the_same_name},
    CU_TEST_INFO_NULL,
};
