/* Short memory: allocation number N of each module below the stream fails, for every N.
 *
 * Each attempt makes one shortage; what it calls then fails as its header says, or succeeds, and
 * does its work afterwards. Leaks are for the address sanitizer and valgrind to see.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/jid.h"
#include "config/config.h"
#include "soap/repair.h"
#include "net/allocator.h"
#include "xml/namespace.h"
#include "wire/domain.h"
#include "wire/stanza.h"
#include "base/trace.h"
#include "../lib/shortage.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_shortage[];

#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define NAMESPACES                                                                                 \
    " xmlns:a='urn:a' xmlns:b='urn:b' xmlns:c='urn:c' xmlns:d='urn:d' xmlns:f='urn:f' "            \
    "xmlns:g='urn:g' xmlns:h='urn:h' xmlns:i='urn:i' xmlns:j='urn:j' xmlns:k='urn:k' "             \
    "xmlns:l='urn:l' xmlns:m='urn:m' xmlns:n='urn:n' xmlns:o='urn:o' xmlns:p='urn:p' "             \
    "xmlns:q='urn:q'"

#define ENVELOPE                                                                                   \
    "<e:Envelope xmlns:e='" SOAP12 "'" NAMESPACES "><e:Body><q:add a:t='q:int'><one>1</one>"       \
    "</q:add></e:Body></e:Envelope>"
#define PEER "calc@example.org/soap"

/* ---- bytes ---- */

/* What is written is whole or failed, and whole the next time. */
static bool attempt_write(struct shortage shortage, void (*write)(struct sx_buffer *out))
{
    struct sx_buffer whole = {0}, out = {0};
    bool has_failed;

    write(&whole);
    CU_ASSERT_FALSE(whole.failed);
    shortage_begin(shortage);
    write(&out);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(out.failed, has_failed);
    CU_ASSERT(strncmp(whole.bytes, out.bytes ? out.bytes : "", out.len) == 0);
    if (!out.failed)
        ASSERT_TEXT(out.bytes, whole.bytes);
    sx_buffer_clear(&out);
    write(&out);
    ASSERT_TEXT(out.bytes, whole.bytes);
    sx_buffer_fini(&whole);
    sx_buffer_fini(&out);
    return has_failed;
}

static void write_part(struct sx_buffer *out, int part)
{
    switch (part) {
    case 0:
        sx_buffer_add_text(out, "<a>");
        break;
    case 1:
        sx_buffer_add_format(out, "%0300d", 7);
        break;
    case 2:
        sx_buffer_add_escaped(out, ENVELOPE ENVELOPE);
        break;
    default:
        sx_buffer_add(out, ENVELOPE ENVELOPE ENVELOPE, 3 * (sizeof ENVELOPE - 1));
    }
}

static void write_parts(struct sx_buffer *out)
{
    size_t kept = 0;
    int part;

    for (part = 0; part < 4; part++) {
        write_part(out, part);
        if (!out->failed)
            kept = out->len;
    }
    CU_ASSERT_EQUAL(out->len, kept);
}

static bool attempt_buffer(struct shortage shortage)
{
    return attempt_write(shortage, write_parts);
}
SHORTAGE_TEST(buffer, 4)

static bool attempt_take(struct shortage shortage)
{
    struct sx_buffer buffer = {0};
    size_t len = 99;
    char *taken;
    bool has_failed;

    shortage_begin(shortage);
    taken = sx_buffer_take(&buffer, &len);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(taken == NULL, has_failed);
    CU_ASSERT_EQUAL(len, has_failed ? 99 : 0);
    CU_ASSERT(!buffer.failed && !buffer.bytes);
    free(taken);
    return has_failed;
}
SHORTAGE_TEST(take, 1)

static void write_stanzas(struct sx_buffer *out)
{
    sx_stanza_request(out, "set", &(struct sx_head){.to = PEER, .id = "1"}, ENVELOPE,
                      sizeof ENVELOPE - 1);
    sx_stanza_result(out, &(struct sx_head){.to = PEER, .id = "2"}, ENVELOPE, sizeof ENVELOPE - 1);
    sx_stanza_fault(out, &(struct sx_head){.to = PEER, .id = "3"}, ENVELOPE, sizeof ENVELOPE - 1,
                    "Sender");
    sx_stanza_error(out, &(struct sx_head){.to = PEER, .id = "4"}, "service-unavailable",
                    "the service is <stopping>");
}

static bool attempt_stanza(struct shortage shortage)
{
    return attempt_write(shortage, write_stanzas);
}
SHORTAGE_TEST(stanza, 2)

