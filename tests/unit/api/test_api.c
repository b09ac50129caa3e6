/* What a program asks of a link, without the arguments that it needs.
 *
 * The link is offline: its server is a port on which nobody listens.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_api[];

#define FORKED "the link was opened before a fork"

enum { LINE_BYTES = 300, FORKS = 20, CHILD_S = 60 };

/* The first line of the thread that opens the link: its own thread's may come beside it. */
static void note_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    char *seen = user;
    (void)level;
    if (seen && strstr(line, "everybody"))
        snprintf(seen, LINE_BYTES, "%s", line);
}

/* *fd keeps the port. password_file NULL: the password itself. */
static struct soap_xmpp_link *open_link_with(int *fd, const char *password_file, char *seen)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(*fd, (struct sockaddr *)&address, len), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(*fd, (struct sockaddr *)&address, &len), 0);
    soap_xmpp_config_init(&config);
    config.jid = "alice@example.org/desk";
    config.password = password_file ? NULL : "secret";
    config.password_file = password_file;
    config.host = "127.0.0.1";
    config.port = ntohs(address.sin_port);
    config.tls = SOAP_XMPP_TLS_OFF;
    config.presence = 1;
    config.timeout_ms = 0;
    config.trace = SOAP_XMPP_TRACE_ERROR;
    config.trace_callback = note_line;
    config.trace_user = seen;
    CU_ASSERT_PTR_NOT_NULL_FATAL(link = soap_xmpp_open(&config, NULL, 0));
    return link;
}

static struct soap_xmpp_link *open_link(int *fd)
{
    return open_link_with(fd, NULL, NULL);
}

static void close_link(struct soap_xmpp_link *link, int fd)
{
    soap_xmpp_close(link);
    close(fd);
}

static void a_link_is_not_opened_without_a_configuration(void)
{
    char why[200] = "";
    CU_ASSERT_PTR_NULL(soap_xmpp_open(NULL, why, sizeof why));
    ASSERT_TEXT(why, "no configuration was given");
    CU_ASSERT_PTR_NULL(soap_xmpp_open(NULL, NULL, 0));
}

static void the_environment_fills_no_configuration_that_is_missing(void)
{
    char why[200] = "";
    CU_ASSERT_EQUAL(soap_xmpp_config_from_env(NULL, why, sizeof why), -1);
    ASSERT_TEXT(why, "no configuration was given");
}

static void nobody_is_discovered_without_an_endpoint(void)
{
    char why[200] = "";
    int fd;
    struct soap_xmpp_link *link = open_link(&fd);
    CU_ASSERT_EQUAL(soap_xmpp_discover(link, NULL, SOAP_XMPP_FEATURE, 0, why, sizeof why), -1);
    ASSERT_TEXT(why, "no endpoint was given");
    CU_ASSERT_EQUAL(soap_xmpp_discover(link, NULL, SOAP_XMPP_FEATURE, 0, NULL, 0), -1);
    close_link(link, fd);
}

static void nothing_is_discovered_without_a_feature(void)
{
    char why[200] = "";
    int fd;
    struct soap_xmpp_link *link = open_link(&fd);
    CU_ASSERT_EQUAL(soap_xmpp_discover(link, "xmpp:a@b", NULL, 0, why, sizeof why), -1);
    ASSERT_TEXT(why, "no feature was given");
    close_link(link, fd);
}

static void nobody_is_subscribed_to_without_an_endpoint(void)
{
    char why[200] = "";
    int fd;
    struct soap_xmpp_link *link = open_link(&fd);
    CU_ASSERT_EQUAL(soap_xmpp_subscribe(link, NULL, why, sizeof why), -1);
    ASSERT_TEXT(why, "no endpoint was given");
    CU_ASSERT_EQUAL(soap_xmpp_subscribe(link, NULL, NULL, 0), -1);
    close_link(link, fd);
}

static void nobody_is_allowed_without_a_name(void)
{
    char why[200] = "";
    int fd;
    struct soap_xmpp_link *link = open_link(&fd);
    CU_ASSERT_EQUAL(soap_xmpp_allow(link, NULL, "add", why, sizeof why), -1);
    ASSERT_CONTAINS(why, "\"\" can't be allowed add: ");
    CU_ASSERT_EQUAL(soap_xmpp_allow(link, NULL, NULL, NULL, 0), -1);
    close_link(link, fd);
}

