/* Lines on standard error that nobody reads: pipes, FIFOs, terminals, sockets, files. */
#include "../../lib/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stderr.h"

enum { SECONDS = 5, MOST = 100000, LINE_BYTES = 200, BIG_BYTES = 16 << 10 };

static int saved;

/* A write that waits after all ends the test program. */
static void begin(int fd)
{
    fflush(stderr);
    saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    dup2(fd, STDERR_FILENO);
    alarm(SECONDS);
}

static void end(void)
{
    alarm(0);
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void fill_line(char *line, size_t bytes)
{
    memset(line, 'x', bytes - 1);
    line[bytes - 1] = '\0';
}

/* Writes lines of so many bytes until some are lost. */
static unsigned long overflow(size_t line_bytes)
{
    char line[BIG_BYTES];
    unsigned i;
    fill_line(line, line_bytes);
    for (i = 0; i < MOST && sx_stderr_lost() < 3; i++)
        sx_stderr_write("", line);
    return sx_stderr_lost();
}

/* All that can be read now. */
static char *drain(int fd, char *text, size_t text_bytes)
{
    size_t len = 0;
    ssize_t got;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    while (len < text_bytes - 1 && (got = read(fd, text + len, text_bytes - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    return text;
}

/* Fills what writes to `in` and is read from `out`, reads it, and looks for the count. */
static void check_overflow(int in, int out, size_t line_bytes)
{
    static char text[8 << 20];
    const char *told;
    int flags = fcntl(in, F_GETFL);
    begin(in);
    CU_ASSERT_EQUAL(overflow(line_bytes), 3);
    CU_ASSERT_EQUAL(fcntl(in, F_GETFL), flags);
    end();
    drain(out, text, sizeof text);
    CU_ASSERT_EQUAL(strncmp(text, "xxx", 3), 0);
    begin(in);
    sx_stderr_write("", "after");
    end();
    CU_ASSERT_EQUAL(sx_stderr_lost(), 0);
    told = strstr(drain(out, text, sizeof text), "soapxmpp: 3 lines lost");
    CU_ASSERT_PTR_NOT_NULL_FATAL(told);
    CU_ASSERT_TRUE(told == text || told[-1] == '\n');
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "\nafter"));
}

static void full_pipes_lose_lines(void)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    check_overflow(ends[1], ends[0], LINE_BYTES);
    check_overflow(ends[1], ends[0], BIG_BYTES);
    CU_ASSERT_TRUE(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    check_overflow(ends[1], ends[0], LINE_BYTES);
    check_overflow(ends[1], ends[0], BIG_BYTES);
    close(ends[0]);
    close(ends[1]);
}

static void full_sockets_lose_lines(void)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    check_overflow(ends[1], ends[0], LINE_BYTES);
    check_overflow(ends[1], ends[0], BIG_BYTES);
    close(ends[0]);
    close(ends[1]);
}

static void full_terminals_lose_lines(void)
{
    int controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), terminal;
    CU_ASSERT_TRUE_FATAL(controller >= 0);
    grantpt(controller);
    unlockpt(controller);
    terminal = open(ptsname(controller), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(terminal >= 0);
    check_overflow(terminal, controller, LINE_BYTES);
    close(terminal);
    close(controller);
}

static void readers_that_have_gone_do_no_harm(void)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    begin(ends[1]);
    sx_stderr_write("", "to nobody"); /* SIGPIPE would end the program */
    end();
    close(ends[1]);
    CU_ASSERT_EQUAL(sx_stderr_lost(), 1);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[0]);
    begin(ends[1]);
    sx_stderr_write("", "to nobody");
    end();
    close(ends[1]);
    CU_ASSERT_EQUAL(sx_stderr_lost(), 2);
}

/* Opened anew it would have an offset of its own, and overwrite what others write. */
static void files_are_written_at_their_shared_offset(void)
{
    char path[] = "/tmp/test_stderr_XXXXXX", text[256];
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    begin(fd);
    sx_stderr_write("", "one");
    CU_ASSERT_EQUAL(write(fd, "between\n", 8), 8);
    sx_stderr_write("", "two");
    end();
    lseek(fd, 0, SEEK_SET);
    ASSERT_TEXT(strstr(drain(fd, text, sizeof text), "one"), "one\nbetween\ntwo\n");
    close(fd);
    unlink(path);
}

static void a_closed_one_does_no_harm(void)
{
    unsigned long lost = sx_stderr_lost();
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    close(STDERR_FILENO);
    sx_stderr_write("", "to nobody");
    dup2(copy, STDERR_FILENO);
    close(copy);
    CU_ASSERT_EQUAL(sx_stderr_lost(), lost + 1);
    begin(null);
    sx_stderr_write("", "the next one says so");
    end();
    close(null);
    CU_ASSERT_EQUAL(sx_stderr_lost(), 0);
}

CU_TestInfo tests_stderr[] = {
    {"a full pipe loses lines, and tells how many later", full_pipes_lose_lines},
    {"so does a full socket", full_sockets_lose_lines},
    {"and a terminal that nobody reads", full_terminals_lose_lines},
    {"a reader that has gone does no harm", readers_that_have_gone_do_no_harm},
    {"a file is written at the offset that is shared", files_are_written_at_their_shared_offset},
    {"a closed standard error does no harm", a_closed_one_does_no_harm},
    CU_TEST_INFO_NULL,
};