static bool attempt_strophe_copy(struct shortage shortage)
{
    char *copy;
    bool has_failed;

    shortage_begin(shortage);
    copy = sx_allocator_strdup("lang");
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(copy == NULL, has_failed);
    if (copy)
        ASSERT_TEXT(copy, "lang");
    sx_allocator.free(copy, NULL);
    return has_failed;
}
SHORTAGE_TEST(strophe_copy, 1)

static bool attempt_address(struct shortage shortage)
{
    char untouched[] = "untouched", why[80] = "";
    char *jid = untouched, *other = untouched;
    enum sx_err err, other_err;
    bool has_failed;

    shortage_begin(shortage);
    err = sx_jid_parse("Calc@Example.org", "soap", &jid, why, sizeof why);
    other_err = sx_jid_parse_uri("xmpp:Calc@Example.org", &other, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err || other_err, has_failed);
    CU_ASSERT(err == SX_OK || (err == SX_ENOMEM && jid == untouched));
    CU_ASSERT(other_err == SX_OK || (other_err == SX_ENOMEM && other == untouched));
    if (err == SX_OK) {
        ASSERT_TEXT(jid, PEER);
        free(jid);
    }
    if (other_err == SX_OK) {
        ASSERT_TEXT(other, PEER);
        free(other);
    }
    return has_failed;
}
SHORTAGE_TEST(address, 2)

/* Beyond ASCII libidn and libidn2 allocate, too. */
static bool attempt_foreign_address(struct shortage shortage)
{
    static const char given[] = "mu\xCC\x88ller@bu\xCC\x88"
                                "cher.de/u\xCC\x88";
    char untouched[] = "untouched", ascii[SX_DOMAIN_ASCII_BYTES] = "untouched", why[80] = "";
    char *jid = untouched;
    enum sx_err err, ascii_err;
    bool has_failed;

    shortage_begin(shortage);
    err = sx_jid_parse(given, NULL, &jid, why, sizeof why);
    ascii_err = sx_domain_to_ascii("b\xC3\xBC"
                                   "cher.de",
                                   ascii);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err || ascii_err, has_failed);
    CU_ASSERT(err == SX_OK || (err == SX_ENOMEM && jid == untouched));
    ASSERT_TEXT(why, "");
    CU_ASSERT(ascii_err == SX_OK || ascii_err == SX_ENOMEM);
    ASSERT_TEXT(ascii, ascii_err ? "untouched" : "xn--bcher-kva.de");
    if (err == SX_OK) {
        ASSERT_TEXT(jid, "m\xC3\xBCller@b\xC3\xBC"
                         "cher.de/\xC3\xBC");
        free(jid);
    }
    return has_failed;
}
SHORTAGE_TEST(foreign_address, 14)

/* ---- configuration ---- */

/* Makes it while memory is short; whether it was. A failure leaves nothing. */
static bool make_short(struct shortage shortage, const struct soap_xmpp_config *config,
                       struct sx_config *made, enum sx_err *err)
{
    static const struct sx_config zero;
    char why[200] = "";
    bool has_failed;

