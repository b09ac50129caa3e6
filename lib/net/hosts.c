/* hosts.c - reads /etc/hosts.
 *
 * Invariant: what is copied is an address as inet_pton() takes it, perhaps with an interface.
 *
 * Happy path: line by line: an address, then names -> the addresses of those with the name.
 * Failure: what is no such line is passed over. Names beyond ASCII count by their A-labels.
 */
#include "net/hosts.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/domain.h"

static const char blanks[] = " \t\r\n\v\f";

static bool is_address(const char *literal)
{
    unsigned char address[sizeof(struct in6_addr)];
    char bare[SX_HOSTS_LITERAL_BYTES];
    size_t len = strcspn(literal, "%");
    if (strlen(literal) >= sizeof bare)
        return false;
    memcpy(bare, literal, len);
    bare[len] = '\0';
    return inet_pton(AF_INET6, bare, address) == 1 || inet_pton(AF_INET, literal, address) == 1;
}

static bool is_name(const char *written, const char *ascii)
{
    char other[SX_DOMAIN_ASCII_BYTES];
    return sx_domain_to_ascii(written, other) == SX_OK && strcasecmp(other, ascii) == 0;
}

/* The line is cut at its blanks. */
static const char *find_address(char *line, const char *ascii)
{
    char *rest = NULL, *literal, *name;
    line[strcspn(line, "#")] = '\0';
    literal = strtok_r(line, blanks, &rest);
    if (!literal || !is_address(literal))
        return NULL;
    while ((name = strtok_r(NULL, blanks, &rest)))
        if (is_name(name, ascii))
            return literal;
    return NULL;
}

unsigned sx_hosts_find(const char *file, const char *ascii,
                       char (*literals)[SX_HOSTS_LITERAL_BYTES], unsigned most)
{
    FILE *stream = fopen(file, "re");
    char *line = NULL;
    size_t line_bytes = 0;
    unsigned count = 0;
    if (!stream)
        return 0;
    while (count < most && getline(&line, &line_bytes, stream) >= 0) {
        const char *literal = find_address(line, ascii);
        if (literal)
            snprintf(literals[count++], SX_HOSTS_LITERAL_BYTES, "%s", literal);
    }
    free(line);
    fclose(stream);
    return count;
}