/* As soap_xmpp_detach() returns it when nothing was sent. */
static void a_call_that_is_none_has_nothing(void)
{
    CU_ASSERT_PTR_NULL(soap_xmpp_call_user(NULL));
    ASSERT_TEXT(soap_xmpp_call_name(NULL), "");
    ASSERT_TEXT(soap_xmpp_call_peer(NULL), "");
    soap_xmpp_cancel(NULL);
}

/* As soap_xmpp_open() returns it on failure. */
static void a_link_that_is_none_is_closed_and_does_nothing(void)
{
    char text[200] = "";
    CU_ASSERT_EQUAL(soap_xmpp_state(NULL), SOAP_XMPP_CLOSED);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(NULL, -1), -1);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(NULL, -1));
    soap_xmpp_reason(NULL, text, sizeof text);
    ASSERT_TEXT(text, "there is no link");
    soap_xmpp_jid(NULL, text, sizeof text);
    ASSERT_TEXT(text, "");
    CU_ASSERT_EQUAL(soap_xmpp_discover(NULL, "xmpp:a@b", "urn:x", 0, text, sizeof text), -1);
    ASSERT_TEXT(text, "there is no link");
    CU_ASSERT_EQUAL(soap_xmpp_subscribe(NULL, "xmpp:a@b", text, sizeof text), -1);
    ASSERT_TEXT(text, "there is no link");
    CU_ASSERT_EQUAL(soap_xmpp_allow(NULL, "a@b", NULL, text, sizeof text), -1);
    ASSERT_TEXT(text, "there is no link");
    soap_xmpp_kick(NULL);
    soap_xmpp_interrupt(NULL);
    soap_xmpp_stop(NULL, 0);
    soap_xmpp_close(NULL);
}

static void a_file_of_everybody_is_told(void)
{
    char file[] = "/tmp/test_api_XXXXXX", seen[LINE_BYTES] = "";
    struct soap_xmpp_link *link;
    int file_fd = mkstemp(file), fd;
    CU_ASSERT_TRUE_FATAL(file_fd >= 0 && write(file_fd, "secret", 6) == 6);
    CU_ASSERT_EQUAL(fchmod(file_fd, 0600), 0);
    link = open_link_with(&fd, file, seen);
    close_link(link, fd);
    ASSERT_TEXT(seen, "");
    CU_ASSERT_EQUAL(fchmod(file_fd, 0644), 0);
    link = open_link_with(&fd, file, seen);
    close_link(link, fd);
    ASSERT_CONTAINS(seen, "may read or write the password_file (SOAP_XMPP_PASSWORD_FILE)");
    ASSERT_LACKS(seen, "secret");
    close(file_fd);
    unlink(file);
}

/* What of the parent's link a child may not do; 0, or which of it went wrong. */
static int use_in_child(struct soap_xmpp_link *link)
{
    char text[200] = "";
    alarm(CHILD_S);
    if (soap_xmpp_state(link) != SOAP_XMPP_CLOSED || soap_xmpp_wait_online(link, -1) != -1)
        return 1;
    soap_xmpp_reason(link, text, sizeof text);
    if (strcmp(text, FORKED) != 0)
        return 2;
    if (soap_xmpp_discover(link, "xmpp:a@b", "urn:x", -1, text, sizeof text) != -1 ||
        strcmp(text, FORKED) != 0 ||
        soap_xmpp_subscribe(link, "xmpp:a@b", text, sizeof text) != -1 ||
        strcmp(text, FORKED) != 0 || soap_xmpp_allow(link, "a@b", NULL, text, sizeof text) != -1 ||
        strcmp(text, FORKED) != 0 || soap_xmpp_wait(link, -1))
        return 3;
    soap_xmpp_jid(link, text, sizeof text);
    if (strcmp(text, "alice@example.org/desk") != 0)
        return 4;
    soap_xmpp_kick(link);
    soap_xmpp_interrupt(link);
    soap_xmpp_stop(link, -1);
    soap_xmpp_close(link);
    return 0;
}

