/* The configuration: defaults, what is refused and how the refusal reads. */
#include "config_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const int64_t MS = 1000;

/* ---- files of a test ---- */

static char folder[64], file[96];

static void write_file(const char *bytes, size_t len)
{
    int fd = open(file, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/test_config_XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/file", folder);
    write_file("PEM\n", 4);
}

static void remove_folder(void)
{
    unlink(file);
    rmdir(folder);
}

/* ---- tests ---- */

static void check_later_limits(const struct sx_config *out)
{
    CU_ASSERT_PTR_NULL(out->allow);
    CU_ASSERT_EQUAL(out->keepalive_us, 60000 * MS);
    CU_ASSERT_EQUAL(out->ping_timeout_us, 10000 * MS);
    CU_ASSERT_EQUAL(out->max_outgoing_bytes, 262144);
    CU_ASSERT_EQUAL(out->max_request_bytes, 67108864);
    CU_ASSERT_EQUAL(out->max_remembered_bytes, 16777216);
    CU_ASSERT_EQUAL(out->max_trace_bytes, 16384);
    CU_ASSERT_EQUAL(out->max_attributes, 100000);
    CU_ASSERT_EQUAL(out->max_namespaces, 100000);
    CU_ASSERT_EQUAL(out->max_running, 0);
    CU_ASSERT_EQUAL(out->max_remembered, 20000);
    CU_ASSERT_EQUAL(out->max_peers, 1000);
    CU_ASSERT_EQUAL(out->max_message_bytes, 67108864);
    CU_ASSERT_TRUE(out->packs);
}

static void packing_wants_delivery_once(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.plain_delivery = 1;
    out = accept_config(&in);
    CU_ASSERT_FALSE(out.packs);
    sx_config_fini(&out);
    in.plain_delivery = 0;
    in.packing = SOAP_XMPP_PACKING_NEVER;
    in.max_message_bytes = 10000;
    out = accept_config(&in);
    CU_ASSERT_FALSE(out.packs);
    CU_ASSERT_EQUAL(out.max_message_bytes, 10000);
    sx_config_fini(&out);
    in.packing = (enum soap_xmpp_packing)2;
    refuse_config(&in, "packing (SOAP_XMPP_PACKING) is 2; allowed: auto or never");
    in.packing = SOAP_XMPP_PACKING_AUTO;
    in.max_message_bytes = 9999;
    refuse_config(&in, "max_message_bytes");
}

static void defaults_are_complete(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out = accept_config(&in);
    ASSERT_TEXT(out.jid, "alice@example.org/soap");
    ASSERT_TEXT(out.password, SECRET);
    CU_ASSERT_PTR_NOT_EQUAL(out.password, in.password);
    CU_ASSERT_PTR_NULL(out.host);
    CU_ASSERT_EQUAL(out.port, 0);
    CU_ASSERT_EQUAL(out.tls, SOAP_XMPP_TLS_REQUIRED);
    CU_ASSERT_TRUE(!out.ca_file && !out.cert_file && !out.key_file);
    CU_ASSERT_EQUAL(out.timeout_us, 60000 * MS);
    CU_ASSERT_EQUAL(out.connect_timeout_us, 20000 * MS);
    CU_ASSERT_FALSE(out.soap_action);
    CU_ASSERT_EQUAL(out.max_stanza_bytes, 1048576);
    CU_ASSERT_EQUAL(out.max_queued_bytes, 8388608);
    CU_ASSERT_EQUAL(out.max_depth, 256);
    CU_ASSERT_EQUAL(out.max_calls, 10000);
    CU_ASSERT_EQUAL(out.max_requests, 1000);
    check_later_limits(&out);
    CU_ASSERT_EQUAL(out.trace, SOAP_XMPP_TRACE_ERROR);
    CU_ASSERT_TRUE(out.trace_callback == NULL);
    sx_config_fini(&out);
    CU_ASSERT_PTR_NULL(out.password);
}

static void note_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static void check_members_are_taken_over(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.jid = "a@b/Desk";
    in.host = "xmpp.example.org";
    in.port = 5223;
    in.tls = SOAP_XMPP_TLS_DIRECT;
    in.ca_file = in.cert_file = in.key_file = file;
    in.timeout_ms = 1;
    in.connect_timeout_ms = 86400000;
    in.soap_action = 1;
    in.max_stanza_bytes = 10000;
    in.max_queued_bytes = 10000;
    in.max_depth = 8;
    in.max_calls = 1;
    in.max_requests = 1000000;
    in.trace = SOAP_XMPP_TRACE_STANZA;
    in.trace_callback = note_line;
    in.trace_user = &in;
    out = accept_config(&in);
    ASSERT_TEXT(out.jid, "a@b/Desk");
    ASSERT_TEXT(out.host, "xmpp.example.org");
    CU_ASSERT_EQUAL(out.port, 5223);
    CU_ASSERT_EQUAL(out.tls, SOAP_XMPP_TLS_DIRECT);
    ASSERT_TEXT(out.ca_file, file);
    ASSERT_TEXT(out.cert_file, file);
    ASSERT_TEXT(out.key_file, file);
    CU_ASSERT_EQUAL(out.timeout_us, MS);
    CU_ASSERT_EQUAL(out.connect_timeout_us, 86400000 * MS);
    CU_ASSERT_TRUE(out.soap_action);
    CU_ASSERT_EQUAL(out.max_stanza_bytes, 10000);
    CU_ASSERT_EQUAL(out.max_queued_bytes, 10000);
    CU_ASSERT_EQUAL(out.max_depth, 8);
    CU_ASSERT_EQUAL(out.max_calls, 1);
    CU_ASSERT_EQUAL(out.max_requests, 1000000);
    CU_ASSERT_EQUAL(out.trace, SOAP_XMPP_TRACE_STANZA);
    CU_ASSERT_TRUE(out.trace_callback == note_line);
    CU_ASSERT_PTR_EQUAL(out.trace_user, &in);
    sx_config_fini(&out);
}

static void strings_are_copies(void)
{
    char jid[] = "a@b/c", password[] = "one";
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.jid = jid;
    in.password = password;
    out = accept_config(&in);
    memset(jid, 'x', sizeof jid - 1);
    memset(password, 'x', sizeof password - 1);
    ASSERT_TEXT(out.jid, "a@b/c");
    ASSERT_TEXT(out.password, "one");
    sx_config_fini(&out);
}

static void jid_is_required_and_checked(void)
{
    struct soap_xmpp_config in = valid();
    in.jid = NULL;
    refuse_config(&in, "jid (SOAP_XMPP_JID) is missing");
    in.jid = "";
    refuse_config(&in, "jid (SOAP_XMPP_JID) is missing");
    in.jid = "a b@c\n";
    refuse_config(&in, "jid (SOAP_XMPP_JID) is \"a b@c?\", but the node has a space; allowed: ");
}

static void check_one_credential_is_required(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.password = NULL;
    refuse_config(&in, "password (SOAP_XMPP_PASSWORD) is missing");
    in.cert_file = in.key_file = file;
    out = accept_config(&in);
    ASSERT_TEXT(out.password, "");
    sx_config_fini(&out);
    in.password = "";
    refuse_config(&in, "password (SOAP_XMPP_PASSWORD) is empty");
    in.password = SECRET;
    in.password_file = file;
    refuse_config(&in, "are both set");
}

static void password_has_a_limit(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    char password[1025];
    memset(password, 'p', 1024);
    password[1024] = '\0';
    in.password = password;
    refuse_config(&in, "password (SOAP_XMPP_PASSWORD) is too long; allowed: 1 to 1,023 bytes");
    password[1023] = '\0';
    out = accept_config(&in);
    ASSERT_TEXT(out.password, password);
    sx_config_fini(&out);
}

static void check_password_is_the_first_line(void)
{
    static const char *const contents[] = {"s3cr3t-Pa55", "s3cr3t-Pa55\n", "s3cr3t-Pa55\r\n",
                                           "s3cr3t-Pa55\nsecond\n", "\xEF\xBB\xBFs3cr3t-Pa55\r\n"};
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    char line[1025];
    size_t i;
    in.password = NULL;
    in.password_file = file;
    for (i = 0; i < COUNT(contents); i++) {
        write_file(contents[i], strlen(contents[i]));
        out = accept_config(&in);
        ASSERT_TEXT(out.password, SECRET);
        sx_config_fini(&out);
    }
    memset(line, 'p', sizeof line);
    line[1023] = '\n';
    write_file(line, sizeof line);
    out = accept_config(&in);
    CU_ASSERT_EQUAL(strlen(out.password), 1023);
    sx_config_fini(&out);
}

/* A byte order mark is taken off whole, once, and from the beginning alone. */
static void check_password_begins_behind_the_mark(void)
{
    static const struct {
        const char *content, *password;
    } rows[] = {
        {"\xEF\xBB\xBFp\n", "p"},
        {"\xEF\xBB\xBF\xEF\xBB\xBFp", "p"}, /* SASLprep: U+FEFF is mapped to nothing */
        {"\xEF\xBB\xBFp\xEE\x80\x80\xEF\xBB\xBF", "p\xEE\x80\x80\xEF\xBB\xBF"},
        {"\xEFp", "\xEFp"},
        {"\xEF\xBBp", "\xEF\xBBp"},
        {"\xEF\xBB", "\xEF\xBB"},
        {"\xEF\xBB\n", "\xEF\xBB"},
    };
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    char line[3 + 1024] = "\xEF\xBB\xBF";
    size_t i;
    in.password = NULL;
    in.password_file = file;
    for (i = 0; i < COUNT(rows); i++) {
        write_file(rows[i].content, strlen(rows[i].content));
        out = accept_config(&in);
        ASSERT_TEXT(out.password, rows[i].password);
        sx_config_fini(&out);
    }
    memset(line + 3, 'p', 1024);
    write_file(line, 3 + 1023);
    out = accept_config(&in);
    CU_ASSERT_EQUAL(strlen(out.password), 1023);
    sx_config_fini(&out);
    write_file(line, sizeof line);
    refuse_config(&in, "password_file (SOAP_XMPP_PASSWORD_FILE) is \"/tmp/test_config_");
    write_file(line, 3);
    refuse_config(&in, "password_file (SOAP_XMPP_PASSWORD_FILE) is \"/tmp/test_config_");
}

static void check_password_files_are_checked(void)
{
    struct soap_xmpp_config in = valid();
    char line[1025];
    in.password = NULL;
    in.password_file = file;
    write_file("", 0);
    refuse_config(&in, "its first line is empty");
    write_file("\nsecond\n", 8);
    refuse_config(&in, "its first line is empty");
    memset(line, 'p', sizeof line);
    write_file(line, 1024);
    refuse_config(&in, "its first line is longer than 1,023 bytes");
    write_file("s3cr3t-Pa55\0more", 16);
    refuse_config(&in, "a NUL byte is in its first line");
    in.password_file = folder;
    refuse_config(&in, "Is a directory");
    unlink(file);
    in.password_file = file;
    refuse_config(&in, "password_file (SOAP_XMPP_PASSWORD_FILE) is \"/tmp/test_config_");
    refuse_config(&in, "No such file or directory");
}

static void check_certificates_must_be_readable_and_paired(void)
{
    struct soap_xmpp_config in = valid();
    in.cert_file = file;
    refuse_config(&in,
                  "key_file (SOAP_XMPP_KEYFILE) is missing; cert_file and key_file go together");
    in.cert_file = NULL;
    in.key_file = file;
    refuse_config(&in, "cert_file (SOAP_XMPP_CERTFILE) is missing");
    in.cert_file = "/no/such/file";
    refuse_config(&in, "cert_file (SOAP_XMPP_CERTFILE) is \"/no/such/file\"");
    in.cert_file = file;
    in.key_file = folder;
    refuse_config(&in, "key_file (SOAP_XMPP_KEYFILE) is \"/tmp/test_config_");
    in.key_file = file;
    in.ca_file = "/no/such/ca";
    refuse_config(&in,
                  "ca_file (SOAP_XMPP_CAFILE) is \"/no/such/ca\", which can't be read: No such "
                  "file or directory");
}

static void tls_off_is_for_loopback(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.tls = SOAP_XMPP_TLS_OFF;
    refuse_config(&in,
                  "tls (SOAP_XMPP_TLS) is off, but the host \"example.org\" is another machine");
    in.host = "192.0.2.1";
    refuse_config(&in, "the host \"192.0.2.1\" is another machine");
    in.jid = "a@localhost";
    refuse_config(&in, "the host \"192.0.2.1\" is another machine");
    in.host = NULL;
    out = accept_config(&in);
    ASSERT_TEXT(out.host, "localhost");
    sx_config_fini(&out);
    in.jid = "a@example.org";
    in.host = "[::1]";
    out = accept_config(&in);
    ASSERT_TEXT(out.host, "::1");
    CU_ASSERT_EQUAL(out.tls, SOAP_XMPP_TLS_OFF);
    sx_config_fini(&out);
    in.tls = (enum soap_xmpp_tls)3;
    refuse_config(&in, "tls (SOAP_XMPP_TLS) is 3; allowed: required, direct or off");
}

static void host_is_a_name(void)
{
    static const char *const bad[] = {"", "a b", "a@b", "http://a", "a\n"};
    struct soap_xmpp_config in = valid();
    char name[257];
    size_t i;
    for (i = 0; i < COUNT(bad); i++) {
        in.host = bad[i];
        refuse_config(&in, "host (SOAP_XMPP_HOST) is \"");
    }
    memset(name, 'a', 256);
    name[256] = '\0';
    in.host = name;
    refuse_config(&in, "host (SOAP_XMPP_HOST) is \"");
}

static void port_needs_a_host_and_a_range(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.port = 5222;
    refuse_config(&in, "port (SOAP_XMPP_PORT) is 5222, but host (SOAP_XMPP_HOST) is missing");
    in.host = "example.org";
    in.port = -1;
    refuse_config(&in, "port (SOAP_XMPP_PORT) is -1; allowed: 1 to 65535");
    in.port = 65536;
    refuse_config(&in, "port (SOAP_XMPP_PORT) is 65536; allowed: 1 to 65535");
    in.jid = "a@localhost";
    in.host = NULL;
    in.port = 5222;
    in.tls = SOAP_XMPP_TLS_OFF;
    out = accept_config(&in);
    CU_ASSERT_EQUAL(out.port, 5222);
    sx_config_fini(&out);
}

static void times_have_bounds(void)
{
    struct soap_xmpp_config in = valid();
    in.timeout_ms = -1;
    refuse_config(&in, "timeout_ms is -1; allowed: 1 to 86400000, or 0 for 60000");
    in.timeout_ms = 86400001;
    refuse_config(&in, "timeout_ms is 86400001; allowed: ");
    in = valid();
    in.connect_timeout_ms = INT_MIN;
    refuse_config(&in, "connect_timeout_ms is -2147483648; allowed: ");
    in = valid();
    in.keepalive_ms = -1;
    refuse_config(&in, "keepalive_ms is -1; allowed: 1 to 86400000, or 0 for 60000");
    in = valid();
    in.ping_timeout_ms = -1;
    refuse_config(&in, "ping_timeout_ms is -1; allowed: 1 to 86400000, or 0 for 10000");
}

static void numbers_have_bounds(void)
{
    static const struct {
        const char *name;
        size_t offset;
        unsigned below, least, most, above;
    } rows[] = {
        {"max_depth is ", offsetof(struct soap_xmpp_config, max_depth), 7, 8, 2000, 2001},
        {"max_calls is ", offsetof(struct soap_xmpp_config, max_calls), 1, 1, 1000000, 1000001},
        {"max_requests is ", offsetof(struct soap_xmpp_config, max_requests), 1, 1, 1000000,
         1000001},
        {"max_attributes is ", offsetof(struct soap_xmpp_config, max_attributes), 99, 100, 10000000,
         10000001},
        {"max_namespaces is ", offsetof(struct soap_xmpp_config, max_namespaces), 99, 100, 10000000,
         10000001},
        {"max_running is ", offsetof(struct soap_xmpp_config, max_running), 1, 1, 100000, 100001},
        {"max_remembered is ", offsetof(struct soap_xmpp_config, max_remembered), 1, 1, 1000000,
         1000001},
        {"max_peers is ", offsetof(struct soap_xmpp_config, max_peers), 1, 1, 1000000, 1000001},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct soap_xmpp_config in = valid();
        unsigned *member = (unsigned *)(void *)((char *)&in + rows[i].offset);
        struct sx_config out;
        *member = rows[i].above;
        refuse_config(&in, rows[i].name);
        if (rows[i].below < rows[i].least) {
            *member = rows[i].below;
            refuse_config(&in, rows[i].name);
        }
        *member = rows[i].least;
        out = accept_config(&in);
        sx_config_fini(&out);
        *member = rows[i].most;
        out = accept_config(&in);
        sx_config_fini(&out);
    }
}

static void sizes_have_bounds(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.max_stanza_bytes = 9999;
    refuse_config(&in, "max_stanza_bytes is 9999; allowed: 10000 to 67108864, or 0 for 1048576");
    in.max_stanza_bytes = (64 << 20) + 1;
    refuse_config(&in, "max_stanza_bytes is ");
    in.max_stanza_bytes = 64 << 20;
    out = accept_config(&in);
    CU_ASSERT_EQUAL(out.max_queued_bytes, 64 << 20);
    sx_config_fini(&out);
    in.max_stanza_bytes = 20000;
    in.max_queued_bytes = 19999;
    refuse_config(&in, "max_queued_bytes is 19999; allowed: 20000 to ");
}

static void memory_is_enough_for_the_other_limits(void)
{
    const size_t largest = 64 << 20, surround = 16 << 10;
    /* 12 stanzas, 4 queues, what is remembered, and the link */
    const size_t own = (12 << 20) + (4 << 23) + (16 << 20) + (8 << 20);
    struct soap_xmpp_config in = valid();
    struct sx_config out = accept_config(&in);
    CU_ASSERT_EQUAL(out.max_memory_bytes, 1 << 30);
    CU_ASSERT_EQUAL(out.peer_memory_bytes, (1 << 30) - own);
    sx_config_fini(&out);
    in.max_memory_bytes = own + 6 * (largest + surround);
    out = accept_config(&in);
    CU_ASSERT_EQUAL(out.max_memory_bytes, in.max_memory_bytes);
    CU_ASSERT_EQUAL(out.peer_memory_bytes, 6 * (largest + surround));
    sx_config_fini(&out);
    in.max_memory_bytes--;
    refuse_config(&in, "max_memory_bytes (SOAP_XMPP_MAX_MEMORY_BYTES) is 474054655; allowed: "
                       "474054656 or more, or 0 for the default: 71303168 for the link itself and "
                       "6 times the largest message (max_message_bytes, max_stanza_bytes)");
    in.max_memory_bytes = 100 << 20;
    in.max_message_bytes = 1 << 20;
    out = accept_config(&in);
    sx_config_fini(&out);
    in.presence = 1;
    in.max_peers = 10000;
    refuse_config(&in, "max_memory_bytes");
    in = valid();
    in.max_message_bytes = 1 << 30;
    if (sizeof(size_t) < sizeof(uint64_t)) {
        refuse_config(&in, "max_memory_bytes (SOAP_XMPP_MAX_MEMORY_BYTES) would be 651");
        return;
    }
    out = accept_config(&in);
    CU_ASSERT_EQUAL(out.peer_memory_bytes, 6 * (((size_t)1 << 30) + surround));
    sx_config_fini(&out);
}

/* A full queue while messages arrive, half of which may be of one account. */
static void memory_holds_a_full_queue(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    size_t queue_bytes = 1 << 30, requests_bytes;
    in.max_request_bytes = queue_bytes;
    out = accept_config(&in);
    requests_bytes = out.peer_memory_bytes / 8 * 5; /* what they can have of it */
    CU_ASSERT(requests_bytes + 8 >= queue_bytes + 2 * out.max_message_bytes);
    CU_ASSERT(requests_bytes <= queue_bytes + 2 * out.max_message_bytes);
    CU_ASSERT(out.max_memory_bytes > out.peer_memory_bytes);
    sx_config_fini(&out);
    in.max_memory_bytes = 1 << 30; /* less will do */
    out = accept_config(&in);
    CU_ASSERT_EQUAL(out.max_memory_bytes, 1 << 30);
    sx_config_fini(&out);
}

static void switches_have_known_values(void)
{
    struct soap_xmpp_config in = valid();
    in.soap_action = 2;
    refuse_config(&in, "soap_action is 2; allowed: 0 or 1");
    in = valid();
    in.trace = (enum soap_xmpp_trace_level)5;
    refuse_config(&in, "trace (SOAP_XMPP_TRACE) is 5; allowed: none, error, info, debug or stanza");
}

static void the_log_is_one_that_can_be_written(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out = accept_config(&in);
    CU_ASSERT_EQUAL(out.trace, SOAP_XMPP_TRACE_ERROR);
    CU_ASSERT_EQUAL(out.log.kind, SX_LOG_STDERR);
    sx_config_fini(&out);
    in.trace = SOAP_XMPP_TRACE_NONE;
    in.trace_to = "/dev/null";
    out = accept_config(&in);
    CU_ASSERT_EQUAL(out.trace, SOAP_XMPP_TRACE_NONE);
    CU_ASSERT_EQUAL(out.log.kind, SX_LOG_FILE);
    ASSERT_TEXT(out.log.file, "/dev/null");
    sx_config_fini(&out);
    in.trace_to = "sylog";
    refuse_config(&in, "trace_to (SOAP_XMPP_TRACE_TO) is \"sylog\"; allowed: stderr, syslog or the "
                       "path of a file, with a / in it");
    in.trace_to = "/nowhere/log";
    refuse_config(&in, "trace_to (SOAP_XMPP_TRACE_TO) is \"/nowhere/log\", which can't be written: "
                       "No such file or directory; allowed: stderr, syslog or the path of a file, "
                       "with a / in it");
}

static void older_programs_get_defaults(void)
{
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    in.trace = (enum soap_xmpp_trace_level)99;
    in.max_requests = 99999999;
    in.size = offsetof(struct soap_xmpp_config, max_stanza_bytes);
    out = accept_config(&in);
    CU_ASSERT_EQUAL(out.max_requests, 1000);
    check_later_limits(&out);
    CU_ASSERT_EQUAL(out.trace, SOAP_XMPP_TRACE_ERROR);
    sx_config_fini(&out);
}

static void strange_sizes_are_refused(void)
{
    struct soap_xmpp_config in = valid();
    in.size = 0;
    refuse_config(&in, "config.size is 0; prepare the struct with soap_xmpp_config_init()");
    in.size = 17;
    refuse_config(&in, "config.size is 17; ");
    in.size = sizeof in + sizeof(void *);
    refuse_config(&in, "the program was built for a newer library");
}

static void gsoap_timeouts_become_microseconds(void)
{
    CU_ASSERT_EQUAL(sx_config_timeout_us(0, 7), 7);
    CU_ASSERT_EQUAL(sx_config_timeout_us(0, -1), -1);
    CU_ASSERT_EQUAL(sx_config_timeout_us(3, 7), 3000000);
    CU_ASSERT_EQUAL(sx_config_timeout_us(-250, 7), 250);
    CU_ASSERT_EQUAL(sx_config_timeout_us(INT_MAX, 7), INT_MAX * INT64_C(1000000));
    CU_ASSERT_EQUAL(sx_config_timeout_us(INT_MIN, 7), -(int64_t)INT_MIN);
}

static void milliseconds_become_microseconds(void)
{
    CU_ASSERT_EQUAL(sx_config_timeout_ms(0, 7), 0);
    CU_ASSERT_EQUAL(sx_config_timeout_ms(-1, 7), 7);
    CU_ASSERT_EQUAL(sx_config_timeout_ms(INT_MIN, 7), 7);
    CU_ASSERT_EQUAL(sx_config_timeout_ms(INT_MAX, 7), INT_MAX * INT64_C(1000));
}

/* ---- tests with a folder of their own ---- */

static void with_files(void (*test)(void))
{
    make_folder();
    test();
    remove_folder();
}

static void members_are_taken_over(void)
{
    with_files(check_members_are_taken_over);
}

static void one_credential_is_required(void)
{
    with_files(check_one_credential_is_required);
}

static void password_is_the_first_line(void)
{
    with_files(check_password_is_the_first_line);
}

static void password_begins_behind_the_mark(void)
{
    with_files(check_password_begins_behind_the_mark);
}

static void a_password_is_prepared(void)
{
    static const struct {
        const char *password, *prepared;
    } rows[] = {
        {"cafe\xCC\x81", "caf\xC3\xA9"},
        {"I\xC2\xADX", "IX"},
        {"10\xC2\xB2", "102"},
        {"10", "10"},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"\xEF\xBC\xA1\xEF\xBD\x82\xEF\xBD\x83", "Abc"},
        {"a\xC2\xA0"
         "b",
         "a b"},
        /* prohibited, no UTF-8, or nothing left of it: as it is */
        {"a\x07"
         "b",
         "a\x07"
         "b"},
        {"\xD8\xA7\x31", "\xD8\xA7\x31"},
        {"e\xCC\x81\xEE\x80\x80", "e\xCC\x81\xEE\x80\x80"},
        {"caf\xE9", "caf\xE9"},
        {"\xC2\xAD", "\xC2\xAD"},
    };
    struct soap_xmpp_config in = valid();
    struct sx_config out;
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        in.password = rows[i].password;
        out = accept_config(&in);
        ASSERT_TEXT(out.password, rows[i].prepared);
        ASSERT_TEXT(out.typed_password ? out.typed_password : out.password, rows[i].password);
        sx_config_fini(&out);
    }
}

