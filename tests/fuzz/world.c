/* world.c - stations, the stanzas between them, and what may happen to both.
 *
 * Invariant: a station that is online has a session and a stream. What its link posts to an
 * earlier one is refused as its loop would refuse it; what flies already may arrive.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/parser.h"
#include "wire/namespaces.h"
#include "feed.h"

enum {
    PAST = 1,
    REQUESTS = 16,
    OUTGOING_BYTES = 10000,
    MESSAGE_BYTES = 100000,
    LEAST_KIND_US = 1000,
    MOST_KIND_US = 30000000,
    KIND_TURNS = 2000
};

unsigned world_draw(struct world *world, unsigned below)
{
    return fuzz_draw(&world->input, below);
}

/* ---- stations ---- */

static struct station *caller_of(struct world *world)
{
    return &world->stations[0];
}

/* One of those under this JID that are there; NULL: nobody is. */
static struct station *find_station(struct world *world, const char *jid)
{
    struct station *found[WORLD_STATIONS];
    unsigned i, count = 0;
    for (i = 0; i < world->station_count; i++)
        if (world->stations[i].is_online && strcmp(world->stations[i].jid, jid) == 0)
            found[count++] = &world->stations[i];
    if (count < 2)
        return count ? found[0] : NULL;
    return found[world_draw(world, count)];
}

static void tell_presence(struct world *world, struct station *station, const char *presence)
{
    if (station != caller_of(world))
        flight_add(&world->flight, station->jid, caller_of(world)->jid, presence);
}

static enum sx_err take_post(void *user, struct sx_loop *loop, uint64_t session, char *stanza,
                             size_t len)
{
    struct world *world = user;
    struct station *station = world->stations;
    enum sx_err err = SX_OK;
    while (!station->link || sx_session_loop(station->link->session) != loop)
        CLAIM(++station < world->stations + world->station_count);
    CLAIM(strlen(stanza) == len && session <= station->session);
    if (!station->is_online || session != station->session) {
        err = SX_ELOST;
    } else if (strncmp(stanza, "<presence", 9) == 0) {
        free(station->presence);
        station->presence = fuzz_text(stanza, len);
        tell_presence(world, station, stanza);
    } else {
        flight_add(&world->flight, station->jid, NULL, stanza);
    }
    free(stanza);
    return err;
}

static void receive(void *user, const struct sx_element *stanza)
{
    struct station *station = user;
    station->loop.on_stanza(station->loop.user, station->session, stanza, &station->stream);
}

static void refuse(xmpp_stanza_t *stanza, void *user)
{
    (void)stanza, (void)user;
    fuzz_fail("no stanza is libstrophe's", __FILE__, __LINE__);
}

static void ignore_start(char *name, char **attributes, void *user)
{
    (void)name, (void)attributes, (void)user;
}

static void ignore_end(char *name, void *user)
{
    (void)name, (void)user;
}

static void connect_station(struct station *station)
{
    struct world *world = station->world;
    unsigned i;
    station->is_online = true;
    if (!station->link)
        return;
    station->session++;
    station->stream = (struct sx_stream){
        .limits = {.max_stanza_bytes = 1 << 20, .max_depth = 64, .max_nodes = 1000},
        .on_stanza = receive,
        .user = station,
    };
    sx_stream_arm(&station->stream);
    station->parser = parser_new(feed_ctx(), ignore_start, ignore_end, refuse, station);
    CLAIM(station->parser && parser_feed(station->parser, FEED_HEAD, sizeof FEED_HEAD - 1));
    CLAIM(station->loop.on_connecting(station->loop.user, &(struct sx_failure){0}));
    station->loop.on_online(station->loop.user, station->session, station->jid);
    for (i = 1; i < world->station_count && station == caller_of(world); i++)
        if (world->stations[i].is_online && world->stations[i].presence)
            tell_presence(world, &world->stations[i], world->stations[i].presence);
}

/* In the eyes of its server; its link isn't told. */
static void leave(struct station *station)
{
    station->is_online = false;
    if (station->parser)
        parser_free(station->parser);
    station->parser = NULL;
    if (station->presence)
        tell_presence(station->world, station, "<presence type='unavailable'/>");
    free(station->presence);
    station->presence = NULL;
}

static void disconnect_station(struct station *station, enum sx_err err)
{
    const struct sx_failure failure = {err, "the connection broke"};
    leave(station);
    if (station->link)
        (void)station->loop.on_offline(station->loop.user, station->session, &failure);
}

static void open_link(struct station *station)
{
    struct world *world = station->world;
    bool is_shared = station->manner == WORLD_SHARED;
    struct soap_xmpp_config config;
    char why[400] = "";
    soap_xmpp_config_init(&config);
    config.jid = station->jid;
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = 5347;
    config.tls = SOAP_XMPP_TLS_OFF;
    config.allow = "*";
    config.max_calls = config.max_requests = config.max_running = REQUESTS;
    config.max_peers = WORLD_STATIONS;
    config.max_remembered = world->remembered;
    config.max_message_bytes = MESSAGE_BYTES;
    config.max_outgoing_bytes = OUTGOING_BYTES;
    config.presence = world->has_presence && !is_shared;
    config.policy = (enum soap_xmpp_policy)(world->remembered % 3);
    config.shared_jid = is_shared;
    config.packing =
        station->manner == WORLD_PLAIN ? SOAP_XMPP_PACKING_NEVER : SOAP_XMPP_PACKING_AUTO;
    config.trace = SOAP_XMPP_TRACE_NONE;
    station->link = sx_link_new(&config, why, sizeof why);
    CLAIM(station->link && !*why);
    station->loop = host_callbacks();
}

