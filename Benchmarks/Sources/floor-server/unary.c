#include "unary.h"

#include <stddef.h>
#include <stdlib.h>

#include "events.h"
#include "sender.h"
#include "transport.h"

// How many pairs a Range without a limit is answered with.
#define ALL_PAIRS 100000

// An answer refers to a block of so many pairs as often as needed: at most 100 slices, and no memory for its bytes.
#define PAIRS_PER_BLOCK 1000
#define MAXIMUM_BLOCKS (ALL_PAIRS / PAIRS_PER_BLOCK)

struct unary {
    struct tag received;
    struct tag answered;
    grpc_call *call;
    grpc_byte_buffer *message;
    int was_cancelled;
    enum answer answer;
};

static size_t pair_size;
static grpc_slice pairs;

void unary_init(const struct event_shape *shape) {
    pair_size = pair_field_size(shape);
    pairs = grpc_slice_malloc_large(PAIRS_PER_BLOCK * pair_size);
    for (size_t i = 0; i < PAIRS_PER_BLOCK; i++) write_pair_field(GRPC_SLICE_START_PTR(pairs) + i * pair_size, shape);
}

static void end(struct unary *unary) {
    grpc_byte_buffer_destroy(unary->message);
    grpc_call_unref(unary->call);
    free(unary);
}

static void answered(struct tag *tag, bool succeeded) {
    (void)succeeded;
    end((struct unary *)((char *)tag - offsetof(struct unary, answered)));
}

// MARK: answers

static uint64_t revision(void) {
    uint64_t made = events_made();
    return revision_of_event(made == 0 ? 0 : made - 1);
}

static grpc_slice copied(const uint8_t *bytes, size_t size) {
    return grpc_slice_from_copied_buffer((const char *)bytes, size);
}

static grpc_byte_buffer *buffer_of(grpc_slice *slices, size_t count) {
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(slices, count);
    for (size_t i = 0; i < count; i++) grpc_slice_unref(slices[i]);
    return buffer;
}

static grpc_byte_buffer *answer_put(const uint8_t *request, size_t count) {
    sender_make(1, time_of_put(request, count));
    uint8_t bytes[MAXIMUM_HEAD];
    grpc_slice slice = copied(bytes, write_put_answer(bytes, revision()));
    return buffer_of(&slice, 1);
}

static grpc_byte_buffer *answer_range(const uint8_t *request, size_t count) {
    uint64_t limit;
    uint64_t all = read_range_request(request, count, &limit) ? ALL_PAIRS : 0;
    bool has_more = limit != 0 && limit < all;
    uint64_t left = has_more ? limit : all;
    uint8_t bytes[MAXIMUM_HEAD];
    grpc_slice slices[MAXIMUM_BLOCKS + 2];
    size_t used = 0;
    slices[used++] = copied(bytes, write_range_head(bytes, revision()));
    while (left > 0) {
        uint64_t some = left < PAIRS_PER_BLOCK ? left : PAIRS_PER_BLOCK;
        slices[used++] = grpc_slice_sub(pairs, 0, some * pair_size);
        left -= some;
    }
    slices[used++] = copied(bytes, write_range_tail(bytes, has_more, all));
    return buffer_of(slices, used);
}

static grpc_byte_buffer *make_answer(enum answer answer, grpc_byte_buffer *message) {
    if (answer == EMPTY_ANSWER) return grpc_raw_byte_buffer_create(NULL, 0);
    grpc_slice request = transport_bytes(message);
    const uint8_t *bytes = GRPC_SLICE_START_PTR(request);
    size_t count = GRPC_SLICE_LENGTH(request);
    grpc_byte_buffer *made = answer == PUT_ANSWER ? answer_put(bytes, count) : answer_range(bytes, count);
    grpc_slice_unref(request);
    return made;
}

// MARK: calls

static void received(struct tag *tag, bool succeeded) {
    struct unary *unary = (struct unary *)tag;
    if (!succeeded || unary->message == NULL) {
        end(unary);
        return;
    }
    grpc_byte_buffer *answer = make_answer(unary->answer, unary->message);
    grpc_slice no_details = grpc_empty_slice();
    grpc_op operations[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = answer},
        {
            .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
            .data.send_status_from_server = {.status = GRPC_STATUS_OK, .status_details = &no_details},
        },
        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &unary->was_cancelled},
    };
    if (!transport_batch(unary->call, operations, sizeof operations / sizeof *operations, &unary->answered)) end(unary);
    grpc_byte_buffer_destroy(answer);
}

void unary_called(grpc_call *call, enum answer answer) {
    struct unary *unary = calloc(1, sizeof *unary);
    if (unary == NULL) abort();
    unary->received.completed = received;
    unary->answered.completed = answered;
    unary->call = call;
    unary->answer = answer;
    grpc_op operation = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &unary->message};
    if (!transport_batch(call, &operation, 1, &unary->received)) end(unary);
}
