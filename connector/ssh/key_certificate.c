/* The certificate that goes with a user's private key. */
#include "ssh/key_certificate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/text.h"
#include "ssh/certificate.h"
#include "ssh/key_public.h"
#include "ssh/known_hosts.h"
#include "ssh/local_user.h"

static bool is_of_key(const struct certificate *certificate, const struct ssh_key *key)
{
    const char *base64 = strchr(buf_text(&key->public_line), ' ');
    struct buf mine = BUF_INIT(SSH_KEY_MAX_BYTES);
    bool same = base64 != NULL && base64_decode(&mine, base64 + 1, strlen(base64 + 1)) &&
                mine.size == certificate->key.size &&
                memcmp(mine.data, certificate->key.data, mine.size) == 0;

    buf_free(&mine);
    return same;
}

static enum tl_status examine(const struct ssh_key *key, const char *path, const char *line,
                              struct tl_error *err)
{
    struct buf blob = BUF_INIT(SSH_KEY_MAX_BYTES);
    struct certificate certificate = {0};
    enum tl_status status = TL_OK;

    if (!key_public_decode(line, &blob) ||
        !certificate_parse(&certificate, (const unsigned char *)blob.data, blob.size)) {
        tl_fail(err, TL_KEY, "%s is not a certificate", path);
        status = tl_remedy(err, "Give the file KEY-cert.pub that `ssh-keygen -s CA KEY.pub` "
                                "wrote");
    } else if (certificate.kind != CERTIFICATE_USER) {
        tl_fail(err, TL_KEY, "%s is a host's certificate, not a user's", path);
        status = tl_remedy(err, "Give one that was signed without -h");
    } else if (!is_of_key(&certificate, key)) {
        tl_fail(err, TL_KEY, "the certificate %s is for another key than %s (%s)", path,
                key->name, key->sha256);
        status = tl_remedy(err, "Give the certificate and the private key it was made for "
                                "(ssh-keygen -Lf shows its key)");
    }
    certificate_reset(&certificate);
    buf_free(&blob);
    return status;
}

static enum tl_status read_line(FILE *file, const char *path, struct ssh_key *key,
                                struct tl_error *err)
{
    char line[SSH_KEY_MAX_BYTES / 2];
    enum tl_status status;

    if (fgets(line, sizeof(line), file) == NULL)
        line[0] = '\0';
    status = examine(key, path, line, err);
    if (status == TL_OK)
        buf_append(&key->certificate, line, strcspn(line, "\r\n"));
    return status;
}

/* One that is not configured counts only if it fits, as for OpenSSH's client. */
static enum tl_status load(const char *path, bool configured, struct ssh_key *key,
                           struct tl_error *err)
{
    FILE *file = fopen(path, "re");
    enum tl_status status;

    if (file == NULL && !configured)
        return TL_OK;
    if (file == NULL) {
        tl_fail(err, TL_KEY, "cannot read the certificate %s: %s", path, strerror(errno));
        return tl_remedy(err, "Check ssh_certificate_path");
    }
    status = read_line(file, path, key, configured ? err : NULL);
    fclose(file);
    return configured ? status : TL_OK;
}

enum tl_status key_certificate_load(const struct ssh_options *options, struct ssh_key *key,
                                    struct tl_error *err)
{
    bool configured = options->certificate_path != NULL && *options->certificate_path != '\0';
    bool beside = !configured && options->private_key_path != NULL;
    char *path = NULL, *whole = NULL;
    enum tl_status status = TL_OK;

    if (!configured && !beside)
        return TL_OK;
    path = local_user_path(configured ? options->certificate_path : options->private_key_path);
    if (path == NULL || (beside && asprintf(&whole, "%s-cert.pub", path) < 0))
        status = tl_fail(err, TL_MEMORY, "reading the certificate: out of memory");
    else
        status = load(beside ? whole : path, configured, key, err);
    free(path);
    free(whole);
    return status;
}

static void describe_time(const char *what, uint64_t second, struct buf *out)
{
    char text[CLOCK_UTC_SIZE];

    if (second < INT64_MAX / 1000000)
        buf_printf(out, " (which %s %.19sZ)", what,
                   clock_format_utc((int64_t)second * 1000000, text));
}

static void describe_principals(const struct certificate *certificate, struct buf *out)
{
    struct wire wire = wire_of(certificate->principals);
    const char *separator = "";

    buf_append_string(out, " (which is for the users ");
    while (wire.left > 0 && !wire.broken) {
        struct wire_text name = wire_read_text(&wire);
        buf_append_string(out, separator);
        text_append_safe(out, (const char *)name.data, name.size);
        separator = ", ";
    }
    buf_append_char(out, ')');
}

bool key_certificate_describe(const struct ssh_key *key, const char *user, struct buf *out)
{
    struct buf blob = BUF_INIT(SSH_KEY_MAX_BYTES);
    struct certificate certificate = {0};
    uint64_t now_s = (uint64_t)clock_utc_us() / 1000000;
    size_t before = out->size;

    if (key_public_decode(buf_text(&key->certificate), &blob) &&
        certificate_parse(&certificate, (const unsigned char *)blob.data, blob.size)) {
        if (now_s >= certificate.valid_before_s)
            describe_time("expired", certificate.valid_before_s, out);
        else if (now_s < certificate.valid_after_s)
            describe_time("begins to be valid", certificate.valid_after_s, out);
        else if (certificate.principals.size > 0 && !certificate_names(&certificate, user))
            describe_principals(&certificate, out);
    }
    certificate_reset(&certificate);
    buf_free(&blob);
    return out->size > before;
}
