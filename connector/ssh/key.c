/* A private key as users hand it over: found, read, recognised. */
#include "ssh/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/base64.h"
#include "ssh/certificate.h"
#include "ssh/key_evp.h"
#include "ssh/key_openssh.h"
#include "ssh/key_public.h"
#include "ssh/known_hosts.h"
#include "ssh/local_user.h"

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool ssh_key_given(const struct ssh_options *options)
{
    return given(options->private_key) || given(options->private_key_path);
}

static void release(struct ssh_key *key)
{
    buf_wipe(&key->text);
    buf_free(&key->public_line);
    buf_free(&key->certificate);
}

void ssh_key_free(struct ssh_key *key)
{
    if (key == NULL)
        return;
    release(key);
    *key = (struct ssh_key){0};
}

/* White space around it, a byte order mark, CRLF, and \n written as two characters are what
 * copying through forms and environment variables does to a key. */
static void append_normalised(struct buf *out, const char *text, size_t size)
{
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    while (size > 0 && strchr(" \t\r\n", text[0]) != NULL) {
        text++;
        size--;
    }
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        size--;
    for (size_t i = 0; i < size; i++) {
        bool escape = text[i] == '\\' && i + 1 < size;
        if (escape && text[i + 1] == 'n')
            buf_append_char(out, '\n');
        else if (!(escape && text[i + 1] == 'r') && text[i] != '\r')
            buf_append_char(out, text[i]);
        if (escape && (text[i + 1] == 'n' || text[i + 1] == 'r'))
            i++;
    }
    if (out->size > 0 && out->data[out->size - 1] != '\n')
        buf_append_char(out, '\n');
}

/* A whole key in base64, as platforms hand over uploaded files. */
static void unwrap_base64(struct buf *text)
{
    struct buf decoded = BUF_INIT(SSH_KEY_MAX_BYTES);

    if (strstr(buf_text(text), "-----") == NULL && strncmp(buf_text(text), "PuTTY", 5) != 0 &&
        base64_decode_wrapped(&decoded, buf_text(text), text->size) && decoded.size > 0) {
        text_wipe(text->data, text->size);
        buf_reset(text);
        append_normalised(text, decoded.data, decoded.size);
    }
    buf_wipe(&decoded);
}

/* Lines as they are written; libssh2 takes neither longer ones nor blanks. */
static bool lines_are_whole(const char *body, const char *end)
{
    enum { LINE_MAX_BYTES = 76 };
    const char *line = body + 1, *next;

    if (*body != '\n')
        return false;
    for (; line < end && (next = memchr(line, '\n', (size_t)(end - line))) != NULL;
         line = next + 1)
        if (next - line > LINE_MAX_BYTES || memchr(line, ' ', (size_t)(next - line)) != NULL ||
            memchr(line, '\t', (size_t)(next - line)) != NULL)
            return false;
    return line == end;
}

/* Forms with fields of one line turn line ends into blanks, or drop them. Of PEM without
 * headers they can be put back (RFC 7468): after the first line, every 64 characters, before
 * the last. */
