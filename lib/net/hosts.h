/* hosts.h - what /etc/hosts says: the addresses that whoever runs the machine has given a name.
 *
 * Noun: the hosts file (hosts(5)). getaddrinfo() asks it too, but doesn't tell whether it was that
 * file that knew the name, which decides whether DNS is asked for the name's services.
 *
 * Thread: any. Blocks as long as a file of the machine does.
 */
#ifndef SX_NET_HOSTS_H
#define SX_NET_HOSTS_H

enum { SX_HOSTS_LITERAL_BYTES = 64 };

#define SX_HOSTS_FILE "/etc/hosts"

/* Copies the addresses of a name in A-labels, in the file's order, most of them at most; how many
 * there are. A file that can't be read says nothing. */
unsigned sx_hosts_find(const char *file, const char *ascii,
                       char (*literals)[SX_HOSTS_LITERAL_BYTES], unsigned most);

#endif
