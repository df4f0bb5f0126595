/* OpenSSH's own private key format, as far as it can be read without the passphrase. */
#include "ssh/key_openssh.h"

#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "ssh/known_hosts.h"

static const char magic[] = "openssh-key-v1"; /* with its NUL */
static const char begin_line[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char end_line[] = "-----END OPENSSH PRIVATE KEY-----";

struct reader {
    const unsigned char *at;
    size_t left;
    bool broken;
};

struct text {
    const unsigned char *data;
    size_t size;
};

static uint32_t read_number(struct reader *reader)
{
    uint32_t number = 0;

    if (reader->left < 4) {
        reader->broken = true;
        return 0;
    }
    for (int i = 0; i < 4; i++)
        number = number << 8 | *reader->at++;
    reader->left -= 4;
    return number;
}

static struct text read_text(struct reader *reader)
{
    struct text text = {.size = read_number(reader)};

    if (text.size > reader->left) {
        reader->broken = true;
        return (struct text){0};
    }
    text.data = reader->at;
    reader->at += text.size;
    reader->left -= text.size;
    return text;
}

static bool is(struct text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

enum tl_status ssh_key_broken(const char *name, struct tl_error *err)
{
    tl_fail(err, TL_KEY, "the private key %s is malformed or cut short", name);
    return tl_remedy(err, "Give it whole, with its first and last line and all line ends "
                          "(ssh-keygen -y -f KEY checks it)");
}

static bool decode(const struct ssh_key *key, struct buf *blob)
{
    const char *begin = strstr(buf_text(&key->text), begin_line);
    const char *end = begin != NULL ? strstr(begin, end_line) : NULL;

    if (end == NULL)
        return false;
    begin += sizeof(begin_line) - 1;
    return base64_decode_wrapped(blob, begin, (size_t)(end - begin)) &&
           blob->size > sizeof(magic) && memcmp(blob->data, magic, sizeof(magic)) == 0;
}

/* Random words stand twice before an unencrypted key: altered text would differ. */
static bool check_words(struct text secret)
{
    struct reader reader = {secret.data, secret.size, false};
    uint32_t first = read_number(&reader), second = read_number(&reader);
    return !reader.broken && first == second;
}

static enum tl_status check_kind(const struct ssh_key *key, struct text cipher,
                                 const char *type, struct tl_error *err)
{
    if (strncmp(type, "sk-", 3) == 0) {
        tl_fail(err, TL_KEY, "the private key %s lives in a security key (%s)", key->name,
                type);
        return tl_remedy(err, "Use ssh_agent for it, or a key of type ed25519");
    }
    if (is(cipher, "chacha20-poly1305@openssh.com")) {
        tl_fail(err, TL_KEY,
                "the private key %s is encrypted by chacha20-poly1305, which libssh2 "
                "cannot open",
                key->name);
        return tl_remedy(err, "Encrypt it differently: ssh-keygen -p -Z aes256-ctr -f KEY");
    }
    return TL_OK;
}

static void describe(struct ssh_key *key, struct text blob, const char *type)
{
    struct known_key public_key = {blob.data, blob.size};

    known_key_sha256(public_key, key->sha256);
    buf_printf(&key->public_line, "%s ", type);
    base64_encode(&key->public_line, blob.data, blob.size);
}

static enum tl_status inspect_blob(struct ssh_key *key, const struct buf *blob,
                                   bool passphrase_given, struct tl_error *err)
{
    struct reader reader = {(const unsigned char *)blob->data + sizeof(magic),
                            blob->size - sizeof(magic), false};
    struct text cipher = read_text(&reader), public_blob, secret;
    char type[KNOWN_KEY_TYPE_SIZE];
    enum tl_status status;

    (void)read_text(&reader); /* the name of the key derivation and */
    (void)read_text(&reader); /* its options matter to libssh2 only */
    if (read_number(&reader) != 1)
        return ssh_key_broken(key->name, err);
    public_blob = read_text(&reader);
    secret = read_text(&reader);
    key->encrypted = !is(cipher, "none");
    known_key_type((struct known_key){public_blob.data, public_blob.size}, type);
    if (reader.broken || type[0] == '\0' || (!key->encrypted && !check_words(secret)))
        return ssh_key_broken(key->name, err);
    status = check_kind(key, cipher, type, err);
    if (status == TL_OK && key->encrypted && !passphrase_given)
        status = ssh_key_locked(key->name, false, err);
    if (status == TL_OK)
        describe(key, public_blob, type);
    return status;
}

enum tl_status key_openssh_inspect(struct ssh_key *key, bool passphrase_given,
                                   struct tl_error *err)
{
    struct buf blob = BUF_INIT(2 * SSH_KEY_MAX_BYTES);
    enum tl_status status;

    if (decode(key, &blob))
        status = inspect_blob(key, &blob, passphrase_given, err);
    else
        status = ssh_key_broken(key->name, err);
    buf_wipe(&blob);
    return status;
}
