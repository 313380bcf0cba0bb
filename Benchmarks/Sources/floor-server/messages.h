// The few messages of etcd's that the floor speaks, written by hand so that nothing stands between them and C core.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Revisions begin here: every varint of one then has four bytes, so that all events of a run are of one size.
#define FIRST_REVISION (UINT64_C(1) << 21)
// The most events of a run, for the same reason.
#define MAXIMUM_EVENTS ((UINT64_C(1) << 28) - FIRST_REVISION)

// The largest head of a WatchResponse, and the largest answer to a put.
#define MAXIMUM_HEAD 64

// What an event looks like: a put of a constant key whose value begins with the send time.
struct event_shape {
    size_t key_bytes;
    size_t value_bytes;
};

// The bytes of an event as a field of a WatchResponse.
size_t event_size(const struct event_shape *shape);

// Writes the event with this number (0, 1, …), sent at `time`; `out` has room for `event_size` bytes. The value begins
// with the time, in nanoseconds, as eight bytes, the least significant first.
void write_event(uint8_t *out, const struct event_shape *shape, uint64_t number, uint64_t time);

// The revision that the event with this number makes.
uint64_t revision_of_event(uint64_t number);

// Writes all of a WatchResponse but its events, and returns its size; `out` has room for `MAXIMUM_HEAD` bytes.
size_t write_watch_head(uint8_t *out, uint64_t revision, uint64_t watch_id, bool created);

// The bytes of a pair as a field of a RangeResponse.
size_t pair_field_size(const struct event_shape *shape);

// Writes a pair as a field of a RangeResponse; `out` has room for `pair_field_size` bytes.
void write_pair_field(uint8_t *out, const struct event_shape *shape);

// Writes what stands before the pairs of a RangeResponse, and returns its size; `out` has room for `MAXIMUM_HEAD` bytes.
size_t write_range_head(uint8_t *out, uint64_t revision);

// Writes what stands behind them.
size_t write_range_tail(uint8_t *out, bool has_more, uint64_t count);

// Whether a RangeRequest asks for more than one key, and its limit; 0 where there is none.
bool read_range_request(const uint8_t *bytes, size_t count, uint64_t *limit);

// Writes a PutResponse, and returns its size; `out` has room for `MAXIMUM_HEAD` bytes.
size_t write_put_answer(uint8_t *out, uint64_t revision);

// Whether a WatchRequest asks for a watch (and neither cancels one nor asks for progress), and the ID that it asks for;
// 0 where it leaves that to the server.
bool read_create_request(const uint8_t *bytes, size_t count, uint64_t *watch_id);

// The time at the beginning of a PutRequest's value; 0 where there is none.
uint64_t time_of_put(const uint8_t *bytes, size_t count);
