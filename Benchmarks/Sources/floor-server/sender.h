// The thread that makes events, when it is time for them, and starts the streams that wait for some.
#pragma once

#include <stdint.h>

#include "options.h"

// To be called before anything else.
void sender_init(const struct options *options);

// Runs until `sender_stop`; to be called by the one sending thread.
void sender_run(void);

void sender_stop(void);

// Makes events that were sent at `time` (0: now), and has the streams told. Any thread.
void sender_make(uint64_t count, uint64_t time);

// Makes `count` events `rate` times a second from now on; none at the rate 0. Any thread.
void sender_set_rate(double rate, uint64_t count);

// Makes `count` events whenever every stream has nearly all that were made; none at 0. Any thread.
void sender_set_flood(uint64_t count);

// A stream has been sent everything. Any thread; cheap.
void sender_caught_up(void);