    shortage_begin(shortage);
    *err = sx_config_make(config, made, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(*err, has_failed ? SX_ENOMEM : SX_OK);
    if (*err) {
        ASSERT_TEXT(why, "memory is short");
        CU_ASSERT(memcmp(made, &zero, sizeof *made) == 0);
    }
    return has_failed;
}

static bool attempt_foreign_password(struct shortage shortage)
{
    struct soap_xmpp_config config;
    struct sx_config made;
    enum sx_err err;
    bool has_failed;

    soap_xmpp_config_init(&config);
    config.jid = "alice@example.org/desk";
    config.password = "cafe\xCC\x81";
    has_failed = make_short(shortage, &config, &made, &err);
    if (!err)
        ASSERT_TEXT(made.password, "caf\xC3\xA9");
    sx_config_fini(&made);
    return has_failed;
}
SHORTAGE_TEST(foreign_password, 5)

static void set_members(struct soap_xmpp_config *config, const char *file)
{
    soap_xmpp_config_init(config);
    config->jid = "alice@example.org/desk";
    config->password_file = config->ca_file = config->cert_file = config->key_file = file;
    config->host = "[::1]";
    config->port = 5222;
    config->tls = SOAP_XMPP_TLS_OFF;
}

static char secret_file[64];

static bool attempt_config(struct shortage shortage)
{
    struct soap_xmpp_config config;
    struct sx_config made;
    char why[200];
    enum sx_err err;
    bool has_failed;

    set_members(&config, secret_file);
    has_failed = make_short(shortage, &config, &made, &err);
    if (err)
        CU_ASSERT_EQUAL_FATAL(sx_config_make(&config, &made, why, sizeof why), SX_OK);
    ASSERT_TEXT(made.password, "secret");
    ASSERT_TEXT(made.host, "::1");
    ASSERT_TEXT(made.key_file, secret_file);
    sx_config_fini(&made);
    return has_failed;
}

static void test_config(void)
{
    int fd;

    snprintf(secret_file, sizeof secret_file, "/tmp/test_shortage_XXXXXX");
    fd = mkstemp(secret_file);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(write(fd, "secret\n", 7) == 7);
    close(fd);
    CU_ASSERT_EQUAL(shortage_sweep(attempt_config), 7);
    unlink(secret_file);
}

/* ---- envelopes ---- */

static bool attempt_namespaces(struct shortage shortage)
{
    static const char *outer[] = {"xmlns", "urn:0", "xmlns:a", "urn:1", NULL};
    static const char *inner[] = {"xmlns:a", "urn:2", "xmlns:b", "urn:3", NULL};
    struct sx_namespaces namespaces = {0};
    enum sx_err err;
    bool has_failed;
    int i;

    for (i = 0; i < 7; i++) /* the stack is full but for one */
        CU_ASSERT_EQUAL(sx_namespaces_push(&namespaces, 1, outer), SX_OK);
    CU_ASSERT_EQUAL(sx_namespaces_push(&namespaces, 1, outer + 2), SX_OK);
    shortage_begin(shortage);
    err = sx_namespaces_push(&namespaces, 2, inner);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    sx_namespaces_pop(&namespaces, 2);
    CU_ASSERT_EQUAL(namespaces.count, 15);
    ASSERT_TEXT(sx_namespaces_lookup(&namespaces, "a", 1), "urn:1");
    CU_ASSERT_PTR_NULL(sx_namespaces_lookup(&namespaces, "b", 1));
    CU_ASSERT_EQUAL(sx_namespaces_push(&namespaces, 2, inner), SX_OK);
    ASSERT_TEXT(sx_namespaces_lookup(&namespaces, "a", 1), "urn:2");
    ASSERT_TEXT(sx_namespaces_lookup(&namespaces, "b", 1), "urn:3");
    sx_namespaces_fini(&namespaces);
    return has_failed;
}
SHORTAGE_TEST(namespaces, 3)

static bool attempt_scan(struct shortage shortage)
{
    static const char *attributes[] = {"xmlns:e", SOAP12, "xmlns", "urn:0", NULL};
    struct sx_scan scan;
    enum sx_err err;
    bool has_failed;

    sx_scan_init(&scan, 8);
    shortage_begin(shortage);
    err = sx_scan_start(&scan, "e:Envelope", attributes);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(scan.err, err);
    ASSERT_TEXT(scan.why, has_failed ? "memory is short at <e:Envelope>" : "");
    CU_ASSERT_EQUAL(sx_scan_end(&scan), err);
    sx_scan_reset(&scan, 0);
    CU_ASSERT_EQUAL(sx_scan_start(&scan, "e:Envelope", attributes), SX_OK);
    CU_ASSERT(scan.version == 12 && scan.root_declares_default);
    sx_scan_fini(&scan);
    return has_failed;
}
SHORTAGE_TEST(scan, 3)

static void check_well(struct sx_checker *checker)
{
    const struct sx_scan *scan = NULL;
    size_t bad_byte = 0;
    char why[200] = "";

    CU_ASSERT_EQUAL(
        sx_checker_check(checker, ENVELOPE, sizeof ENVELOPE - 1, &scan, &bad_byte, why, sizeof why),
        SX_OK);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(scan);
    ASSERT_TEXT(scan->operation, "add");
}

static bool attempt_checker(struct shortage shortage)
{
    struct sx_checker *checker;
    bool has_failed;

    shortage_begin(shortage);
    checker = sx_checker_new(16);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(checker == NULL, has_failed);
    if (checker)
        check_well(checker);
    sx_checker_free(checker);
    return has_failed;
}
SHORTAGE_TEST(checker, 5)

/* Expat does without some of its memory. */
static bool attempt_check(struct shortage shortage)
{
    struct sx_checker *checker = sx_checker_new(16);
    const struct sx_scan untouched, *scan = &untouched;
    size_t bad_byte = 12345;
    char why[200] = "";
    enum sx_err err;
    bool has_failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(checker);
    shortage_begin(shortage);
    err =
        sx_checker_check(checker, ENVELOPE, sizeof ENVELOPE - 1, &scan, &bad_byte, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || (err == SX_ENOMEM && has_failed));
    if (err == SX_OK) {
        ASSERT_TEXT(scan->operation, "add");
        CU_ASSERT_EQUAL(bad_byte, 12345);
    } else {
        ASSERT_CONTAINS(why, "memory is short");
        CU_ASSERT_PTR_EQUAL(scan, &untouched);
        CU_ASSERT(bad_byte < sizeof ENVELOPE);
    }
    check_well(checker);
    sx_checker_free(checker);
    return has_failed;
}
SHORTAGE_TEST(check, 25)

static const struct sx_scan *scan_to_format;

static void format_envelope(struct sx_buffer *out)
{
    sx_envelope_format(out, ENVELOPE, sizeof ENVELOPE - 1, scan_to_format, "urn:add", NULL);
}

static bool attempt_format(struct shortage shortage)
{
    return attempt_write(shortage, format_envelope);
}

static void test_format(void)
{
    struct sx_checker *checker = sx_checker_new(16);
    size_t bad_byte;
    char why[200];

    CU_ASSERT_PTR_NOT_NULL_FATAL(checker);
    CU_ASSERT_EQUAL(sx_checker_check(checker, ENVELOPE, sizeof ENVELOPE - 1, &scan_to_format,
                                     &bad_byte, why, sizeof why),
                    SX_OK);
    CU_ASSERT(shortage_sweep(attempt_format) > 0);
    sx_checker_free(checker);
}

static bool read_row(void *user, size_t number, const char **prefix, const char **uri)
{
    (void)user;
    *prefix = "t";
    *uri = "urn:types";
    return number == 0;
}

static bool attempt_repair(struct shortage shortage)
{
    static const char text[] = "<Envelope><Body t='t:x' u='xsd:y' xsi:type='xsi:z'/></Envelope>";
    const struct sx_repair repair = {.row = read_row};
    char why[SX_REPAIR_WHY_BYTES];
    struct sx_envelope envelope = {.version = 12, .has_body = true, .unbound = "t\0xsd\0"};
    enum sx_err err;
    char *bytes;
    bool has_failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes = strdup(text));
    envelope.bytes = bytes;
    envelope.len = strlen(text);
    shortage_begin(shortage);
    err = sx_repair_envelope(&repair, &envelope, why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    if (err) {
        CU_ASSERT(envelope.bytes == bytes && envelope.len == strlen(text));
        ASSERT_TEXT(envelope.bytes, text);
        ASSERT_TEXT(envelope.unbound, "t");
        CU_ASSERT_EQUAL(sx_repair_envelope(&repair, &envelope, why), SX_OK);
    }
    ASSERT_TEXT(envelope.bytes, "<Envelope xmlns:qa0=\"urn:types\" xmlns:t=\"urn:types\""
                                " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">"
                                "<Body t='t:x' u='xsd:y' xsi:type='qa0:z'/></Envelope>");
    sx_envelope_fini(&envelope);
    return has_failed;
}
SHORTAGE_TEST(repair, 1)

/* ---- trace ---- */

static void count_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    unsigned *lines = user;

