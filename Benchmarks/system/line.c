/* A long line in front of a local server: every TCP connection gets a round trip time, slow start, a most rate, losses.
 * The whole line can be away for a while.
 *
 *   line LISTEN_PORT TARGET_PORT ROUND_TRIP_MS BYTES_PER_S LOSS_EVERY_BYTES OUTAGE_S OUTAGE_AFTER_BYTES
 *
 * - The first byte of a connection needs a round trip before it sets out; every byte needs half of one to cross.
 * - Towards the client, a window of ten segments doubles with each round trip up to BYTES_PER_S * ROUND_TRIP.
 * - LOSS_EVERY_BYTES (0: never) is a mean. A loss halves the window, which then grows by a segment, or an eighth of the
 *   most where that is more, with each round trip.
 * - SIGUSR1, and once the passing of OUTAGE_AFTER_BYTES (0: never) towards clients, take the line away for OUTAGE_S
 *   seconds: its connections are reset, new ones are refused.
 * - It writes "ready" when it listens, and what it saw as a line of JSON when SIGTERM ends it.
 *
 * Bytes go from socket to pipe to socket by splice(2), so that this process, which shares its cores with what is
 * measured, does not copy them. Time goes in ticks of a millisecond. Linux only. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SEGMENT = 1460,
    FIRST_WINDOW = 10 * SEGMENT,  /* RFC 6928 */
    BATCH = 64 << 10,             /* a paced write waits until it may be so large: small ones cost too much */
    SLACK = 256 << 10,            /* held beyond what is crossing, so that batches do not slow the line down */
    REQUESTS = 64 << 10,          /* held towards the server */
    SLOTS = 1 << 12,              /* of the timer wheel; who wants to wait longer is woken early and waits again */
    EVENTS = 256,
    BACKLOG = 4096,
    SHORTEST_ROUND_TRIP = 10,     /* ms: windows of shorter ones come too close to a tick */
};

/* Bytes that were taken in one tick and arrive in one. */
struct crossing { int64_t tick; long bytes; };

/* One direction of a connection. Bytes wait in the pipe: first those that have arrived, then those that still cross. */
struct flow {
    struct link *link;
    int from, to, pipe[2];
    long capacity, arrived, held;
    struct crossing *crossings;       /* a ring of `line.half + 2`: no more ticks than that can be on their way */
    int first, count;
    int64_t starts_at, ends_at;       /* ticks: before the first no byte sets out; `ends_at` is when the end arrives */
    bool is_paced, is_blocked, has_ended, is_finished;
    double window, allowance;         /* bytes: a round trip may take `window`, `allowance` may leave now */
    bool had_loss;
    int64_t refilled_at;              /* microseconds */
    struct flow *next, **reference;   /* neighbours in a slot of the wheel; no `reference`: it waits for no tick */
};

/* What epoll hands back: one of the two sockets of a connection. */
struct end { struct link *link; struct flow *out_of, *into; };

struct link {
    int client, server;
    struct flow up, down;
    struct end ends[2];
    bool is_dead;
    struct link *next, **reference;   /* in `links`, or in `dead` until the events at hand are done */
};

