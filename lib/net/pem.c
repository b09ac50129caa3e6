/* pem.c - reads a PEM file.
 *
 * Invariant: of the text there is one copy, which grows into no other and is wiped: it may be a
 * private key.
 *
 * Happy path: open -> its size -> room -> read to the end -> the byte order mark goes.
 * Failure modes: it isn't there, is a folder, grows while it is read, has nothing in it or what
 * can't be PEM: one clause. A file that is being written may be cut short: whoever parses it says
 * so.
 */
#include "net/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/openssl_error.h"

enum { UNSIZED_BYTES = 65536 }; /* the most of what has no size, as a device */

enum sx_err sx_pem_refuse(const struct sx_pem *pem, char *why, size_t why_bytes, const char *format,
                          ...)
{
    char what[96];
    va_list arguments;
    if (sx_openssl_error_is_shortage())
        return SX_ENOMEM;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(why, why_bytes, "%s is \"%.128s\", which %s; it must be a PEM file", pem->member,
             pem->file, what);
    return SX_EFILE;
}

enum sx_err sx_pem_refuse_text(const struct sx_pem *pem, char *why, size_t why_bytes)
{
    return sx_pem_refuse(pem, why, why_bytes, "can't be understood: %.80s",
                         sx_openssl_error_reason());
}

int sx_pem_give_no_passphrase(char *out, int out_bytes, int is_writing, void *user)
{
    (void)out;
    (void)out_bytes;
    (void)is_writing;
    if (user)
        *(bool *)user = true;
    return -1;
}

/* Room for the whole file, and at least one byte more, by which it is seen that it grows. */
static enum sx_err reserve(struct sx_pem *pem, int fd, char *why, size_t why_bytes)
{
    struct stat status;
    size_t bytes = UNSIZED_BYTES;
    if (fstat(fd, &status) != 0)
        return sx_pem_refuse(pem, why, why_bytes, "can't be read: %s", strerror(errno));
    if (S_ISREG(status.st_mode) && status.st_size > SX_PEM_BYTES)
        return sx_pem_refuse(pem, why, why_bytes, "is larger than %d MiB", SX_PEM_BYTES >> 20);
    if (S_ISREG(status.st_mode))
        bytes = (size_t)status.st_size;
    return sx_buffer_reserve(&pem->text, bytes + 1) ? SX_OK : SX_ENOMEM;
}

static enum sx_err fill(struct sx_pem *pem, int fd, char *why, size_t why_bytes)
{
    struct sx_buffer *text = &pem->text;
    ssize_t count;
    do {
        count = read(fd, text->bytes + text->len, text->capacity - 1 - text->len);
        if (count > 0)
            text->len += (size_t)count;
        text->bytes[text->len] = '\0';
    } while ((count > 0 && text->len < text->capacity - 1) || (count < 0 && errno == EINTR));
    if (count < 0)
        return sx_pem_refuse(pem, why, why_bytes, "can't be read: %s", strerror(errno));
    return count ? sx_pem_refuse(pem, why, why_bytes, "grows while it is read") : SX_OK;
}

static void drop_mark(struct sx_buffer *text)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* U+FEFF */
    const size_t len = sizeof mark - 1;
    if (text->len < len || memcmp(text->bytes, mark, len) != 0)
        return;
    text->len -= len;
    memmove(text->bytes, text->bytes + len, text->len + 1);
}

static enum sx_err check(const struct sx_pem *pem, char *why, size_t why_bytes)
{
    const unsigned char *bytes = (const unsigned char *)pem->text.bytes;
    if (!pem->text.len)
        return sx_pem_refuse(pem, why, why_bytes, "is empty");
    if (pem->text.len > 1 && bytes[0] == 0x30 && bytes[1] >= 0x80) /* a long SEQUENCE */
        return sx_pem_refuse(pem, why, why_bytes, "is in DER");
    return SX_OK;
}

enum sx_err sx_pem_read(struct sx_pem *pem, char *why, size_t why_bytes)
{
    enum sx_err err;
    int fd;
    if (!pem->file)
        return SX_OK;
    fd = open(pem->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait for its writer */
    if (fd < 0)
        return sx_pem_refuse(pem, why, why_bytes, "can't be read: %s", strerror(errno));
    err = reserve(pem, fd, why, why_bytes);
    if (!err)
        err = fill(pem, fd, why, why_bytes);
    close(fd);
    if (err)
        return err;
    drop_mark(&pem->text);
    return check(pem, why, why_bytes);
}

void sx_pem_wipe(struct sx_pem *pem)
{
    sx_buffer_wipe(&pem->text);
}

BIO *sx_pem_open(const struct sx_pem *pem)
{
    return BIO_new_mem_buf(pem->text.bytes, (int)pem->text.len);
}
