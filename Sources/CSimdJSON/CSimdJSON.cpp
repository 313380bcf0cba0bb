// The errors come as values; SIMDJSON_EXCEPTIONS is 0 for this target.
#include "CSimdJSON.h"

#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

namespace {

namespace dom = simdjson::dom;

// A value needs a byte and, but for the last, one between it and the next.
constexpr size_t maximum_items = CSIMDJSON_MAXIMUM_BYTES / 2 + 1;

// What one thread reads with. Nothing of it is shared, so that nothing of it is locked.
struct Reader {
    dom::parser parser{CSIMDJSON_MAXIMUM_BYTES};
    // simdjson loads whole blocks, and so reads up to SIMDJSON_PADDING bytes behind the text's end.
    std::unique_ptr<uint8_t[]> padded;
    std::unique_ptr<csimdjson_item[]> items;
    size_t count = 0;

    // Makes ready for reading; false if memory ran out. A later call tries again.
    bool prepare() noexcept {
        if (items) return true;
        if (parser.allocate(CSIMDJSON_MAXIMUM_BYTES, CSIMDJSON_MAXIMUM_DEPTH) != simdjson::SUCCESS) return false;
        padded.reset(new (std::nothrow) uint8_t[CSIMDJSON_MAXIMUM_BYTES + simdjson::SIMDJSON_PADDING]);
        if (!padded) return false;
        items.reset(new (std::nothrow) csimdjson_item[maximum_items]);
        return items != nullptr;
    }

    // Adds an item that ends behind itself; NULL if there is no room.
    csimdjson_item *add(csimdjson_kind kind, uint64_t number = 0, const uint8_t *text = nullptr) noexcept {
        if (count == maximum_items) return nullptr;
        csimdjson_item *item = &items[count++];
        *item = {text, number, kind, static_cast<uint32_t>(count)};
        return item;
    }

    bool add(std::string_view text) noexcept {
        return add(CSIMDJSON_TEXT, text.size(), reinterpret_cast<const uint8_t *>(text.data())) != nullptr;
    }

    // Adds a value and all within it. No deeper than the parser let it be.
    bool add(const dom::element &value) noexcept {
        switch (value.type()) {
        case dom::element_type::NULL_VALUE:
            return add(CSIMDJSON_NULL) != nullptr;
        case dom::element_type::BOOL: {
            bool isTrue = false;
            if (value.get(isTrue) != simdjson::SUCCESS) return false;
            return add(isTrue ? CSIMDJSON_TRUE : CSIMDJSON_FALSE) != nullptr;
        }
        case dom::element_type::INT64:
        case dom::element_type::UINT64: {
            uint64_t number = 0;
            if (value.get(number) != simdjson::SUCCESS) return add(CSIMDJSON_NUMBER) != nullptr;
            return add(CSIMDJSON_WHOLE, number) != nullptr;
        }
        case dom::element_type::DOUBLE:
            return add(CSIMDJSON_NUMBER) != nullptr;
        case dom::element_type::STRING: {
            std::string_view text;
            return value.get(text) == simdjson::SUCCESS && add(text);
        }
        case dom::element_type::ARRAY: {
            dom::array elements;
            csimdjson_item *list = add(CSIMDJSON_LIST);
            if (!list || value.get(elements) != simdjson::SUCCESS) return false;
            for (dom::element element : elements) {
                if (!add(element)) return false;
                list->number += 1;
            }
            list->end = static_cast<uint32_t>(count);
            return true;
        }
        case dom::element_type::OBJECT: {
            dom::object members;
            csimdjson_item *object = add(CSIMDJSON_OBJECT);
            if (!object || value.get(members) != simdjson::SUCCESS) return false;
            for (dom::key_value_pair member : members) {
                if (!add(member.key) || !add(member.value)) return false;
                object->number += 1;
            }
            object->end = static_cast<uint32_t>(count);
            return true;
        }
        }
        return false;
    }

    const csimdjson_item *read(const uint8_t *text, size_t size) noexcept {
        if (size > CSIMDJSON_MAXIMUM_BYTES || !prepare()) return nullptr;
        if (size > 0) std::memcpy(padded.get(), text, size);
        std::memset(padded.get() + size, 0, simdjson::SIMDJSON_PADDING);
        dom::element value;
        if (parser.parse(padded.get(), size, false).get(value) != simdjson::SUCCESS) return nullptr;
        count = 0;
        return add(value) ? items.get() : nullptr;
    }
};

}  // namespace

const csimdjson_item *csimdjson_read(const uint8_t *text, size_t count) {
    thread_local Reader reader;
    return reader.read(text, count);
}
