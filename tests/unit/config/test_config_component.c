/* The configuration of a component (XEP-0114): its secret, its server, what it has not. */
#include "config_fixture.h"

static struct soap_xmpp_config valid_component(void)
{
    struct soap_xmpp_config config = valid();
    config.jid = "Calc.Example.org";
    return config;
}

static void a_domain_is_a_component(void)
{
    struct soap_xmpp_config in = valid_component();
    struct sx_config out = accept_config(&in);
    ASSERT_TEXT(out.jid, "calc.example.org");
    CU_ASSERT_TRUE(out.is_component);
    ASSERT_TEXT(out.host, "localhost");
    CU_ASSERT_EQUAL(out.port, 5347);
    CU_ASSERT_EQUAL(out.tls, SOAP_XMPP_TLS_OFF);
    ASSERT_TEXT(out.password, SECRET);
    sx_config_fini(&out);
    in.port = 8888;
    in.tls = SOAP_XMPP_TLS_OFF;
    in.host = "[::1]";
    out = accept_config(&in);
    ASSERT_TEXT(out.host, "::1");
    CU_ASSERT_EQUAL(out.port, 8888);
    CU_ASSERT_EQUAL(out.tls, SOAP_XMPP_TLS_OFF);
    sx_config_fini(&out);
    in.password = "cafe\xCC\x81"; /* hashed as it is: XEP-0114 knows no SASLprep */
    out = accept_config(&in);
    ASSERT_TEXT(out.password, "cafe\xCC\x81");
    sx_config_fini(&out);
    in = valid();
    out = accept_config(&in);
    CU_ASSERT_FALSE(out.is_component);
    sx_config_fini(&out);
    in.jid = "example.org/a@b";
    refuse_config(
        &in, "jid (SOAP_XMPP_JID) is \"example.org/a@b\", a domain with a resource; a component "
             "is its domain alone, and every resource of it reaches it; allowed: node@domain, "
             "node@domain/resource or a domain");
}

static void a_component_is_on_loopback_or_trusts_its_host(void)
{
    struct soap_xmpp_config in = valid_component();
    struct sx_config out;
    in.host = "xmpp.example.org";
    refuse_config(
        &in, "calc.example.org is a component, whose stream has no TLS (XEP-0114), but the "
             "host \"xmpp.example.org\" is another machine, and every call would cross the "
             "network in clear; allowed: localhost, 127.0.0.0/8, ::1, or, if nobody listens on "
             "the way there, the host's name once more as trusted_host "
             "(SOAP_XMPP_TRUSTED_HOST)");
    in.trusted_host = "example.org";
    refuse_config(&in, "trusted_host (SOAP_XMPP_TRUSTED_HOST) is \"example.org\", but host "
                       "(SOAP_XMPP_HOST) is \"xmpp.example.org\"; it is host once more, in the "
                       "same words");
    in.trusted_host = "XMPP.example.org";
    out = accept_config(&in);
    ASSERT_TEXT(out.host, "xmpp.example.org");
    sx_config_fini(&out);
    in.host = "[2001:db8::1]";
    in.trusted_host = "2001:db8::1";
    out = accept_config(&in);
    ASSERT_TEXT(out.host, "2001:db8::1");
    sx_config_fini(&out);
    in.host = NULL;
    refuse_config(&in, "trusted_host (SOAP_XMPP_TRUSTED_HOST) is \"2001:db8::1\", but host "
                       "(SOAP_XMPP_HOST) is unset, which means localhost; it is host once more, in "
                       "the same words");
    in = valid();
    in.trusted_host = in.host = "xmpp.example.org";
    refuse_config(&in, "trusted_host (SOAP_XMPP_TRUSTED_HOST) is \"xmpp.example.org\", but "
                       "alice@example.org/soap is no component; its stream has TLS, which needs no "
                       "trust in a network: leave it unset");
}

static void a_component_alone_shares_its_jid(void)
{
    struct soap_xmpp_config in = valid_component();
    struct sx_config out;
    in.shared_jid = 1;
    out = accept_config(&in);
    CU_ASSERT_TRUE(out.is_shared);
    sx_config_fini(&out);
    in = valid();
    in.shared_jid = 1;
    refuse_config(&in, "shared_jid (SOAP_XMPP_SHARED_JID) is 1, but alice@example.org/soap is an "
                       "account, of which each process has a resource of its own");
    in.shared_jid = 2;
    refuse_config(&in, "shared_jid (SOAP_XMPP_SHARED_JID) is 2; allowed: 0 or 1");
}

static void a_component_has_a_secret_and_no_tls(void)
{
    struct soap_xmpp_config in = valid_component();
    in.password = NULL;
    refuse_config(&in, "password (SOAP_XMPP_PASSWORD) is missing; calc.example.org is a component: "
                       "required is the secret that its server knows, here or in password_file "
                       "(SOAP_XMPP_PASSWORD_FILE)");
    in = valid_component();
    in.tls = SOAP_XMPP_TLS_DIRECT;
    refuse_config(&in, "tls (SOAP_XMPP_TLS) is direct, but calc.example.org is a component, whose "
                       "stream has no TLS (XEP-0114); leave it unset");
    in = valid_component();
    in.ca_file = "/dev/null";
    refuse_config(&in, "ca_file (SOAP_XMPP_CAFILE) is set, but calc.example.org is a component, "
                       "whose stream has no TLS (XEP-0114); leave it unset");
    in = valid_component();
    in.cert_file = in.key_file = "/dev/null";
    refuse_config(&in,
                  "cert_file (SOAP_XMPP_CERTFILE) is set, but calc.example.org is a component");
    in.cert_file = NULL;
    refuse_config(&in, "key_file (SOAP_XMPP_KEYFILE) is set, but calc.example.org is a component");
}

CU_TestInfo tests_config_component[] = {
    {"a domain is a component", a_domain_is_a_component},
    {"a component is on loopback, or trusts its host",
     a_component_is_on_loopback_or_trusts_its_host},
    {"a component has a secret, and no TLS", a_component_has_a_secret_and_no_tls},
    {"a component alone shares its JID", a_component_alone_shares_its_jid},
    CU_TEST_INFO_NULL,
};
