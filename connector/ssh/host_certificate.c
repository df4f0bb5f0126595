/* Host certificates: asked for, and checked. */
#include "ssh/host_certificate.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ssh/certificate.h"
#include "ssh/greeting.h"

enum { DISCONNECT = 1, KEXINIT = 20, KEX_INIT = 30, KEX_REPLY = 31 };
enum { PACKET_MAX_BYTES = 40000, ANSWER_MAX_BYTES = 256 * 1024, COOKIE_BYTES = 16 };
enum { GROUP14_BYTES = 256, X25519_BYTES = 32, HOST_MAX_BYTES = 255 };

static const char algorithm_names[] =
    "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
    "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
    "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com";
static const char cipher_names[] = "aes128-ctr,aes256-ctr,aes192-ctr,aes128-gcm@openssh.com,"
                                   "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com";
static const char mac_names[] = "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,"
                                "hmac-sha2-512-etm@openssh.com";

/* The generator of the curve P-256: any point will do, as nothing is ever encrypted. */
static const unsigned char p256_point[] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

/* What a client says first in the key exchange. */
static void append_x25519(struct buf *out)
{
    unsigned char bytes[X25519_BYTES];

    out->failed |= RAND_bytes(bytes, sizeof(bytes)) != 1;
    wire_append_text(out, bytes, sizeof(bytes));
}

static void append_p256(struct buf *out)
{
    wire_append_text(out, p256_point, sizeof(p256_point));
}

static void append_group14(struct buf *out)
{
    unsigned char bytes[GROUP14_BYTES];

    out->failed |= RAND_bytes(bytes, sizeof(bytes)) != 1;
    bytes[0] &= 0x7f; /* less than the prime */
    wire_append_unsigned(out, bytes, sizeof(bytes));
}

static const struct exchange {
    const char *name;
    void (*append_init)(struct buf *out);
} exchanges[] = {
    {"curve25519-sha256", append_x25519},
    {"curve25519-sha256@libssh.org", append_x25519},
    {"ecdh-sha2-nistp256", append_p256},
    {"diffie-hellman-group14-sha256", append_group14},
};
enum { EXCHANGES = sizeof(exchanges) / sizeof(exchanges[0]) };

struct fetch {
    struct ssh_link *link;
    const struct ssh_patience *patience;
    struct ssh_greeting greeting;
    struct buf received; /* what was not taken apart yet */
    struct buf outgoing;
    bool said_hello, asked;
    struct buf *blob; /* where the answer goes */
};

static void append_packet(struct buf *out, const struct buf *payload)
{
    static const unsigned char zeros[16];
    size_t padding = 8 - (payload->size + 5) % 8 + 8;

    wire_append_number(out, (uint32_t)(payload->size + padding + 1));
    buf_append_char(out, (char)padding);
    buf_append(out, payload->data, payload->size);
    buf_append(out, zeros, padding);
    out->failed = out->failed || payload->failed;
}

static void append_hello(struct fetch *fetch)
{
    struct buf payload = BUF_INIT(PACKET_MAX_BYTES), names = BUF_INIT(1024);
    unsigned char cookie[COOKIE_BYTES];

    payload.failed = RAND_bytes(cookie, sizeof(cookie)) != 1;
    for (size_t i = 0; i < EXCHANGES; i++)
        buf_printf(&names, "%s%s", i > 0 ? "," : "", exchanges[i].name);
    buf_append_char(&payload, KEXINIT);
    buf_append(&payload, cookie, sizeof(cookie));
    wire_append_word(&payload, buf_text(&names));
    wire_append_word(&payload, algorithm_names);
    for (int i = 0; i < 2; i++)
        wire_append_word(&payload, cipher_names);
    for (int i = 0; i < 2; i++)
        wire_append_word(&payload, mac_names);
    for (int i = 0; i < 2; i++)
        wire_append_word(&payload, "none");
    for (int i = 0; i < 2; i++)
        wire_append_word(&payload, "");
    buf_append_char(&payload, 0); /* no guessed packet follows */
    wire_append_number(&payload, 0);
    buf_append_string(&fetch->outgoing, "SSH-2.0-Towline\r\n");
    append_packet(&fetch->outgoing, &payload);
    buf_free(&payload);
    buf_free(&names);
}

