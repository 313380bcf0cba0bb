// The streams of etcd's Watch, and the watches on them. Every watch is sent every event, whatever it asked for.
//
// One message of a stream is on its way at a time. The sending thread starts an idle stream; the next message starts where
// the completion of the one before arrives, with all events announced meanwhile, so a busy stream gets larger messages.
// The watches of one stream take turns in rounds: a message each, with the same events, and all of a round but the last
// with the hint that more follows.
#pragma once

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stdint.h>

// Takes the call of a new stream over.
void watch_opened(grpc_call *call);

// The most events of a message; to be set before the first stream.
void watch_set_batch(uint64_t maximum);

// Whether events were made that are not announced to the streams.
bool watch_has_news(void);

// Announces all events made, and starts the streams that are idle. On the sending thread.
void watch_sweep(void);

// The number of the first event that some stream was not sent; 0 without streams.
uint64_t watch_slowest(void);

struct watch_counts {
    uint64_t streams, watches, messages, bytes;
};

// The streams and watches that are open now, and what was sent on all so far.
struct watch_counts watch_counts(void);
