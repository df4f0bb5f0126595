/* Whether the first field of a known_hosts line speaks of a host: patterns and hashes. */
#include "ssh/known_hosts_match.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"
#include "base/base64.h"

enum { SHA1_SIZE = 20, DEFAULT_PORT = 22 };

bool host_names_init(struct host_names *names, const char *host, uint16_t port)
{
    names->plain = strdup(host);
    for (char *c = names->plain; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    if (names->plain == NULL)
        return false;
    if (port == DEFAULT_PORT)
        names->with_port = strdup(names->plain);
    else if (asprintf(&names->with_port, "[%s]:%u", names->plain, port) < 0)
        names->with_port = NULL;
    return names->with_port != NULL;
}

void host_names_reset(struct host_names *names)
{
    free(names->plain);
    free(names->with_port);
    *names = (struct host_names){0};
}

/* `*` and `?` as in a shell, letter case ignored. On a mismatch after a star, the star takes
 * one character more: linear but for the stars, and without recursion. */
static bool glob_match(const char *pattern, size_t size, const char *name)
{
    const char *end = pattern + size, *star = NULL, *resume = NULL;

    while (*name != '\0') {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (pattern < end &&
                   (*pattern == '?' || tolower((unsigned char)*pattern) == *name)) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

/* A negated pattern that matches excludes the whole line, whatever else is on it. */
static bool list_match(const char *list, const char *name)
{
    bool matched = false;

    while (*list != '\0') {
        size_t size = strcspn(list, ",");
        bool negated = list[0] == '!';

        if (glob_match(list + negated, size - negated, name)) {
            if (negated)
                return false;
            matched = true;
        }
        list += size;
        list += *list == ',';
    }
    return matched;
}

/* "|1|base64 of the salt|base64 of HMAC-SHA1(salt, name)" */
static bool hash_match(const char *field, const char *name)
{
    const char *salt_text = field + 3, *hash_text = strchr(salt_text, '|');
    struct buf salt = BUF_INIT(256), hash = BUF_INIT(256);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    bool matched;

    if (hash_text == NULL)
        return false;
    matched = base64_decode(&salt, salt_text, (size_t)(hash_text - salt_text)) &&
              base64_decode(&hash, hash_text + 1, strlen(hash_text + 1)) &&
              hash.size == SHA1_SIZE &&
              HMAC(EVP_sha1(), salt.data, (int)salt.size, (const unsigned char *)name,
                   strlen(name), digest, &size) != NULL &&
              size == SHA1_SIZE && CRYPTO_memcmp(digest, hash.data, SHA1_SIZE) == 0;
    buf_free(&salt);
    buf_free(&hash);
    return matched;
}

static bool field_match(const char *field, const char *name)
{
    return strncmp(field, "|1|", 3) == 0 ? hash_match(field, name) : list_match(field, name);
}

bool host_names_match(const struct host_names *names, const char *field, bool *other_port)
{
    *other_port = false;
    if (field_match(field, names->with_port))
        return true;
    if (strcmp(names->plain, names->with_port) == 0)
        return false;
    *other_port = field_match(field, names->plain);
    return *other_port;
}
