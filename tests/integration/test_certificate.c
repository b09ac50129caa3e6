/* Certificates in files: ours in the password's place, chains of either side, files that are no
 * good when the link is opened, or later.
 */
#include "laboratory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tls_context.h"
#include "../lib/hostile.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "link.h"
#include "scale.h"

#define DOMAIN "connect.example"

extern CU_TestInfo tests_certificate[];

enum { FILE_BYTES = SITE_PATH_BYTES + 128, TEXT_BYTES = 16384 };

static void assert_not_opened(const struct soap_xmpp_config *config, const char *member,
                              const char *reason)
{
    char why[400] = "";
    CU_ASSERT_PTR_NULL(soap_xmpp_open(config, why, sizeof why));
    ASSERT_CONTAINS(why, member);
    ASSERT_CONTAINS(why, reason);
    CU_ASSERT_PTR_NULL(soap_xmpp_open(config, NULL, 0));
}

/* ---- ours ---- */

struct client {
    struct site_account account;
    char cert_file[FILE_BYTES], key_file[FILE_BYTES];
};

/* Alice, with somebody's certificate, and without a password unless the servers take that alone. */
static void prepare_client(const struct site *site, const char *whose, struct client *client)
{
    int dir_len = (int)(strrchr(site->ca_file, '/') - site->ca_file);
    site_account(site, "alice", "desk", &client->account);
    snprintf(client->cert_file, sizeof client->cert_file, "%.*s/%s/%s.crt", dir_len, site->ca_file,
             site->domain, whose);
    snprintf(client->key_file, sizeof client->key_file, "%.*s/%s/%s.key", dir_len, site->ca_file,
             site->domain, whose);
    if (!scale_is_small())
        client->account.config.password = NULL;
    client->account.config.cert_file = client->cert_file;
    client->account.config.key_file = client->key_file;
    client->account.config.trace = SOAP_XMPP_TRACE_NONE;
}

/* Debian's configurations take none. */
static void expect_not_taken(struct client *client)
{
    struct soap_xmpp_link *link;
    client->account.config.password = NULL;
    link = link_open(&client->account.config);
    link_await_reason(link, "chained-alice.crt: it offers no SASL EXTERNAL");
    soap_xmpp_close(link);
}

/* The server knows the CA alone, not the intermediate one. */
static void log_in_by_chain(const struct site *site)
{
    struct client client;
    prepare_client(site, "chained-alice", &client);
    if (scale_is_small()) {
        expect_not_taken(&client);
        return;
    }
    link_assert_online(&client.account.config);
    client.account.config.tls = SOAP_XMPP_TLS_DIRECT;
    client.account.config.port = site->direct_tls_port;
    link_assert_online(&client.account.config);
}

static void a_client_certificate_by_an_intermediate_ca_stands_for_the_password(void)
{
    site_each(log_in_by_chain);
}

/* These two have a certificate by the intermediate CA, of which ca_file knows nothing. */
static void trust_chain(const struct site *site)
{
    struct site_account account;
    site_account(site, "alice", "desk", &account);
    link_assert_online(&account.config);
    account.config.tls = SOAP_XMPP_TLS_DIRECT;
    account.config.port = site->direct_tls_port;
    link_assert_online(&account.config);
}

static void a_server_certificate_by_an_intermediate_ca_is_trusted(void)
{
    site_each_fragile(trust_chain);
}

static void a_server_that_wants_a_certificate_is_told_and_another_one_waited_for(void)
{
    static const struct hostile_step script[] = {
        {.kind = HOSTILE_TLS_ASK},
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    struct hostile_certificates certificates;
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct hostile *hostile;
    struct client client;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&certificates, DOMAIN, 1), 0);
    hostile = hostile_start(script, certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    soap_xmpp_config_init(&config);
    config.jid = "alice@" DOMAIN "/desk";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = hostile_port(hostile);
    config.timeout_ms = TCP_LONG_MS;
    config.ca_file = certificates.ca_file;
    link_assert_final(&config, "wants a client certificate", "certificate required");
    prepare_client(site_any(), "alice", &client);
    config.cert_file = client.cert_file;
    config.key_file = client.key_file;
    link = link_open(&config); /* the files may be better ones the next time */
    CU_ASSERT_TRUE(hostile_await_connections(hostile, 3, TCP_LONG_MS));
    link_await_reason(link, "doesn't take the client certificate");
    CU_ASSERT_NOT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_FAILED);
    hostile_stop(hostile);
    soap_xmpp_close(link);
    hostile_remove_certificates(&certificates);
}

