/* The allocator of libstrophe's contexts: which bytes wait to be written. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/allocator.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"
#include "../stream_peer.h"

extern CU_TestInfo tests_allocator[];

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                     xmpp_stream_error_t *stream_error, void *user)
{
    (void)conn, (void)error, (void)stream_error;
    *(bool *)user = event == XMPP_CONN_RAW_CONNECT;
}

static int listen_anywhere(unsigned short *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 65536;
    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
    CU_ASSERT_FATAL(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
    CU_ASSERT_FATAL(listen(fd, 1) == 0);
    CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

TEST(test_unsent)
{
    enum { BYTES = 8 << 20 }; /* more than the sockets hold */
    unsigned short port;
    int listener = listen_anywhere(&port), peer;
    xmpp_conn_t *conn = xmpp_conn_new(peer_ctx);
    char *bytes = malloc(BYTES + 1);
    bool connected = false;
    ssize_t n, received = 0;

    CU_ASSERT_FATAL(conn && bytes);
    memset(bytes, 'x', BYTES);
    bytes[BYTES] = '\0';
    sx_allocator_send(conn, "lost", 4);
    CU_ASSERT(sx_allocator_unsent_bytes() == 0);
    xmpp_conn_set_flags(conn, XMPP_CONN_FLAG_DISABLE_SM);
    xmpp_conn_set_jid(conn, "a@localhost");
    CU_ASSERT_FATAL(xmpp_connect_raw(conn, "127.0.0.1", port, on_event, &connected) == XMPP_EOK);
    peer = accept(listener, NULL, NULL);
    while (!connected)
        xmpp_run_once(peer_ctx, 1);
    CU_ASSERT(sx_allocator_unsent_bytes() == 0);
    sx_allocator_send(conn, bytes, BYTES);
    sx_allocator_send(conn, " ", 1);
    CU_ASSERT(sx_allocator_unsent_bytes() == BYTES + 1);
    xmpp_run_once(peer_ctx, 0);
    CU_ASSERT(sx_allocator_unsent_bytes() == BYTES + 1);
    for (; received < BYTES + 1; received += n) {
        xmpp_run_once(peer_ctx, 0);
        n = recv(peer, bytes, BYTES, 0);
        CU_ASSERT_FATAL(n > 0);
    }
    CU_ASSERT(sx_allocator_unsent_bytes() == 0);
    sx_allocator_send(conn, bytes, 1000);
    CU_ASSERT(sx_allocator_unsent_bytes() == 1000);
    close(peer);
    close(listener);
    xmpp_conn_release(conn);
    CU_ASSERT(sx_allocator_unsent_bytes() == 0);
    free(bytes);
}

static bool holds(const char *bytes, size_t len, char byte)
{
    size_t i;
    for (i = 0; i < len && bytes[i] != byte; i++)
        ;
    return i < len;
}

/* Blocks of the reserve stay readable after they were freed. A thread has its own. */
static void *free_blocks(void *unused)
{
    char *block, *moved;
    (void)unused;
    CU_ASSERT(sx_allocator_reserve());
    shortage_begin((struct shortage){.number = 1, .lasts = true});
    block = sx_allocator.alloc(100, NULL);
    memset(block, 's', 100);
    moved = sx_allocator.realloc(block, 200, NULL);
    (void)shortage_end();
    CU_ASSERT(moved && moved != block);
    CU_ASSERT(memcmp(moved, "ssss", 4) == 0);
    CU_ASSERT_FALSE(holds(block, 100, 's'));
    sx_allocator.free(moved, NULL);
    CU_ASSERT_FALSE(holds(moved, 100, 's'));
    block = sx_allocator.alloc(100, NULL);
    moved = sx_allocator.realloc(block, 5000, NULL);
    CU_ASSERT(moved != NULL);
    moved = sx_allocator.realloc(moved, 10000, NULL);
    CU_ASSERT(moved != NULL);
    sx_allocator.free(moved, NULL);
    sx_allocator_sweep();
    return NULL;
}

TEST(test_wiped)
{
    pthread_t thread;
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, free_blocks, NULL) == 0);
    pthread_join(thread, NULL);
}

CU_TestInfo tests_allocator[] = {
    {"bytes count as unsent until they are written or dropped", test_unsent},
    {"what is freed is wiped first", test_wiped},
    CU_TEST_INFO_NULL,
};
