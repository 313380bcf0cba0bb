#include <string.h>

#include "counters.h"

#define BLOCK 512
// Together more than the first cache holds, less than the second.
#define BLOCKS 512

uint64_t reference_work(uint64_t blocks) {
    static uint8_t memory[BLOCKS][BLOCK];
    uint64_t hash = 14695981039346656037u;
    for (uint64_t i = 0; i < blocks; i++) {
        uint8_t *block = memory[i % BLOCKS];
        memcpy(block, memory[(i + BLOCKS / 2) % BLOCKS], BLOCK);
        block[i % BLOCK] = (uint8_t)i;
        for (unsigned byte = 0; byte < BLOCK; byte++) hash = (hash ^ block[byte]) * 1099511628211u;
    }
    return hash;
}
