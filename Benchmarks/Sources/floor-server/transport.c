// For RTLD_DEFAULT.
#define _GNU_SOURCE
#include "transport.h"

#include <dlfcn.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "unary.h"
#include "watch.h"

// How many calls are requested ahead.
#define REQUESTED_CALLS 16

// A place for the next call; used again and again.
struct request {
    struct tag tag;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
};

static grpc_server *server;
static grpc_completion_queue *queue;
static struct request requests[REQUESTED_CALLS];

// MARK: calls

static void request_next(struct request *request) {
    // After the shutdown, the operation just fails.
    grpc_server_request_call(
        server, &request->call, &request->details, &request->metadata, queue, queue, &request->tag);
}

static void call_arrived(struct tag *tag, bool succeeded) {
    struct request *request = (struct request *)tag;
    if (!succeeded) return;
    grpc_call *call = request->call;
    bool is_watch = grpc_slice_str_cmp(request->details.method, "/etcdserverpb.Watch/Watch") == 0;
    enum answer answer = EMPTY_ANSWER;
    if (grpc_slice_str_cmp(request->details.method, "/etcdserverpb.KV/Put") == 0) answer = PUT_ANSWER;
    if (grpc_slice_str_cmp(request->details.method, "/etcdserverpb.KV/Range") == 0) answer = RANGE_ANSWER;
    grpc_call_details_destroy(&request->details);
    grpc_call_details_init(&request->details);
    request->metadata.count = 0;
    request_next(request);
    if (is_watch) {
        watch_opened(call);
    } else {
        unary_called(call, answer);
    }
}

bool transport_batch(grpc_call *call, const grpc_op *operations, size_t count, struct tag *tag) {
    return grpc_call_start_batch(call, operations, count, tag, NULL) == GRPC_CALL_OK;
}

grpc_slice transport_bytes(grpc_byte_buffer *message) {
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, message)) return grpc_empty_slice();
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return bytes;
}

// MARK: start and end

// Debian's abseil aborts the process when it sees two locks taken in both orders, even where that cannot deadlock; it
// also costs CPU time, and what is measured against this floor has it switched off, too.
static void disable_deadlock_detector(void) {
    const char *name = "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE";
    void (*set_mode)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, name);
    if (set_mode == NULL) {
        fprintf(stderr, "floor-server: abseil's deadlock detector could not be switched off\n");
        return;
    }
    set_mode(0);
}

static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    if (file == NULL || text == NULL || fread(text, 1, (1 << 20) - 1, file) == 0) {
        fprintf(stderr, "floor-server: cannot read %s\n", path);
        exit(1);
    }
    fclose(file);
    return text;
}

static grpc_server_credentials *make_credentials(const struct options *options) {
    char *key = read_file(options->key);
    char *certificate = read_file(options->certificate);
    char *roots = read_file(options->roots);
    grpc_ssl_pem_key_cert_pair pair = {.private_key = key, .cert_chain = certificate};
    grpc_server_credentials *credentials = grpc_ssl_server_credentials_create_ex(
        roots, &pair, 1, GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
    free(key);
    free(certificate);
    free(roots);
    return credentials;
}

static grpc_arg number_argument(const char *name, int value) {
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)name, .value.integer = value};
}

int transport_start(const struct options *options) {
    disable_deadlock_detector();
    raise_file_limit();
    grpc_init();
    queue = grpc_completion_queue_create_for_next(NULL);
    grpc_arg list[] = {
        number_argument("grpc.so_reuseport", 0),
        number_argument("grpc.max_concurrent_streams", 1000000),
        number_argument("grpc.http2.bdp_probe", 0),
        number_argument("grpc.http2.lookahead_bytes", 65536),
        number_argument("grpc.keepalive_permit_without_calls", 1),
        number_argument("grpc.http2.max_ping_strikes", 0),
    };
    grpc_channel_args arguments = {.num_args = sizeof list / sizeof *list, .args = list};
    server = grpc_server_create(&arguments, NULL);
    grpc_server_register_completion_queue(server, queue, NULL);
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", options->port);
    grpc_server_credentials *credentials = make_credentials(options);
    int port = grpc_server_add_http2_port(server, address, credentials);
    grpc_server_credentials_release(credentials);
    if (port == 0) {
        fprintf(stderr, "floor-server: cannot listen on %s: is the port taken, and are the files PEM?\n", address);
        exit(1);
    }
    grpc_server_start(server);
    for (int i = 0; i < REQUESTED_CALLS; i++) {
        requests[i].tag.completed = call_arrived;
        grpc_call_details_init(&requests[i].details);
        grpc_metadata_array_init(&requests[i].metadata);
        request_next(&requests[i]);
    }
    return port;
}

static void shutdown_completed(struct tag *tag, bool succeeded) {
    (void)tag;
    (void)succeeded;
    grpc_server_destroy(server);
    grpc_completion_queue_shutdown(queue);
}

void transport_stop(void) {
    static struct tag ended = {.completed = shutdown_completed};
    grpc_server_shutdown_and_notify(server, queue, &ended);
    grpc_server_cancel_all_calls(server);
}

void transport_poll(void) {
    for (;;) {
        grpc_event event = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) break;
        struct tag *tag = event.tag;
        tag->completed(tag, event.success != 0);
    }
    grpc_completion_queue_destroy(queue);
    grpc_shutdown();
}