static void restore_lines(struct buf *text)
{
    static const char dashes[] = "-----";
    const char *whole = buf_text(text), *body = strstr(whole, "KEY-----"), *last;
    struct buf lines = BUF_INIT(2 * SSH_KEY_MAX_BYTES);
    size_t column = 0;

    body = body != NULL ? body + strlen("KEY-----") : NULL;
    last = body != NULL ? strstr(body, dashes) : NULL;
    if (last == NULL || lines_are_whole(body, last) ||
        memchr(body, ':', (size_t)(last - body)) != NULL)
        return;
    (void)buf_reserve(&lines, SSH_KEY_MAX_BYTES); /* never moved */
    buf_append(&lines, whole, (size_t)(body - whole));
    for (; body < last; body++) {
        if (strchr(" \t\n", *body) != NULL)
            continue;
        if (column++ % 64 == 0)
            buf_append_char(&lines, '\n');
        buf_append_char(&lines, *body);
    }
    buf_append_char(&lines, '\n');
    buf_append_string(&lines, last);
    text_wipe(text->data, text->size);
    buf_reset(text);
    buf_append(text, buf_text(&lines), lines.size);
    buf_wipe(&lines);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_public(const char *text)
{
    static const char *const starts[] = {"ssh-",
                                         "ecdsa-sha2-",
                                         "sk-",
                                         "-----BEGIN PUBLIC KEY",
                                         "-----BEGIN RSA PUBLIC KEY",
                                         "---- BEGIN SSH2 PUBLIC"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (starts_with(text, starts[i]))
            return true;
    return false;
}

/* With the command as it has to be typed, where the file's name is known. */
static enum tl_status refuse_putty(const char *name, struct tl_error *err)
{
    const char *path = strcmp(name, "ssh_private_key") != 0 ? name : "KEY.ppk";
    size_t size = strlen(path),
           stem = size > 4 && strcasecmp(path + size - 4, ".ppk") == 0 ? size - 4 : size;

    tl_fail(err, TL_KEY, "%s is a PuTTY key, which only PuTTY reads", name);
    return tl_remedy(err, "Convert it: puttygen %s -O private-openssh -o %.*s%s", path,
                     (int)stem, path, stem < size ? "" : ".openssh");
}

static enum tl_status refuse_foreign(const char *text, struct ssh_key *key,
                                     struct tl_error *err)
{
    const char *name = key->name;

    if (starts_with(text, "PuTTY-User-Key-File-"))
        return refuse_putty(name, err);
    if (is_public(text)) {
        key->elsewhere = true;
        key_public_sha256(text, key->sha256);
        tl_fail(err, TL_KEY, "%s is a public key; the private one is needed", name);
        return tl_remedy(err, "Give the file of the same name without .pub, or set ssh_agent "
                              "if an agent holds it");
    }
    if (text[0] == '\0')
        tl_fail(err, TL_KEY, "%s is empty", name);
    else
        tl_fail(err, TL_KEY,
                "%s is not a private key: no line says -----BEGIN ... PRIVATE KEY-----", name);
    return tl_remedy(err, "Give a private key in OpenSSH or PEM format: its text with all its "
                          "lines, that in base64, or its path as ssh_private_key_path");
}

static int give_passphrase(char *out, int size, int writing, void *passphrase)
{
    size_t length = strlen(passphrase);

    (void)writing;
    if (length > (size_t)size)
        return -1;
    memcpy(out, passphrase, length);
    return (int)length;
}

static enum tl_status fail_locked(struct ssh_key *key, bool passphrase_given,
                                  struct tl_error *err)
{
    if (passphrase_given) {
        tl_fail(err, TL_KEY, "the passphrase does not open the private key %s", key->name);
        return tl_remedy(err, "Check ssh_key_passphrase: ssh-keygen -y -f KEY asks for it");
    }
    key->elsewhere = true;
    tl_fail(err, TL_KEY, "the private key %s is encrypted and no passphrase is given",
            key->name);
    return tl_remedy(err, "Set ssh_key_passphrase, or use ssh_agent");
}

static enum tl_status fail_broken(const char *name, struct tl_error *err)
{
    tl_fail(err, TL_KEY, "the private key %s is malformed or cut short", name);
    return tl_remedy(err, "Give it whole, with its first and last line and all line ends "
                          "(ssh-keygen -y -f KEY checks it)");
}

static enum tl_status fail_type(struct ssh_key *key, const char *type, struct tl_error *err)
{
    const char *name = key->name;

    if (starts_with(type, "sk-")) {
        key->elsewhere = true;
        tl_fail(err, TL_KEY, "the private key %s lives in a security key (%s)", name, type);
        return tl_remedy(err, "Use ssh_agent for it, or a key of type ed25519");
    }
    tl_fail(err, TL_KEY, "the private key %s is of a type that is not supported: %s", name,
            type[0] != '\0' ? type : "unknown");
    return tl_remedy(err, "Make one of type ed25519: towline keygen");
}

static bool is_encrypted_pem(const char *text)
{
    return strstr(text, "-----BEGIN ENCRYPTED PRIVATE KEY") != NULL ||
           strstr(text, "\nProc-Type: 4,ENCRYPTED\n") != NULL;
}

/* What is read of a key, before it is written in the form that libssh2 gets. */
struct parts {
    struct buf secret; /* the fields of the private key */
    struct buf blob;   /* of the public key */
};

static void parts_init(struct parts *parts)
{
    *parts = (struct parts){BUF_INIT(2 * SSH_KEY_MAX_BYTES), BUF_INIT(SSH_KEY_MAX_BYTES)};
    (void)buf_reserve(&parts->secret, SSH_KEY_MAX_BYTES); /* never moved: nothing left behind */
}

static void parts_reset(struct parts *parts)
{
    buf_wipe(&parts->secret);
    buf_free(&parts->blob);
}

/* PKCS#1, SEC1 and PKCS#8. */
static enum tl_status read_pem(struct ssh_key *key, const char *pem, const char *passphrase,
                               struct parts *parts, struct tl_error *err)
{
    BIO *memory = BIO_new_mem_buf(pem, -1);
    const char *secret = given(passphrase) ? passphrase : "";
    EVP_PKEY *pkey = NULL;
    enum tl_status status = TL_OK;

    if (memory != NULL)
        pkey =
            PEM_read_bio_PrivateKey(memory, NULL, give_passphrase, (void *)(uintptr_t)secret);
    if (pkey == NULL && is_encrypted_pem(pem))
        status = fail_locked(key, given(passphrase), err);
    else if (pkey == NULL)
        status = fail_broken(key->name, err);
    else if (key_evp_type(pkey) == NULL)
        status = fail_type(key, EVP_PKEY_get0_type_name(pkey), err);
    else if (!key_evp_append_private(&parts->secret, pkey) ||
             !key_evp_append_public(&parts->blob, pkey))
        status = fail_broken(key->name, err);
    EVP_PKEY_free(pkey);
    BIO_free(memory);
    ERR_clear_error();
    return status;
}

static struct known_key blob_of(const struct parts *parts)
{
    return (struct known_key){(const unsigned char *)parts->blob.data, parts->blob.size};
}

static enum tl_status read_openssh(struct ssh_key *key, const char *pem, const char *passphrase,
                                   struct parts *parts, struct tl_error *err)
{
    char type[KNOWN_KEY_TYPE_SIZE];

    enum key_openssh_result result =
        key_openssh_read(pem, passphrase, &parts->secret, &parts->blob);

    if (parts->blob.size > 0)
        known_key_sha256(blob_of(parts), key->sha256);
    switch (result) {
    case KEY_OPENSSH_GOOD:
        return TL_OK;
    case KEY_OPENSSH_LOCKED:
        return fail_locked(key, given(passphrase), err);
    case KEY_OPENSSH_FOREIGN_TYPE:
        return fail_type(key, known_key_type(blob_of(parts), type), err);
    case KEY_OPENSSH_FOREIGN_CIPHER:
        tl_fail(err, TL_KEY, "the private key %s is encrypted by an unknown cipher", key->name);
        return tl_remedy(err, "Encrypt it differently: ssh-keygen -p -Z aes256-ctr -f KEY");
    default:
        return fail_broken(key->name, err);
    }
}

/* Whatever the key came as, libssh2 gets it in one form. */
static enum tl_status take_parts(struct ssh_key *key, const struct parts *parts,
                                 struct tl_error *err)
{
    known_key_type(blob_of(parts), key->type);
    known_key_sha256(blob_of(parts), key->sha256);
    buf_printf(&key->public_line, "%s ", key->type);
    base64_encode(&key->public_line, parts->blob.data, parts->blob.size);
    if (parts->secret.failed || parts->blob.failed || key->public_line.failed ||
        !key_openssh_write(&key->text, &parts->secret, &parts->blob, "", NULL))
        return tl_fail(err, TL_MEMORY, "reading the private key %s: out of memory", key->name);
    return TL_OK;
}

/* The text as it should be; out holds secrets. */
static void repair(struct buf *out, const char *text, size_t size)
{
    (void)buf_reserve(out, SSH_KEY_MAX_BYTES + 2); /* never moved */
    if (size > SSH_KEY_MAX_BYTES)
        return;
    append_normalised(out, text, size);
    unwrap_base64(out);
    restore_lines(out);
}

static enum tl_status parse(struct ssh_key *key, const struct buf *pem, const char *passphrase,
                            struct tl_error *err)
{
    const char *begin = strstr(buf_text(pem), "-----BEGIN ");
    struct parts parts;
    enum tl_status status;

    if (pem->failed)
        return tl_fail(err, TL_MEMORY, "reading the private key %s: out of memory", key->name);
    if (begin == NULL || strstr(begin, "PRIVATE KEY-----") == NULL || is_public(begin))
        return refuse_foreign(buf_text(pem), key, err);
    parts_init(&parts);
    if (starts_with(begin, "-----BEGIN OPENSSH PRIVATE KEY-----"))
        status = read_openssh(key, begin, passphrase, &parts, err);
    else
        status = read_pem(key, begin, passphrase, &parts, err);
    if (status == TL_OK)
        status = take_parts(key, &parts, err);
    parts_reset(&parts);
    return status;
}

enum tl_status ssh_key_parse(const char *text, size_t size, const char *name,
                             const char *passphrase, struct ssh_key *key, struct tl_error *err)
{
    struct buf pem = BUF_INIT(2 * SSH_KEY_MAX_BYTES);
    enum tl_status status;

    *key = (struct ssh_key){.text = BUF_INIT(4 * SSH_KEY_MAX_BYTES),
                            .public_line = BUF_INIT(2 * SSH_KEY_MAX_BYTES),
                            .certificate = BUF_INIT(SSH_KEY_MAX_BYTES)};
    text_safe(key->name, sizeof(key->name), name, strlen(name));
    (void)buf_reserve(&key->text, 2 * SSH_KEY_MAX_BYTES);
    repair(&pem, text, size);
    status = parse(key, &pem, passphrase, err);
    buf_wipe(&pem);
    if (status != TL_OK)
        release(key);
    return status;
}

static enum tl_status unreadable(const char *path, struct tl_error *err)
{
    tl_fail(err, TL_KEY, "cannot read the private key %s: %s", path, strerror(errno));
    return tl_remedy(err, "Check ssh_private_key_path and the file's owner");
}

/* OpenSSH's own rule, and a file that everybody can read is refused whoever owns it. */
static enum tl_status check_mode(int fd, const char *path, struct tl_error *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return unreadable(path, err);
    if (!S_ISREG(info.st_mode) || (info.st_mode & 077) == 0 ||
        (info.st_uid != geteuid() && (info.st_mode & 007) == 0))
        return TL_OK;
    tl_fail(err, TL_KEY, "the private key %s can be read by others (mode %04o)", path,
            (unsigned)info.st_mode & 07777);
    return tl_remedy(err, "Keep it to its owner: chmod 600 %s", path);
}

static enum tl_status read_all(int fd, const char *path, struct buf *text, struct tl_error *err)
{
    char *room = buf_reserve(text, SSH_KEY_MAX_BYTES + 1);
    ssize_t got = 1;

    if (room == NULL)
        return tl_fail(err, TL_MEMORY, "reading the private key %s: out of memory", path);
    while (got > 0 && text->size <= SSH_KEY_MAX_BYTES) {
        got = read(fd, room + text->size, SSH_KEY_MAX_BYTES + 1 - text->size);
        if (got > 0)
            buf_commit(text, (size_t)got);
    }
    if (got < 0)
        return unreadable(path, err);
    if (text->size <= SSH_KEY_MAX_BYTES)
        return TL_OK;
    tl_fail(err, TL_KEY, "the private key %s is not one: it is too large", path);
    return tl_remedy(err, "Check ssh_private_key_path");
}

static enum tl_status load_file(const char *path, const char *passphrase, struct ssh_key *key,
                                struct tl_error *err)
{
    struct buf text = BUF_INIT(SSH_KEY_MAX_BYTES + 2);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum tl_status status;

    if (fd < 0) {
        status = unreadable(path, err);
        key->elsewhere = key_public_beside(path, key->sha256)[0] != '\0';
        return status;
    }
    status = read_all(fd, path, &text, err);
    if (status == TL_OK && !is_public(buf_text(&text)))
        status = check_mode(fd, path, err);
    if (status == TL_OK)
        status = ssh_key_parse(buf_text(&text), text.size, path, passphrase, key, err);
    buf_wipe(&text);
    close(fd);
    return status;
}

enum tl_status ssh_key_load(const struct ssh_options *options, struct ssh_key *key,
                            struct tl_error *err)
{
    char *path;
    enum tl_status status;

    *key = (struct ssh_key){0};
    if (given(options->private_key))
        return ssh_key_parse(options->private_key, strlen(options->private_key),
                             "ssh_private_key", options->passphrase, key, err);
    path = local_user_path(options->private_key_path);
    if (path == NULL)
        return tl_fail(err, TL_MEMORY, "reading the private key: out of memory");
    status = load_file(path, options->passphrase, key, err);
    if (key->elsewhere && key->sha256[0] == '\0')
        key_public_beside(path, key->sha256);
    free(path);
    return status;
}
