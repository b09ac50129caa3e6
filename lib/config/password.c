/* password.c - the password of a configuration: given, read from a file, or asked for.
 *
 * Invariant: no copy of a password is left behind unwiped, nor shown in a sentence.
 *
 * Happy path: make -> renew, forget; renew, forget ... -> fini.
 * Failure: at the open a sentence, and no link; later the attempt fails, and the next one looks
 * again. A file that can't be opened any longer (the process has another root or user now) leaves
 * the last password, and so does one that is none: a pipe, a FIFO, a terminal.
 *
 * Thread: make any, the rest as password.h says.
 */
#include "config/password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "config/reason.h"
#include "wire/prep.h"

enum { SECRET_BYTES = SX_PASSWORD_BYTES };

/* NULL stays NULL. */
static enum sx_err copy_text(const char *text, char **out)
{
    if (!text)
        return SX_OK;
    *out = strdup(text);
    return *out ? SX_OK : SX_ENOMEM;
}

bool sx_password_is_exposed(FILE *stream)
{
    struct stat status;
    return fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_mode & (S_IROTH | S_IWOTH);
}

/* Editors write a byte order mark before the text (U+FEFF), which nobody sees or types. The first
 * character behind it, or EOF. */
static int skip_mark(FILE *stream, char line[SECRET_BYTES + 1], size_t *len)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t read = 0;
    int c;
    while ((c = getc(stream)) == (unsigned char)mark[read] && c)
        read++;
    if (mark[read]) { /* less than one is the password's */
        memcpy(line, mark, read);
        *len = read;
    }
    return c;
}

/* Reads the first line; what is wrong with it, or NULL. */
static const char *read_line(FILE *stream, char line[SECRET_BYTES + 1])
{
    size_t len = 0;
    int c;
    for (c = skip_mark(stream, line, &len); c != EOF && c != '\n'; c = getc(stream)) {
        if (c == '\0')
            return "a NUL byte is in its first line";
        if (len == SECRET_BYTES)
            return "its first line is longer than 1,023 bytes";
        line[len++] = (char)c;
    }
    if (ferror(stream))
        return strerror(errno);
    if (len > 0 && line[len - 1] == '\r')
        len--; /* a file edited on Windows */
    line[len] = '\0';
    return len ? NULL : "its first line is empty";
}

/* file: its name. stream: NULL: errno says why there is none; else it is closed. */
static enum sx_err read_password(const char *file, FILE *stream, char **password, bool *exposed,
                                 const struct sx_reason *why)
{
    char line[SECRET_BYTES + 1] = "";
    const char *wrong;
    enum sx_err err;
    if (stream) {
        setvbuf(stream, NULL, _IONBF, 0); /* no copy of the secret in a buffer that isn't wiped */
        wrong = read_line(stream, line);
        *exposed = sx_password_is_exposed(stream);
        fclose(stream);
    } else {
        wrong = strerror(errno);
    }
    if (wrong)
        err = sx_reason_refuse(
            why,
            "password_file (SOAP_XMPP_PASSWORD_FILE) is \"%.128s\", which gives no "
            "password: %s; its first line must be one of 1 to 1,023 bytes",
            file, wrong);
    else
        err = copy_text(line, password);
    explicit_bzero(line, sizeof line);
    return err;
}

/* NULL allowed. */
static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

/* As servers compare it; what SASLprep prohibits, or leaves nothing of, stays as it is (RFC 4013
 * leaves it to the server). A component's secret is hashed as it is (XEP-0114). */
static enum sx_err prepare_password(struct sx_config *out)
{
    char *prepared = NULL;
    enum sx_err err;
    if (out->is_component || sx_utf8_is_ascii(out->password))
        return SX_OK;
    err = sx_prep_password(out->password, &prepared);
    if (err == SX_ENOMEM)
        return err;
    if (err || !*prepared) {
        free(prepared);
        return SX_OK;
    }
    if (strcmp(prepared, out->password) == 0)
        wipe(prepared);
    else {
        out->typed_password = out->password;
        out->password = prepared;
    }
    return SX_OK;
}

