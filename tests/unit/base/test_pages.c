/* pages.c: what the kernel says is resident of them. */
#include "base/pages.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../lib/shortage.h"

enum { PAGES = 16 };

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static int resident(void *pages)
{
    unsigned char seen[PAGES] = {0};
    int i, count = 0;
    CU_ASSERT_EQUAL(mincore(pages, PAGES * page_bytes(), seen), 0);
    for (i = 0; i < PAGES; i++)
        count += seen[i] & 1;
    return count;
}

static void pages_are_zero(void)
{
    size_t i, bytes = PAGES * page_bytes(), set = 0;
    unsigned char *pages = sx_pages_new(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pages);
    for (i = 0; i < bytes; i++)
        set += pages[i] != 0;
    CU_ASSERT_EQUAL(set, 0);
    sx_pages_free(pages, bytes);
}

static void a_page_that_nobody_wrote_to_takes_no_memory(void)
{
    size_t bytes = PAGES * page_bytes();
    unsigned char *pages = sx_pages_new(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pages);
    CU_ASSERT_EQUAL(resident(pages), 0);
    pages[3 * page_bytes()] = 1;
    CU_ASSERT_EQUAL(resident(pages), 1);
    sx_pages_free(pages, bytes);
}

static void more_pages_than_there_are_are_refused(void)
{
    CU_ASSERT_PTR_NULL(sx_pages_new(SIZE_MAX / 2));
}

static void nothing_may_be_freed(void)
{
    sx_pages_free(NULL, page_bytes());
}

CU_TestInfo tests_pages[] = {
    {"pages are zero", pages_are_zero},
    {"a page that nobody wrote to takes no memory", a_page_that_nobody_wrote_to_takes_no_memory},
    {"more pages than there are are refused", more_pages_than_there_are_are_refused},
    {"nothing may be freed", nothing_may_be_freed},
    CU_TEST_INFO_NULL,
};
