/* OpenSSH's certificates. */
#include "ssh/certificate.h"

#include <string.h>

#include "ssh/signature.h"

enum { KEY_MAX_BYTES = 64 * 1024 };

/* The types of key, and how many fields each has after the type's name. */
static const struct {
    const char *type;
    int n_fields;
} kinds[] = {
    {"ssh-ed25519", 1},         {"ssh-rsa", 2},
    {"ecdsa-sha2-nistp256", 2}, {"ecdsa-sha2-nistp384", 2},
    {"ecdsa-sha2-nistp521", 2},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static size_t kind_of(struct wire_text type)
{
    size_t suffix = strlen(CERTIFICATE_SUFFIX), kind = 0;

    if (type.size <= suffix ||
        memcmp(type.data + type.size - suffix, CERTIFICATE_SUFFIX, suffix) != 0)
        return KINDS;
    type.size -= suffix;
    while (kind < KINDS && !wire_is(type, kinds[kind].type))
        kind++;
    return kind;
}

static void take_key(struct certificate *out, struct wire *wire, size_t kind)
{
    wire_append_word(&out->key, kinds[kind].type);
    for (int i = 0; i < kinds[kind].n_fields; i++) {
        struct wire_text field = wire_read_text(wire);
        wire_append_text(&out->key, field.data, field.size);
    }
}

bool certificate_parse(struct certificate *out, const unsigned char *blob, size_t size)
{
    struct wire wire = {blob, size, false};
    size_t kind = kind_of(wire_read_text(&wire));

    *out = (struct certificate){.key = BUF_INIT(KEY_MAX_BYTES)};
    if (wire.broken || kind == KINDS)
        return false;
    (void)wire_read_text(&wire); /* a nonce */
    take_key(out, &wire, kind);
    (void)wire_read_long(&wire); /* its serial number */
    out->kind = wire_read_number(&wire);
    (void)wire_read_text(&wire); /* its name */
    out->principals = wire_read_text(&wire);
    out->valid_after_s = wire_read_long(&wire);
    out->valid_before_s = wire_read_long(&wire);
    out->critical_options = wire_read_text(&wire);
    (void)wire_read_text(&wire); /* extensions, which may be ignored */
    (void)wire_read_text(&wire); /* reserved */
    out->authority = wire_read_text(&wire);
    out->signed_part = (struct wire_text){blob, (size_t)(wire.at - blob)};
    out->signature = wire_read_text(&wire);
    return !wire.broken && wire.left == 0 && !out->key.failed;
}

void certificate_reset(struct certificate *certificate)
{
    buf_free(&certificate->key);
    *certificate = (struct certificate){0};
}

bool certificate_is_current(const struct certificate *certificate, uint64_t now_s)
{
    return now_s >= certificate->valid_after_s && now_s < certificate->valid_before_s;
}

bool certificate_names(const struct certificate *certificate, const char *principal)
{
    struct wire wire = wire_of(certificate->principals);

    while (wire.left > 0 && !wire.broken)
        if (wire_is(wire_read_text(&wire), principal))
            return true;
    return false;
}

bool certificate_is_signed(const struct certificate *certificate)
{
    return signature_is_good(certificate->authority, certificate->signature,
                             certificate->signed_part);
}
