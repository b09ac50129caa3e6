#include "site.h"

#include <CUnit/CUnit.h>
#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { MAX_SITES = 8, ONLINE_MS = 20000 };

static const char *variable(const char *label, const char *name)
{
    char key[160];
    size_t i;
    const char *value;
    snprintf(key, sizeof key, "SOAPXMPP_TEST_%s_%s", label, name);
    for (i = 0; key[i]; i++)
        key[i] = (char)toupper((unsigned char)key[i]);
    value = getenv(key);
    return value ? value : "";
}

static void read_site(const char *label, struct site *site)
{
    snprintf(site->label, sizeof site->label, "%s", label);
    snprintf(site->domain, sizeof site->domain, "%s", variable(label, "DOMAIN"));
    snprintf(site->second_domain, sizeof site->second_domain, "%s",
             variable(label, "SECOND_DOMAIN"));
    snprintf(site->idn_domain, sizeof site->idn_domain, "%s", variable(label, "IDN_DOMAIN"));
    snprintf(site->ca_file, sizeof site->ca_file, "%s", variable(label, "CAFILE"));
    snprintf(site->control, sizeof site->control, "%s", variable(label, "CONTROL"));
    snprintf(site->folder, sizeof site->folder, "%s", variable(label, "DIR"));
    site->is_debian = variable(label, "CONFIG")[0] != '\0';
    site->port = atoi(variable(label, "PORT"));
    site->direct_tls_port = atoi(variable(label, "DIRECT_TLS_PORT"));
    site->component_port = atoi(variable(label, "COMPONENT_PORT"));
}

static const struct site *all_sites(size_t *count)
{
    static struct site sites[MAX_SITES];
    static size_t known;
    const char *labels = getenv("SOAPXMPP_TEST_SERVERS");
    char copy[512], *label, *rest = copy;
    if (!known && labels) {
        snprintf(copy, sizeof copy, "%s", labels);
        while (known < MAX_SITES && (label = strtok_r(rest, " ", &rest)))
            read_site(label, &sites[known++]);
    }
    *count = known;
    return sites;
}

const struct site *site_find(const char *label)
{
    size_t count, i;
    const struct site *sites = all_sites(&count);
    for (i = 0; i < count; i++)
        if (strcmp(sites[i].label, label) == 0)
            return &sites[i];
    return NULL;
}

const struct site *site_any(void)
{
    size_t count;
    const struct site *sites = all_sites(&count);
    if (count == 0) {
        fprintf(stderr, "no server: run the tests with tools/with-servers prosody -- PROGRAM\n");
        exit(2);
    }
    return sites;
}

bool site_is_since(const struct site *site, const char *software, int release)
{
    char path[SITE_PATH_BYTES + 16], name[32] = "";
    int have = -1;
    FILE *file;
    snprintf(path, sizeof path, "%s/version", site->folder);
    file = fopen(path, "r");
    if (file) {
        CU_ASSERT_EQUAL(fscanf(file, "%31s %d", name, &have), 2);
        fclose(file);
    }
    CU_ASSERT_PTR_NOT_NULL(file);
    return strcmp(name, software) == 0 && have >= release;
}

static void run_each(const char *const labels[2], void (*run)(const struct site *site))
{
    size_t i;
    for (i = 0; i < 2; i++) {
        const struct site *site = site_find(labels[i]);
        CU_ASSERT_PTR_NOT_NULL(site);
        if (site)
            run(site);
    }
}

void site_each(void (*run)(const struct site *site))
{
    static const char *const labels[] = {"prosody", "ejabberd"};
    run_each(labels, run);
}

void site_each_fragile(void (*run)(const struct site *site))
{
    static const char *const labels[] = {"fragile", "frail"};
    run_each(labels, run);
}

void site_each_second(void (*run)(const struct site *site))
{
    static const char *const labels[] = {"prosody", "ejabberd"};
    size_t i;
    for (i = 0; i < 2; i++) {
        const struct site *first = site_find(labels[i]);
        struct site second;
        CU_ASSERT_TRUE(first && (first->is_debian || first->second_domain[0]));
        if (!first || !(first->is_debian || first->second_domain[0]))
            continue;
        second = *first;
        if (!first->is_debian)
            snprintf(second.domain, sizeof second.domain, "%s", first->second_domain);
        run(&second);
    }
}

/* ---- the server's process ---- */

/* 0 with a failed assertion if it isn't known. */
static pid_t read_pid(const struct site *site)
{
    char path[SITE_PATH_BYTES + 8];
    FILE *file;
    int pid = 0;
    snprintf(path, sizeof path, "%s/pid", site->folder);
    file = fopen(path, "r");
    if (!file || fscanf(file, "%d", &pid) != 1)
        pid = 0;
    if (file)
        fclose(file);
    CU_ASSERT_TRUE(pid > 0);
    return pid;
}

void site_kill(const struct site *site)
{
    pid_t pid = read_pid(site);
    struct pollfd fd = {pid > 0 ? pidfd_open(pid, 0) : -1, POLLIN, 0};
    CU_ASSERT_TRUE(fd.fd >= 0);
    if (fd.fd < 0)
        return;
    CU_ASSERT_EQUAL(pidfd_send_signal(fd.fd, SIGKILL, NULL, 0), 0);
    CU_ASSERT_EQUAL(poll(&fd, 1, ONLINE_MS), 1); /* its sockets are closed before that */
    close(fd.fd);
}

