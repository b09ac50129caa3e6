/* name_server.h - a name server on 127.0.0.1, by UDP and TCP, that answers as the test wants.
 *
 * Every name has one SRV record, "0 0 5222 one.example", and one address, 192.0.2.1.
 */
#ifndef TESTS_NAME_SERVER_H
#define TESTS_NAME_SERVER_H

enum name_server_manner {
    NAME_SERVER_GOOD,
    NAME_SERVER_SILENT,
    NAME_SERVER_LOSES,   /* the first datagram */
    NAME_SERVER_FORMERR, /* these are answers with an error */
    NAME_SERVER_SERVFAIL,
    NAME_SERVER_REFUSED,
    NAME_SERVER_REFUSES_BARELY, /* by a header alone */
    NAME_SERVER_NXDOMAIN,
    NAME_SERVER_EMPTY,  /* the name exists, without records */
    NAME_SERVER_FORGES, /* before the answer some that are none: of another id, name, type, class,
                           a question, one cut short */
    NAME_SERVER_ONLY_FORGES,
    NAME_SERVER_FLOODS,     /* with what is no answer, until it is stopped */
    NAME_SERVER_TRUNCATES,  /* by UDP; by TCP there is the answer, */
    NAME_SERVER_TCP_CLOSES, /* or nothing, */
    NAME_SERVER_TCP_SILENT,
    NAME_SERVER_TCP_LONG, /* or 2,000 records */
};

struct name_server;

/* Each fails the test where it can't. */
struct name_server *name_server_start(enum name_server_manner manner);
int name_server_port(const struct name_server *server);
void name_server_stop(struct name_server *server);

/* How many questions have come by UDP, and by TCP: all that were sent before the call. The name of
 * the last one, "" before. */
unsigned name_server_asked(struct name_server *server);
unsigned name_server_asked_by_tcp(struct name_server *server);
void name_server_last(struct name_server *server, char name[1024]);

#endif
