/* cache.c - what services said of themselves, kept in ~/.cache/soap-xmpp/wsdl: one file a service.
 *
 * Invariant: a file is there whole or not at all; its name is a hash, so that no JID names a path.
 *
 * Failure modes: no home, no room, no rights: as if nothing had been kept. */
#include "cache.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract/file.h"
#include "document.h"
#include "parent.h"

enum { PATH_BYTES = 4096, WHY_BYTES = 512 };

static int find_path(const char *jid, char path[PATH_BYTES])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    unsigned char hash[EVP_MAX_MD_SIZE];
    char name[2 * EVP_MAX_MD_SIZE + 1] = "";
    size_t len, i;
    int written;
    if (!EVP_Q_digest(NULL, "SHA256", NULL, jid, strlen(jid), hash, &len))
        return -1;
    for (i = 0; i < len; i++)
        snprintf(name + 2 * i, 3, "%02x", hash[i]);
    if (cache && *cache == '/')
        written = snprintf(path, PATH_BYTES, "%s/soap-xmpp/wsdl/%s", cache, name);
    else if (home && *home == '/')
        written = snprintf(path, PATH_BYTES, "%s/.cache/soap-xmpp/wsdl/%s", home, name);
    else
        return -1;
    return written < PATH_BYTES ? 0 : -1;
}

int cache_load(const char *jid, const char *version, char **bytes, size_t *len)
{
    char path[PATH_BYTES], why[WHY_BYTES];
    size_t prefix = strlen(version);
    char *all;
    if (find_path(jid, path) ||
        ct_file_read(NULL, path, DOCUMENT_BYTES, &all, len, why, sizeof why))
        return -1;
    if (*len <= prefix || strncmp(all, version, prefix) != 0 || all[prefix] != '\n') {
        free(all);
        return -1;
    }
    *len -= prefix + 1;
    memmove(all, all + prefix + 1, *len + 1);
    *bytes = all;
    return 0;
}

void cache_store(const char *jid, const char *version, const char *bytes, size_t len)
{
    char path[PATH_BYTES], fresh[PATH_BYTES + 8];
    FILE *out;
    int fd;
    if (find_path(jid, path) || parent_make(path))
        return;
    snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
    fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0)
        return;
    out = fdopen(fd, "w");
    if (!out) {
        close(fd);
    } else {
        int failed = fprintf(out, "%s\n", version) < 0 || fwrite(bytes, 1, len, out) != len;
        if (fclose(out) == 0 && !failed && rename(fresh, path) == 0)
            return;
    }
    unlink(fresh);
}
