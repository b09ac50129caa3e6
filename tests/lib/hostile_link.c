#include "hostile_link.h"

#include <CUnit/CUnit.h>

#include "tcp.h"

void hostile_link_config(const struct hostile *hostile, struct soap_xmpp_config *config)
{
    soap_xmpp_config_init(config);
    config->jid = "alice@" HOSTILE_DOMAIN "/desk";
    config->password = "secret";
    config->host = "127.0.0.1";
    config->port = hostile_port(hostile);
    config->tls = SOAP_XMPP_TLS_OFF;
    config->timeout_ms = TCP_LONG_MS;
    config->plain_delivery = 1; /* a script that isn't asked for disco#info is shorter */
}

struct soap_xmpp_link *hostile_link_open(const struct hostile *hostile, enum soap_xmpp_tls tls,
                                         const char *ca_file)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    hostile_link_config(hostile, &config);
    config.tls = tls;
    config.ca_file = ca_file;
    link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    return link;
}
