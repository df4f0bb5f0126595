/* A private key as users hand it over, brought into the form that libssh2 reads. */
#ifndef SSH_KEY_H
#define SSH_KEY_H

#include <stdbool.h>

#include "base/buf.h"
#include "ssh/options.h"
#include "towline/error.h"

enum { SSH_KEY_MAX_BYTES = 64 * 1024 };

struct ssh_key {
    struct buf text;        /* in OpenSSH's format, unencrypted, which libssh2 reads; secret */
    struct buf public_line; /* "ssh-ed25519 AAAA..." */
    struct buf certificate; /* such a line, to be shown in place of the public key; or empty */
    char name[128];         /* for messages: the path, or "ssh_private_key" */
    char type[64];          /* "ssh-ed25519" */
    char sha256[52];        /* the public key's fingerprint */
    bool elsewhere;         /* its private half cannot be read, but an agent may hold it */
};

/* Whether options name a private key at all. */
bool ssh_key_given(const struct ssh_options *options);

/* Reads the key from text or path and looks at it closely enough to say what is wrong with it:
 * missing, readable by others, a public or PuTTY key, cut short, without or with the wrong
 * passphrase, with a certificate of another key: TL_KEY each with its remedy. On success *key
 * is to be freed with ssh_key_free; else it holds only `elsewhere` and, if that is set and the
 * public half known, `sha256`. */
TL_NODISCARD enum tl_status ssh_key_load(const struct ssh_options *options, struct ssh_key *key,
                                         struct tl_error *err);

/* The same for a key's text in memory, named `name` in messages; the pure part of it. */
TL_NODISCARD enum tl_status ssh_key_parse(const char *text, size_t size, const char *name,
                                          const char *passphrase, struct ssh_key *key,
                                          struct tl_error *err);

/* Wipes. */
void ssh_key_free(struct ssh_key *key);

#endif
