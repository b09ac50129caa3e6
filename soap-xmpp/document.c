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

/* Waits for bytes or a signal. */
static ssize_t read_step(int fd, char *step)
{
    struct pollfd ready[] = {{.fd = fd, .events = POLLIN},
                             {.fd = interrupt_fd(), .events = POLLIN}};
    poll(ready, 2, -1);
    if (interrupt_signal()) {
        errno = EINTR;
        return -1;
    }
    return read(fd, step, STEP_BYTES);
}

static int read_all(int fd, struct download *document)
{
    static char step[STEP_BYTES];
    ssize_t len;
    while ((len = read_step(fd, step)) > 0) {
        if (!append(document, step, (size_t)len)) {
            errno = document->is_over_limit ? EFBIG : ENOMEM;
            return -1;
        }
    }
    return len < 0 || !append(document, "", 0) ? -1 : 0;
}

int document_read(const char *path, char **bytes, size_t *len, char *why, size_t why_bytes)
{
    struct download document = {.most_bytes = DOCUMENT_BYTES};
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), result = -1;
    if (fd < 0 || read_all(fd, &document)) {
        snprintf(why, why_bytes, "%s: %s", is_stdin ? "standard input" : path, strerror(errno));
        free(document.bytes);
    } else {
        *bytes = document.bytes;
        *len = document.len;
        result = 0;
    }
    if (fd >= 0 && !is_stdin)
        close(fd);
    return result;
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
    return document_read(location, bytes, len, why, why_bytes);
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
