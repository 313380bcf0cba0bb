#include "events.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Streams at different places take turns; few blocks serve nearly all of them.
#define BLOCKS_KEPT 8

struct block {
    uint64_t from, to;
    grpc_slice slice;
};

static struct {
    pthread_mutex_t lock;
    struct event_shape shape;
    size_t size;
    uint8_t *ring;
    _Atomic uint64_t made;
    _Atomic uint64_t skipped;
    struct block blocks[BLOCKS_KEPT];
    unsigned oldest_block;
} events = {.lock = PTHREAD_MUTEX_INITIALIZER};

void events_init(struct event_shape shape) {
    events.shape = shape;
    events.size = event_size(&shape);
    events.ring = malloc(events.size * EVENTS_KEPT);
    if (events.ring == NULL) abort();
    for (unsigned i = 0; i < BLOCKS_KEPT; i++) events.blocks[i] = (struct block){.slice = grpc_empty_slice()};
}

bool events_make(uint64_t count, uint64_t time) {
    pthread_mutex_lock(&events.lock);
    uint64_t made = atomic_load(&events.made);
    bool fits = count <= MAXIMUM_EVENTS - made;
    if (fits) {
        for (uint64_t number = made; number < made + count; number++) {
            write_event(events.ring + number % EVENTS_KEPT * events.size, &events.shape, number, time);
        }
        atomic_store(&events.made, made + count);
    }
    pthread_mutex_unlock(&events.lock);
    return fits;
}

uint64_t events_made(void) {
    return atomic_load(&events.made);
}

uint64_t events_skipped(void) {
    return atomic_load(&events.skipped);
}

static grpc_slice make_block(uint64_t from, uint64_t to) {
    // Never an inlined slice: it would be copied with the struct.
    grpc_slice slice = grpc_slice_malloc_large((to - from) * events.size);
    uint64_t start = from % EVENTS_KEPT;
    uint64_t before_end = EVENTS_KEPT - start < to - from ? EVENTS_KEPT - start : to - from;
    memcpy(GRPC_SLICE_START_PTR(slice), events.ring + start * events.size, before_end * events.size);
    memcpy(
        GRPC_SLICE_START_PTR(slice) + before_end * events.size, events.ring, (to - from - before_end) * events.size);
    return slice;
}

grpc_slice events_take(uint64_t *from, uint64_t to, uint64_t maximum) {
    pthread_mutex_lock(&events.lock);
    uint64_t made = atomic_load(&events.made);
    uint64_t first_kept = made > EVENTS_KEPT ? made - EVENTS_KEPT : 0;
    if (*from < first_kept) {
        atomic_fetch_add(&events.skipped, first_kept - *from);
        *from = first_kept;
    }
    // A stream may have been told to go up to events that were overwritten meanwhile.
    if (to <= *from) to = *from + 1;
    if (to - *from > maximum) to = *from + maximum;
    struct block *block = NULL;
    for (unsigned i = 0; i < BLOCKS_KEPT && block == NULL; i++) {
        if (events.blocks[i].from == *from && events.blocks[i].to == to) block = &events.blocks[i];
    }
    if (block == NULL) {
        block = &events.blocks[events.oldest_block++ % BLOCKS_KEPT];
        grpc_slice_unref(block->slice);
        *block = (struct block){.from = *from, .to = to, .slice = make_block(*from, to)};
    }
    grpc_slice slice = grpc_slice_ref(block->slice);
    *from = to;
    pthread_mutex_unlock(&events.lock);
    return slice;
}
