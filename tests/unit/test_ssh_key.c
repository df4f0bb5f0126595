/* Private keys as users hand them over: what is taken, and what is said of the others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/base64.h"
#include "ssh/key.h"

static char folder[] = "/tmp/towline-keys-XXXXXX";

/* Keys are made anew for each run by the tool whose formats are read. */
static int make_keys(void **state)
{
    static const char *const commands[] = {
        "k -t ed25519 -N '' -f plain",
        "k -t rsa -b 2048 -N '' -f rsa",
        "k -t ecdsa -b 521 -N '' -f ecdsa",
        "k -t rsa -b 2048 -m PEM -N '' -f pem",
        "k -t ecdsa -b 384 -m PEM -N '' -f sec1",
        "k -t ecdsa -m PKCS8 -N '' -f pkcs8",
        "k -t rsa -b 2048 -m PEM -N secret -f pem_locked",
        "k -t rsa -b 2048 -m PKCS8 -N secret -f pkcs8_locked",
        "k -t ed25519 -N secret -f locked",
        "k -t rsa -b 2048 -a 3 -N secret -f rsa_locked",
        "k -t dsa -N '' -f dsa",
        "for c in aes128-ctr aes192-ctr aes256-cbc aes128-cbc 3des-cbc aes128-gcm@openssh.com "
        "aes256-gcm@openssh.com chacha20-poly1305@openssh.com; do "
        "k -t ed25519 -N secret -a 2 -Z $c -f ${c%%@*}; done",
        "openssl genpkey -algorithm ed25519 -out ed25519_pkcs8",
        "openssl genpkey -algorithm x25519 -out x25519",
    };
    char command[1000];

    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        snprintf(command, sizeof(command),
                 "umask 077; cd %s; k() { ssh-keygen -q -C '' \"$@\"; }; %s", folder,
                 commands[i]);
        if (system(command) != 0)
            return 1;
    }
    return 0;
}