static enum tl_status no_certificate(const char *why, struct tl_error *err)
{
    return tl_fail(err, TL_HOST_KEY, "%s", why);
}

/* The first exchange of ours that the server has, as RFC 4253 says. */
static enum tl_status ask(struct fetch *fetch, struct tl_error *err)
{
    const struct buf *offers = fetch->greeting.offers;
    struct buf payload = BUF_INIT(PACKET_MAX_BYTES);
    size_t i = 0;

    if (!ssh_names_meet(algorithm_names, buf_text(&offers[SSH_OFFER_HOST_KEY])))
        return no_certificate("the server has no certificate", err);
    while (i < EXCHANGES &&
           !ssh_names_contain(buf_text(&offers[SSH_OFFER_KEX]), exchanges[i].name))
        i++;
    if (i == EXCHANGES)
        return no_certificate("there is no common key exchange to ask for its certificate by",
                              err);
    buf_append_char(&payload, KEX_INIT);
    exchanges[i].append_init(&payload);
    append_packet(&fetch->outgoing, &payload);
    buf_free(&payload);
    fetch->asked = true;
    return TL_OK;
}

static enum tl_status take_packet(struct fetch *fetch, struct wire_text payload,
                                  struct tl_error *err)
{
    struct wire wire = wire_of(payload);
    struct wire_text blob;

    switch (wire_read_byte(&wire)) {
    case KEXINIT:
        return ask(fetch, err);
    case KEX_REPLY:
        blob = wire_read_text(&wire);
        if (!fetch->asked || wire.broken || blob.size == 0)
            return no_certificate("the server's answer is malformed", err);
        buf_append(fetch->blob, blob.data, blob.size);
        return buf_check(fetch->blob, "the certificate", err);
    case DISCONNECT:
        return no_certificate("the server ended the connection", err);
    default:
        return TL_OK;
    }
}

/* Takes one packet off what was received. *more: there may be another. */
static enum tl_status take_next(struct fetch *fetch, bool *more, struct tl_error *err)
{
    struct wire wire = {(const unsigned char *)buf_text(&fetch->received), fetch->received.size,
                        false};
    uint32_t length = wire_read_number(&wire);
    uint8_t padding = wire_read_byte(&wire);
    enum tl_status status;

    *more = false;
    if (wire.broken)
        return TL_OK;
    if (length > PACKET_MAX_BYTES || length < (uint32_t)padding + 2)
        return no_certificate("the server's answer is malformed", err);
    if (fetch->received.size < 4 + (size_t)length)
        return TL_OK;
    status = take_packet(fetch, wire_read_bytes(&wire, length - padding - 1), err);
    buf_consume(&fetch->received, 4 + (size_t)length);
    *more = status == TL_OK && fetch->blob->size == 0;
    return status;
}

/* Lines before the one that begins with SSH- are the server's chatter. */
static void skip_banner(struct fetch *fetch)
{
    char *newline;

    while (!fetch->said_hello && fetch->received.size > 0 &&
           (newline = memchr(fetch->received.data, '\n', fetch->received.size)) != NULL) {
        fetch->said_hello = strncmp(fetch->received.data, "SSH-", 4) == 0;
        buf_consume(&fetch->received, (size_t)(newline + 1 - fetch->received.data));
    }
}

static enum tl_status take(struct fetch *fetch, const char *data, size_t size,
                           struct tl_error *err)
{
    bool more;
    enum tl_status status = TL_OK;

    ssh_greeting_feed(&fetch->greeting, data, size);
    buf_append(&fetch->received, data, size);
    if (fetch->received.failed)
        return no_certificate("the server sends without end", err);
    skip_banner(fetch);
    for (more = fetch->said_hello; status == TL_OK && more;)
        status = take_next(fetch, &more, err);
    return status;
}

/* Lets bytes go either way; waits if none can. */
static enum tl_status move(struct fetch *fetch, struct tl_error *err)
{
    char data[4096];
    ssize_t got, sent = 0;

