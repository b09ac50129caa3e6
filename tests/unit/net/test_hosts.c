/* What /etc/hosts says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/hosts.h"
#include "../../lib/suite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MOST = 4 };

static const char text[] = "# a comment\n"
                           "127.0.0.1 localhost localhost.localdomain\n"
                           "\n"
                           "\t::1\tlocalhost # example.org\n"
                           "192.0.2.1 example.org www.example.org\r\n"
                           "192.0.2.2 EXAMPLE.org.\n"
                           "192.0.2.3 b\303\274cher.test\n"
                           "192.0.2.4 xn--bcher-kva.test\n"
                           "fe80::1%lo scoped.example\n"
                           "nonsense example.org\n"
                           "192.0.2 example.org\n"
                           "192.0.2.300 example.org\n"
                           "1.1.1.1%lo example.org\n"
                           "192.0.2.5\n"
                           "example.org 192.0.2.6\n"
                           "192.0.2.7 \377\376 faulty.example\n"
                           "2001:db8::1 many.example\n"
                           "2001:db8::2 many.example many.example\n"
                           "2001:db8::3 many.example\n"
                           "2001:db8::4 many.example\n"
                           "2001:db8::5 many.example\n"
                           "192.0.2.8 last.example";

static void write_file(char *path)
{
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
}

static void test_file(void)
{
    static const struct {
        const char *name, *addresses;
    } rows[] = {
        {"localhost", "127.0.0.1 ::1 "},
        {"LOCALHOST.localdomain", "127.0.0.1 "},
        {"example.org", "192.0.2.1 192.0.2.2 "},
        {"www.example.org", "192.0.2.1 "},
        {"xn--bcher-kva.test", "192.0.2.3 192.0.2.4 "},
        {"scoped.example", "fe80::1%lo "},
        {"faulty.example", "192.0.2.7 "},
        {"many.example", "2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4 "},
        {"last.example", "192.0.2.8 "},
        {"org", ""},
        {"192.0.2.6", ""},
        {"comment", ""},
    };
    char path[] = "/tmp/hosts-XXXXXX", literals[MOST][SX_HOSTS_LITERAL_BYTES];
    size_t i;
    write_file(path);
    for (i = 0; i < COUNT(rows); i++) {
        unsigned count = sx_hosts_find(path, rows[i].name, literals, MOST), k;
        char found[512] = "";
        for (k = 0; k < count; k++)
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s ", literals[k]);
        ASSERT_TEXT(found, rows[i].addresses);
    }
    unlink(path);
}

static void test_no_file(void)
{
    char literals[MOST][SX_HOSTS_LITERAL_BYTES];
    CU_ASSERT_EQUAL(sx_hosts_find("/nowhere/hosts", "localhost", literals, MOST), 0);
    CU_ASSERT_EQUAL(sx_hosts_find("/", "localhost", literals, MOST), 0);
}

/* A line without an end is no reason to stop. */
static void test_long_line(void)
{
    char path[] = "/tmp/hosts-XXXXXX", literals[MOST][SX_HOSTS_LITERAL_BYTES];
    int fd = mkstemp(path), i;
    FILE *file = fdopen(fd, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("192.0.2.1", file);
    for (i = 0; i < 20000; i++)
        fprintf(file, " name%d.example", i);
    fputs(" last.example\n192.0.2.2 next.example\n", file);
    fclose(file);
    CU_ASSERT_EQUAL(sx_hosts_find(path, "last.example", literals, MOST), 1);
    CU_ASSERT_EQUAL(sx_hosts_find(path, "next.example", literals, MOST), 1);
    unlink(path);
}

CU_TestInfo tests_hosts[] = {
    {"a name has its addresses in the file's order", test_file},
    {"a file that can't be read says nothing", test_no_file},
    {"a line may be long", test_long_line},
    CU_TEST_INFO_NULL,
};
