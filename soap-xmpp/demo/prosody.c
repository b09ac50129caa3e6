/* prosody.c - the demo's XMPP server: a Prosody of its own, on loopback, with two accounts.
 *
 * Invariant: it listens on 127.0.0.1 alone, at a port that was free, and all that it writes is in
 * the demo's folder.
 *
 * Failure modes: no Prosody, no port, a Prosody that ends or never listens: one sentence, with
 * where its log is. */
#include "demo/prosody.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "demo/certificate.h"
#include "demo/daemon.h"
#include "interrupt.h"

enum { PATH_BYTES = 4096, PASSWORD_BYTES = 12, START_MS = 20000, STEP_MS = 20 };

static int refuse(struct run *run, const char *what)
{
    return report_end(&run->report, REPORT_USAGE, "%s: %s", what, strerror(errno));
}

static int find_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = -1;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        port = ntohs(address.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

static bool listens(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return is_there;
}

static FILE *create(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "we"); /* the umask is 077 */
}

/* A fresh password: for Prosody, as its internal storage has it, and for us. */
static int make_account(const char *folder, const char *name)
{
    unsigned char random[PASSWORD_BYTES];
    char password[2 * PASSWORD_BYTES + 1], path[64];
    FILE *theirs, *ours;
    size_t i;
    bool is_written;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return -1;
    for (i = 0; i < PASSWORD_BYTES; i++)
        snprintf(password + 2 * i, 3, "%02x", random[i]);
    snprintf(path, sizeof path, "data/localhost/accounts/%s.dat", name);
    theirs = create(folder, path);
    snprintf(path, sizeof path, "%s.password", name);
    ours = create(folder, path);
    is_written = theirs && ours &&
                 fprintf(theirs, "return {\n\t[\"password\"] = \"%s\";\n};\n", password) > 0 &&
                 fprintf(ours, "%s\n", password) > 0;
    if (theirs && fclose(theirs))
        is_written = false;
    if (ours && fclose(ours))
        is_written = false;
    return is_written ? 0 : -1;
}

static int write_configuration(const char *folder, int port)
{
    FILE *out = create(folder, "prosody.cfg.lua");
    if (!out)
        return -1;
    fprintf(out,
            "-- made by soap-xmpp demo\nrun_as_root = true\ndata_path = \"%s/data\"\n"
            "log = { info = \"%s/prosody.log\" }\ninterfaces = { \"127.0.0.1\" }\n"
            "c2s_ports = { %d }\nc2s_direct_tls_ports = {}\ns2s_ports = {}\ncomponent_ports = {}\n"
            "http_ports = {}\nhttps_ports = {}\n"
            "modules_enabled = { \"posix\", \"saslauth\", \"tls\", \"roster\", \"disco\", "
            "\"ping\", \"time\",\n"
            "    \"version\", \"smacks\", \"offline\" }\nmodules_disabled = { \"s2s\" }\n"
            "authentication = \"internal_plain\"\nstorage = \"internal\"\n"
            "c2s_require_encryption = true\nVirtualHost \"localhost\"\n"
            "ssl = { certificate = \"%s/localhost.crt\"; key = \"%s/localhost.key\"; }\n",
            folder, folder, port, folder, folder);
    return fclose(out);
}

static int make_files(const char *folder, int port)
{
    static const char *const folders[] = {"data", "data/localhost", "data/localhost/accounts"};
    char path[PATH_BYTES], key[PATH_BYTES];
    size_t i;
    for (i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        if (mkdir(path, 0700) && errno != EEXIST)
            return -1;
    }
    snprintf(key, sizeof key, "%s/localhost.key", folder);
    snprintf(path, sizeof path, "%s/localhost.crt", folder);
    if (certificate_write(key, path) || make_account(folder, "demo") ||
        make_account(folder, "calc"))
        return -1;
    return write_configuration(folder, port);
}

static int await(struct run *run, const char *folder, int port)
{
    struct deadline deadline = deadline_after(deadline_left_ms(&run->deadline, START_MS));
    while (!listens(port)) {
        if (interrupt_wait(STEP_MS))
            return report_end(&run->report, REPORT_USAGE, "interrupted");
        if (!daemon_runs(folder, "prosody") || deadline_is_over(&deadline))
            return report_end(&run->report, REPORT_OFFLINE,
                              "Prosody doesn't listen at 127.0.0.1:%d: %s/prosody.log says why",
                              port, folder);
    }
    return 0;
}

int prosody_start(struct run *run, const char *folder, int *port, pid_t *group)
{
    char configuration[PATH_BYTES];
    char *argv[] = {"prosody", "-F", "--config", configuration, NULL};
    int result;
    *port = find_port();
    if (*port < 0)
        return refuse(run, "no free port");
    if (make_files(folder, *port))
        return refuse(run, folder);
    snprintf(configuration, sizeof configuration, "%s/prosody.cfg.lua", folder);
    *group = daemon_start(folder, "prosody", argv, NULL);
    if (*group < 0) {
        if (errno == ENOENT)
            return report_end(&run->report, REPORT_USAGE,
                              "the demo needs Prosody: apt-get install prosody");
        return refuse(run, "prosody");
    }
    interrupt_watch_group(*group);
    result = await(run, folder, *port);
    if (result)
        daemon_stop(folder, "prosody", 0);
    return result;
}
