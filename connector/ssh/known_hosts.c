/* Reads OpenSSH's known_hosts files for one host, and decides what they say of a key. */
#include "ssh/known_hosts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"
#include "base/base64.h"
#include "ssh/known_hosts_match.h"
#include "ssh/local_user.h"
#include "towline/log.h"

enum { LINE_MAX_BYTES = 64 * 1024, KEYS_MAX = 1024 };

enum line_mark { MARK_NONE, MARK_REVOKED, MARK_AUTHORITY, MARK_UNKNOWN };

struct entry {
    struct buf blob;
    enum line_mark mark;
    bool other_port; /* the line names the host alone, and the port asked for is not 22 */
};

struct known_hosts {
    struct entry *entries;
    size_t n_entries;
    char doubt[160]; /* why no authority vouches for the host */
};

static enum tl_status add_entry(struct known_hosts *hosts, struct entry entry,
                                struct tl_error *err)
{
    struct entry *grown = NULL;

    /* A line left out might be the one that revokes the key. */
    if (hosts->n_entries == KEYS_MAX) {
        tl_fail(err, TL_HOST_KEY, "known_hosts has more than %d keys for one host", KEYS_MAX);
        tl_remedy(err, "Remove the lines that nothing needs, or name another file in "
                       "ssh_known_hosts_path");
    } else {
        grown = reallocarray(hosts->entries, hosts->n_entries + 1, sizeof(*grown));
        if (grown == NULL)
            tl_fail(err, TL_MEMORY, "reading known_hosts: out of memory");
    }
    if (grown == NULL) {
        buf_free(&entry.blob);
        return err->status;
    }
    grown[hosts->n_entries++] = entry;
    hosts->entries = grown;
    return TL_OK;
}

