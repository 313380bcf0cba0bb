#include "sender.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "events.h"
#include "watch.h"

// How many times its events a flood may be ahead of the slowest stream: enough for no stream to wait for another.
#define FLOOD_AHEAD 4

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_stopping;
    // Nanoseconds of CLOCK_MONOTONIC; `period` is 0 without a rate.
    uint64_t period, next_tick, last_sweep;
    uint64_t events_per_tick;
    uint64_t pace;
    _Atomic uint64_t flood;
} sender = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void notify(void) {
    pthread_mutex_lock(&sender.lock);
    pthread_cond_signal(&sender.changed);
    pthread_mutex_unlock(&sender.lock);
}

static void make(uint64_t count, uint64_t time) {
    if (!events_make(count, time)) {
        fprintf(stderr, "floor-server: no more than %llu events can be made\n", (unsigned long long)MAXIMUM_EVENTS);
    }
}

void sender_make(uint64_t count, uint64_t time) {
    make(count, time == 0 ? now() : time);
    notify();
}

void sender_set_rate(double rate, uint64_t count) {
    pthread_mutex_lock(&sender.lock);
    sender.period = rate > 0 ? (uint64_t)(1e9 / rate) : 0;
    sender.events_per_tick = count;
    sender.next_tick = now() + sender.period;
    pthread_cond_signal(&sender.changed);
    pthread_mutex_unlock(&sender.lock);
}

void sender_set_flood(uint64_t count) {
    pthread_mutex_lock(&sender.lock);
    sender.flood = count;
    pthread_cond_signal(&sender.changed);
    pthread_mutex_unlock(&sender.lock);
}

void sender_caught_up(void) {
    // Otherwise the thread would wake up for nothing.
    if (sender.flood != 0) notify();
}

void sender_stop(void) {
    pthread_mutex_lock(&sender.lock);
    sender.is_stopping = true;
    pthread_cond_signal(&sender.changed);
    pthread_mutex_unlock(&sender.lock);
}

// Makes what is due. A thread that comes late makes up for the ticks it has missed, all at once.
static void make_due(uint64_t time) {
    if (sender.period != 0 && time >= sender.next_tick) {
        uint64_t ticks = 1 + (time - sender.next_tick) / sender.period;
        sender.next_tick += ticks * sender.period;
        make(ticks * sender.events_per_tick, time);
    }
    if (sender.flood != 0 && watch_slowest() + FLOOD_AHEAD * sender.flood > events_made()) make(sender.flood, time);
}

static void wait_until(uint64_t time) {
    if (time == UINT64_MAX) {
        pthread_cond_wait(&sender.changed, &sender.lock);
        return;
    }
    struct timespec deadline = {.tv_sec = (time_t)(time / 1000000000), .tv_nsec = (long)(time % 1000000000)};
    pthread_cond_timedwait(&sender.changed, &sender.lock, &deadline);
}

void sender_init(const struct options *options) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sender.changed, &attributes);
    sender.pace = options->pace;
    sender_set_rate(options->rate, options->events);
}

void sender_run(void) {
    pthread_mutex_lock(&sender.lock);
    while (!sender.is_stopping) {
        uint64_t time = now();
        make_due(time);
        bool has_news = watch_has_news();
        uint64_t next_sweep = sender.last_sweep + sender.pace;
        if (has_news && time >= next_sweep) {
            sender.last_sweep = time;
            pthread_mutex_unlock(&sender.lock);
            watch_sweep();
            pthread_mutex_lock(&sender.lock);
            continue;
        }
        uint64_t deadline = has_news ? next_sweep : UINT64_MAX;
        if (sender.period != 0 && sender.next_tick < deadline) deadline = sender.next_tick;
        wait_until(deadline);
    }
    pthread_mutex_unlock(&sender.lock);
}
