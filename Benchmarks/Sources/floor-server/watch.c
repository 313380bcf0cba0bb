#include "watch.h"

#include <grpc/byte_buffer.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "sender.h"
#include "transport.h"

struct stream {
    pthread_mutex_t lock;
    // One for the list of streams, one for each operation on its way, one for who is working with it.
    atomic_int references;
    grpc_call *call;
    bool is_sending, is_closed;
    // The client will send nothing more: the stream ends once nothing is on its way.
    bool is_ending;
    // The first `answered` of the watches know that they were created.
    uint64_t watches, answered;
    uint64_t *ids;
    // Every watch was sent all events before this one, but in a round: there only those before `turn`.
    _Atomic uint64_t position;
    // A round: its events, and the watch whose turn it is. Watches that come meanwhile are not in it.
    bool is_in_round;
    uint64_t round_end, turn, turns;
    grpc_slice block;

    struct tag opened, received, sent, closed, ended;
    grpc_byte_buffer *message;
    int was_cancelled;
    size_t index;
};

static struct {
    pthread_mutex_t lock;
    struct stream **all;
    size_t count, capacity;
    _Atomic uint64_t announced, watches, messages, bytes;
    uint64_t batch;
} streams = {.lock = PTHREAD_MUTEX_INITIALIZER, .batch = 64};

void watch_set_batch(uint64_t maximum) {
    streams.batch = maximum;
}

// MARK: life

static void release(struct stream *stream) {
    if (atomic_fetch_sub(&stream->references, 1) > 1) return;
    grpc_byte_buffer_destroy(stream->message);
    grpc_slice_unref(stream->block);
    grpc_call_unref(stream->call);
    pthread_mutex_destroy(&stream->lock);
    free(stream->ids);
    free(stream);
}

static void enlist(struct stream *stream) {
    pthread_mutex_lock(&streams.lock);
    if (streams.count == streams.capacity) {
        streams.capacity = streams.capacity == 0 ? 64 : 2 * streams.capacity;
        streams.all = realloc(streams.all, streams.capacity * sizeof *streams.all);
        if (streams.all == NULL) abort();
    }
    stream->index = streams.count;
    streams.all[streams.count++] = stream;
    pthread_mutex_unlock(&streams.lock);
}

static void strike_off(struct stream *stream) {
    pthread_mutex_lock(&streams.lock);
    struct stream *last = streams.all[--streams.count];
    streams.all[stream->index] = last;
    last->index = stream->index;
    pthread_mutex_unlock(&streams.lock);
    release(stream);
}

// Starts a batch that `tag` is told the end of; the stream lives that long.
static bool start(struct stream *stream, const grpc_op *operations, size_t count, struct tag *tag) {
    atomic_fetch_add(&stream->references, 1);
    if (transport_batch(stream->call, operations, count, tag)) return true;
    release(stream);
    return false;
}

// MARK: sending

static void send_message(struct stream *stream, uint8_t *head, size_t size, const grpc_slice *block, bool more_follows) {
    grpc_slice slices[2] = {grpc_slice_from_copied_buffer((const char *)head, size)};
    if (block != NULL) slices[1] = *block;
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(slices, block == NULL ? 1 : 2);
    grpc_slice_unref(slices[0]);
    grpc_op operation = {
        .op = GRPC_OP_SEND_MESSAGE,
        .flags = more_follows ? GRPC_WRITE_BUFFER_HINT : 0,
        .data.send_message.send_message = buffer,
    };
    atomic_fetch_add_explicit(&streams.messages, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&streams.bytes, grpc_byte_buffer_length(buffer), memory_order_relaxed);
    stream->is_sending = start(stream, &operation, 1, &stream->sent);
    grpc_byte_buffer_destroy(buffer);
}

static void begin_round(struct stream *stream) {
    uint64_t end = stream->position;
    grpc_slice_unref(stream->block);
    stream->block = events_take(&end, atomic_load(&streams.announced), streams.batch);
    stream->round_end = end;
    stream->turn = 0;
    stream->turns = stream->answered;
    stream->is_in_round = true;
}

static void send_of_round(struct stream *stream) {
    uint8_t head[MAXIMUM_HEAD];
    uint64_t revision = revision_of_event(stream->round_end - 1);
    size_t size = write_watch_head(head, revision, stream->ids[stream->turn], false);
    stream->turn += 1;
    bool is_last = stream->turn == stream->turns;
    grpc_slice block = stream->block;
    if (is_last) {
        stream->is_in_round = false;
        stream->position = stream->round_end;
    }
    send_message(stream, head, size, &block, !is_last);
}

// Starts the next message, if there is one.
static void send_next(struct stream *stream) {
    if (!stream->is_in_round && stream->answered < stream->watches) {
        uint8_t head[MAXIMUM_HEAD];
        size_t size = write_watch_head(head, revision_of_event(0), stream->ids[stream->answered], true);
        stream->answered += 1;
        send_message(stream, head, size, NULL, false);
    } else if (stream->is_in_round) {
        send_of_round(stream);
    } else if (stream->answered > 0 && stream->position < atomic_load(&streams.announced)) {
        begin_round(stream);
        send_of_round(stream);
    }
}

static void finish(struct stream *stream) {
    stream->is_closed = true;
    grpc_slice no_details = grpc_empty_slice();
    grpc_op operation = {
        .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
        .data.send_status_from_server = {.status = GRPC_STATUS_OK, .status_details = &no_details},
    };
    start(stream, &operation, 1, &stream->ended);
}