static enum sx_err copy_password(const struct soap_xmpp_config *in, struct sx_config *out,
                                 const struct sx_reason *why)
{
    if (in->password_callback && (in->password || in->password_file))
        return sx_reason_refuse(why, "password_callback and %s are both set; allowed: one of them",
                                in->password ? "password (SOAP_XMPP_PASSWORD)"
                                             : "password_file (SOAP_XMPP_PASSWORD_FILE)");
    out->password_callback = in->password_callback;
    out->password_user = in->password_user;
    if (in->password_callback)
        return copy_text("", &out->password); /* it is asked at each attempt */
    if (in->password && in->password_file)
        return sx_reason_refuse(why,
                                "password (SOAP_XMPP_PASSWORD) and password_file "
                                "(SOAP_XMPP_PASSWORD_FILE) are both set; allowed: one of them");
    if (in->password_file) {
        enum sx_err err = copy_text(in->password_file, &out->password_file);
        return err ? err
                   : read_password(in->password_file, fopen(in->password_file, "re"),
                                   &out->password, &out->password_is_exposed, why);
    }
    if (!in->password && out->is_component)
        return sx_reason_refuse(why,
                                "password (SOAP_XMPP_PASSWORD) is missing; %.128s is a component: "
                                "required is the secret that its server knows, here or in "
                                "password_file (SOAP_XMPP_PASSWORD_FILE)",
                                out->jid);
    if (!in->password && !in->cert_file)
        return sx_reason_refuse(why, "password (SOAP_XMPP_PASSWORD) is missing; required is it, "
                                     "password_file (SOAP_XMPP_PASSWORD_FILE), or cert_file "
                                     "(SOAP_XMPP_CERTFILE) with key_file (SOAP_XMPP_KEYFILE)");
    if (in->password && (in->password[0] == '\0' || strlen(in->password) > SECRET_BYTES))
        return sx_reason_refuse(why,
                                "password (SOAP_XMPP_PASSWORD) is %s; allowed: 1 to 1,023 bytes",
                                in->password[0] ? "too long" : "empty");
    return copy_text(in->password ? in->password : "", &out->password);
}

enum sx_err sx_password_make(const struct soap_xmpp_config *in, struct sx_config *out,
                             const struct sx_reason *why)
{
    enum sx_err err = copy_password(in, out, why);
    return err ? err : prepare_password(out);
}

/* ---- for each attempt ---- */

static enum sx_err ask_program(const struct sx_config *config, char **password,
                               const struct sx_reason *why)
{
    char answer[SECRET_BYTES + 1] = "";
    int result = config->password_callback(config->password_user, answer, sizeof answer);
    bool is_one = !result && answer[0] && memchr(answer, 0, sizeof answer);
    enum sx_err err = is_one ? copy_text(answer, password) : SX_EFILE;
    explicit_bzero(answer, sizeof answer);
    if (err == SX_EFILE)
        sx_reason_refuse(why, "the program gave no password%s (password_callback)",
                         result ? "" : " of 1 to 1,023 bytes");
    return err;
}

/* A pipe or a terminal has given its line: it would be waited for, or be empty. */
static bool is_read_once(const struct stat *status)
{
    return S_ISFIFO(status->st_mode) || S_ISCHR(status->st_mode) || S_ISSOCK(status->st_mode);
}

/* *stream is NULL for what is read once; false: it can't be opened, errno says why. */
static bool open_anew(const char *file, FILE **stream)
{
    struct stat status;
    int fd;
    *stream = NULL;
    if (stat(file, &status) != 0)
        return false;
    if (is_read_once(&status))
        return true;
    fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* it may have changed meanwhile */
    if (fd < 0)
        return false;
    if (fstat(fd, &status) == 0 && is_read_once(&status)) {
        close(fd);
        return true;
    }
    *stream = fdopen(fd, "r");
    if (!*stream)
        close(fd);
    return *stream;
}

/* password stays NULL where the last one is to be kept. */
static enum sx_err read_anew(struct sx_config *config, char **password, const struct sx_reason *why)
{
    bool was_exposed = config->password_is_exposed;
    enum sx_err err;
    FILE *stream;
    if (!open_anew(config->password_file, &stream))
        sx_reason_refuse(why,
                         "password_file (SOAP_XMPP_PASSWORD_FILE) is \"%.128s\", which can't be "
                         "opened any longer: %s; what it said last is taken",
                         config->password_file, strerror(errno));
    if (!stream)
        return SX_OK;
    err = read_password(config->password_file, stream, password, &config->password_is_exposed, why);
    if (!err && config->password_is_exposed && !was_exposed)
        sx_reason_refuse(why, SX_PASSWORD_EXPOSED, SX_PASSWORD_FILE);
    return err == SX_ECONFIG ? SX_EFILE : err;
}

enum sx_err sx_password_renew(struct sx_config *config, char *why, size_t why_bytes)
{
    const struct sx_reason reason = {why, why_bytes};
    char *password = NULL, *last, *last_typed;
    enum sx_err err = SX_OK;
    if (config->password_callback)
        err = ask_program(config, &password, &reason);
    else if (config->password_file)
        err = read_anew(config, &password, &reason);
    if (err || !password)
        return err;
    last = config->password;
    last_typed = config->typed_password;
    config->password = password;
    config->typed_password = NULL;
    wipe(last); /* not before: a process may be forked at any time, and wipe what it finds */
    wipe(last_typed);
    return prepare_password(config);
}

void sx_password_forget(struct sx_config *config)
{
    if (config->password_callback)
        sx_password_wipe(config);
}

void sx_password_wipe(struct sx_config *config)
{
    if (config->password)
        explicit_bzero(config->password, strlen(config->password));
    if (config->typed_password)
        explicit_bzero(config->typed_password, strlen(config->typed_password));
}

void sx_password_fini(struct sx_config *config)
{
    wipe(config->password);
    wipe(config->typed_password);
    free(config->password_file);
}
