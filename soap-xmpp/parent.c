/* parent.c - the folders that a file stands in.
 *
 * Invariant: what is there already stays as it is, rights too.
 *
 * Failure modes: errno of the call that failed. */
#include "parent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int parent_make(const char *path)
{
    char *folder = strdup(path), *slash;
    int result = folder ? 0 : -1;
    for (slash = folder ? strchr(folder + 1, '/') : NULL; slash && result == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) && errno != EEXIST)
            result = -1;
        *slash = '/';
    }
    free(folder);
    return result;
}
