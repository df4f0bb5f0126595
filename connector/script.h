/* What a user would type: a script for a POSIX shell, put together word by word. */
#ifndef CONNECTOR_SCRIPT_H
#define CONNECTOR_SCRIPT_H

#include "base/buf.h"
#include "ssh/options.h"

enum { SCRIPT_MAX_BYTES = 80 * 1024 * 1024 };

/* A secret in a script is a variable of the shell. What stands for it in the texts that go into
 * words is made of letters, digits and _, so that it comes through any encoding. */
struct script_secret {
    char text[192];
};

/* "api_key" is $API_KEY, which the user sets; returns the text. */
const char *script_secret(struct script_secret *out, const char *name);

/* The same for what the script sets itself. */
const char *script_variable(struct script_secret *out, const char *name);

/* Appends a blank and the text as one word; secrets in it become "$NAME". */
void script_word(struct buf *out, const char *text);

/* "::1" in brackets. */
void script_host(struct buf *out, const char *host);

/* Appends what the ssh command needs to come to the host as we do: host key policy, key, jump
 * hosts, port. `plain`: without the user's own configuration of ssh. */
void script_ssh_options(struct buf *out, const struct ssh_options *ssh, bool plain);

/* Appends the user and the host, the last words before a remote command. */
void script_ssh_target(struct buf *out, const struct ssh_options *ssh);

/* Appends the jump hosts, the outermost first: "user@bastion:22,inner". */
void script_jumps(struct buf *out, const struct ssh_options *jump);

/* Appends comments on what ssh cannot be told on the command line. */
void script_ssh_remarks(struct buf *out, const struct ssh_options *ssh);

/* Appends for each secret that the text has a line that fails where its variable is not set. */
void script_demand_secrets(struct buf *out, const char *text);

/* Prints it, safe to show; lines and tabs stay. */
TL_NODISCARD enum tl_status script_print(const struct buf *script, struct tl_error *err);

#endif
