/* OpenSSH's own private key format, read and written. */
#include "ssh/key_openssh.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/base64.h"
#include "ssh/key.h"
#include "ssh/key_cipher.h"
#include "ssh/wire.h"

enum { SALT_BYTES = 16, KDF_ROUNDS = 24, PLAIN_BLOCK_BYTES = 8, LINE_BYTES = 70 };

static const char magic[] = "openssh-key-v1"; /* with its NUL */
static const char begin_line[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char end_line[] = "-----END OPENSSH PRIVATE KEY-----";

static const struct {
    const char *type;
    int n_fields; /* of the private section, the type's name among them */
} types[] = {
    {"ssh-ed25519", 3},         {"ssh-rsa", 7},
    {"ecdsa-sha2-nistp256", 4}, {"ecdsa-sha2-nistp384", 4},
    {"ecdsa-sha2-nistp521", 4},
};

static int count_fields(struct wire_text type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (wire_is(type, types[i].type))
            return types[i].n_fields;
    return 0;
}

static bool decode(const char *pem, struct buf *file)
{
    const char *begin = strstr(pem, begin_line);
    const char *end = begin != NULL ? strstr(begin, end_line) : NULL;

    if (end == NULL)
        return false;
    begin += sizeof(begin_line) - 1;
    return base64_decode_wrapped(file, begin, (size_t)(end - begin)) &&
           file->size > sizeof(magic) && memcmp(file->data, magic, sizeof(magic)) == 0;
}

/* A random word twice, by which a wrong passphrase and altered text show; the fields; then a
 * comment and padding, which are of no use here. */
static bool take_section(struct wire section, struct wire_text type, struct buf *secret)
{
    uint32_t first = wire_read_number(&section), second = wire_read_number(&section);
    const unsigned char *fields = section.at;
    struct wire_text found = wire_read_text(&section);

    if (section.broken || first != second || found.size != type.size ||
        memcmp(found.data, type.data, type.size) != 0)
        return false;
    for (int i = 1; i < count_fields(type); i++)
        (void)wire_read_text(&section);
    if (!section.broken)
        buf_append(secret, fields, (size_t)(section.at - fields));
    return !section.broken && !secret->failed;
}

static enum key_openssh_result open_section(struct wire *wire, const struct key_cipher *cipher,
                                            struct wire_text kdf, struct wire_text sealed,
                                            const char *passphrase, struct wire_text type,
                                            struct buf *secret)
{
    struct wire_text tag = wire_read_bytes(wire, key_cipher_tag_bytes(cipher));
    struct buf plain = BUF_INIT(2 * SSH_KEY_MAX_BYTES);
    bool good;

    if (wire->broken)
        return KEY_OPENSSH_BROKEN;
    good = passphrase != NULL && *passphrase != '\0' &&
           key_cipher_open(cipher, passphrase, kdf, sealed, tag.data, &plain) &&
           take_section((struct wire){(unsigned char *)plain.data, plain.size, false}, type,
                        secret);
    buf_wipe(&plain);
    return good ? KEY_OPENSSH_GOOD : KEY_OPENSSH_LOCKED;
}

static enum key_openssh_result read_file(struct wire *wire, const char *passphrase,
                                         struct buf *secret, struct buf *blob)
{
    struct wire_text name = wire_read_text(wire), kdf_name = wire_read_text(wire);
    struct wire_text kdf = wire_read_text(wire), public, sealed, type;
    uint32_t n_keys = wire_read_number(wire);
    const struct key_cipher *cipher = key_cipher_find(name);
    struct wire inner;

    public = wire_read_text(wire);
    sealed = wire_read_text(wire);
    inner = wire_of(public);
    type = wire_read_text(&inner);
    if (wire->broken || inner.broken || n_keys != 1)
        return KEY_OPENSSH_BROKEN;
    buf_append(blob, public.data, public.size);
    if (count_fields(type) == 0)
        return KEY_OPENSSH_FOREIGN_TYPE;
    if (wire_is(name, "none"))
        return take_section(wire_of(sealed), type, secret) ? KEY_OPENSSH_GOOD
                                                           : KEY_OPENSSH_BROKEN;
    if (cipher == NULL || !wire_is(kdf_name, "bcrypt"))
        return KEY_OPENSSH_FOREIGN_CIPHER;
    return open_section(wire, cipher, kdf, sealed, passphrase, type, secret);
}

enum key_openssh_result key_openssh_read(const char *pem, const char *passphrase,
                                         struct buf *secret, struct buf *blob)
{
    struct buf file = BUF_INIT(2 * SSH_KEY_MAX_BYTES);
    enum key_openssh_result result = KEY_OPENSSH_BROKEN;

    (void)buf_reserve(&file, SSH_KEY_MAX_BYTES + 2); /* never moved */
    if (decode(pem, &file)) {
        struct wire wire = {(const unsigned char *)file.data + sizeof(magic),
                            file.size - sizeof(magic), false};
        result = read_file(&wire, passphrase, secret, blob);
    }
    buf_wipe(&file);
    return result;
}

static bool append_section(struct buf *out, const struct buf *secret, const char *comment,
                           size_t block_bytes)
{
    unsigned char word[4];
    char padding = 1;

    if (RAND_bytes(word, sizeof(word)) != 1)
        return false;
    buf_append(out, word, sizeof(word));
    buf_append(out, word, sizeof(word));
    buf_append(out, secret->data, secret->size);
    wire_append_word(out, comment);
    while (!out->failed && out->size % block_bytes != 0)
        buf_append_char(out, padding++);
    return !out->failed;
}

static bool append_kdf(struct buf *out)
{
    unsigned char salt[SALT_BYTES];

    if (RAND_bytes(salt, sizeof(salt)) != 1)
        return false;
    wire_append_text(out, salt, sizeof(salt));
    wire_append_number(out, KDF_ROUNDS);
    return !out->failed;
}

static struct wire_text text_of(const struct buf *buf)
{
    return (struct wire_text){(const unsigned char *)buf->data, buf->size};
}

static bool append_file(struct buf *file, const struct buf *secret, const struct buf *blob,
                        const char *comment, const char *passphrase)
{
    bool locked = passphrase != NULL && *passphrase != '\0';
    struct wire_text usual = {(const unsigned char *)KEY_CIPHER_USUAL,
                              strlen(KEY_CIPHER_USUAL)};
    size_t block = locked ? key_cipher_block_bytes(key_cipher_find(usual)) : PLAIN_BLOCK_BYTES;
    struct buf section = BUF_INIT(2 * SSH_KEY_MAX_BYTES), kdf = BUF_INIT(64);
    bool good;

    (void)buf_reserve(&section, SSH_KEY_MAX_BYTES);
    good = append_section(&section, secret, comment, block) && (!locked || append_kdf(&kdf));
    buf_append(file, magic, sizeof(magic));
    wire_append_word(file, locked ? KEY_CIPHER_USUAL : "none");
    wire_append_word(file, locked ? "bcrypt" : "none");
    wire_append_text(file, kdf.data, kdf.size);
    wire_append_number(file, 1);
    wire_append_text(file, blob->data, blob->size);
    wire_append_number(file, (uint32_t)section.size);
    if (good && locked)
        good = key_cipher_seal(passphrase, text_of(&kdf), text_of(&section), file);
    else if (good)
        buf_append(file, section.data, section.size);
    buf_wipe(&section);
    buf_free(&kdf);
    return good && !file->failed;
}

static void append_lines(struct buf *out, const struct buf *base64)
{
    for (size_t at = 0; at < base64->size; at += LINE_BYTES) {
        size_t left = base64->size - at;
        buf_append(out, base64->data + at, left < LINE_BYTES ? left : LINE_BYTES);
        buf_append_char(out, '\n');
    }
}

bool key_openssh_write(struct buf *out, const struct buf *secret, const struct buf *blob,
                       const char *comment, const char *passphrase)
{
    struct buf file = BUF_INIT(2 * SSH_KEY_MAX_BYTES), base64 = BUF_INIT(4 * SSH_KEY_MAX_BYTES);
    bool good;

    (void)buf_reserve(&file, SSH_KEY_MAX_BYTES);
    (void)buf_reserve(&base64, 2 * SSH_KEY_MAX_BYTES);
    good = append_file(&file, secret, blob, comment, passphrase);
    base64_encode(&base64, file.data, file.size);
    buf_printf(out, "%s\n", begin_line);
    append_lines(out, &base64);
    buf_printf(out, "%s\n", end_line);
    good = good && !base64.failed && !out->failed;
    buf_wipe(&file);
    buf_wipe(&base64);
    return good;
}
