// What the floor is started with.
#pragma once

#include <stdint.h>

#include "messages.h"

struct options {
    // PEM files.
    const char *certificate;
    const char *key;
    const char *roots;
    uint16_t port;
    struct event_shape shape;
    // The least time between two sweeps over the streams, in nanoseconds; 0: none.
    uint64_t pace;
    // The most events in a message.
    uint64_t batch;
    // What is made without a put: `events` at a time, `rate` times a second.
    double rate;
    uint64_t events;
};

// Reads the arguments; prints what is wrong with them and ends the process if anything is.
struct options options_read(int count, char **arguments);
