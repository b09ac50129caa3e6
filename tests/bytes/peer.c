#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk.h"

enum { ONLINE_MS = 20000 };

int peer_run(char **argv)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct desk *desk;
    soap_xmpp_config_init(&config);
    config.jid = argv[0];
    config.password = argv[1];
    config.host = "127.0.0.1";
    config.port = atoi(argv[2]);
    config.ca_file = argv[3];
    config.allow = "*";
    config.trace = SOAP_XMPP_TRACE_ERROR;
    link = soap_xmpp_open(&config, NULL, 0);
    if (!link || soap_xmpp_wait_online(link, ONLINE_MS) != 0)
        return 1;
    desk = desk_start(link);
    printf("online\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    desk_stop(desk);
    soap_xmpp_close(link);
    return 0;
}
