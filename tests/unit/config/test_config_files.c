/* Files of a configuration that everybody may read: they are used, and noticed. */
#include "../../lib/suite.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static void check_exposed(struct soap_xmpp_config in, bool is_password, bool is_key)
{
    struct sx_config out;
    char why[256] = "";
    in.jid = "alice@example.org";
    CU_ASSERT_EQUAL_FATAL(sx_config_make(&in, &out, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL(out.password_is_exposed, is_password);
    CU_ASSERT_EQUAL(out.key_is_exposed, is_key);
    sx_config_fini(&out);
}

static void files_of_everybody_are_noticed(void)
{
    static const struct {
        mode_t mode;
        bool is_exposed;
    } rows[] = {{0600, false}, {0640, false}, {0660, false}, {0604, true}, {0602, true}};
    char file[] = "/tmp/test_config_files_XXXXXX";
    struct soap_xmpp_config in;
    int fd = mkstemp(file);
    size_t i;
    CU_ASSERT_TRUE_FATAL(fd >= 0 && write(fd, "secret", 6) == 6);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(fchmod(fd, rows[i].mode), 0);
        soap_xmpp_config_init(&in);
        in.password_file = file;
        check_exposed(in, rows[i].is_exposed, false);
        soap_xmpp_config_init(&in);
        in.cert_file = in.key_file = file;
        check_exposed(in, false, rows[i].is_exposed);
        in.ca_file = file;
        in.password = "secret";
        check_exposed(in, false, rows[i].is_exposed);
    }
    close(fd);
    unlink(file);
}

CU_TestInfo tests_config_files[] = {
    {"password and key files that everybody may read are noticed", files_of_everybody_are_noticed},
    CU_TEST_INFO_NULL,
};