static void close_link(struct station *station)
{
    struct sx_request *request, *next;
    while (station->running_count)
        sx_request_free(station->running[--station->running_count]);
    for (request = sx_queue_take_all(station->link->queue); request; request = next) {
        next = request->next;
        sx_request_free(request);
    }
    sx_link_unref(station->link);
    station->link = NULL;
}

void world_replace(struct station *station, enum world_manner manner)
{
    leave(station);
    if (station->link)
        close_link(station);
    station->manner = manner;
    station->session = 0;
    if (manner != WORLD_FOREIGN)
        open_link(station);
    if (station->link && station != caller_of(station->world))
        sx_queue_open(station->link->queue);
    connect_station(station);
}

void world_add(struct world *world, const char *jid, enum world_manner manner)
{
    struct station *station = &world->stations[world->station_count++];
    CLAIM(world->station_count <= WORLD_STATIONS);
    *station = (struct station){.world = world, .jid = jid};
    world_replace(station, manner);
}

/* ---- one of another make ---- */

static void answer_as_foreign(struct station *station, const struct flying *flying)
{
    struct world *world = station->world;
    struct sx_buffer out = {0};
    const char *envelope = strstr(flying->stanza, "<e:Envelope");
    size_t len;
    char *answer = NULL;
    if (!envelope && !strstr(flying->stanza, "<query xmlns='" SX_NS_DISCO_INFO)) {
        flight_return(&world->flight, flying, "service-unavailable"); /* RFC 6120 8.4 */
        return;
    }
    sx_buffer_add_format(&out, "<iq type='result' from='%s' to='%s' id='%s'>", flying->to,
                         flying->from, flying->id);
    if (envelope)
        answer = ledger_envelope(ledger_run(&world->ledger, envelope), LEDGER_SMALL, &len);
    sx_buffer_add_text(&out, answer ? answer
                                    : "<query xmlns='" SX_NS_DISCO_INFO
                                      "'><feature var='" SX_NS_SOAP "'/></query>");
    sx_buffer_add_text(&out, "</iq>");
    CLAIM(!out.failed);
    flight_add(&world->flight, "", NULL, out.bytes);
    sx_buffer_fini(&out);
    free(answer);
}

/* ---- operations ---- */

static void arrive(struct world *world, unsigned i)
{
    struct flying flying = flight_take(&world->flight, i);
    struct station *station = find_station(world, flying.to);
    if (!station && flying.is_request)
        flight_return(&world->flight, &flying, "service-unavailable");
    else if (station && !station->link && flying.is_request)
        answer_as_foreign(station, &flying);
    else if (station && station->link)
        CLAIM(parser_feed(station->parser, flying.stanza, (int)strlen(flying.stanza)));
    free(flying.stanza);
}

/* One of those that fly, in most cases an early one; -1: nothing does. */
static int choose_flying(struct world *world)
{
    unsigned choice = world_draw(world, 256);
    if (!world->flight.count)
        return -1;
    return (int)((choice & 1 ? choice / 2 : choice / 64) % world->flight.count);
}

void world_op_arrive(struct world *world)
{
    int i = choose_flying(world);
    if (i >= 0)
        arrive(world, (unsigned)i);
}

void world_op_lose(struct world *world)
{
    int i = choose_flying(world);
    if (i >= 0)
        free(flight_take(&world->flight, (unsigned)i).stanza);
}

void world_op_return(struct world *world)
{
    /* With the last two it may arrive all the same: XEP-0198 section 8. */
    static const char *const conditions[] = {"service-unavailable", "item-not-found",
                                             "remote-server-not-found", "recipient-unavailable",
                                             "remote-server-timeout"};
    int i = choose_flying(world);
    unsigned choice = world_draw(world, 10);
    if (i < 0 || !world->flight.items[i].is_request)
        return;
    flight_return(&world->flight, &world->flight.items[i], conditions[choice % 5]);
    if (choice % 5 < 3 || choice < 5)
        free(flight_take(&world->flight, (unsigned)i).stanza);
}

/* When it wants to be asked again. */
static int64_t tick(struct station *station)
{
    if (!station->is_online || !station->link)
        return SX_NEVER;
    return station->loop.on_timer(station->loop.user, station->session);
}

void world_op_tick(struct world *world)
{
    unsigned choice = world_draw(world, 2 * world->station_count);
    (void)tick(&world->stations[choice < world->station_count ? choice : 0]);
}

