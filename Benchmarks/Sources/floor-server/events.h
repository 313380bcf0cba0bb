// The last events made, from which streams take batches: one block for all streams that need the same events.
#pragma once

#include <grpc/slice.h>
#include <stdatomic.h>

#include "messages.h"

// How many events are kept. A stream that falls further behind is sent only these, and `skipped` says how many it lost.
#define EVENTS_KEPT 8192

void events_init(struct event_shape shape);

// Makes `count` events with this send time; false once there would be more than `MAXIMUM_EVENTS`. Any thread.
bool events_make(uint64_t count, uint64_t time);

// The number of events made so far.
uint64_t events_made(void);

// The number of events that streams were too slow for.
uint64_t events_skipped(void);

// The events from number `*from` on, up to number `to` or `maximum` of them, as one slice that the caller releases.
// `*from` moves behind them. They are at least one, if `*from < to` and `to` is no more than was made.
grpc_slice events_take(uint64_t *from, uint64_t to, uint64_t maximum);
