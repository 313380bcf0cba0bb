// C core's server with one completion queue: who gets its events, and which calls become what.
#pragma once

#include <grpc/grpc.h>
#include <stdbool.h>

#include "options.h"

// What is told when an operation of core's has ended: a member of whatever the operation belongs to.
struct tag {
    void (*completed)(struct tag *tag, bool succeeded);
};

// Starts to listen and returns the port; ends the process with a message if that is not possible.
int transport_start(const struct options *options);

// Hands out events until `transport_stop`; to be called by the one polling thread.
void transport_poll(void);

// Ends all calls and connections. Any thread, once.
void transport_stop(void);

// Starts a batch of operations; false if core refused it, and then `tag` is not told anything.
bool transport_batch(grpc_call *call, const grpc_op *operations, size_t count, struct tag *tag);

// The bytes of a received message in one slice, which the caller releases.
grpc_slice transport_bytes(grpc_byte_buffer *message);