static int remove_keys(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[100];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void read_file(const char *name, struct buf *text)
{
    FILE *file = fopen(path_of(name), "r");
    char chunk[4096];
    size_t got;

    assert_non_null(file);
    *text = BUF_INIT(1 << 16);
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(text, chunk, got);
    fclose(file);
}

static enum tl_status load(const char *name, const char *passphrase, struct ssh_key *key,
                           struct tl_error *err)
{
    struct ssh_options options = {.private_key_path = path_of(name), .passphrase = passphrase};
    return ssh_key_load(&options, key, err);
}

/* That the public line is the one ssh-keygen wrote proves that the key was understood; the
 * private half is proved by keys getting in, in the end-to-end tests. */
static void expect_same_public(const char *name, const struct ssh_key *key)
{
    char public[64];
    struct buf line;

    snprintf(public, sizeof(public), "%s.pub", name);
    read_file(public, &line);
    assert_true(line.size > key->public_line.size);
    assert_memory_equal(line.data, buf_text(&key->public_line), key->public_line.size);
    assert_memory_equal(key->sha256, "SHA256:", 7);
    assert_non_null(strstr(buf_text(&key->text), "-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    buf_free(&line);
}

/* What libssh2 gets is a key of its own right: ssh-keygen finds the same public key in it. */
static void expect_readable(const char *name, const struct ssh_key *key)
{
    char command[300];
    FILE *file = fopen(path_of("rewritten"), "w");

    assert_non_null(file);
    fputs(buf_text(&key->text), file);
    fclose(file);
    assert_int_equal(chmod(path_of("rewritten"), 0600), 0);
    snprintf(command, sizeof(command),
             "cd %s; a=$(ssh-keygen -y -P '' -f rewritten | cut -d' ' -f1,2); "
             "b=$(cut -d' ' -f1,2 %s.pub); [ -n \"$a\" ] && [ \"$a\" = \"$b\" ]",
             folder, name);
    if (system(command) != 0)
        fail_msg("%s: rewritten wrongly", name);
}

static void test_formats(void **state)
{
    static const struct {
        const char *name;
        const char *passphrase;
    } cases[] = {
        {"plain", NULL},          {"plain", ""},
        {"plain", "unused"},      {"rsa", NULL},
        {"ecdsa", NULL},          {"pem", NULL},
        {"sec1", NULL},           {"pkcs8", NULL},
        {"pem_locked", "secret"}, {"pkcs8_locked", "secret"},
        {"locked", "secret"},     {"rsa_locked", "secret"},
        {"aes128-ctr", "secret"}, {"aes192-ctr", "secret"},
        {"aes256-cbc", "secret"}, {"aes128-cbc", "secret"},
        {"3des-cbc", "secret"},   {"aes128-gcm", "secret"},
        {"aes256-gcm", "secret"}, {"chacha20-poly1305", "secret"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ssh_key key;
        struct tl_error err = {0};
        if (load(cases[i].name, cases[i].passphrase, &key, &err) != TL_OK)
            fail_msg("%s: %s", cases[i].name, err.message);
        expect_same_public(cases[i].name, &key);
        expect_readable(cases[i].name, &key);
        ssh_key_free(&key);
    }
}

static void test_ed25519_in_pkcs8(void **state)
{
    struct ssh_key key;
    struct tl_error err = {0};

    (void)state;
    if (load("ed25519_pkcs8", NULL, &key, &err) != TL_OK)
        fail_msg("%s", err.message);
    assert_string_equal(key.type, "ssh-ed25519");
    ssh_key_free(&key);
}

/* The ways a key's text is bent on its way through forms and environments. */
static void bend(const struct buf *text, int way, struct buf *out)
{
    *out = BUF_INIT(1 << 17);
    if (way == 0) {
        base64_encode(out, text->data, text->size);
        return;
    }
    if (way == 1)
        buf_append_string(out, "\xef\xbb\xbf \n");
    for (size_t i = 0; i < text->size; i++) {
        if (text->data[i] != '\n')
            buf_append_char(out, text->data[i]);
        else if (way != 4 || i + 1 < text->size) /* 4: the last line end is missing */
            buf_append_string(out, way == 1   ? "\r\n"
                                   : way == 2 ? "\\n"
                                   : way == 3 ? "\\r\\n"
                                              : "\n");
    }
}

static void test_texts(void **state)
{
    static const char *const names[] = {"plain", "pem", "pkcs8"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (int way = 0; way < 5; way++) {
            struct buf text, bent;
            struct ssh_key key;
            read_file(names[i], &text);
            bend(&text, way, &bent);
            if (ssh_key_parse(bent.data, bent.size, "key", NULL, &key, NULL) != TL_OK)
                fail_msg("%s bent in way %d is refused", names[i], way);
            expect_same_public(names[i], &key);
            ssh_key_free(&key);
            buf_free(&text);
            buf_free(&bent);
        }
    }
}

/* What forms do to line ends: dropped, made blanks, kept only after the first line and before
 * the last, followed by blanks. */
static void flatten(const struct buf *text, int way, struct buf *out)
{
    const char *first = memchr(text->data, '\n', text->size), *last = strstr(first, "\n-----");

    *out = BUF_INIT(1 << 17);
    for (const char *at = text->data; at < text->data + text->size; at++) {
        if (*at != '\n' || (way == 2 && (at == first || at == last)))
            buf_append_char(out, *at);
        else if (way == 1 || way == 3)
            buf_append_string(out, way == 1 ? " " : "\n  ");
    }
}

static void test_lost_line_ends(void **state)
{
    static const char *const names[] = {"plain", "pem", "pkcs8"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (int way = 0; way < 4; way++) {
            struct buf text, flat;
            struct ssh_key key;
            read_file(names[i], &text);
            flatten(&text, way, &flat);
            if (ssh_key_parse(flat.data, flat.size, "key", NULL, &key, NULL) != TL_OK)
                fail_msg("%s flattened in way %d is refused", names[i], way);
            expect_same_public(names[i], &key);
            ssh_key_free(&key);
            buf_free(&text);
            buf_free(&flat);
        }
    }
}

/* The headers of an old encrypted key cannot be told from its body then. */
static void test_lost_headers(void **state)
{
    struct buf text, flat;
    struct ssh_key key;
    struct tl_error err = {0};

    (void)state;
    read_file("pem_locked", &text);
    flatten(&text, 1, &flat);
    assert_int_equal(ssh_key_parse(flat.data, flat.size, "key", "secret", &key, &err), TL_KEY);
    assert_non_null(strstr(err.message, "malformed"));
    buf_free(&text);
    buf_free(&flat);
}

static void refused(const char *name, const char *passphrase, const char *message,
                    const char *remedy)
{
    struct ssh_key key;
    struct tl_error err = {0};

    assert_int_equal(load(name, passphrase, &key, &err), TL_KEY);
    if (strstr(err.message, message) == NULL || strstr(err.remedy, remedy) == NULL)
        fail_msg("%s: %s (%s)", name, err.message, err.remedy);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static void test_refusals(void **state)
{
    static const char *const locked[] = {"locked",     "rsa_locked", "aes256-cbc",
                                         "aes256-gcm", "3des-cbc",   "chacha20-poly1305"};

    (void)state;
    write_file("ppk", "PuTTY-User-Key-File-2: ssh-rsa\n", 0600);
    write_file("words", "hello, this is no key\n", 0600);
    write_file("empty", "", 0600);
    write_file("hollow", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
               0600);
    refused("absent", NULL, "No such file", "ssh_private_key_path");
    refused(".", NULL, "Is a directory", "ssh_private_key_path");
    refused("locked", NULL, "no passphrase", "ssh_key_passphrase");
    refused("locked", "", "no passphrase", "ssh_key_passphrase");
    refused("pem_locked", NULL, "no passphrase", "ssh_key_passphrase");
    refused("pem_locked", "wrong", "does not open", "ssh_key_passphrase");
    refused("plain.pub", NULL, "public key", ".pub");
    refused("ppk", NULL, "PuTTY", "puttygen");
    refused("words", NULL, "not a private key", "OpenSSH or PEM");
    refused("empty", NULL, "empty", "OpenSSH or PEM");
    refused("hollow", NULL, "malformed", "whole");
    refused("dsa", NULL, "ssh-dss", "keygen");
    refused("x25519", NULL, "X25519", "keygen");
    for (size_t i = 0; i < sizeof(locked) / sizeof(locked[0]); i++) {
        refused(locked[i], NULL, "no passphrase", "ssh_key_passphrase");
        refused(locked[i], "wrong", "does not open", "ssh_key_passphrase");
    }
}

static void test_mode(void **state)
{
    (void)state;
    assert_int_equal(chmod(path_of("plain"), 0640), 0);
    refused("plain", NULL, "read by others (mode 0640)", "chmod 600");
    assert_int_equal(chmod(path_of("plain"), 0604), 0);
    refused("plain", NULL, "read by others", "chmod 600");
    assert_int_equal(chmod(path_of("plain"), 0400), 0);
    assert_int_equal(chmod(path_of("plain"), 0600), 0);
}

/* Cut short anywhere or with a bit turned over within its structure, a key is never taken for a
 * whole one, and never read beyond its end. */
static void test_damage(void **state)
{
    struct buf text;
    struct ssh_key key;
    struct tl_error err = {0};

    (void)state;
    read_file("plain", &text);
    for (size_t size = 0; size + 2 < text.size; size++) {
        char *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, text.data, size);
        assert_int_equal(ssh_key_parse(copy, size, "key", NULL, &key, &err), TL_KEY);
        free(copy);
    }
    for (size_t at = 36; at < text.size; at++) {
        char kept = text.data[at];
        text.data[at] = (char)(kept ^ 1);
        if (ssh_key_parse(text.data, text.size, "key", NULL, &key, &err) == TL_OK)
            ssh_key_free(&key);
        text.data[at] = kept;
    }
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),      cmocka_unit_test(test_ed25519_in_pkcs8),
        cmocka_unit_test(test_texts),        cmocka_unit_test(test_lost_line_ends),
        cmocka_unit_test(test_lost_headers), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_mode),         cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
