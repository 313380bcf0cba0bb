// OpenSSL as Swift sees it: the library's own headers, and nothing of ours but inline wrappers for what Swift
// cannot import (macros).
#pragma once

#include <sys/select.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
