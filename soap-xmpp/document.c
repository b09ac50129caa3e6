/* document.c - documents that are named on the command line: a file, "-", a URL.
 *
 * Invariant: no document is longer than its limit, and no URL names anything but http and https,
 * also after a redirect.
 *
 * Failure modes: one sentence: the system's, libcurl's, the server's status, the limit. */
#include "document.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "contract/contract.h"
#include "contract/file.h"
#include "interrupt.h"

enum { STEP_BYTES = 64 * 1024, REDIRECTS = 5 };

struct download {
    char *bytes;
    size_t len, most_bytes;
    bool is_over_limit;
};

/* Room for more bytes and a NUL behind them. */
static bool append(struct download *document, const char *bytes, size_t len)
{
    char *more;
    if (len > document->most_bytes - document->len) {
        document->is_over_limit = true;
        return false;
    }
    more = realloc(document->bytes, document->len + len + 1);
    if (!more)
        return false;
    document->bytes = more;
    memcpy(more + document->len, bytes, len);
    document->len += len;
    more[document->len] = '\0';
    return true;
}

/* Waits for bytes, a signal, or the end of the command's time. A pipe without a writer has none
 * yet, so it is opened without waiting, and read when there is something. */
ssize_t document_read_step(struct run *run, int fd, char *step, size_t step_bytes)
{
    struct pollfd ready[] = {{.fd = fd, .events = POLLIN},
                             {.fd = interrupt_fd(), .events = POLLIN}};
    for (;;) {
        ssize_t len;
        poll(ready, 2, deadline_left_ms(&run->deadline, INT_MAX));
        errno = interrupt_signal() ? EINTR : ETIME;
        if (interrupt_signal() || (!ready[0].revents && deadline_is_over(&run->deadline)))
            return -1;
        len = ready[0].revents ? read(fd, step, step_bytes) : -1;
        if (len >= 0 || (ready[0].revents && errno != EAGAIN && errno != EINTR))
            return len;
    }
}

static int read_all(struct run *run, int fd, struct download *document)
{
    static char step[STEP_BYTES];
    ssize_t len;
    while ((len = document_read_step(run, fd, step, sizeof step)) > 0) {
        if (!append(document, step, (size_t)len)) {
            errno = document->is_over_limit ? EFBIG : ENOMEM;
            return -1;
        }
    }
    return len < 0 || !append(document, "", 0) ? -1 : 0;
}

static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static void tell(const char *name, char *why, size_t why_bytes)
{
    snprintf(why, why_bytes, "%s: %s", name,
             errno == ETIME ? "its end hasn't come in time (--timeout)" : strerror(errno));
}

static int read_file(struct run *run, int fd, const char *name, size_t most_bytes, char **bytes,
                     size_t *len, char *why, size_t why_bytes)
{
    struct download document = {.most_bytes = most_bytes};
    if (fd < 0 || read_all(run, fd, &document)) {
        tell(name, why, why_bytes);
        free(document.bytes);
        return -1;
    }
    *bytes = document.bytes;
    *len = document.len;
    return 0;
}

int document_read(struct run *run, const char *path, char **bytes, size_t *len, char *why,
                  size_t why_bytes)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open_file(path);
    int result = read_file(run, fd, is_stdin ? "standard input" : path, DOCUMENT_BYTES, bytes, len,
                           why, why_bytes);
    if (fd >= 0 && !is_stdin)
        close(fd);
    return result;
}

int document_read_value(void *run, const char *path, size_t most_bytes, char **bytes, size_t *len,
                        char *why, size_t why_bytes)
{
    int fd = open_file(path);
    int result = read_file(run, fd, path, most_bytes, bytes, len, why, why_bytes);
    if (fd >= 0)
        close(fd);
    return result;
}

int document_read_secret(struct run *run, const char *path, char *secret, size_t secret_bytes,
                         char *why, size_t why_bytes)
{
    int fd = open_file(path);
    size_t len = 0;
    ssize_t more = fd < 0 ? -1 : 1;
    while (more > 0 && len + 1 < secret_bytes && !memchr(secret, '\n', len)) {
        more = document_read_step(run, fd, secret + len, secret_bytes - 1 - len);
        len += more > 0 ? (size_t)more : 0;
    }
    if (more < 0)
        tell(path, why, why_bytes);
    if (fd >= 0)
        close(fd);
    secret[len] = '\0';
    if (more > 0 && len + 1 == secret_bytes && !memchr(secret, '\n', len))
        snprintf(why, why_bytes, "%s: its first line is too long", path);
    else if (more >= 0 && strcspn(secret, "\r\n") == 0)
        snprintf(why, why_bytes, "%s: nothing to read", path);
    else if (more >= 0) {
        secret[strcspn(secret, "\r\n")] = '\0';
        return 0;
    }
    explicit_bzero(secret, secret_bytes);
    return -1;
}

bool document_is_url(const char *location)
{
    return strncasecmp(location, "http://", 7) == 0 || strncasecmp(location, "https://", 8) == 0;
}

static size_t take(char *bytes, size_t size, size_t count, void *document)
{
    return append(document, bytes, size * count) ? size * count : 0;
}

static int look(void *run, curl_off_t down, curl_off_t downloaded, curl_off_t up,
                curl_off_t uploaded)
{
    (void)run;
    (void)down;
    (void)downloaded;
    (void)up;
    (void)uploaded;
    return interrupt_signal();
}

static CURLcode set_up(struct run *run, CURL *curl, const char *url, struct download *document,
                       char error[CURL_ERROR_SIZE])
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)deadline_left_ms(&run->deadline, INT_MAX) + 1);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, document);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    return code;
}

static int download(struct run *run, const char *url, size_t most_bytes, char **bytes, size_t *len,
                    char *why, size_t why_bytes)
{
    struct download document = {.most_bytes = most_bytes};
    char error[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    CURLcode code = curl ? set_up(run, curl, url, &document, error) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK && append(&document, "", 0)) {
        *bytes = document.bytes;
        *len = document.len;
        return 0;
    }
    free(document.bytes);
    if (document.is_over_limit)
        snprintf(why, why_bytes, "%s: larger than %zu bytes", url, most_bytes);
    else
        snprintf(why, why_bytes, "%s: %s", url, *error ? error : curl_easy_strerror(code));
    return -1;
}

int document_fetch(struct run *run, const char *location, char **bytes, size_t *len, char *why,
                   size_t why_bytes)
{
    if (document_is_url(location))
        return download(run, location, CT_CONTRACT_BYTES, bytes, len, why, why_bytes);
    return document_read(run, location, bytes, len, why, why_bytes);
}

int document_import_from_url(void *run, const char *location, size_t most_bytes, char **bytes,
                             size_t *len, char *why, size_t why_bytes)
{
    if (document_is_url(location))
        return download(run, location, most_bytes, bytes, len, why, why_bytes);
    snprintf(why, why_bytes, "a contract that came from elsewhere reads no file");
    return -1;
}

int document_import_from_file(void *run, const char *location, size_t most_bytes, char **bytes,
                              size_t *len, char *why, size_t why_bytes)
{
    if (document_is_url(location))
        return download(run, location, most_bytes, bytes, len, why, why_bytes);
    return ct_file_read(NULL, location, most_bytes, bytes, len, why, why_bytes);
}
