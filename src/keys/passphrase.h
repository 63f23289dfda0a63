// SPDX-License-Identifier: Apache-2.0
/* Sources of keys, and the passphrase or PIN of a key, as OpenSSL asks for it. Private to keys/. */
#pragma once

#include "asn1/key_provider.h"
#include "base/bytes.h"

#include <openssl/evp.h>
#include <openssl/ui.h>
#include <stdbool.h>

/* What passphrase_give() is given. */
struct passphrase {
	struct octets text; /* empty: there is none */
	bool ask;           /* on the terminal, then */
};

/* pem_password_cb, whose arg is a struct passphrase. */
int passphrase_give(char *buffer, int size, int rwflag, void *arg);
/* The same for who asks by a UI; its data is the struct passphrase. NULL out of memory. */
UI_METHOD *passphrase_method(void);

/* The first private key of a STORE URI, or of a file by its name. 0 or -EBADMSG. */
_must_check_ int key_from_store(const char *uri, struct key_provider provider,
				struct passphrase *passphrase, EVP_PKEY **keyp);
/*
 * "ID:KEY" of an ENGINE. 0, -EBADMSG (there is no such key, or it is not given out), -ENOPKG: there
 * is no such engine, or it does not start; -ENOMEM. engine.c
 */
_must_check_ int key_from_engine(const char *source, struct passphrase *passphrase,
				 EVP_PKEY **keyp);
/* The same for "NAME:SOURCE" of a provider. provider.c */
_must_check_ int key_from_provider(const char *source, struct passphrase *passphrase,
				   EVP_PKEY **keyp);