/* ---- files that are no good ---- */

/* Copies of the site's files that the test may spoil. */
struct copies {
    struct client client;
    char dir[64], ca_file[96], cert_file[96], key_file[96];
};

static void copy_text(const char *from, const char *to)
{
    char text[TEXT_BYTES];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    CU_ASSERT_FATAL(in && out);
    fwrite(text, 1, fread(text, 1, sizeof text, in), out);
    fclose(in);
    fclose(out);
}

static void write_text(const char *file, const char *text)
{
    FILE *out = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

static void make_copies(const struct site *site, struct copies *copies)
{
    struct soap_xmpp_config *config = &copies->client.account.config;
    prepare_client(site, "alice", &copies->client);
    snprintf(copies->dir, sizeof copies->dir, "/tmp/soapxmpp-files-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(copies->dir));
    snprintf(copies->ca_file, sizeof copies->ca_file, "%s/ca.crt", copies->dir);
    snprintf(copies->cert_file, sizeof copies->cert_file, "%s/alice.crt", copies->dir);
    snprintf(copies->key_file, sizeof copies->key_file, "%s/alice.key", copies->dir);
    copy_text(site->ca_file, copies->ca_file);
    copy_text(copies->client.cert_file, copies->cert_file);
    copy_text(copies->client.key_file, copies->key_file);
    config->ca_file = copies->ca_file;
    config->cert_file = copies->cert_file;
    config->key_file = copies->key_file;
}

static void remove_copies(const struct copies *copies)
{
    unlink(copies->ca_file);
    unlink(copies->cert_file);
    unlink(copies->key_file);
    rmdir(copies->dir);
}

static void a_link_whose_files_are_no_good_is_not_opened(void)
{
    const struct site *site = site_any();
    struct copies copies;
    const struct soap_xmpp_config *config = &copies.client.account.config;
    make_copies(site, &copies);
    write_text(copies.ca_file, "rubbish");
    assert_not_opened(config, "ca_file (SOAP_XMPP_CAFILE) is \"", "holds no certificate");
    write_text(copies.ca_file, "");
    assert_not_opened(config, copies.ca_file, "is empty");
    write_text(copies.ca_file, "\x30\x82\x01\x01");
    assert_not_opened(config, copies.ca_file, "is in DER");
    unlink(copies.ca_file);
    assert_not_opened(config, copies.ca_file, "No such file");
    copy_text(site->ca_file, copies.ca_file);
    write_text(copies.key_file, "rubbish");
    assert_not_opened(config, copies.key_file, "holds no private key");
    copy_text(copies.client.key_file, copies.key_file);
    write_text(copies.cert_file, "rubbish");
    assert_not_opened(config, copies.cert_file, "holds no certificate");
    copy_text(site->ca_file, copies.cert_file);
    assert_not_opened(config, copies.key_file, "isn't the key of cert_file");
    remove_copies(&copies);
}

/* Without TLS, too: whoever names them means them. */
static void also_a_link_without_tls_is_not_opened(void)
{
    struct soap_xmpp_config config;
    soap_xmpp_config_init(&config);
    config.jid = "alice@localhost";
    config.password = "secret";
    config.tls = SOAP_XMPP_TLS_OFF;
    config.ca_file = "/dev/null";
    assert_not_opened(&config, "ca_file (SOAP_XMPP_CAFILE) is \"/dev/null\"", "is empty");
}

/* A link that was online comes back to what its files say then. It would by itself: the kicks save
 * the waits. */
static void spoil(struct soap_xmpp_link *link, struct proxy *proxy, const char *file,
                  const char *good, const char *bad, const char *reason)
{
    char expected[200];
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
    write_text(file, bad);
    CU_ASSERT(proxy_cut_now(proxy) > 0);
    soap_xmpp_kick(link);
    snprintf(expected, sizeof expected, " is \"%s\", which %s", file, reason);
    link_await_reason(link, expected);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_FAILED);
    copy_text(good, file);
    soap_xmpp_kick(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
}

static void spoil_files(const struct site *site)
{
    struct proxy *proxy = proxy_start(site->port, NULL);
    struct copies copies;
    struct soap_xmpp_link *link;
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    make_copies(site, &copies);
    copies.client.account.config.port = proxy_port(proxy);
    link = link_open(&copies.client.account.config);
    spoil(link, proxy, copies.ca_file, site->ca_file, "rubbish", "holds no certificate");
    spoil(link, proxy, copies.cert_file, copies.client.cert_file, "", "is empty");
    spoil(link, proxy, copies.key_file, copies.client.key_file, "rubbish", "holds no private key");
    soap_xmpp_close(link);
    proxy_stop(proxy);
    remove_copies(&copies);
}

static void a_file_that_is_bad_later_is_told_and_read_again(void)
{
    site_each(spoil_files);
}

/* Clocks are set right, and certificates renewed: it is tried again. */
static void a_certificate_out_of_date_is_told_and_read_again(void)
{
    const struct site *site = site_any();
    struct copies copies;
    struct client late;
    struct soap_xmpp_link *link;
    prepare_client(site, "late", &late);
    make_copies(site, &copies);
    copy_text(late.cert_file, copies.cert_file);
    copy_text(late.key_file, copies.key_file);
    link = link_open(&copies.client.account.config);
    link_await_reason(link, "alice.crt has expired");
    copy_text(copies.client.key_file, copies.key_file);
    copy_text(copies.client.cert_file, copies.cert_file);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
    soap_xmpp_close(link);
    remove_copies(&copies);
}

/* ---- many links ---- */

enum { MOST_LINKS = 24 };
#define LINKS (int)scale_of(MOST_LINKS, 8) /* Debian's ejabberd lets an account have ten */

/* Each thread of a link makes its own handshake, with what all of them share. */
static void log_in_together(const struct site *site)
{
    struct soap_xmpp_link *links[MOST_LINKS];
    char jids[MOST_LINKS][SITE_NAME_BYTES + 24];
    struct client client;
    size_t before = sx_tls_context_count();
    int i;
    prepare_client(site, "chained-alice", &client);
    for (i = 0; i < LINKS; i++) {
        snprintf(jids[i], sizeof jids[i], "alice@%s/%d", site->domain, i);
        client.account.config.jid = jids[i];
        links[i] = link_open(&client.account.config);
    }
    for (i = 0; i < LINKS; i++)
        CU_ASSERT_EQUAL(soap_xmpp_wait_online(links[i], TCP_LONG_MS), 0);
    CU_ASSERT_EQUAL(sx_tls_context_count(), before + 1);
    for (i = 0; i < LINKS; i++)
        soap_xmpp_close(links[i]);
    CU_ASSERT_EQUAL(sx_tls_context_count(), before);
}

static void many_links_with_the_same_files_share_one_context(void)
{
    site_each(log_in_together);
}

CU_TestInfo tests_certificate[] = {
    {"a client certificate by an intermediate CA stands for the password",
     a_client_certificate_by_an_intermediate_ca_stands_for_the_password},
    {"a server's certificate by an intermediate CA is trusted",
     a_server_certificate_by_an_intermediate_ca_is_trusted},
    {"a server that wants a certificate is told, and another one waited for",
     a_server_that_wants_a_certificate_is_told_and_another_one_waited_for},
    {"a link whose files are no good is not opened", a_link_whose_files_are_no_good_is_not_opened},
    {"also a link without TLS is not opened", also_a_link_without_tls_is_not_opened},
    {"a file that is bad later is told and read again",
     a_file_that_is_bad_later_is_told_and_read_again},
    {"a certificate out of date is told and read again",
     a_certificate_out_of_date_is_told_and_read_again},
    {"many links with the same files share one context",
     many_links_with_the_same_files_share_one_context},
    CU_TEST_INFO_NULL,
};
