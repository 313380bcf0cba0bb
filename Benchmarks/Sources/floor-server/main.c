// What the transport alone costs: see `usage` in options.c.
#define _GNU_SOURCE  // for the threads' names
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "options.h"
#include "sender.h"
#include "transport.h"
#include "unary.h"
#include "watch.h"

static void *poll_thread(void *argument) {
    (void)argument;
    transport_poll();
    return NULL;
}

static void *send_thread(void *argument) {
    (void)argument;
    sender_run();
    return NULL;
}

static void print_state(void) {
    struct watch_counts counts = watch_counts();
    printf(
        "{\"streams\":%llu,\"watches\":%llu,\"events\":%llu,\"messages\":%llu,\"bytes\":%llu,\"skipped\":%llu}\n",
        (unsigned long long)counts.streams, (unsigned long long)counts.watches, (unsigned long long)events_made(),
        (unsigned long long)counts.messages, (unsigned long long)counts.bytes, (unsigned long long)events_skipped());
    fflush(stdout);
}

// Does what a line says; false if it ends the process.
static bool obey(const char *line) {
    char command[16] = "", rest[2] = "";
    double first = 0, second = 0;
    int read = sscanf(line, "%15s %lf %lf %1s", command, &first, &second, rest);
    bool has_count = first >= 0 && first <= 1024;
    if (read == 1 && strcmp(command, "quit") == 0) return false;
    if (read == 1 && strcmp(command, "state") == 0) {
        print_state();
    } else if (read == 2 && strcmp(command, "send") == 0 && first >= 1 && has_count) {
        sender_make((uint64_t)first, 0);
    } else if (read == 2 && strcmp(command, "flood") == 0 && has_count) {
        sender_set_flood((uint64_t)first);
    } else if (read == 3 && strcmp(command, "rate") == 0 && first >= 0 && second >= 1 && second <= 1024) {
        sender_set_rate(first, (uint64_t)second);
    } else if (read > 0) {
        fprintf(stderr, "floor-server: not understood: %s", line);
    }
    return true;
}

int main(int count, char **arguments) {
    struct options options = options_read(count, arguments);
    signal(SIGPIPE, SIG_IGN);
    events_init(options.shape);
    unary_init(&options.shape);
    watch_set_batch(options.batch);
    sender_init(&options);
    int port = transport_start(&options);
    pthread_t poller, sending;
    if (pthread_create(&poller, NULL, poll_thread, NULL) != 0 || pthread_create(&sending, NULL, send_thread, NULL) != 0) {
        fprintf(stderr, "floor-server: cannot make a thread\n");
        return 1;
    }
    pthread_setname_np(poller, "floor-poll");
    pthread_setname_np(sending, "floor-send");
    printf("{\"port\": %d}\n", port);
    fflush(stdout);

    char line[128];
    bool has_quit = false;
    while (!has_quit && fgets(line, sizeof line, stdin) != NULL) has_quit = !obey(line);
    // Without anybody to give commands it serves until it is killed.
    while (!has_quit) pause();

    sender_stop();
    pthread_join(sending, NULL);
    transport_stop();
    pthread_join(poller, NULL);
    return 0;
}
