/* fuzz_config.c - what a user configures, and the line that must not tell the secret part of it.
 *
 * Input that begins with '<' is a stanza to trace: each byte 1 in it becomes a marker, and
 * where expat finds all markers inside secret elements, the redacted stanza must hold none.
 * Other input is an environment, one entry a line; lines "0=..." to "9=..." set the members that
 * have no variable. Files are the fuzzer's own: a password file holds what the variable says.
 */
#include <expat.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire/jid.h"
#include "config/config.h"
#include "base/trace.h"
#include "fuzz.h"

/* ---- redaction ---- */

#define MARK "M4RK"

enum { MARK_BYTES = sizeof MARK - 1, SHORT_BYTES = 50, LINE_BYTES = 16384 };

/* Where secrets are, as expat sees it. */
struct oracle {
    XML_Parser parser;
    const char *bytes;
    unsigned depth, secret_depth; /* 0: outside */
    size_t seen;                  /* up to here no marker stands outside of a secret */
    bool is_certain;              /* false: a marker stands elsewhere, or it can't tell */
};

static bool is_secret(const char *name)
{
    static const char *const names[] = {"Password", "password",  "BinarySecret", "auth",
                                        "response", "challenge", "success",      "handshake"};
    const char *colon = strrchr(name, ':');
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(colon ? colon + 1 : name, names[i]) == 0)
            return true;
    return false;
}

/* What stands before byte `end` and wasn't looked at is outside of every secret. */
static void look_outside(struct oracle *oracle, size_t end)
{
    if (memmem(oracle->bytes + oracle->seen, end - oracle->seen, MARK, MARK_BYTES))
        oracle->is_certain = false;
    oracle->seen = end;
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct oracle *oracle = user;
    (void)attributes;
    oracle->depth++;
    if (oracle->secret_depth || !is_secret(name))
        return;
    oracle->secret_depth = oracle->depth;
    look_outside(oracle, (size_t)XML_GetCurrentByteIndex(oracle->parser) +
                             (size_t)XML_GetCurrentByteCount(oracle->parser));
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct oracle *oracle = user;
    (void)name;
    if (oracle->depth-- != oracle->secret_depth)
        return;
    oracle->secret_depth = 0;
    oracle->seen = (size_t)XML_GetCurrentByteIndex(oracle->parser);
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system_id,
                               const char *public_id, int has_subset)
{
    struct oracle *oracle = user;
    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    oracle->is_certain = false; /* never gets as far as a trace */
}

/* Whether every marker stands inside a secret, for sure. */
static bool are_all_secret(const char *bytes, size_t len)
{
    struct oracle oracle = {.bytes = bytes, .is_certain = true};

    if (memchr(bytes, '\0', len))
        return false; /* expat may take it for UTF-16 */
    oracle.parser = XML_ParserCreate("UTF-8");
    CLAIM(oracle.parser);
    XML_SetUserData(oracle.parser, &oracle);
    XML_SetElementHandler(oracle.parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(oracle.parser, on_doctype);
    if (XML_Parse(oracle.parser, bytes, (int)len, XML_FALSE) != XML_STATUS_OK)
        oracle.is_certain = false;
    XML_ParserFree(oracle.parser);
    if (oracle.is_certain && !oracle.secret_depth)
        look_outside(&oracle, len);
    return oracle.is_certain;
}

static char *plant_markers(const uint8_t *bytes, size_t len, size_t *out_len)
{
    char *text = malloc(len * MARK_BYTES + 1), *end = text;
    CLAIM(text);
    for (; len; bytes++, len--) {
        if (*bytes == 1)
            end = (char *)memcpy(end, MARK, MARK_BYTES) + MARK_BYTES;
        else
            *end++ = (char)*bytes;
    }
    *end = '\0';
    *out_len = (size_t)(end - text);
    return text;
}

static void claim_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    const bool *is_clean = user;
    CLAIM(level == SOAP_XMPP_TRACE_STANZA && strlen(line) <= LINE_BYTES);
    CLAIM(!*is_clean || !strstr(line, MARK));
    for (; *line; line++)
        CLAIM((unsigned char)*line >= 0x20 && *line != 0x7F);
}

static void try_redact(const uint8_t *bytes, size_t len)
{
    size_t text_len, full_bytes;
    char *planted = plant_markers(bytes, len, &text_len), *full, *cut;
    char *text = fuzz_bytes(planted, text_len);
    bool is_clean = are_all_secret(text, text_len);
    struct sx_trace trace;

    free(planted);
    full_bytes = 2 * text_len + 1;
    full = malloc(full_bytes);
    cut = malloc(SHORT_BYTES);
    CLAIM(full && cut);
    sx_trace_redact(text, text_len, full, full_bytes);
    sx_trace_redact(text, text_len, cut, SHORT_BYTES);
    CLAIM(strlen(full) < full_bytes && strlen(cut) < SHORT_BYTES);
    CLAIM(strncmp(full, cut, strlen(cut)) == 0);
    CLAIM(!is_clean || !strstr(full, MARK));
    sx_trace_init(&trace, SOAP_XMPP_TRACE_STANZA, claim_line, &is_clean, "me@example.org");
    sx_trace_stanza(&trace, "sent", text, text_len);
    free(text);
    free(full);
    free(cut);
}

/* ---- environment ---- */

#define SECRET "S3CRET-"

enum { ENTRIES = 40, WHY_BYTES = 300 };