static void password_files_are_checked(void)
{
    with_files(check_password_files_are_checked);
}

static void certificates_must_be_readable_and_paired(void)
{
    with_files(check_certificates_must_be_readable_and_paired);
}

CU_TestInfo tests_config[] = {
    {"an unset member gets its default", defaults_are_complete},
    {"a set member is taken over", members_are_taken_over},
    {"strings are copied", strings_are_copies},
    {"the JID is required and checked", jid_is_required_and_checked},
    {"one credential is required: password, file or certificate", one_credential_is_required},
    {"a password has 1 to 1,023 bytes", password_has_a_limit},
    {"the password is the first line of its file, without its end", password_is_the_first_line},
    {"a byte order mark is no part of a password", password_begins_behind_the_mark},
    {"a password is prepared, beside what it was, or stays as it is", a_password_is_prepared},
    {"a password file without a usable first line is refused", password_files_are_checked},
    {"certificate files must be readable, and come with their key",
     certificates_must_be_readable_and_paired},
    {"TLS is off for loopback hosts only", tls_off_is_for_loopback},
    {"a host is a name or an address", host_is_a_name},
    {"a port needs a host and is 1 to 65535", port_needs_a_host_and_a_range},
    {"times have bounds", times_have_bounds},
    {"depth, calls and requests have bounds", numbers_have_bounds},
    {"sizes have bounds, and the queue has room for the largest stanza", sizes_have_bounds},
    {"memory is enough for the other limits", memory_is_enough_for_the_other_limits},
    {"memory holds a full queue", memory_holds_a_full_queue},
    {"switches have known values", switches_have_known_values},
    {"the log is one that can be written", the_log_is_one_that_can_be_written},
    {"members that an older program doesn't know keep their defaults", older_programs_get_defaults},
    {"a struct that wasn't prepared, or is newer, is refused", strange_sizes_are_refused},
    {"a gSOAP timeout becomes microseconds", gsoap_timeouts_become_microseconds},
    {"milliseconds become microseconds", milliseconds_become_microseconds},
    {"packing wants delivery once, and both can be switched off", packing_wants_delivery_once},
    CU_TEST_INFO_NULL,
};
