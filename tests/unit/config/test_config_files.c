/* The secrets of a configuration: files that everybody may read are used, and noticed; what was
 * kept of a secret is wiped. */
#include "../../lib/suite.h"
#include "../../lib/wipes.h"

#include <stdlib.h>
#include <string.h>
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

static const char password[] = "a password of its own", key[] = "a key that names have, 32 bytes";

static void secrets_are_wiped_when_they_are_dropped(void)
{
    struct soap_xmpp_config in;
    struct sx_config out;
    const char *const secrets[] = {password, key};
    size_t i;
    for (i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        soap_xmpp_config_init(&in);
        in.jid = "alice@example.org";
        in.password = password;
        in.name_key = key;
        CU_ASSERT_EQUAL_FATAL(sx_config_make(&in, &out, NULL, 0), SX_OK);
        wipes_begin(secrets[i]);
        sx_config_fini(&out);
        CU_ASSERT_EQUAL(wipes_end(), 1);
    }
}

static void each_form_of_a_password_is_wiped(void)
{
    static const char *const forms[] = {"cafe\xCC\x81", "caf\xC3\xA9"};
    struct soap_xmpp_config in;
    struct sx_config out;
    size_t i;
    for (i = 0; i < 2; i++) {
        soap_xmpp_config_init(&in);
        in.jid = "alice@example.org";
        in.password = forms[0];
        CU_ASSERT_EQUAL_FATAL(sx_config_make(&in, &out, NULL, 0), SX_OK);
        wipes_begin(forms[i]);
        sx_config_fini(&out);
        CU_ASSERT_EQUAL(wipes_end(), 1);
    }
}

/* On its way out of the file, and with the configuration. */
static void what_was_read_of_a_file_is_wiped(void)
{
    char file[] = "/tmp/test_config_files_XXXXXX";
    struct soap_xmpp_config in;
    struct sx_config out;
    int fd = mkstemp(file);
    CU_ASSERT_TRUE_FATAL(fd >= 0 &&
                         write(fd, password, strlen(password)) == (ssize_t)strlen(password));
    soap_xmpp_config_init(&in);
    in.jid = "alice@example.org";
    in.password_file = file;
    wipes_begin(password);
    CU_ASSERT_EQUAL_FATAL(sx_config_make(&in, &out, NULL, 0), SX_OK);
    CU_ASSERT_EQUAL(wipes_end(), 1);
    ASSERT_TEXT(out.password, password);
    wipes_begin(password);
    sx_config_fini(&out);
    CU_ASSERT_EQUAL(wipes_end(), 1);
    close(fd);
    unlink(file);
}

CU_TestInfo tests_config_files[] = {
    {"password and key files that everybody may read are noticed", files_of_everybody_are_noticed},
    {"secrets are wiped when they are dropped", secrets_are_wiped_when_they_are_dropped},
    {"a password is wiped as it was given, and prepared", each_form_of_a_password_is_wiped},
    {"what was read of a password file is wiped", what_was_read_of_a_file_is_wiped},
    CU_TEST_INFO_NULL,
};
