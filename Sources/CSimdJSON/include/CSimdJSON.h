// JSON as simdjson reads it, flattened into an array that Swift walks: the library's own types are C++ templates, which
// Swift does not import. No C++ exception leaves this header's functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The longest text that is read, in bytes. What a thread keeps for reading is some 25 times as large.
#define CSIMDJSON_MAXIMUM_BYTES 16384

// How deep lists and objects may stand in each other.
#define CSIMDJSON_MAXIMUM_DEPTH 16

typedef enum {
    CSIMDJSON_NULL,
    CSIMDJSON_FALSE,
    CSIMDJSON_TRUE,
    // A whole number that is not negative.
    CSIMDJSON_WHOLE,
    // Any other number.
    CSIMDJSON_NUMBER,
    CSIMDJSON_TEXT,
    CSIMDJSON_LIST,
    CSIMDJSON_OBJECT,
} csimdjson_kind;

// One value. The elements of a list follow it; so do the members of an object, each as its name (a text) and its value.
typedef struct {
    // The bytes of a text, UTF-8 with all escapes resolved, and no zero byte behind them; else NULL.
    const uint8_t *text;
    // A whole number; the number of a text's bytes; the number of a list's elements or an object's members.
    uint64_t number;
    csimdjson_kind kind;
    // Where in the array the value after this one, and after all within it, stands.
    uint32_t end;
} csimdjson_item;

// Reads one JSON value that is all of the text. Returns its items, the value itself first, or NULL where the text is too
// long or too deep, is not JSON (of RFC 8259, in UTF-8 without byte order mark), or memory ran out.
//
// The items, and the texts in them, are the calling thread's, and stay until it calls this function again.
const csimdjson_item *csimdjson_read(const uint8_t *text, size_t count);

#ifdef __cplusplus
}
#endif
