/* rerun.c - this program once more, with another configuration of OpenSSL, which reads it once. */
#include "rerun.h"

#include <CUnit/CUnit.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK "SOAPXMPP_TEST_RERUN"

bool rerun_is_here(void)
{
    return getenv(MARK) != NULL;
}

static int run(const char *test, const char *openssl_conf)
{
    char program[512] = "";
    char *arguments[] = {program, (char *)test, NULL};
    int status = -1;
    pid_t pid;
    CU_ASSERT_TRUE_FATAL(readlink("/proc/self/exe", program, sizeof program - 1) > 0);
    setenv("OPENSSL_CONF", openssl_conf, 1);
    setenv(MARK, "1", 1);
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) == 0)
        waitpid(pid, &status, 0);
    unsetenv("OPENSSL_CONF");
    unsetenv(MARK);
    return status;
}

void rerun_with_openssl(const char *test, const char *lines)
{
    char path[] = "/tmp/soapxmpp-openssl.XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_TRUE(dprintf(fd,
                           "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\n"
                           "system_default = tls\n[tls]\n%s",
                           lines) > 0);
    close(fd);
    CU_ASSERT_EQUAL(run(test, path), 0);
    unlink(path);
}