static struct { int half; double round_trip, most, growth, loss_every; int64_t outage; long outage_after; } line;
static struct { long connections, open, most_open, outages, reset; int64_t up, down; } seen;
static int epoll, listener, signals, target_port;
static struct link *links, *dead;
static struct flow *wheel[SLOTS];
static long waiting;                  /* flows in the wheel */
static int64_t wheel_tick;            /* the last one that was served */
static int64_t outage_ends;           /* microseconds; 0 when the line is there */
static uint64_t random_state = 0x9E3779B97F4A7C15;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
    fprintf(stderr, "line: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* A number of [0, 1), the same ones in every run (xorshift64*). */
static double drawn(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (double)(random_state * UINT64_C(2685821657736338717) >> 11) / (double)(UINT64_C(1) << 53);
}

/* The timer wheel */

static void forget(struct flow *flow)
{
    if (!flow->reference) return;
    *flow->reference = flow->next;
    if (flow->next) flow->next->reference = flow->reference;
    flow->reference = NULL;
    waiting--;
}

/* Steps the flow again at a tick, in place of what it waited for. */
static void wake_at(struct flow *flow, int64_t tick)
{
    if (tick <= wheel_tick) tick = wheel_tick + 1;
    if (tick >= wheel_tick + SLOTS) tick = wheel_tick + SLOTS - 1;
    forget(flow);
    struct flow **slot = &wheel[tick % SLOTS];
    flow->next = *slot;
    if (flow->next) flow->next->reference = &flow->next;
    flow->reference = slot;
    *slot = flow;
    waiting++;
}

/* One direction */

static void open_flow(struct flow *flow, struct link *link, int from, int to, long capacity, int64_t time)
{
    flow->link = link;
    flow->from = from;
    flow->to = to;
    flow->capacity = capacity;
    flow->crossings = calloc(line.half + 2, sizeof *flow->crossings);
    if (!flow->crossings) fail("memory");
    if (pipe2(flow->pipe, O_NONBLOCK | O_CLOEXEC)) fail("pipe");
    if (fcntl(flow->pipe[1], F_SETPIPE_SZ, capacity) < capacity)
        fail("a pipe that holds what is on the line (see fs.pipe-max-size and fs.pipe-user-pages-soft)");
    flow->window = flow->allowance = FIRST_WINDOW;
    flow->refilled_at = time;
}

static void close_flow(struct flow *flow)
{
    forget(flow);
    close(flow->pipe[0]);
    close(flow->pipe[1]);
    free(flow->crossings);
}

static int64_t arrival(const struct flow *flow, int64_t tick)
{
    return (tick > flow->starts_at ? tick : flow->starts_at) + line.half;
}

/* Takes what the sender has written. False when the connection is broken. */
static bool take(struct flow *flow, int64_t tick)
{
    while (!flow->has_ended && flow->held < flow->capacity) {
        ssize_t count = splice(flow->from, NULL, flow->pipe[1], NULL, flow->capacity - flow->held,
                               SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (count < 0) return errno == EAGAIN;
        if (count == 0) {
            flow->has_ended = true;
            flow->ends_at = arrival(flow, tick);
            break;
        }
        int at = (flow->first + flow->count - 1) % (line.half + 2);
        if (!flow->count || flow->crossings[at].tick != arrival(flow, tick)) {
            at = (flow->first + flow->count++) % (line.half + 2);
            flow->crossings[at] = (struct crossing){.tick = arrival(flow, tick)};
        }
        flow->crossings[at].bytes += count;
        flow->held += count;
    }
    return true;
}

static void arrive(struct flow *flow, int64_t tick)
{
    while (flow->count && flow->crossings[flow->first].tick <= tick) {
        flow->arrived += flow->crossings[flow->first].bytes;
        flow->first = (flow->first + 1) % (line.half + 2);
        flow->count--;
    }
}

/* What may leave now by the window, 0 if that is too little to be worth a call; then it says when to come back. */
static long allowed(struct flow *flow, int64_t time)
{
    if (!flow->is_paced) return flow->arrived;
    flow->allowance += flow->window * (double)(time - flow->refilled_at) / line.round_trip;
    if (flow->allowance > flow->window) flow->allowance = flow->window;
    flow->refilled_at = time;
    double least = flow->arrived < BATCH ? flow->arrived : BATCH;
    if (least > flow->window * 0.9) least = flow->window * 0.9;
    if (flow->allowance < least) {
        wake_at(flow, (time + (int64_t)((least - flow->allowance) / flow->window * line.round_trip)) / 1000 + 1);
        return 0;
    }
    return flow->arrived < flow->allowance ? flow->arrived : (long)flow->allowance;
}

static void resize_window(struct flow *flow, double sent)
{
    if (line.loss_every > 0 && drawn() < sent / line.loss_every) {
        flow->window /= 2;
        flow->had_loss = true;
    } else {
        flow->window += flow->had_loss ? line.growth * sent / flow->window : sent;
    }
    if (flow->window < FIRST_WINDOW) flow->window = FIRST_WINDOW;
    if (flow->window > line.most) flow->window = line.most;
}

/* Gives the receiver what has arrived and may leave. False when the connection is broken. */
static bool give(struct flow *flow, int64_t time)
{
    arrive(flow, time / 1000);
    flow->is_blocked = false;
    while (flow->arrived) {
        long most = allowed(flow, time);
        if (!most) return true;
        ssize_t count = splice(flow->pipe[0], NULL, flow->to, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (count < 0) {
            flow->is_blocked = true;
            return errno == EAGAIN;
        }
        flow->arrived -= count;
        flow->held -= count;
        if (flow->is_paced) {
            flow->allowance -= count;
            resize_window(flow, count);
            seen.down += count;
        } else {
            seen.up += count;
        }
    }
    if (flow->count) {
        wake_at(flow, flow->crossings[flow->first].tick);
    } else if (flow->has_ended && !flow->is_finished) {
        if (time / 1000 < flow->ends_at) {
            wake_at(flow, flow->ends_at);
        } else {
            flow->is_finished = true;
            shutdown(flow->to, SHUT_WR);
        }
    }
    return true;
}

/* Connections */

static void unlist(struct link *link)
{
    *link->reference = link->next;
    if (link->next) link->next->reference = link->reference;
}

static void list(struct link *link, struct link **head)
{
    link->next = *head;
    if (link->next) link->next->reference = &link->next;
    link->reference = head;
    *head = link;
}

/* Closes both sockets. The memory stays until `bury`: an event that is at hand may name it. */
static void drop(struct link *link, bool with_reset)
{
    if (link->is_dead) return;
    if (with_reset) {
        struct linger at_once = {.l_onoff = 1};
        setsockopt(link->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        setsockopt(link->server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        seen.reset++;
    }
    close(link->client);
    close(link->server);
    close_flow(&link->up);
    close_flow(&link->down);
    seen.open--;
    link->is_dead = true;
    unlist(link);
    list(link, &dead);
}

static void bury(void)
{
    while (dead) {
        struct link *link = dead;
        unlist(link);
        free(link);
    }
}

static void step(struct flow *flow, int64_t time)
{
    struct link *link = flow->link;
    long held;
    do {  /* What was given makes room to take more. */
        if (!take(flow, time / 1000)) return drop(link, true);
        held = flow->held;
        if (!give(flow, time)) return drop(link, true);
    } while (flow->held < held);
    if (link->up.is_finished && link->down.is_finished) drop(link, false);
}

static void watch(int socket, struct end *end)
{
    int on = 1;
    if (fcntl(socket, F_SETFL, O_NONBLOCK)) fail("fcntl");
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = end};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &wanted)) fail("epoll");
}

static struct sockaddr_in local(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void accept_all(int64_t time)
{
    for (int client; (client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        struct sockaddr_in target = local(target_port);
        int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (server < 0) fail("socket");
        if (connect(server, (struct sockaddr *)&target, sizeof target)) {
            close(server);
            close(client);
            continue;
        }
        struct link *link = calloc(1, sizeof *link);
        if (!link) fail("memory");
        link->client = client;
        link->server = server;
        open_flow(&link->up, link, client, server, REQUESTS, time);
        open_flow(&link->down, link, server, client, (long)(line.most / 2) + SLACK, time);
        link->up.starts_at = time / 1000 + 2 * line.half;
        link->down.is_paced = true;
        link->ends[0] = (struct end){.link = link, .out_of = &link->up, .into = &link->down};
        link->ends[1] = (struct end){.link = link, .out_of = &link->down, .into = &link->up};
        list(link, &links);
        seen.connections++;
        if (++seen.open > seen.most_open) seen.most_open = seen.open;
        watch(client, &link->ends[0]);
        watch(server, &link->ends[1]);
    }
    if (errno != EAGAIN && errno != ECONNABORTED) fail("accept");
}

/* The line itself */

static void listen_again(void)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &listener};
    if (listen(listener, BACKLOG) || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &wanted)) fail("listen");
}

/* A listening socket that is shut down keeps its port and refuses. */
static void go_away(int64_t time)
{
    if (!outage_ends && (epoll_ctl(epoll, EPOLL_CTL_DEL, listener, NULL) || shutdown(listener, SHUT_RD)))
        fail("shutdown");
    outage_ends = time + line.outage;
    seen.outages++;
    while (links) drop(links, true);
}

static void come_back(void)
{
    outage_ends = 0;
    listen_again();
}

static void serve_ticks(int64_t time)
{
    int64_t last = time / 1000;
    if (last - wheel_tick > SLOTS) wheel_tick = last - SLOTS;
    while (wheel_tick < last) {
        struct flow **slot = &wheel[++wheel_tick % SLOTS];
        while (*slot) {  /* Who waits on waits for a later tick. */
            struct flow *flow = *slot;
            forget(flow);
            step(flow, time);
        }
    }
}

static void serve_end(const struct end *end, uint32_t events, int64_t time)
{
    bool is_over = events & (EPOLLERR | EPOLLHUP);
    if (!end->link->is_dead && (is_over || events & (EPOLLIN | EPOLLRDHUP))) step(end->out_of, time);
    if (!end->link->is_dead && (is_over || end->into->is_blocked)) step(end->into, time);
}

static int milliseconds_to_wait(int64_t time)
{
    if (waiting) return 1;
    return outage_ends ? (int)((outage_ends - time) / 1000) + 1 : -1;
}

static int open_signals(void)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void run(void)
{
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, milliseconds_to_wait(now()));
        if (count < 0 && errno != EINTR) fail("epoll");
        int64_t time = now();
        for (int at = 0; at < count; at++) {
            void *source = events[at].data.ptr;
            if (source == &listener) {
                if (!outage_ends) accept_all(time);
            } else if (source == &signals) {
                struct signalfd_siginfo told;
                if (read(signals, &told, sizeof told) != sizeof told) continue;
                if (told.ssi_signo != SIGUSR1) return;
                go_away(time);
            } else {
                serve_end(source, events[at].events, time);
            }
        }
        serve_ticks(time);
        if (line.outage_after && seen.down >= line.outage_after) {
            line.outage_after = 0;
            go_away(time);
        }
        if (outage_ends && time >= outage_ends) come_back();
        bury();
    }
}

