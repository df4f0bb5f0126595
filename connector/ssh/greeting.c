/* What a server says before encryption begins. */
#include "ssh/greeting.h"

#include <string.h>

enum { MSG_KEXINIT = 20, PACKET_MAX_BYTES = 40000, COOKIE_BYTES = 16 };

void ssh_greeting_init(struct ssh_greeting *greeting)
{
    *greeting = (struct ssh_greeting){.raw = BUF_INIT(SSH_GREETING_MAX_BYTES),
                                      .banner = BUF_INIT(1024)};
    for (int i = 0; i < SSH_OFFER_COUNT; i++)
        greeting->offers[i] = BUF_INIT(PACKET_MAX_BYTES);
}

void ssh_greeting_free(struct ssh_greeting *greeting)
{
    buf_free(&greeting->raw);
    buf_free(&greeting->banner);
    for (int i = 0; i < SSH_OFFER_COUNT; i++)
        buf_free(&greeting->offers[i]);
}

static size_t read_u32(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* The payload: message number, cookie, then the name-lists. */
static void parse_offers(struct ssh_greeting *greeting, const unsigned char *payload,
                         size_t size)
{
    size_t at = 1 + COOKIE_BYTES;

    if (size < at || payload[0] != MSG_KEXINIT)
        return;
    for (int i = 0; i < SSH_OFFER_COUNT; i++) {
        size_t length = at + 4 <= size ? read_u32(payload + at) : size;
        if (length > size - at || at + 4 + length > size)
            return;
        buf_append(&greeting->offers[i], payload + at + 4, length);
        at += 4 + length;
    }
    greeting->of_client = ssh_names_meet(buf_text(&greeting->offers[SSH_OFFER_KEX]),
                                         "ext-info-c,kex-strict-c-v00@openssh.com");
}

/* The first packet after the banner: length, length of its padding, payload, padding. */
static void parse_packet(struct ssh_greeting *greeting, const unsigned char *bytes, size_t size)
{
    size_t length;

    if (size < 5)
        return;
    length = read_u32(bytes);
    if (length > PACKET_MAX_BYTES) {
        greeting->complete = true; /* nothing that could be read */
        return;
    }
    if (size < 4 + length)
        return;
    greeting->complete = true;
    if (length >= 2 && bytes[4] < length - 1)
        parse_offers(greeting, bytes + 5, length - 1 - bytes[4]);
}

/* A server may send other lines before the one that starts with "SSH-". */
static void parse(struct ssh_greeting *greeting)
{
    const char *at = buf_text(&greeting->raw), *end = at + greeting->raw.size;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline != NULL ? (size_t)(newline - at) : 0;
        if (newline == NULL)
            return;
        if (length > 4 && memcmp(at, "SSH-", 4) == 0) {
            buf_reset(&greeting->banner);
            buf_append(&greeting->banner, at, at[length - 1] == '\r' ? length - 1 : length);
            parse_packet(greeting, (const unsigned char *)newline + 1,
                         (size_t)(end - newline - 1));
            return;
        }
        at = newline + 1;
    }
}

void ssh_greeting_feed(struct ssh_greeting *greeting, const void *data, size_t size)
{
    if (greeting->complete || greeting->raw.failed)
        return;
    buf_append(&greeting->raw, data, size);
    /* banners come byte by byte: look only at line ends, and at every chunk after the banner */
    if (greeting->banner.size > 0 || memchr(data, '\n', size) != NULL)
        parse(greeting);
}

/* 1.99 is how servers that speak version 1, too, say that they speak 2.0. */
bool ssh_greeting_is_spoken(const struct ssh_greeting *greeting)
{
    const char *banner = buf_text(&greeting->banner);

    return strncmp(banner, "SSH-2.0-", 8) == 0 || strncmp(banner, "SSH-1.99-", 9) == 0;
}

bool ssh_names_contain(const char *list, const char *name)
{
    size_t size = strlen(name);

    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        if (length == size && memcmp(list, name, size) == 0)
            return true;
        list += length;
        list += *list == ',';
    }
    return false;
}

bool ssh_names_meet(const char *left, const char *right)
{
    char name[128];

    while (*left != '\0') {
        size_t length = strcspn(left, ",");
        if (length > 0 && length < sizeof(name)) {
            memcpy(name, left, length);
            name[length] = '\0';
            if (ssh_names_contain(right, name))
                return true;
        }
        left += length;
        left += *left == ',';
    }
    return false;
}