/* The next word of the line, NUL-terminated in place; "" at the end. */
static char *next_word(char **line)
{
    char *word = *line + strspn(*line, " \t");
    char *end = word + strcspn(word, " \t\r\n");

    *line = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

static enum line_mark parse_mark(const char *word)
{
    if (strcmp(word, "@revoked") == 0)
        return MARK_REVOKED;
    return strcmp(word, "@cert-authority") == 0 ? MARK_AUTHORITY : MARK_UNKNOWN;
}

/* The key's own type must agree with the type the line claims. */
static bool parse_blob(struct buf *blob, const char *type, const char *base64)
{
    char inner[KNOWN_KEY_TYPE_SIZE];
    struct known_key key;

    if (!base64_decode(blob, base64, strlen(base64)))
        return false;
    key = (struct known_key){(const unsigned char *)blob->data, blob->size};
    return strcmp(known_key_type(key, inner), type) == 0;
}

/* One line. *good tells whether it was well-formed; lines of other hosts are not looked into.
 */
static enum tl_status read_line(struct known_hosts *hosts, char *line,
                                const struct host_names *names, bool *good,
                                struct tl_error *err)
{
    struct entry entry = {.blob = BUF_INIT(LINE_MAX_BYTES)};
    const char *patterns = next_word(&line), *type;

    *good = true;
    if (patterns[0] == '\0' || patterns[0] == '#')
        return TL_OK;
    if (patterns[0] == '@') {
        entry.mark = parse_mark(patterns);
        patterns = next_word(&line);
    }
    if (!host_names_match(names, patterns, &entry.other_port))
        return TL_OK;
    type = next_word(&line);
    *good = entry.mark != MARK_UNKNOWN && parse_blob(&entry.blob, type, next_word(&line));
    if (!*good) {
        buf_free(&entry.blob);
        return TL_OK;
    }
    return add_entry(hosts, entry, err);
}

static enum tl_status unreadable(const char *path, struct tl_error *err)
{
    tl_fail(err, TL_HOST_KEY, "cannot read known hosts from %s: %s", path, strerror(errno));
    return tl_remedy(err, "Make the file readable, or name another in ssh_known_hosts_path");
}

static enum tl_status read_lines(struct known_hosts *hosts, FILE *file, const char *path,
                                 const struct host_names *names, struct tl_error *err)
{
    char *line = NULL;
    size_t room = 0;
    enum tl_status status = TL_OK;
    bool good;

    for (int number = 1; status == TL_OK && getline(&line, &room, file) >= 0; number++) {
        status = read_line(hosts, line, names, &good, err);
        if (status == TL_OK && !good)
            tl_log(TL_LOG_DEBUG, "%s line %d is not understood and was skipped", path, number);
    }
    if (status == TL_OK && ferror(file))
        status = unreadable(path, err);
    free(line);
    return status;
}

static enum tl_status read_file(struct known_hosts *hosts, const char *path,
                                const struct host_names *names, struct tl_error *err)
{
    FILE *file = fopen(path, "re");
    enum tl_status status;

    if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
        return TL_OK;
    if (file == NULL)
        return unreadable(path, err);
    status = read_lines(hosts, file, path, names, err);
    fclose(file);
    return status;
}

static enum tl_status read_files(struct known_hosts *hosts, const char *const *paths,
                                 const struct host_names *names, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    for (; status == TL_OK && *paths != NULL; paths++) {
        char *path = local_user_path(*paths);
        status = path != NULL ? read_file(hosts, path, names, err)
                              : tl_fail(err, TL_MEMORY, "reading known_hosts: out of memory");
        free(path);
    }
    return status;
}

enum tl_status known_hosts_load(const char *const *paths, const char *host, uint16_t port,
                                struct known_hosts **out, struct tl_error *err)
{
    struct known_hosts *hosts = calloc(1, sizeof(*hosts));
    struct host_names names = {0};
    enum tl_status status;

    if (hosts == NULL || !host_names_init(&names, host, port))
        status = tl_fail(err, TL_MEMORY, "reading known_hosts: out of memory");
    else
        status = read_files(hosts, paths, &names, err);
    if (status == TL_OK) {
        *out = hosts;
        hosts = NULL;
    }
    host_names_reset(&names);
    known_hosts_free(hosts);
    return status;
}

void known_hosts_free(struct known_hosts *hosts)
{
    if (hosts == NULL)
        return;
    for (size_t i = 0; i < hosts->n_entries; i++)
        buf_free(&hosts->entries[i].blob);
    free(hosts->entries);
    free(hosts);
}

static struct known_key entry_key(const struct entry *entry)
{
    return (struct known_key){(const unsigned char *)entry->blob.data, entry->blob.size};
}

static bool same_key(const struct entry *entry, struct known_key key)
{
    return entry->blob.size == key.size && memcmp(entry->blob.data, key.blob, key.size) == 0;
}

bool known_key_same_type(struct known_key left, struct known_key right)
{
    char left_type[KNOWN_KEY_TYPE_SIZE], right_type[KNOWN_KEY_TYPE_SIZE];
    return strcmp(known_key_type(left, left_type), known_key_type(right, right_type)) == 0;
}

enum known_hosts_verdict known_hosts_check(const struct known_hosts *hosts,
                                           struct known_key key, struct known_key *other)
{
    enum known_hosts_verdict verdict = KNOWN_HOSTS_UNKNOWN;
    struct known_key known = {0};

    for (size_t i = 0; i < hosts->n_entries; i++) {
        const struct entry *entry = &hosts->entries[i];
        bool same = same_key(entry, key);

        if (same && entry->mark == MARK_REVOKED)
            return KNOWN_HOSTS_REVOKED;
        if (entry->mark != MARK_NONE || verdict == KNOWN_HOSTS_MATCH)
            continue;
        if (same) {
            verdict = KNOWN_HOSTS_MATCH;
        } else if (!entry->other_port) { /* another port may be another machine: says nothing */
            verdict = KNOWN_HOSTS_CHANGED;
            if (known.blob == NULL || (!known_key_same_type(known, key) &&
                                       known_key_same_type(entry_key(entry), key)))
                known = entry_key(entry);
        }
    }
    if (other != NULL)
        *other = known;
    return verdict;
}

bool known_hosts_has_type(const struct known_hosts *hosts, const char *type)
{
    char known[KNOWN_KEY_TYPE_SIZE];

    for (size_t i = 0; i < hosts->n_entries; i++)
        if (hosts->entries[i].mark == MARK_NONE &&
            strcmp(known_key_type(entry_key(&hosts->entries[i]), known), type) == 0)
            return true;
    return false;
}

bool known_hosts_has_authority(const struct known_hosts *hosts)
{
    for (size_t i = 0; i < hosts->n_entries; i++)
        if (hosts->entries[i].mark == MARK_AUTHORITY)
            return true;
    return false;
}

bool known_hosts_trusts_authority(const struct known_hosts *hosts, struct known_key key)
{
    bool trusted = false;

    for (size_t i = 0; i < hosts->n_entries; i++) {
        if (!same_key(&hosts->entries[i], key))
            continue;
        if (hosts->entries[i].mark == MARK_REVOKED)
            return false;
        trusted = trusted || hosts->entries[i].mark == MARK_AUTHORITY;
    }
    return trusted;
}

enum tl_status known_hosts_trust(struct known_hosts *hosts, struct known_key key,
                                 struct tl_error *err)
{
    struct entry entry = {.blob = BUF_INIT(LINE_MAX_BYTES)};

    buf_append(&entry.blob, key.blob, key.size);
    if (entry.blob.failed) {
        buf_free(&entry.blob);
        return tl_fail(err, TL_MEMORY, "trusting a host key: out of memory");
    }
    return add_entry(hosts, entry, err);
}

void known_hosts_set_doubt(struct known_hosts *hosts, const char *why)
{
    snprintf(hosts->doubt, sizeof(hosts->doubt), "%s", why);
}

const char *known_hosts_doubt(const struct known_hosts *hosts)
{
    return hosts->doubt;
}

const char *known_key_type(struct known_key key, char out[KNOWN_KEY_TYPE_SIZE])
{
    size_t length;

    out[0] = '\0';
    if (key.size < 4)
        return out;
    length = (size_t)key.blob[0] << 24 | (size_t)key.blob[1] << 16 | (size_t)key.blob[2] << 8 |
             key.blob[3];
    if (length >= KNOWN_KEY_TYPE_SIZE || length > key.size - 4)
        return out;
    for (size_t i = 0; i < length; i++)
        if (!isgraph(key.blob[4 + i]))
            return out;
    memcpy(out, key.blob + 4, length);
    out[length] = '\0';
    return out;
}

const char *known_key_sha256(struct known_key key, char out[KNOWN_KEY_SHA256_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char text[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_Digest(key.blob, key.size, digest, &size, EVP_sha256(), NULL) != 1) {
        snprintf(out, KNOWN_KEY_SHA256_SIZE, "SHA256:?");
        return out;
    }
    EVP_EncodeBlock(text, digest, (int)size);
    text[strcspn((char *)text, "=")] = '\0';
    snprintf(out, KNOWN_KEY_SHA256_SIZE, "SHA256:%.43s", (const char *)text);
    return out;
}
