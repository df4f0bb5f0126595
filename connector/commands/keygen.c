/* `towline keygen`: makes a key pair and says how it is installed. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "commands/commands.h"
#include "commands/keygen_advice.h"
#include "ssh/key_new.h"
#include "ssh/local_user.h"

enum { PASSPHRASE_BYTES = 1024, COMMENT_BYTES = 256 };

const struct tl_option keygen_options[] = {
    {
        .name = "type",
        .kind = TL_OPTION_CHOICE,
        .fallback = "ed25519",
        .help = "the type of key",
        .choices = "ed25519|ecdsa|rsa",
    },
    {
        .name = "bits",
        .kind = TL_OPTION_INTEGER,
        .help = "its size: of rsa 2048 to 16384 (3072), of ecdsa 256, 384 or 521 (256)",
        .min = 256,
        .max = 16384,
    },
    {
        .name = "comment",
        .kind = TL_OPTION_TEXT,
        .help = "what the public line ends in (towline@ this machine's name)",
    },
    {
        .name = "passphrase",
        .kind = TL_OPTION_BOOLEAN,
        .fallback = "false",
        .help =
            "ask for a passphrase on the terminal; without this and the two below it is the "
            "configuration's ssh_key_passphrase, or none",
    },
    {
        .name = "passphrase-file",
        .kind = TL_OPTION_TEXT,
        .help = "take the passphrase from the first line of a file",
        .value = "FILE",
    },
    {
        .name = "passphrase-env",
        .kind = TL_OPTION_TEXT,
        .help = "take the passphrase from an environment variable",
        .value = "NAME",
    },
    {
        .name = "command",
        .kind = TL_OPTION_TEXT,
        .help = "show the line that allows this command only",
        .value = "COMMAND",
    },
    {
        .name = "tunnel",
        .kind = TL_OPTION_TEXT,
        .help = "show the line that allows a tunnel to this place only",
        .value = "HOST:PORT",
    },
    {.name = NULL},
};

static const char *configured(const struct tl_call *call, const char *name)
{
    return call->config != NULL ? tl_config_text(call->config, name) : NULL;
}

/* A pair for each connection: its host is in the name. *out is to be freed. */
static enum tl_status choose_path(const struct tl_call *call, char **out, struct tl_error *err)
{
    const char *host = configured(call, "ssh_host");
    const char *path = call->n_words > 0 ? call->words[0] : NULL;
    char name[300];

    if (path == NULL)
        path = configured(call, "ssh_private_key_path");
    if (path == NULL && host != NULL && strchr(host, '/') == NULL) {
        (void)snprintf(name, sizeof(name), "~/.ssh/towline_%s", host);
        path = name;
    }
    *out = local_user_path(path != NULL ? path : "~/.ssh/towline_ed25519");
    return *out != NULL ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the key's path");
}

/* It ends up in lines of authorized_keys and in commands for three shells. */
static enum tl_status choose_comment(const struct tl_call *call, char out[COMMENT_BYTES],
                                     struct tl_error *err)
{
    const char *comment = tl_config_text(call->options, "comment");
    char host[100] = "";

    (void)gethostname(host, sizeof(host) - 1);
    if (comment == NULL)
        (void)snprintf(out, COMMENT_BYTES, "towline@%s", host);
    else
        (void)snprintf(out, COMMENT_BYTES, "%s", comment);
    for (const char *c = out; *c != '\0'; c++)
        if (!isprint((unsigned char)*c) || strchr("'\"`$\\%", *c) != NULL)
            return tl_fail(err, TL_USAGE,
                           "--comment may hold neither quotes, $, %%, \\ nor control "
                           "characters");
    return TL_OK;
}

static enum tl_status read_passphrase_file(const char *path, char *out, struct tl_error *err)
{
    FILE *file = fopen(path, "re");
    bool good = file != NULL && fgets(out, PASSPHRASE_BYTES, file) != NULL;

    if (file != NULL)
        (void)fclose(file);
    if (!good)
        return tl_fail(err, TL_USAGE, "cannot read a passphrase from %s: %s", path,
                       file == NULL ? strerror(errno) : "it is empty");
    out[strcspn(out, "\r\n")] = '\0';
    return TL_OK;
}

static enum tl_status ask_passphrase(const struct tl_call *call, char *out,
                                     struct tl_error *err)
{
    char again[PASSPHRASE_BYTES];
    enum tl_status status = tl_ask_secret(call, "Passphrase:", out, PASSPHRASE_BYTES, err);