static void set_number(struct soap_xmpp_config *config, const char *line)
{
    long long value = strtoll(line + 2, NULL, 10);
    switch (*line) {
    case '0':
        config->timeout_ms = (int)value;
        break;
    case '1':
        config->connect_timeout_ms = (int)value;
        break;
    case '2':
        config->soap_action = (int)value;
        break;
    case '3':
        config->max_stanza_bytes = (size_t)value;
        break;
    case '4':
        config->max_queued_bytes = (size_t)value;
        break;
    case '5':
        config->max_depth = (unsigned)value;
        break;
    case '6':
        config->max_calls = (unsigned)value;
        break;
    case '7':
        config->max_requests = (unsigned)value;
        break;
    case '8':
        config->port = (int)value;
        break;
    default:
        config->trace = (enum soap_xmpp_trace_level)(value & 7);
    }
}

/* A file that holds text, by a name that goes with the descriptor. */
static int make_file(const char *text, char name[64])
{
    int fd = memfd_create("password", MFD_CLOEXEC);
    CLAIM(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    snprintf(name, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static const char *choose_file(const char *value)
{
    if (!value)
        return NULL;
    return *value == 'd' ? "/" : *value == 'm' ? "/nonexistent/file" : "/dev/null";
}

/* What crosses a network in clear: a component's stream, if its user says that it may. */
static bool may_be_clear(const struct soap_xmpp_config *in, const struct sx_config *config)
{
    return sx_jid_is_loopback(config->host) || (config->is_component && in->trusted_host);
}

static void claim_complete(const struct soap_xmpp_config *in, const struct sx_config *config)
{
    char *again = NULL, why[WHY_BYTES];
    CLAIM(sx_jid_parse(config->jid, "soap", &again, why, sizeof why) == SX_OK);
    CLAIM(strcmp(again, config->jid) == 0);
    free(again);
    CLAIM(strlen(config->password) <= 1023 && (config->password[0] || config->cert_file));
    CLAIM(config->port >= 0 && config->port <= 65535 && (!config->port || config->host));
    CLAIM(config->tls != SOAP_XMPP_TLS_OFF || may_be_clear(in, config));
    CLAIM(config->is_component == !strpbrk(config->jid, "@/"));
    CLAIM(!config->is_component || (config->host && config->port && config->password[0] &&
                                    config->tls == SOAP_XMPP_TLS_OFF));
    CLAIM(!config->cert_file == !config->key_file);
    CLAIM(config->timeout_us > 0 && config->connect_timeout_us > 0);
    CLAIM(config->max_stanza_bytes >= 10000 && config->max_stanza_bytes <= 64 << 20);
    CLAIM(config->max_queued_bytes >= config->max_stanza_bytes);
    CLAIM(config->max_depth >= 8 && config->max_depth <= 2000);
    CLAIM(config->max_calls && config->max_requests);
    CLAIM(config->trace <= SOAP_XMPP_TRACE_STANZA);
}

static void try_make(struct soap_xmpp_config *in, bool has_shown_secret)
{
    struct sx_config config, zero;
    char why[WHY_BYTES] = "", file[64];
    int fd = in->password_file ? make_file(in->password_file, file) : -1;
    enum sx_err err;

    if (fd >= 0)
        in->password_file = file;
    in->ca_file = choose_file(in->ca_file);
    in->cert_file = choose_file(in->cert_file);
    in->key_file = choose_file(in->key_file);
    memset(&zero, 0, sizeof zero);
    err = sx_config_make(in, &config, why, sizeof why);
    if (err) {
        CLAIM(err == SX_ECONFIG && why[0] && memcmp(&config, &zero, sizeof zero) == 0);
        CLAIM(has_shown_secret || !strstr(why, SECRET));
    } else {
        claim_complete(in, &config);
        sx_config_fini(&config);
    }
    if (fd >= 0)
        close(fd);
}

/* Only as a password or, in try_make, in the password's file may a secret stand unseen. */
static bool shows_secret(const char *entry)
{
    static const char *const names[] = {"SOAP_XMPP_PASSWORD=", "SOAP_XMPP_PASWORD="};
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return false;
    return strstr(entry, SECRET) != NULL;
}

static void try_environment(char *text)
{
    char *entries[ENTRIES + 1] = {NULL}, **saved = environ, *line, why[WHY_BYTES] = "";
    struct soap_xmpp_config config, before;
    bool has_shown_secret = false;
    size_t count = 0;
    int result;

    soap_xmpp_config_init(&config);
    while (count < ENTRIES && (line = strsep(&text, "\n"))) {
        if (*line >= '0' && *line <= '9' && line[1] == '=')
            set_number(&config, line);
        else
            entries[count++] = line;
        has_shown_secret |= shows_secret(line);
    }
    before = config;
    environ = entries;
    result = soap_xmpp_config_from_env(&config, why, sizeof why);
    environ = saved;
    CLAIM(result == 0 || result == -1);
    CLAIM((result == -1) == (why[0] != '\0'));
    CLAIM(has_shown_secret || !strstr(why, SECRET));
    CLAIM(result == 0 || memcmp(&config, &before, sizeof before) == 0);
    try_make(&config, has_shown_secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text;

    if (len && *bytes == '<') {
        try_redact(bytes, len);
        return 0;
    }
    text = fuzz_text(bytes, len);
    try_environment(text);
    free(text);
    return 0;
}
