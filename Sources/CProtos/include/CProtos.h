// The messages of etcd's API, of gRPC's health protocol and of the agent's own service as protobuf-c has them,
// generated from Protos/.
#pragma once

// Before protobuf-c's headers, so that the gRPC, protobuf-c and OpenSSL modules agree on who defines fd_set.
#include <sys/select.h>

#include "Generated/auth.pb-c.h"
#include "Generated/clustermesh.pb-c.h"
#include "Generated/health.pb-c.h"
#include "Generated/kv.pb-c.h"
#include "Generated/rpc.pb-c.h"