    (void)level;
    ASSERT_CONTAINS(line, "alice@example.org: ");
    ++*lines;
}

static void test_trace(void)
{
    struct sx_trace trace;
    unsigned lines = 0;
    char out[100];
    bool has_failed;

    shortage_begin((struct shortage){.number = 1, .lasts = true});
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, count_line, &lines, "alice@example.org");
    sx_trace(&trace, SOAP_XMPP_TRACE_ERROR, "no memory for %s, %.3f s", "all of it", 0.5);
    sx_trace_stanza(&trace, "received", ENVELOPE, sizeof ENVELOPE - 1);
    sx_trace_redact("<auth>secret</auth>", 19, out, sizeof out);
    has_failed = shortage_end();
    CU_ASSERT_FALSE(has_failed);
    CU_ASSERT_EQUAL(lines, 2);
    ASSERT_TEXT(out, "<auth>***</auth>");
}

CU_TestInfo tests_shortage[] = {
    {"a buffer keeps what it has", test_buffer},
    {"an empty buffer that can't be taken stays empty", test_take},
    {"a stanza is whole or failed", test_stanza},
    {"libstrophe gets no copy rather than half a one", test_strophe_copy},
    {"an address that can't be joined leaves the JID untouched", test_address},
    {"nor does one beyond ASCII", test_foreign_address},
    {"nor does a password beyond ASCII", test_foreign_password},
    {"a configuration is complete or zero", test_config},
    {"declarations in scope stay, half-pushed ones go with their element", test_namespaces},
    {"a scan says where memory was short, and starts anew", test_scan},
    {"a checker is made whole or not at all", test_checker},
    {"an envelope that can't be checked is not refused for another reason", test_check},
    {"an envelope is formatted whole or failed", test_format},
    {"an envelope that can't be repaired is as it was", test_repair},
    {"a trace needs no memory", test_trace},
    CU_TEST_INFO_NULL,
};
