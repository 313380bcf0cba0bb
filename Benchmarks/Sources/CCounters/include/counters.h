// What a thread has done so far, counted where no other load of the machine shows: instructions and allocations.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The allocations (malloc, calloc, realloc and their kin) of the calling thread so far. Linking this target into a program
// is what makes them counted.
uint64_t counted_allocations(void);

// The bytes that this process has allocated and not freed, of all threads, with what the C library adds to each.
uint64_t allocated_bytes(void);

// Begins to count the user-space instructions of the calling thread; false, with errno, where the machine or its settings
// do not offer that. To be called once for a thread that counts.
bool instructions_open(void);

// The user-space instructions that the calling thread has retired since `instructions_open`; 0 if that failed.
uint64_t counted_instructions(void);

// Does a fixed amount of work that depends on the processor only, and returns something of it, so that it is done: copies
// and hashes blocks of 512 bytes. What it takes tells one machine's speed from another's.
uint64_t reference_work(uint64_t blocks);
