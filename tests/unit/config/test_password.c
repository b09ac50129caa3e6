/* The password of each attempt: a file that changes, a program that is asked. */
#include "../../lib/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/password.h"

enum { WHY_BYTES = 300, MOST_S = 20 };

static struct soap_xmpp_config valid(void)
{
    struct soap_xmpp_config in;
    soap_xmpp_config_init(&in);
    in.jid = "alice@example.org";
    return in;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void check_renewal(struct sx_config *config, enum sx_err err, const char *password,
                          const char *why_part)
{
    char why[WHY_BYTES] = "";
    CU_ASSERT_EQUAL(sx_password_renew(config, why, sizeof why), err);
    ASSERT_TEXT(config->password, password);
    if (*why_part)
        ASSERT_CONTAINS(why, why_part);
    else
        ASSERT_TEXT(why, "");
}

static void a_file_is_read_anew(void)
{
    char path[] = "/tmp/test_password_XXXXXX";
    struct soap_xmpp_config in = valid();
    struct sx_config config;
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    write_file(path, "first\n");
    in.password_file = path;
    CU_ASSERT_EQUAL_FATAL(sx_config_make(&in, &config, NULL, 0), SX_OK);
    ASSERT_TEXT(config.password, "first");
    check_renewal(&config, SX_OK, "first", "");
    write_file(path, "s\xC2\xAA"
                     "cond\n");
    check_renewal(&config, SX_OK, "sacond", "");
    ASSERT_TEXT(config.typed_password, "s\xC2\xAA"
                                       "cond");
    write_file(path, "");
    check_renewal(&config, SX_EFILE, "sacond", "its first line is empty");
    write_file(path, "third");
    check_renewal(&config, SX_OK, "third", "");
    chmod(path, 0644);
    check_renewal(&config, SX_OK, "third", "everybody on this machine may read or write");
    check_renewal(&config, SX_OK, "third", "");
    CU_ASSERT_PTR_NULL(config.typed_password);
    sx_password_forget(&config); /* the file may be out of reach the next time */
    unlink(path);
    check_renewal(&config, SX_OK, "third", "can't be opened any longer: No such file");
    sx_config_fini(&config);
}

/* What gave it once, and would be waited for, or is empty, a second time. */
static void keep_what_was_read(const char *path, int writer)
{
    struct soap_xmpp_config in = valid();
    struct sx_config config;
    CU_ASSERT_EQUAL(write(writer, "once\n", 5), 5);
    in.password_file = path;
    CU_ASSERT_EQUAL_FATAL(sx_config_make(&in, &config, NULL, 0), SX_OK);
    ASSERT_TEXT(config.password, "once");
    close(writer);
    alarm(MOST_S);
    check_renewal(&config, SX_OK, "once", "");
    alarm(0);
    sx_config_fini(&config);
}

/* As in SOAP_XMPP_PASSWORD_FILE=<(pass show xmpp) */
static void a_pipe_is_read_once(void)
{
    char path[64];
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    keep_what_was_read(path, ends[1]);
    close(ends[0]);
}

static void a_fifo_is_read_once(void)
{
    char folder[] = "/tmp/test_password_XXXXXX", path[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    keep_what_was_read(path, open(path, O_RDWR | O_CLOEXEC));
    unlink(path);
    rmdir(folder);
}

struct program {
    const char *password; /* NULL: none now */
    size_t bytes;
    int asked;
};

static int give_password(void *user, char *password, size_t password_bytes)
{
    struct program *program = user;
    program->asked++;
    program->bytes = password_bytes;
    if (!program->password)
        return 1;
    memcpy(password, program->password, strlen(program->password) + 1);
    return 0;
}

static int give_too_much(void *user, char *password, size_t password_bytes)
{
    (void)user;
    memset(password, 'x', password_bytes);
    return 0;
}

static void a_program_is_asked_at_each_attempt(void)
{
    struct program program = {"first", 0, 0};
    struct soap_xmpp_config in = valid();
    struct sx_config config;
    in.password_callback = give_password;
    in.password_user = &program;
    CU_ASSERT_EQUAL_FATAL(sx_config_make(&in, &config, NULL, 0), SX_OK);
    CU_ASSERT_EQUAL(program.asked, 0);
    check_renewal(&config, SX_OK, "first", "");
    CU_ASSERT_EQUAL(program.bytes, 1024);
    sx_password_forget(&config);
    ASSERT_TEXT(config.password, "");
    program.password = "second";
    check_renewal(&config, SX_OK, "second", "");
    sx_password_forget(&config);
    program.password = NULL;
    check_renewal(&config, SX_EFILE, "", "the program gave no password (password_callback)");
    program.password = "";
    check_renewal(&config, SX_EFILE, "", "gave no password of 1 to 1,023 bytes");
    config.password_callback = give_too_much;
    check_renewal(&config, SX_EFILE, "", "gave no password of 1 to 1,023 bytes");
    CU_ASSERT_EQUAL(program.asked, 4);
    sx_config_fini(&config);
}

static void there_is_one_source(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config config;
    char why[WHY_BYTES];
    in.password_callback = give_password;
    in.password = "secret";
    CU_ASSERT_EQUAL(sx_config_make(&in, &config, why, sizeof why), SX_ECONFIG);
    ASSERT_TEXT(why, "password_callback and password (SOAP_XMPP_PASSWORD) are both set; allowed: "
                     "one of them");
    in.password = NULL;
    in.password_file = "/dev/null";
    CU_ASSERT_EQUAL(sx_config_make(&in, &config, why, sizeof why), SX_ECONFIG);
    ASSERT_TEXT(why, "password_callback and password_file (SOAP_XMPP_PASSWORD_FILE) are both set; "
                     "allowed: one of them");
}

CU_TestInfo tests_password[] = {
    {"a file is read anew at each attempt", a_file_is_read_anew},
    {"a pipe is read once", a_pipe_is_read_once},
    {"so is a FIFO", a_fifo_is_read_once},
    {"a program is asked at each attempt", a_program_is_asked_at_each_attempt},
    {"there is one source of it", there_is_one_source},
    CU_TEST_INFO_NULL,
};
