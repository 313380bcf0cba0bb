// gRPC C core as Swift sees it: the library's own headers, and nothing of ours but inline wrappers for what
// Swift cannot import.
#pragma once

// Before gRPC's headers, so that the gRPC, protobuf-c and OpenSSL modules agree on who defines fd_set.
#include <sys/select.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>
#include <grpc/slice.h>
#include <grpc/slice_buffer.h>
#include <grpc/status.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/string_util.h>
#include <grpc/support/time.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <time.h>

// Names the calling thread, for debuggers and tests. `prctl` takes variable arguments, which Swift does not import.
static inline void cgrpc_name_this_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

// The slices of a raw message, where they are: Swift reaches a member of a union only through a copy, and a slice
// buffer may point into itself.
static inline grpc_slice_buffer *cgrpc_slices_of(grpc_byte_buffer *message) {
    return &message->data.raw.slice_buffer;
}

// Where a slice's bytes lie: in the slice itself, which is not copied for that, or elsewhere.
static inline const uint8_t *cgrpc_start_of(const grpc_slice *slice) {
    return GRPC_SLICE_START_PTR(*slice);
}

// The number of a slice's bytes.
static inline size_t cgrpc_length_of(const grpc_slice *slice) {
    return GRPC_SLICE_LENGTH(*slice);
}

// glibc (2.30 and later) declares it to those only who ask for all its extensions before the first header.
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *time);

// Waits for a semaphore until a point in time on the monotonic clock, or until a signal is handled.
static inline void cgrpc_wait_until(sem_t *semaphore, int64_t seconds, long nanoseconds) {
    struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds};
    sem_clockwait(semaphore, CLOCK_MONOTONIC, &time);
}
