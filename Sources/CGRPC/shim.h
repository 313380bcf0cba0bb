// gRPC C core as Swift sees it: the library's own headers, and nothing of ours but inline wrappers for what
// Swift cannot import.
#pragma once

// Before gRPC's headers, so that the gRPC, protobuf-c and OpenSSL modules agree on who defines fd_set.
#include <sys/select.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/status.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