// Ends the stream, or starts the next message, if nothing is on its way. Under the stream's lock.
static void go_on(struct stream *stream) {
    if (stream->is_sending || stream->is_closed) return;
    if (stream->is_ending) {
        finish(stream);
    } else {
        send_next(stream);
    }
}

static struct stream *locked(struct tag *tag, size_t offset) {
    struct stream *stream = (struct stream *)((char *)tag - offset);
    pthread_mutex_lock(&stream->lock);
    return stream;
}

static void message_sent(struct tag *tag, bool succeeded) {
    struct stream *stream = locked(tag, offsetof(struct stream, sent));
    stream->is_sending = false;
    if (!succeeded) stream->is_closed = true;
    go_on(stream);
    bool has_everything = !stream->is_sending;
    pthread_mutex_unlock(&stream->lock);
    if (has_everything) sender_caught_up();
    release(stream);
}

// MARK: receiving

static void receive(struct stream *stream) {
    grpc_op operation = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &stream->message};
    start(stream, &operation, 1, &stream->received);
}

static void add_watch(struct stream *stream, uint64_t id) {
    // A stream begins with the present: its first watch is not sent what was before.
    if (stream->watches == 0) stream->position = atomic_load(&streams.announced);
    // Room for a power of two of them.
    if ((stream->watches & (stream->watches - 1)) == 0) {
        uint64_t room = stream->watches == 0 ? 1 : 2 * stream->watches;
        stream->ids = realloc(stream->ids, room * sizeof *stream->ids);
        if (stream->ids == NULL) abort();
    }
    stream->ids[stream->watches] = id != 0 ? id : stream->watches;
    stream->watches += 1;
    atomic_fetch_add(&streams.watches, 1);
}

static void message_received(struct tag *tag, bool succeeded) {
    struct stream *stream = locked(tag, offsetof(struct stream, received));
    if (succeeded && stream->message != NULL) {
        grpc_slice bytes = transport_bytes(stream->message);
        uint64_t id;
        if (read_create_request(GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes), &id)) add_watch(stream, id);
        grpc_slice_unref(bytes);
        grpc_byte_buffer_destroy(stream->message);
        stream->message = NULL;
        go_on(stream);
        receive(stream);
    } else {
        stream->is_ending = true;
        go_on(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    release(stream);
}

static void stream_closed(struct tag *tag, bool succeeded) {
    (void)succeeded;
    struct stream *stream = locked(tag, offsetof(struct stream, closed));
    stream->is_closed = true;
    atomic_fetch_sub(&streams.watches, stream->watches);
    stream->watches = 0;
    pthread_mutex_unlock(&stream->lock);
    strike_off(stream);
    // A flood does not wait for it any more.
    sender_caught_up();
    release(stream);
}

static void stream_opened(struct tag *tag, bool succeeded) {
    (void)succeeded;
    release((struct stream *)((char *)tag - offsetof(struct stream, opened)));
}

static void stream_ended(struct tag *tag, bool succeeded) {
    (void)succeeded;
    release((struct stream *)((char *)tag - offsetof(struct stream, ended)));
}

void watch_opened(grpc_call *call) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) abort();
    pthread_mutex_init(&stream->lock, NULL);
    // The list's, and this function's.
    stream->references = 2;
    stream->call = call;
    stream->block = grpc_empty_slice();
    stream->position = atomic_load(&streams.announced);
    stream->opened.completed = stream_opened;
    stream->received.completed = message_received;
    stream->sent.completed = message_sent;
    stream->closed.completed = stream_closed;
    stream->ended.completed = stream_ended;
    enlist(stream);
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &stream->was_cancelled};
    grpc_op metadata = {.op = GRPC_OP_SEND_INITIAL_METADATA};
    if (start(stream, &close, 1, &stream->closed)) {
        start(stream, &metadata, 1, &stream->opened);
        receive(stream);
    } else {
        strike_off(stream);
    }
    release(stream);
}

// MARK: the sending thread

bool watch_has_news(void) {
    return atomic_load(&streams.announced) < events_made();
}

void watch_sweep(void) {
    // Streams come and go meanwhile; those that were there have their events looked at.
    pthread_mutex_lock(&streams.lock);
    atomic_store(&streams.announced, events_made());
    size_t count = streams.count;
    struct stream **present = malloc(count * sizeof *present + 1);
    if (present == NULL) abort();
    for (size_t i = 0; i < count; i++) {
        present[i] = streams.all[i];
        atomic_fetch_add(&present[i]->references, 1);
    }
    pthread_mutex_unlock(&streams.lock);
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&present[i]->lock);
        go_on(present[i]);
        pthread_mutex_unlock(&present[i]->lock);
        release(present[i]);
    }
    free(present);
}

uint64_t watch_slowest(void) {
    pthread_mutex_lock(&streams.lock);
    uint64_t slowest = streams.count == 0 ? 0 : UINT64_MAX;
    for (size_t i = 0; i < streams.count; i++) {
        uint64_t position = atomic_load(&streams.all[i]->position);
        if (position < slowest) slowest = position;
    }
    pthread_mutex_unlock(&streams.lock);
    return slowest;
}

struct watch_counts watch_counts(void) {
    pthread_mutex_lock(&streams.lock);
    struct watch_counts counts = {
        .streams = streams.count,
        .watches = streams.watches,
        .messages = streams.messages,
        .bytes = streams.bytes,
    };
    pthread_mutex_unlock(&streams.lock);
    return counts;
}
