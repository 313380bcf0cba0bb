// A unary call: whatever the method, its message is read and answered at once, on the polling thread.
#pragma once

#include <grpc/grpc.h>

#include "messages.h"

// What a call is answered with.
enum answer {
    EMPTY_ANSWER,
    // A put makes an event, and is answered with its revision.
    PUT_ANSWER,
    // None for one key; else as many constant pairs as the limit says.
    RANGE_ANSWER,
};

// What pairs are to look like; to be set before the first call.
void unary_init(const struct event_shape *shape);

// Takes the call over.
void unary_called(grpc_call *call, enum answer answer);
