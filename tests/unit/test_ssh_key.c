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
#include <unistd.h>

#include "base/buf.h"
#include "base/base64.h"
#include "ssh/key.h"

static char folder[] = "/tmp/towline-keys-XXXXXX";

/* Keys are made anew for each run by the tool whose formats are read. */
static int make_keys(void **state)
{
    char command[2000];

    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(command, sizeof(command),
             "cd %s && k() { ssh-keygen -q -C '' \"$@\"; } &&"
             "k -t ed25519 -N '' -f plain && k -t ed25519 -N secret -f locked &&"
             "k -t rsa -b 2048 -m PEM -N '' -f pem && k -t ecdsa -m PKCS8 -N '' -f pkcs8 &&"
             "k -t rsa -b 2048 -m PEM -N secret -f pem_locked &&"
             "k -t ed25519 -N secret -Z chacha20-poly1305@openssh.com -f chacha",
             folder);
    return system(command);
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

static void test_formats(void **state)
{
    static const struct {
        const char *name;
        const char *passphrase;
        bool tells_public;
    } cases[] = {{"plain", NULL, true},          {"plain", "", true},
                 {"plain", "unused", true},      {"locked", "secret", true},
                 {"pem", NULL, false},           {"pkcs8", NULL, false},
                 {"pem_locked", "secret", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ssh_key key;
        struct tl_error err = {0};
        if (load(cases[i].name, cases[i].passphrase, &key, &err) != TL_OK)
            fail_msg("%s: %s", cases[i].name, err.message);
        assert_int_equal(key.public_line.size > 0, cases[i].tells_public);
        ssh_key_free(&key);
    }
}

static void test_public_line(void **state)
{
    struct ssh_key key;
    struct buf line;

    (void)state;
    read_file("plain.pub", &line);
    assert_int_equal(load("plain", NULL, &key, NULL), TL_OK);
    assert_memory_equal(line.data, key.public_line.data, key.public_line.size);
    assert_memory_equal(key.sha256, "SHA256:", 7);
    ssh_key_free(&key);
    buf_free(&line);
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
            assert_string_equal(buf_text(&key.text), buf_text(&text));
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

static void expect_same_but_for_lines(const struct buf *key, const struct buf *original)
{
    const char *left = buf_text(key), *right = buf_text(original), *line = left;

    for (; *left != '\0'; left++) {
        if (*left == '\n') {
            assert_true(left - line <= 76);
            line = left + 1;
            continue;
        }
        while (*right == '\n')
            right++;
        assert_int_equal(*left, *right++);
    }
    assert_string_equal(right, "\n");
    assert_non_null(strstr(buf_text(key), "KEY-----\n"));
    assert_non_null(strstr(buf_text(key), "\n-----END "));
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
            expect_same_but_for_lines(&key.text, &text);
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
    refused("chacha", "secret", "chacha20-poly1305", "ssh-keygen -p");
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
        cmocka_unit_test(test_formats),      cmocka_unit_test(test_public_line),
        cmocka_unit_test(test_texts),        cmocka_unit_test(test_lost_line_ends),
        cmocka_unit_test(test_lost_headers), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_mode),         cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