static void begin_work(struct station *station, bool declines)
{
    bool is_closed;
    struct sx_request *request = sx_queue_take(station->link->queue, PAST, &is_closed);
    char *envelope;
    if (!request)
        return;
    if (declines) {
        sx_link_decline(station->link, request, SX_ESTOPPED);
        sx_request_free(request);
        return;
    }
    envelope = ledger_read(station->link, &request->envelope);
    (void)ledger_run(&station->world->ledger, envelope);
    free(envelope);
    station->running[station->running_count++] = request;
}

static void end_work(struct station *station, unsigned i, bool fails)
{
    struct sx_request *request = station->running[i];
    struct ledger *ledger = &station->world->ledger;
    char why[300] = "", *envelope = ledger_read(station->link, &request->envelope);
    size_t len = strlen(envelope);
    station->running[i] = station->running[--station->running_count];
    if (fails)
        sx_link_refuse(station->link, request, "internal-server-error", "half-way");
    else
        CLAIM(sx_link_answer(station->link, request, ledger->checker, envelope, len, why,
                             sizeof why) == SX_OK);
    free(envelope);
    sx_request_free(request);
}

static void work(struct station *station, unsigned choice)
{
    bool is_rare = choice % 16 == 15;
    if (!station->link || !station->is_online)
        return;
    if (station->running_count == WORLD_RUNNING || (station->running_count && choice & 1))
        end_work(station, choice / 16 % station->running_count, is_rare);
    else
        begin_work(station, choice % 16 == 14);
}

void world_op_work(struct world *world)
{
    unsigned choice = world_draw(world, 256), i = 1 + world_draw(world, WORLD_STATIONS);
    if (i < world->station_count)
        work(&world->stations[i], choice);
}

void world_op_wait(struct world *world)
{
    /* Until the next copy is due; until bytes that nobody asks for are dropped, and epochs end. */
    static const int64_t times_us[] = {100000, 2000000, 2000000, 30000000, 121000000, 301000000};
    host_pass_us(times_us[world_draw(world, sizeof times_us / sizeof times_us[0])]);
}

void world_op_cut(struct world *world)
{
    unsigned choice = world_draw(world, 256);
    struct station *station = &world->stations[choice % 2 ? choice / 2 % world->station_count : 0];
    if (station->is_online) {
        disconnect_station(station, choice >= 224 ? SX_EPOLICY : SX_ELOST);
        return;
    }
    if (station == caller_of(world)) /* its server may give it another resource */
        station->jid = choice >= 192 ? WORLD_CALLER_TOO : WORLD_CALLER;
    connect_station(station);
}

void world_op_die(struct world *world)
{
    unsigned i = 1 + world_draw(world, WORLD_STATIONS);
    if (i < world->station_count)
        world_replace(&world->stations[i], world->stations[i].manner);
}

/* ---- the whole ---- */

/* Whether anything was left to do but to let time pass until *due_us. */
static bool be_kind(struct world *world, int64_t *due_us)
{
    bool has_work = false;
    unsigned i;
    *due_us = SX_NEVER;
    for (i = 0; i < world->station_count; i++) {
        struct station *station = &world->stations[i];
        int64_t asked_us;
        if (!station->is_online)
            connect_station(station);
        asked_us = tick(station);
        *due_us = asked_us < *due_us ? asked_us : *due_us;
        if (i == 0 || !station->link)
            continue;
        while (station->running_count)
            end_work(station, 0, false);
        begin_work(station, false);
        has_work = has_work || station->running_count;
    }
    if (!world->flight.count)
        return has_work;
    arrive(world, 0);
    return true;
}

static void pass_until(int64_t due_us)
{
    int64_t us = due_us - host_now_us();
    us = us < MOST_KIND_US ? us : MOST_KIND_US;
    host_pass_us(us > LEAST_KIND_US ? us : LEAST_KIND_US);
}

static void turn(void *user)
{
    struct world *world = user;
    int64_t due_us;
    if (world->input.len)
        world->ops[world_draw(world, world->op_count)](world);
    else if (!be_kind(world, &due_us))
        pass_until(due_us);
    ledger_collect(&world->ledger);
}

void world_init(struct world *world, const uint8_t *bytes, size_t len)
{
    uint64_t seed = len;
    size_t i;
    for (i = 0; i < len; i++)
        seed = seed * 31 + bytes[i];
    world->input = (struct fuzz_input){bytes, len};
    host_begin(seed * 2654435761U, turn, take_post, world);
    world_add(world, WORLD_CALLER, WORLD_PACKS);
    ledger_init(&world->ledger, caller_of(world)->link);
}

void world_run(struct world *world)
{
    unsigned turns = 0;
    int64_t due_us;
    while (world->input.len)
        turn(world);
    while (!ledger_is_over(&world->ledger) || be_kind(world, &due_us)) {
        turn(world);
        CLAIM(turns++ < KIND_TURNS);
    }
}

void world_fini(struct world *world)
{
    ledger_fini(&world->ledger);
    while (world->station_count) {
        struct station *station = &world->stations[--world->station_count];
        leave(station);
        if (station->link)
            close_link(station);
    }
    flight_fini(&world->flight);
}