static long number(const char *text, long least, long most)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || end == text || value < least || value > most) {
        fprintf(stderr, "line: %s is not a number from %ld to %ld\n", text, least, most);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fputs("line LISTEN_PORT TARGET_PORT ROUND_TRIP_MS BYTES_PER_S LOSS_EVERY_BYTES OUTAGE_S OUTAGE_AFTER_BYTES\n",
              stderr);
        return 2;
    }
    struct sockaddr_in here = local(number(argv[1], 1, 65535));
    target_port = number(argv[2], 1, 65535);
    long round_trip = number(argv[3], SHORTEST_ROUND_TRIP, 2000);
    line.half = round_trip / 2;
    line.round_trip = round_trip * 1000.0;
    line.most = number(argv[4], 1, 1L << 32) * (round_trip / 1000.0);
    if (line.most < FIRST_WINDOW) line.most = FIRST_WINDOW;
    line.growth = line.most / 8 > SEGMENT ? line.most / 8 : SEGMENT;
    line.loss_every = number(argv[5], 0, 1L << 50);
    line.outage = number(argv[6], 0, 3600) * INT64_C(1000000);
    line.outage_after = number(argv[7], 0, 1L << 50);

    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files)) fail("limit of open files");
    files.rlim_cur = files.rlim_max;  /* A connection has two sockets and two pipes: six. */
    setrlimit(RLIMIT_NOFILE, &files);
    int on = 1;
    signals = open_signals();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &signals};
    if (signals < 0 || epoll < 0 || listener < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &wanted)) fail("start");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&here, sizeof here)) fail("bind");
    listen_again();
    wheel_tick = now() / 1000;
    puts("ready");
    fflush(stdout);
    run();
    printf("{\"connections\": %ld, \"most_open\": %ld, \"outages\": %ld, \"reset\": %ld, "
           "\"bytes_up\": %lld, \"bytes_down\": %lld}\n",
           seen.connections, seen.most_open, seen.outages, seen.reset, (long long)seen.up, (long long)seen.down);
    return 0;
}
