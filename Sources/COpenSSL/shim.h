// OpenSSL as Swift sees it: the library's own headers, and nothing of ours but inline wrappers for what Swift
// cannot import (macros, and functions with a variable number of arguments).
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

// EVP_PKEY_Q_keygen takes a variable number of arguments.
static inline EVP_PKEY *cmesh_generate_p256_key(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

// The number of bytes that a memory BIO holds, and where; BIO_get_mem_data is a macro.
static inline long cmesh_bio_contents(BIO *bio, char **start) {
    return BIO_get_mem_data(bio, start);
}

// The stack functions are macros.
static inline int cmesh_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *cmesh_general_names_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}
// Takes the name over if it returns more than 0.
static inline int cmesh_general_names_append(GENERAL_NAMES *names, GENERAL_NAME *name) {
    return sk_GENERAL_NAME_push(names, name);
}

static inline STACK_OF(X509) *cmesh_certificates_new(void) { return sk_X509_new_null(); }
static inline int cmesh_certificates_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *cmesh_certificates_at(const STACK_OF(X509) *stack, int index) {
    return sk_X509_value(stack, index);
}
// Takes the certificate over if it returns more than 0.
static inline int cmesh_certificates_append(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
// Frees the stack and the certificates in it.
static inline void cmesh_certificates_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }

static inline STACK_OF(X509_CRL) *cmesh_revocation_lists_new(void) { return sk_X509_CRL_new_null(); }
static inline int cmesh_revocation_lists_count(const STACK_OF(X509_CRL) *stack) { return sk_X509_CRL_num(stack); }
static inline X509_CRL *cmesh_revocation_lists_at(const STACK_OF(X509_CRL) *stack, int index) {
    return sk_X509_CRL_value(stack, index);
}
// Takes the list over if it returns more than 0.
static inline int cmesh_revocation_lists_append(STACK_OF(X509_CRL) *stack, X509_CRL *list) {
    return sk_X509_CRL_push(stack, list);
}
// Frees the stack and the lists in it.
static inline void cmesh_revocation_lists_free(STACK_OF(X509_CRL) *stack) {
    sk_X509_CRL_pop_free(stack, X509_CRL_free);
}
static inline int cmesh_revoked_count(const STACK_OF(X509_REVOKED) *stack) { return sk_X509_REVOKED_num(stack); }
static inline X509_REVOKED *cmesh_revoked_at(const STACK_OF(X509_REVOKED) *stack, int index) {
    return sk_X509_REVOKED_value(stack, index);
}

// The flags of a name on one line (RFC 2253), OPENSSL_free: macros too involved for Swift.
static const unsigned long cmesh_name_on_one_line = XN_FLAG_RFC2253;
static inline void cmesh_free(void *memory) { OPENSSL_free(memory); }

// Macros that take an error's number apart, from inline functions that Swift imports under other types.
static inline int cmesh_error_reason(unsigned long error) { return ERR_GET_REASON(error); }
static inline int cmesh_error_library(unsigned long error) { return ERR_GET_LIB(error); }
