/* See descriptor.h. */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int gw_descriptor_raise(int descriptor)
{
    int high;
    if (descriptor < 0 || descriptor >= GW_DESCRIPTOR_LEAST)
        return descriptor;
    high = fcntl(descriptor, F_DUPFD_CLOEXEC, GW_DESCRIPTOR_LEAST);
    if (high < 0 && errno == EINVAL)
        return descriptor; /* RLIMIT_NOFILE ends below */
    close(descriptor);
    return high;
}