void site_restart(const struct site *site)
{
    char *argv[] = {(char *)site->control, "restart", (char *)site->folder, NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawn(&pid, site->control, NULL, NULL, argv, environ) == 0)
        waitpid(pid, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
}

static char read_state(const char *pid, const char *thread)
{
    char path[300], line[512] = "", *end;
    FILE *file;
    snprintf(path, sizeof path, "/proc/%s/task/%s/stat", pid, thread);
    file = fopen(path, "r");
    if (file) {
        line[fread(line, 1, sizeof line - 1, file)] = '\0';
        fclose(file);
    }
    end = strrchr(line, ')'); /* a name may hold anything */
    return end && end[1] ? end[2] : 'X';
}

static bool is_stopped(pid_t number)
{
    char pid[20], path[40];
    struct dirent *entry;
    bool stopped;
    DIR *threads;
    snprintf(pid, sizeof pid, "%d", (int)number);
    snprintf(path, sizeof path, "/proc/%s/task", pid);
    threads = opendir(path);
    stopped = threads != NULL;
    while (stopped && (entry = readdir(threads)))
        stopped = entry->d_name[0] == '.' || strchr("TX", read_state(pid, entry->d_name));
    if (threads)
        closedir(threads);
    return stopped;
}

/* The signal has come when kill() returns, but the threads run on until they see it. */
void site_freeze(const struct site *site)
{
    pid_t pid = read_pid(site);
    int64_t deadline = sx_clock_deadline((int64_t)ONLINE_MS * 1000);
    CU_ASSERT_TRUE(pid > 0 && kill(pid, SIGSTOP) == 0);
    while (pid > 0 && !is_stopped(pid) && sx_clock_now_us() < deadline)
        poll(NULL, 0, 1);
    CU_ASSERT_TRUE(pid > 0 && is_stopped(pid));
}

void site_thaw(const struct site *site)
{
    pid_t pid = read_pid(site);
    CU_ASSERT_TRUE(pid > 0 && kill(pid, SIGCONT) == 0);
}

/* ---- accounts and links ---- */

static void find_password(const struct site *site, const char *user, char *out, size_t out_bytes)
{
    const char *pair = variable(site->label, "USERS");
    size_t len = strlen(user);
    out[0] = '\0';
    while (*pair) {
        size_t pair_len = strcspn(pair, " ");
        if (strncmp(pair, user, len) == 0 && pair[len] == ':')
            snprintf(out, out_bytes, "%.*s", (int)(pair_len - len - 1), pair + len + 1);
        pair += pair_len;
        pair += strspn(pair, " ");
    }
}

/* JID and password are in the account. */
static void set_config(struct site_account *account)
{
    soap_xmpp_config_init(&account->config);
    account->config.jid = account->jid;
    account->config.password = account->password;
    account->config.host = "127.0.0.1";
    account->config.timeout_ms = ONLINE_MS;
    account->config.max_requests = 4000; /* one caller gets half of it */
    /* XEP-0072 and no more, unless the test is about more. */
    account->config.plain_delivery = 1;
    /* Who may call is test_access.c's business. */
    account->config.allow = "*";
    account->config.trace = SOAP_XMPP_TRACE_ERROR;
}

void site_account(const struct site *site, const char *user, const char *resource,
                  struct site_account *account)
{
    snprintf(account->jid, sizeof account->jid, "%s@%s%s%s", user, site->domain,
             resource ? "/" : "", resource ? resource : "");
    find_password(site, user, account->password, sizeof account->password);
    set_config(account);
    account->config.port = site->port;
    account->config.ca_file = site->ca_file;
}

void site_component(const struct site *site, struct site_account *component)
{
    const char *pair = variable(site->label, "COMPONENTS");
    size_t label_len = strcspn(pair, ":");
    const char *secret = pair[label_len] ? pair + label_len + 1 : "";
    snprintf(component->jid, sizeof component->jid, "%.*s.%s", (int)label_len, pair, site->domain);
    snprintf(component->password, sizeof component->password, "%.*s", (int)strcspn(secret, " "),
             secret);
    set_config(component);
    component->config.port = site->component_port;
}

struct soap_xmpp_link *site_open(const struct site *site, const char *user, const char *resource)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    char why[400] = "";
    site_account(site, user, resource, &account);
    link = soap_xmpp_open(&account.config, why, sizeof why);
    if (link && soap_xmpp_wait_online(link, ONLINE_MS) != 0) {
        soap_xmpp_reason(link, why, sizeof why);
        soap_xmpp_close(link);
        link = NULL;
    }
    if (!link)
        fprintf(stderr, "no link for %s: %s\n", account.jid, why);
    CU_ASSERT_PTR_NOT_NULL(link);
    return link;
}

const char *site_endpoint(const struct site *site, const char *user, const char *resource)
{
    static char endpoints[8][256];
    static unsigned next;
    char *endpoint = endpoints[next++ % 8];
    snprintf(endpoint, sizeof endpoints[0], "xmpp:%s@%s%s%s", user, site->domain,
             resource ? "/" : "", resource ? resource : "");
    return endpoint;
}
