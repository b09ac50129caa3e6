/* config_fixture.h - configurations that are taken or refused, with the words that it is done in.
 */
#ifndef TESTS_UNIT_CONFIG_CONFIG_FIXTURE_H
#define TESTS_UNIT_CONFIG_CONFIG_FIXTURE_H

#include "../../lib/suite.h"

#include <string.h>

#include "config/config.h"

#define SECRET "s3cr3t-Pa55"

static inline struct soap_xmpp_config valid(void)
{
    struct soap_xmpp_config config;
    soap_xmpp_config_init(&config);
    config.jid = "Alice@Example.org";
    config.password = SECRET;
    return config;
}

static inline struct sx_config accept_config(const struct soap_xmpp_config *in)
{
    struct sx_config out;
    char why[256] = "";
    CU_ASSERT_EQUAL_FATAL(sx_config_make(in, &out, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
    return out;
}

static inline void refuse_config(const struct soap_xmpp_config *in, const char *reason)
{
    static const struct sx_config zero;
    struct sx_config out;
    char why[512] = "";
    memset(&out, 0xFF, sizeof out);
    CU_ASSERT_EQUAL(sx_config_make(in, &out, why, sizeof why), SX_ECONFIG);
    ASSERT_CONTAINS(why, reason);
    ASSERT_LACKS(why, SECRET);
    CU_ASSERT_EQUAL(memcmp(&out, &zero, sizeof out), 0);
    CU_ASSERT_EQUAL(sx_config_make(in, &out, NULL, 0), SX_ECONFIG);
}

#endif