    if (fetch->outgoing.failed)
        return tl_fail(err, TL_MEMORY, "asking for a certificate: out of memory");
    if (fetch->outgoing.size > 0)
        sent = fetch->link->send(fetch->link, fetch->outgoing.data, fetch->outgoing.size);
    if (sent > 0)
        buf_consume(&fetch->outgoing, (size_t)sent);
    got = fetch->link->receive(fetch->link, data, sizeof(data));
    if (got > 0)
        return take(fetch, data, (size_t)got, err);
    if (got != -EAGAIN || (sent < 0 && sent != -EAGAIN))
        return no_certificate("the server ended the connection", err);
    if (fetch->link->ready(fetch->link))
        return TL_OK;
    switch (ssh_patience_wait(fetch->patience, fetch->link->fd,
                              fetch->outgoing.size > 0 ? POLLIN | POLLOUT : POLLIN)) {
    case TL_OK:
        return TL_OK;
    case TL_INTERRUPTED:
        return tl_fail(err, TL_INTERRUPTED, "stopped while asking for a certificate");
    default:
        return no_certificate("the server did not show its certificate in time", err);
    }
}

enum tl_status host_certificate_fetch(struct ssh_link *link,
                                      const struct ssh_patience *patience, struct buf *blob,
                                      struct tl_error *err)
{
    struct fetch fetch = {.link = link,
                          .patience = patience,
                          .received = BUF_INIT(ANSWER_MAX_BYTES),
                          .outgoing = BUF_INIT(ANSWER_MAX_BYTES),
                          .blob = blob};
    enum tl_status status = TL_OK;

    ssh_greeting_init(&fetch.greeting);
    append_hello(&fetch);
    while (status == TL_OK && blob->size == 0) {
        status = move(&fetch, err);
        if (status == TL_OK && clock_now_ms() >= patience->deadline_ms)
            status = no_certificate("the server did not show its certificate in time", err);
    }
    ssh_greeting_free(&fetch.greeting);
    buf_free(&fetch.received);
    buf_free(&fetch.outgoing);
    return status;
}

static struct known_key key_of(struct wire_text blob)
{
    return (struct known_key){blob.data, blob.size};
}

/* A certificate without principals is for every host; patterns are none, as for OpenSSH. */
static bool is_for_host(const struct certificate *certificate, const char *host)
{
    char lower[HOST_MAX_BYTES + 1] = "";

    for (size_t i = 0; i < HOST_MAX_BYTES && host[i] != '\0'; i++)
        lower[i] = (char)tolower((unsigned char)host[i]);
    return certificate->principals.size == 0 || certificate_names(certificate, lower);
}

static const char *find_fault(const struct certificate *certificate,
                              const struct known_hosts *known, const char *host)
{
    const struct buf *key = &certificate->key;
    struct known_key plain = {(const unsigned char *)key->data, key->size};

    if (certificate->kind != CERTIFICATE_HOST)
        return "its certificate is a user's, not a host's";
    if (!known_hosts_trusts_authority(known, key_of(certificate->authority)))
        return "its certificate is by another authority";
    if (known_hosts_check(known, plain, NULL) == KNOWN_HOSTS_REVOKED)
        return "its certificate is for a key that is marked @revoked";
    if (!certificate_is_signed(certificate))
        return "its certificate has a bad signature";
    if (!certificate_is_current(certificate, (uint64_t)clock_utc_us() / 1000000))
        return "its certificate has expired, or is not valid yet";
    if (!is_for_host(certificate, host))
        return "its certificate is for other hosts";
    if (certificate->critical_options.size > 0)
        return "its certificate has critical options that are not known here";
    return NULL;
}

enum tl_status host_certificate_accept(struct known_hosts *known, const char *host,
                                       const struct buf *blob, struct tl_error *err)
{
    struct certificate certificate = {0};
    const char *fault = "its certificate is malformed";
    enum tl_status status;

    if (certificate_parse(&certificate, (const unsigned char *)blob->data, blob->size))
        fault = find_fault(&certificate, known, host);
    if (fault != NULL)
        status = no_certificate(fault, err);
    else
        status =
            known_hosts_trust(known,
                              (struct known_key){(const unsigned char *)certificate.key.data,
                                                 certificate.key.size},
                              err);
    certificate_reset(&certificate);
    return status;
}
