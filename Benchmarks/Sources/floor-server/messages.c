#include "messages.h"

#include <string.h>

// A store's identity has no zero in it; otherwise any number will do.
#define CLUSTER_ID 0x466c6f6f72
#define MEMBER_ID 1
#define RAFT_TERM 1

static size_t varint_size(uint64_t number) {
    size_t size = 1;
    while (number >= 0x80) {
        number >>= 7;
        size += 1;
    }
    return size;
}

static uint8_t *put_varint(uint8_t *out, uint64_t number) {
    while (number >= 0x80) {
        *out++ = (uint8_t)number | 0x80;
        number >>= 7;
    }
    *out++ = (uint8_t)number;
    return out;
}

static uint8_t *put_number(uint8_t *out, unsigned field, uint64_t number) {
    out = put_varint(out, field << 3);
    return put_varint(out, number);
}

static uint8_t *put_length(uint8_t *out, unsigned field, size_t length) {
    out = put_varint(out, field << 3 | 2);
    return put_varint(out, length);
}

uint64_t revision_of_event(uint64_t number) {
    return FIRST_REVISION + number;
}

// MARK: events

static size_t pair_size(const struct event_shape *shape) {
    // create_revision, mod_revision and version: a tag each, and 4, 4 and 1 bytes.
    size_t numbers = 5 + 5 + 2;
    return 1 + varint_size(shape->key_bytes) + shape->key_bytes + numbers + 1 + varint_size(shape->value_bytes)
        + shape->value_bytes;
}

static size_t content_size(const struct event_shape *shape) {
    size_t pair = pair_size(shape);
    return 1 + varint_size(pair) + pair;
}

size_t event_size(const struct event_shape *shape) {
    size_t content = content_size(shape);
    return 1 + varint_size(content) + content;
}

// Writes a pair as the field 2 of its message, and returns where its value begins.
static uint8_t *put_pair(uint8_t *out, const struct event_shape *shape, uint64_t revision) {
    out = put_length(out, 2, pair_size(shape));
    out = put_length(out, 1, shape->key_bytes);
    memset(out, 'k', shape->key_bytes);
    out += shape->key_bytes;
    out = put_number(out, 2, FIRST_REVISION);
    out = put_number(out, 3, revision);
    out = put_number(out, 4, 1);
    out = put_length(out, 5, shape->value_bytes);
    memset(out, 'v', shape->value_bytes);
    return out;
}

void write_event(uint8_t *out, const struct event_shape *shape, uint64_t number, uint64_t time) {
    out = put_length(out, 11, content_size(shape));
    uint8_t *value = put_pair(out, shape, revision_of_event(number));
    for (size_t byte = 0; byte < 8; byte++) value[byte] = (uint8_t)(time >> 8 * byte);
}

size_t pair_field_size(const struct event_shape *shape) {
    return content_size(shape);
}

void write_pair_field(uint8_t *out, const struct event_shape *shape) {
    put_pair(out, shape, FIRST_REVISION);
}

// MARK: answers

static uint8_t *put_header(uint8_t *out, uint64_t revision) {
    uint8_t fields[40];
    uint8_t *end = put_number(fields, 1, CLUSTER_ID);
    end = put_number(end, 2, MEMBER_ID);
    end = put_number(end, 3, revision);
    end = put_number(end, 4, RAFT_TERM);
    size_t size = (size_t)(end - fields);
    out = put_length(out, 1, size);
    memcpy(out, fields, size);
    return out + size;
}

size_t write_watch_head(uint8_t *out, uint64_t revision, uint64_t watch_id, bool created) {
    uint8_t *end = put_header(out, revision);
    if (watch_id != 0) end = put_number(end, 2, watch_id);
    if (created) end = put_number(end, 3, 1);
    return (size_t)(end - out);
}

size_t write_put_answer(uint8_t *out, uint64_t revision) {
    return (size_t)(put_header(out, revision) - out);
}

size_t write_range_head(uint8_t *out, uint64_t revision) {
    return (size_t)(put_header(out, revision) - out);
}

size_t write_range_tail(uint8_t *out, bool has_more, uint64_t count) {
    uint8_t *end = out;
    if (has_more) end = put_number(end, 3, 1);
    return (size_t)(put_number(end, 4, count) - out);
}

// MARK: requests

// A field of a message: the number of a varint, or the length of what begins at `bytes`.
struct field {
    uint64_t value;
    const uint8_t *bytes;
};

static bool take_varint(const uint8_t *bytes, size_t count, size_t *at, uint64_t *number) {
    *number = 0;
    for (unsigned shift = 0; shift < 64 && *at < count; shift += 7) {
        uint8_t byte = bytes[(*at)++];
        *number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

// Reads the first field with this number; false where there is none before the end, or before what is not understood.
static bool find_field(const uint8_t *bytes, size_t count, uint64_t number, struct field *field) {
    size_t at = 0;
    while (at < count) {
        uint64_t tag;
        if (!take_varint(bytes, count, &at, &tag) || !take_varint(bytes, count, &at, &field->value)) return false;
        bool has_length = (tag & 7) == 2;
        if (!has_length && (tag & 7) != 0) return false;
        if (has_length && field->value > count - at) return false;
        field->bytes = bytes + at;
        if (tag >> 3 == number) return true;
        if (has_length) at += field->value;
    }
    return false;
}

bool read_create_request(const uint8_t *bytes, size_t count, uint64_t *watch_id) {
    struct field create, id;
    if (!find_field(bytes, count, 1, &create)) return false;
    *watch_id = find_field(create.bytes, create.value, 7, &id) ? id.value : 0;
    return true;
}

bool read_range_request(const uint8_t *bytes, size_t count, uint64_t *limit) {
    struct field field;
    *limit = find_field(bytes, count, 3, &field) ? field.value : 0;
    return find_field(bytes, count, 2, &field);
}

uint64_t time_of_put(const uint8_t *bytes, size_t count) {
    struct field value;
    if (!find_field(bytes, count, 2, &value) || value.value < 8) return 0;
    uint64_t time = 0;
    for (size_t byte = 0; byte < 8; byte++) time |= (uint64_t)value.bytes[byte] << 8 * byte;
    return time;
}
