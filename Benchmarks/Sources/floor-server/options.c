#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "events.h"

static const char usage[] =
    "usage: floor-server --certificate FILE --key FILE --roots FILE [OPTION…]\n"
    "\n"
    "What the transport alone costs: a server of C core without a store. Each put makes an event that every watch is\n"
    "sent, whatever it asked for: constant bytes, shaped as etcd's, whose value begins with the put's first eight bytes.\n"
    "A Range of more than a key is answered with `limit` constant pairs (100,000 without a limit), one of a key with\n"
    "none, and any other call with an empty message.\n"
    "It listens on 127.0.0.1, says where as a line {\"port\": N}, and runs until it is told to quit or killed.\n"
    "\n"
    "  --port N         the port (default: a free one)\n"
    "  --value-bytes N  the bytes of an event's value, 8 to 65536 (default 512)\n"
    "  --key-bytes N    the bytes of its key, 1 to 1024 (default 24)\n"
    "  --rate R         makes events R times a second without a put (default 0)\n"
    "  --events K       so many each time, 1 to 1024 (default 1)\n"
    "  --batch N        the most events in a message, 1 to 1024 (default 64)\n"
    "  --pace MS        the least time between two sweeps over the streams (default 0)\n"
    "\n"
    "It takes commands, one a line, on its standard input:\n"
    "  send K           makes K events now\n"
    "  rate R K         makes K events R times a second from now on; R = 0 makes none\n"
    "  flood K          makes K events whenever every stream has nearly all that were made; K = 0 stops\n"
    "  state            prints what was done so far, as a line of JSON\n"
    "  quit             ends the process\n";

static _Noreturn void refuse(const char *what, const char *value) {
    fprintf(stderr, "floor-server: %s: %s\n\n%s", what, value, usage);
    exit(2);
}

static uint64_t number(const char *name, const char *text, uint64_t lowest, uint64_t highest) {
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || value < lowest || value > highest) refuse(name, text);
    return value;
}

static double decimal(const char *name, const char *text, double highest) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !(value >= 0 && value <= highest)) refuse(name, text);
    return value;
}

struct options options_read(int count, char **arguments) {
    enum { CERTIFICATE = 1, KEY, ROOTS, PORT, VALUE_BYTES, KEY_BYTES, RATE, EVENTS, BATCH, PACE, HELP };
    static const struct option names[] = {
        {"certificate", required_argument, NULL, CERTIFICATE},
        {"key", required_argument, NULL, KEY},
        {"roots", required_argument, NULL, ROOTS},
        {"port", required_argument, NULL, PORT},
        {"value-bytes", required_argument, NULL, VALUE_BYTES},
        {"key-bytes", required_argument, NULL, KEY_BYTES},
        {"rate", required_argument, NULL, RATE},
        {"events", required_argument, NULL, EVENTS},
        {"batch", required_argument, NULL, BATCH},
        {"pace", required_argument, NULL, PACE},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.shape = {.key_bytes = 24, .value_bytes = 512}, .batch = 64, .events = 1};
    for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        switch (option) {
        case CERTIFICATE: options.certificate = optarg; break;
        case KEY: options.key = optarg; break;
        case ROOTS: options.roots = optarg; break;
        case PORT: options.port = (uint16_t)number("--port", optarg, 0, UINT16_MAX); break;
        case VALUE_BYTES: options.shape.value_bytes = number("--value-bytes", optarg, 8, 65536); break;
        case KEY_BYTES: options.shape.key_bytes = number("--key-bytes", optarg, 1, 1024); break;
        case RATE: options.rate = decimal("--rate", optarg, 1e6); break;
        case EVENTS: options.events = number("--events", optarg, 1, 1024); break;
        case BATCH: options.batch = number("--batch", optarg, 1, 1024); break;
        case PACE: options.pace = (uint64_t)(decimal("--pace", optarg, 1000) * 1e6); break;
        case HELP: fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (optind < count) refuse("what is this", arguments[optind]);
    if (options.certificate == NULL || options.key == NULL || options.roots == NULL) {
        refuse("missing", "--certificate, --key and --roots are needed");
    }
    return options;
}
