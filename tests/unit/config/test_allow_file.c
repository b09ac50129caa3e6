/* The file that says who may call, as it is read: what is none is refused with a clause. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/allow_file.h"

static char path[] = "/tmp/test_allow_file_XXXXXX";

static void write_bytes(const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void make_file(void)
{
    int fd;
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
}

static void expect_text(const char *bytes, size_t len, const char *text)
{
    struct sx_allow_file file = {0};
    unsigned long line = 7;
    char why[200] = "";
    write_bytes(bytes, len);
    CU_ASSERT_EQUAL_FATAL(sx_allow_file_read(path, &file, &line, why, sizeof why), SX_OK);
    ASSERT_TEXT(file.text, text);
    ASSERT_TEXT(why, "");
    CU_ASSERT_EQUAL(line, 0);
    CU_ASSERT_FALSE(file.is_exposed);
    free(file.text);
}

static void expect_refusal(const char *name, unsigned long bad_line, const char *clause)
{
    static char untouched[] = "untouched";
    struct sx_allow_file file = {.text = untouched};
    unsigned long line = 7;
    char why[200] = "";
    CU_ASSERT_EQUAL(sx_allow_file_read(name, &file, &line, why, sizeof why), SX_EFILE);
    ASSERT_TEXT(why, clause);
    CU_ASSERT_EQUAL(line, bad_line);
    CU_ASSERT_EQUAL(sx_allow_file_read(name, &file, &line, NULL, 0), SX_EFILE);
    CU_ASSERT_PTR_EQUAL(file.text, untouched);
}

#define EMPTY "it is empty, and one that lets nobody in has at least a comment (#)"

static void the_text_is_what_the_file_holds(void)
{
    make_file();
    expect_text("a@b\n", 4, "a@b\n");
    expect_text("a@b", 3, "a@b");
    expect_text("\xEF\xBB\xBF# x\r\n", 8, "# x\r\n");
    expect_text("\xEF\xBB\xBF\xEF\xBB\xBF", 6, "\xEF\xBB\xBF"); /* one is the text's */
    expect_text("\xEF\xBB", 2, "\xEF\xBB");
    unlink(path);
}

static void what_is_no_text_of_rules_is_refused(void)
{
    make_file();
    expect_refusal(path, 0, EMPTY);
    write_bytes("\xEF\xBB\xBF", 3);
    expect_refusal(path, 0, EMPTY);
    write_bytes("a@b\nc@d\n\0", 9);
    expect_refusal(path, 3, "a NUL byte is there, but it must be text in UTF-8");
    write_bytes("\xFF\xFE"
                "a\0@\0b\0",
                8); /* UTF-16 */
    expect_refusal(path, 1, "a NUL byte is there, but it must be text in UTF-8");
    unlink(path);
    expect_refusal(path, 0, "No such file or directory");
    expect_refusal("", 0, "No such file or directory");
    expect_refusal("/", 0, "Is a directory");
    expect_refusal("/dev/null", 0, "it is no regular file");
}

static void nobody_waits_for_who_would_write(void)
{
    make_file();
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    expect_refusal(path, 0, "it is no regular file");
    unlink(path);
}

static void a_file_has_its_limit(void)
{
    char *bytes = malloc(SX_ALLOW_FILE_BYTES + 1);
    struct sx_allow_file file = {0};
    unsigned long line;
    make_file();
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    memset(bytes, '#', SX_ALLOW_FILE_BYTES + 1);
    write_bytes(bytes, SX_ALLOW_FILE_BYTES + 1);
    expect_refusal(path, 0, "it is larger than 4 MiB");
    write_bytes(bytes, SX_ALLOW_FILE_BYTES);
    CU_ASSERT_EQUAL_FATAL(sx_allow_file_read(path, &file, &line, NULL, 0), SX_OK);
    CU_ASSERT_EQUAL(strlen(file.text), SX_ALLOW_FILE_BYTES);
    free(file.text);
    free(bytes);
    unlink(path);
}

static void a_file_that_everybody_may_write_is_known(void)
{
    struct sx_allow_file file = {0};
    unsigned long line;
    make_file();
    write_bytes("#\n", 2);
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    CU_ASSERT_EQUAL_FATAL(sx_allow_file_read(path, &file, &line, NULL, 0), SX_OK);
    CU_ASSERT_FALSE(file.is_exposed);
    free(file.text);
    CU_ASSERT_EQUAL(chmod(path, 0602), 0);
    CU_ASSERT_EQUAL_FATAL(sx_allow_file_read(path, &file, &line, NULL, 0), SX_OK);
    CU_ASSERT_TRUE(file.is_exposed);
    free(file.text);
    unlink(path);
}

/* What makes the text smaller may fail, and does no harm. */
static bool attempt_read(struct shortage shortage)
{
    static char untouched[] = "untouched";
    struct sx_allow_file file = {.text = untouched};
    unsigned long line = 7;
    char why[200] = "";
    bool has_failed;
    enum sx_err err;
    shortage_begin(shortage);
    err = sx_allow_file_read(path, &file, &line, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || (err == SX_ENOMEM && has_failed));
    ASSERT_TEXT(file.text, err == SX_OK ? "a@b\n" : untouched);
    ASSERT_TEXT(why, "");
    CU_ASSERT_EQUAL(line, 0);
    if (err == SX_OK)
        free(file.text);
    return has_failed;
}

static void without_memory_it_is_read_whole_or_not_at_all(void)
{
    make_file();
    write_bytes("\xEF\xBB\xBF"
                "a@b\n",
                7);
    CU_ASSERT(shortage_sweep(attempt_read) >= 2);
    unlink(path);
}

CU_TestInfo tests_allow_file[] = {
    {"the text is what the file holds", the_text_is_what_the_file_holds},
    {"what is no text of rules is refused", what_is_no_text_of_rules_is_refused},
    {"nobody waits for who would write", nobody_waits_for_who_would_write},
    {"a file has its limit", a_file_has_its_limit},
    {"a file that everybody may write is known", a_file_that_everybody_may_write_is_known},
    {"without memory it is read whole or not at all",
     without_memory_it_is_read_whole_or_not_at_all},
    CU_TEST_INFO_NULL,
};