/* Forked again and again, in whatever the link's thread does at the moment: it would find its locks
 * held sooner or later. */
static void a_child_leaves_its_parents_link_alone(void)
{
    int fd, i, status;
    struct soap_xmpp_link *link = open_link(&fd);
    for (i = 0; i < FORKS; i++) {
        pid_t child;
        soap_xmpp_kick(link);
        child = fork();
        if (child == 0)
            suite_end_child(use_in_child(link));
        CU_ASSERT_TRUE_FATAL(child > 0);
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT_EQUAL(status, 0);
    }
    CU_ASSERT_NOT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_STOPPING);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_CLOSED);
    close_link(link, fd);
}

/* 0, or what it finds of its parent's secrets when it has closed the link. */
static int close_in_child(struct soap_xmpp_link *link)
{
    const struct sx_config *config = sx_session_config(link->session);
    char jid[100];
    alarm(CHILD_S);
    soap_xmpp_close(link);
    if (*config->password)
        return 1;
    soap_xmpp_jid(link, jid, sizeof jid); /* by who has a reference */
    if (strcmp(jid, "alice@example.org/desk") != 0)
        return 2;
    sx_link_unref(link);
    return 0;
}

/* What other threads of the parent's hold is never given back in the child. */
static void a_child_wipes_secrets_although_others_use_the_link(void)
{
    int fd, status = -1;
    struct soap_xmpp_link *link = sx_link_ref(open_link(&fd));
    pid_t child = fork();
    if (child == 0)
        suite_end_child(close_in_child(link));
    CU_ASSERT_TRUE_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    ASSERT_TEXT(sx_session_config(link->session)->password, "secret");
    sx_link_unref(link);
    close_link(link, fd);
}

/* The thread sanitizer lets no child of a process with threads have threads. */
static void a_child_opens_a_link_of_its_own(void)
{
#ifndef __SANITIZE_THREAD__
    int fd, i, status;
    struct soap_xmpp_link *link = open_link(&fd);
    for (i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            int own_fd = -1;
            alarm(CHILD_S);
            soap_xmpp_close(link);
            struct soap_xmpp_link *own = open_link(&own_fd);
            close_link(own, own_fd);
            suite_end_child(0);
        }
        CU_ASSERT_TRUE_FATAL(child > 0);
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT_EQUAL(status, 0);
    }
    close_link(link, fd);
#endif
}

/* Server and service may be started together; a call would only wait in vain. */
static void who_listens_waits_for_a_closed_port(void)
{
    int fd;
    struct soap_xmpp_link *link = open_link(&fd);
    char why[LINE_BYTES];
    CU_ASSERT_EQUAL(sx_link_wait_online(link, true, SX_NEVER, why, sizeof why), SX_EREFUSED);
    CU_ASSERT_EQUAL(sx_link_wait_online(link, false, sx_clock_deadline(1000), why, sizeof why),
                    SX_EOFFLINE);
    close_link(link, fd);
}

CU_TestInfo tests_api[] = {
    {"who listens waits for a closed port", who_listens_waits_for_a_closed_port},
    {"a link is not opened without a configuration", a_link_is_not_opened_without_a_configuration},
    {"the environment fills no configuration that is missing",
     the_environment_fills_no_configuration_that_is_missing},
    {"nobody is discovered without an endpoint", nobody_is_discovered_without_an_endpoint},
    {"nothing is discovered without a feature", nothing_is_discovered_without_a_feature},
    {"nobody is subscribed to without an endpoint", nobody_is_subscribed_to_without_an_endpoint},
    {"nobody is allowed without a name", nobody_is_allowed_without_a_name},
    {"a password file that everybody may read is told", a_file_of_everybody_is_told},
    {"a call that is none has nothing", a_call_that_is_none_has_nothing},
    {"a link that is none is closed, and does nothing",
     a_link_that_is_none_is_closed_and_does_nothing},
    {"a child leaves its parent's link alone", a_child_leaves_its_parents_link_alone},
    {"a child that closes it wipes secrets, although others use the link",
     a_child_wipes_secrets_although_others_use_the_link},
    {"a child opens a link of its own", a_child_opens_a_link_of_its_own},
    CU_TEST_INFO_NULL,
};
