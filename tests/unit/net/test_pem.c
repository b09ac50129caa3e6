/* A PEM file is read whole, without its byte order mark; what is wrong with it is told. */
#include <openssl/bio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/pem.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_pem[];

enum { WHY_BYTES = 320 };

static char dir[64]; /* while a test runs */

static void write_text(const char *file, const char *text, size_t len)
{
    FILE *out = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(fwrite(text, 1, len, out), len);
    fclose(out);
}

static void begin(char *file, size_t file_bytes)
{
    snprintf(dir, sizeof dir, "/tmp/soapxmpp-pem-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(file, file_bytes, "%s/file", dir);
}

static void end(const char *file)
{
    unlink(file);
    rmdir(dir);
}

static void expect_text(const char *file, const char *expected)
{
    struct sx_pem pem = {.member = "ca_file", .file = file};
    char why[WHY_BYTES] = "";
    CU_ASSERT_EQUAL(sx_pem_read(&pem, why, sizeof why), SX_OK);
    ASSERT_TEXT(pem.text.bytes, expected);
    CU_ASSERT_EQUAL(pem.text.len, strlen(expected));
    ASSERT_TEXT(why, "");
    sx_pem_wipe(&pem);
}

static void expect_refusal(const char *file, const char *what)
{
    struct sx_pem pem = {.member = "ca_file (SOAP_XMPP_CAFILE)", .file = file};
    char why[WHY_BYTES] = "", expected[WHY_BYTES];
    snprintf(expected, sizeof expected,
             "ca_file (SOAP_XMPP_CAFILE) is \"%s\", which %s; it must be a PEM file", file, what);
    CU_ASSERT_EQUAL(sx_pem_read(&pem, why, sizeof why), SX_EFILE);
    ASSERT_TEXT(why, expected);
    sx_pem_wipe(&pem);
}

static void test_whole(void)
{
    static char large[300000];
    char file[96];
    begin(file, sizeof file);
    write_text(file, "-----BEGIN", 10);
    expect_text(file, "-----BEGIN");
    memset(large, 'x', sizeof large - 1);
    write_text(file, large, sizeof large - 1);
    expect_text(file, large);
    end(file);
}

static void test_mark(void)
{
    char file[96];
    begin(file, sizeof file);
    write_text(file, "\xEF\xBB\xBF-----BEGIN", 13);
    expect_text(file, "-----BEGIN");
    write_text(file, "\xEF\xBB-----BEGIN", 12);
    expect_text(file, "\xEF\xBB-----BEGIN");
    write_text(file, "\xEF\xBB\xBF", 3);
    expect_refusal(file, "is empty");
    end(file);
}

static void test_none(void)
{
    struct sx_pem pem = {.member = "ca_file"};
    char why[WHY_BYTES] = "";
    CU_ASSERT_EQUAL(sx_pem_read(&pem, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL(pem.text.len, 0);
    sx_pem_wipe(&pem);
}

static void test_wrong(void)
{
    char file[96];
    begin(file, sizeof file);
    expect_refusal(file, "can't be read: No such file or directory");
    expect_refusal(dir, "can't be read: Is a directory");
    expect_refusal("/dev/zero", "grows while it is read");
    expect_refusal("/dev/null", "is empty");
    write_text(file, "", 0);
    expect_refusal(file, "is empty");
    write_text(file, "\x30\x82\x01\x02", 4);
    expect_refusal(file, "is in DER");
    CU_ASSERT_EQUAL(truncate(file, SX_PEM_BYTES + 1L), 0);
    expect_refusal(file, "is larger than 4 MiB");
    end(file);
}

/* Nobody writes to it, and nobody is waited for. */
static void test_fifo(void)
{
    char file[96];
    begin(file, sizeof file);
    CU_ASSERT_EQUAL_FATAL(mkfifo(file, 0600), 0);
    expect_refusal(file, "is empty");
    end(file);
}

CU_TestInfo tests_pem[] = {
    {"a file is read whole", test_whole},
    {"a byte order mark is no part of it", test_mark},
    {"where there is none, there is nothing", test_none},
    {"what can't be PEM is told with file and reason", test_wrong},
    {"a FIFO is not waited for", test_fifo},
    CU_TEST_INFO_NULL,
};