    if (status == TL_OK)
        status = tl_ask_secret(call, "The same again:", again, sizeof(again), err);
    if (status == TL_OK && strcmp(out, again) != 0)
        status = tl_fail(err, TL_USAGE, "the passphrases are not the same");
    text_wipe(again, sizeof(again));
    return status;
}

static enum tl_status choose_passphrase(const struct tl_call *call, char *out,
                                        struct tl_error *err)
{
    const char *path = tl_config_text(call->options, "passphrase-file");
    const char *variable = tl_config_text(call->options, "passphrase-env");
    const char *text =
        variable != NULL ? getenv(variable) : configured(call, "ssh_key_passphrase");

    if (tl_config_boolean(call->options, "passphrase"))
        return ask_passphrase(call, out, err);
    if (path != NULL)
        return read_passphrase_file(path, out, err);
    if (variable != NULL && text == NULL)
        return tl_fail(err, TL_USAGE, "the environment variable %s is not set", variable);
    if (text != NULL && strlen(text) >= PASSPHRASE_BYTES)
        return tl_fail(err, TL_USAGE, "the passphrase is longer than %d bytes",
                       PASSPHRASE_BYTES - 1);
    (void)strcpy(out, text != NULL ? text : "");
    return TL_OK;
}

static enum tl_status fail_write(const char *path, int error, struct tl_error *err)
{
    if (error == EEXIST) {
        (void)tl_fail(err, TL_USAGE, "%s exists already and is not overwritten", path);
        return tl_remedy(err, "Give another name: towline keygen PATH; or use the key that is "
                              "there (ssh-keygen -y -f KEY prints its public line)");
    }
    (void)tl_fail(err, TL_USAGE, "cannot write %s: %s", path, strerror(error));
    return tl_remedy(err, "Give the path of a file in a folder that exists and can be written");
}

/* A new file with all of the text, or none. */
static enum tl_status write_file(const char *path, mode_t mode, const struct buf *text,
                                 struct tl_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    int error = 0;

    if (fd < 0)
        return fail_write(path, errno, err);
    if (fchmod(fd, mode) != 0 || write(fd, text->data, text->size) != (ssize_t)text->size ||
        fsync(fd) != 0)
        error = errno != 0 ? errno : ENOSPC;
    (void)close(fd);
    if (error == 0)
        return TL_OK;
    (void)unlink(path);
    return fail_write(path, error, err);
}

static enum tl_status write_pair(const char *path, struct key_pair *pair, struct tl_error *err)
{
    char *public_path = NULL;
    enum tl_status status;

    if (asprintf(&public_path, "%s.pub", path) < 0)
        return tl_fail(err, TL_MEMORY, "out of memory for the key's path");
    if (strstr(path, "/.ssh/") != NULL)
        local_user_make_folder(path);
    if (access(public_path, F_OK) == 0)
        status = fail_write(public_path, EEXIST, err);
    else
        status = write_file(path, 0600, &pair->private_text, err);
    if (status == TL_OK) {
        buf_append_char(&pair->public_line, '\n');
        status = write_file(public_path, 0644, &pair->public_line, err);
        pair->public_line.data[--pair->public_line.size] = '\0';
        if (status != TL_OK)
            (void)unlink(path);
    }
    free(public_path);
    return status;
}

/* Before a key is made: some take a while. */
static enum tl_status check_free(const char *path, struct tl_error *err)
{
    return access(path, F_OK) == 0 ? fail_write(path, EEXIST, err) : TL_OK;
}

static enum tl_status make_pair(const struct tl_call *call, const char *path,
                                struct key_pair *pair, struct tl_error *err)
{
    const char *type = tl_config_text(call->options, "type");
    int bits = (int)tl_config_integer(call->options, "bits");
    char passphrase[PASSPHRASE_BYTES] = "", comment[COMMENT_BYTES];
    enum tl_status status = check_free(path, err);

    if (status == TL_OK)
        status = choose_comment(call, comment, err);
    if (status == TL_OK)
        status = choose_passphrase(call, passphrase, err);
    if (status == TL_OK)
        status = key_pair_new(type, bits, comment, passphrase, pair, err);
    text_wipe(passphrase, sizeof(passphrase));
    if (status == TL_OK)
        status = write_pair(path, pair, err);
    return status;
}

enum tl_status keygen_run(const struct tl_call *call, struct tl_error *err)
{
    struct key_pair pair = {0};
    char *path = NULL;
    enum tl_status status = keygen_check_advice(call, err);

    if (status == TL_OK)
        status = choose_path(call, &path, err);
    if (status == TL_OK)
        status = make_pair(call, path, &pair, err);
    if (status == TL_OK)
        status = keygen_print_advice(call, path, &pair, err);
    key_pair_free(&pair);
    free(path);
    return status;
}
