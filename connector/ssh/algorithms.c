/* Which algorithms are offered to a server. */
#include "ssh/algorithms.h"

#include <string.h>

#include "base/text.h"

#define CHACHA   "chacha20-poly1305@openssh.com"
#define GCM      "aes128-gcm@openssh.com,aes256-gcm@openssh.com"
#define RSA_SHA2 "rsa-sha2-512,rsa-sha2-256"

static const char kex_names[] =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
    "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256";
/* The fastest first. A libssh2 that deciphers block by block is slow at AES, slowest at GCM. */
#ifdef LIBSSH2_BULK_DECRYPT
#define AES GCM ",aes128-ctr,aes256-ctr,aes192-ctr"
static const char cipher_names[] = AES "," CHACHA;
#else
#define AES "aes128-ctr,aes256-ctr,aes192-ctr," GCM
static const char cipher_names[] = CHACHA "," AES;
#endif
static const char cipher_names_but_chacha[] = AES;
static const char mac_names[] = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
                                "hmac-sha2-256,hmac-sha2-512";

/* Key types in the order of preference, with the signature algorithms each is used by. */
static const struct {
    const char *type;
    const char *algorithms;
} host_keys[] = {
    {"ssh-ed25519", "ssh-ed25519"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
    {"ssh-rsa", RSA_SHA2},
};
enum { HOST_KEYS = sizeof(host_keys) / sizeof(host_keys[0]) };

static void append_host_keys(struct buf *names, const struct known_hosts *known, bool wanted,
                             unsigned omit)
{
    for (size_t i = 0; i < HOST_KEYS; i++) {
        bool has = known != NULL && known_hosts_has_type(known, host_keys[i].type);
        if (has == wanted && (omit & 1u << i) == 0)
            buf_printf(names, "%s%s", names->size > 0 ? "," : "", host_keys[i].algorithms);
    }
}

bool algorithms_omit_host_key(struct algorithms_omit *omit, const struct ssh_session *session,
                              const char *type)
{
    const char *offered = buf_text(&session->greeting.offers[SSH_OFFER_HOST_KEY]);
    bool others = false;

    for (size_t i = 0; i < HOST_KEYS; i++) {
        if (strcmp(host_keys[i].type, type) == 0)
            omit->host_keys |= 1u << i;
        if ((omit->host_keys & 1u << i) == 0 &&
            ssh_names_meet(host_keys[i].algorithms, offered))
            others = true;
    }
    return others;
}

static bool prefer(struct ssh_session *session, int method, const char *names)
{
    return libssh2_session_method_pref(session->ssh, method, names) == 0;
}

enum tl_status algorithms_offer(struct ssh_session *session, const struct known_hosts *known,
                                bool compression, const struct algorithms_omit *omit,
                                struct tl_error *err)
{
    struct buf wanted = BUF_INIT(1024);
    const char *ciphers = omit->chacha ? cipher_names_but_chacha : cipher_names;
    const char *compressions = compression ? "zlib@openssh.com,none" : "none";
    bool good;

    append_host_keys(&wanted, known, true, omit->host_keys);
    append_host_keys(&wanted, known, false, omit->host_keys);
    libssh2_session_flag(session->ssh, LIBSSH2_FLAG_COMPRESS, compression);
    good = prefer(session, LIBSSH2_METHOD_KEX, kex_names) &&
           prefer(session, LIBSSH2_METHOD_HOSTKEY, buf_text(&wanted)) &&
           prefer(session, LIBSSH2_METHOD_CRYPT_CS, ciphers) &&
           prefer(session, LIBSSH2_METHOD_CRYPT_SC, ciphers) &&
           prefer(session, LIBSSH2_METHOD_MAC_CS, mac_names) &&
           prefer(session, LIBSSH2_METHOD_MAC_SC, mac_names) &&
           prefer(session, LIBSSH2_METHOD_COMP_CS, compressions) &&
           prefer(session, LIBSSH2_METHOD_COMP_SC, compressions);
    buf_free(&wanted);
    return good ? TL_OK : pump_fail(session, TL_HANDSHAKE, 0, "choosing algorithms", err);
}

bool algorithms_need_strict_kex(struct ssh_session *session)
{
    const char *ciphers[] = {libssh2_session_methods(session->ssh, LIBSSH2_METHOD_CRYPT_CS),
                             libssh2_session_methods(session->ssh, LIBSSH2_METHOD_CRYPT_SC)};
    const char *kex = buf_text(&session->greeting.offers[SSH_OFFER_KEX]);

    if (ssh_names_contain(kex, "kex-strict-s-v00@openssh.com"))
        return false;
    for (int i = 0; i < 2; i++)
        if (ciphers[i] != NULL && strcmp(ciphers[i], CHACHA) == 0)
            return true;
    return false;
}

/* What libssh2 offers of a method after method_pref dropped the names it does not have. */
static void supported(struct ssh_session *session, int method, const char *names,
                      struct buf *out)
{
    const char **list = NULL;
    int n = libssh2_session_supported_algs(session->ssh, method, &list);

    for (int i = 0; i < n; i++)
        if (ssh_names_contain(names, list[i]))
            buf_printf(out, "%s%s", out->size > 0 ? "," : "", list[i]);
    if (n > 0)
        libssh2_free(session->ssh, (void *)list);
}

/* Ciphers that bring their own integrity make the MAC lists irrelevant. */
static bool mac_matters(const char *ciphers)
{
    return !ssh_names_meet(ciphers, CHACHA "," GCM);
}

static const char *agreed(const struct ssh_session *session, int method)
{
    const char *name = libssh2_session_methods(session->ssh, method);
    return name != NULL ? name : "?";
}

void algorithms_describe(const struct ssh_session *session, struct buf *out)
{
    const char *cipher = agreed(session, LIBSSH2_METHOD_CRYPT_SC);

    buf_printf(out, "%s, host key %s, cipher %s, MAC %s", agreed(session, LIBSSH2_METHOD_KEX),
               agreed(session, LIBSSH2_METHOD_HOSTKEY), cipher,
               mac_matters(cipher) ? agreed(session, LIBSSH2_METHOD_MAC_SC) : "the cipher's");
}

static const char host_key_names[] =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," RSA_SHA2;

/* What has to be common, in the order in which it is agreed on. */
static const struct negotiated {
    enum ssh_offer offer;
    int method;
    const char *ours;
    const char *what;
    const char *setting; /* of sshd_config */
} negotiated[] = {
    {SSH_OFFER_KEX, LIBSSH2_METHOD_KEX, kex_names, "key exchange algorithm", "KexAlgorithms"},
    {SSH_OFFER_HOST_KEY, LIBSSH2_METHOD_HOSTKEY, host_key_names, "host key algorithm",
     "HostKeyAlgorithms"},
    {SSH_OFFER_CIPHER_TO_CLIENT, LIBSSH2_METHOD_CRYPT_SC, cipher_names, "cipher", "Ciphers"},
    {SSH_OFFER_MAC_TO_CLIENT, LIBSSH2_METHOD_MAC_SC, mac_names, "MAC", "MACs"},
};

static enum tl_status nothing_common(const struct ssh_session *session,
                                     const struct negotiated *row, const char *usable,
                                     struct tl_error *err)
{
    const char *theirs = buf_text(&session->greeting.offers[row->offer]);
    bool of_host = row->offer == SSH_OFFER_HOST_KEY;
    char shown[400];

    tl_fail(err, TL_HANDSHAKE, "%s: no common %s: the server offers %s; supported here: %s",
            session->label, row->what, text_safe(shown, sizeof(shown), theirs, strlen(theirs)),
            usable);
    return tl_remedy(
        err, "Add one of the supported ones to the server's sshd_config, as in `%s +%.*s`%s%s",
        row->setting, (int)strcspn(usable, ","), usable,
        of_host ? "; it needs a HostKey of that type (ssh-keygen -A makes them)" : "",
        SSH_MODERN ? "" : "; or build with libssh2 1.11 or newer, which knows more");
}

/* False if that is not why the handshake failed, as far as can be seen. */
static bool explain(struct ssh_session *session, struct tl_error *err)
{
    const struct buf *offers = session->greeting.offers;
    bool explained = false;

    if (offers[SSH_OFFER_MAC_TO_CLIENT].size == 0)
        return false;
    for (size_t i = 0; i < sizeof(negotiated) / sizeof(negotiated[0]) && !explained; i++) {
        const struct negotiated *row = &negotiated[i];
        struct buf usable = BUF_INIT(1024);
        supported(session, row->method, row->ours, &usable);
        explained = !ssh_names_meet(buf_text(&offers[row->offer]), buf_text(&usable)) &&
                    (row->offer != SSH_OFFER_MAC_TO_CLIENT ||
                     mac_matters(buf_text(&offers[SSH_OFFER_CIPHER_TO_CLIENT])));
        if (explained)
            (void)nothing_common(session, row, buf_text(&usable), err);
        buf_free(&usable);
    }
    return explained;
}

/* Before the banner, a closed connection is mostly a busy sshd: MaxStartups, tcp wrappers. */
static enum tl_status no_banner(struct ssh_session *session, int rc, struct tl_error *err)
{
    const struct buf *raw = &session->greeting.raw;
    char shown[120];

    if (session->end == SSH_END_STOPPED)
        return pump_fail(session, TL_HANDSHAKE, rc, "waiting for its SSH banner", err);
    if (raw->size == 0 || strstr(buf_text(raw), "MaxStartups") != NULL) {
        tl_fail(err, TL_CONNECT, "%s: the server %s before its SSH banner%s", session->label,
                session->end == SSH_END_DEADLINE ? "fell silent" : "closed the connection",
                raw->size > 0 ? " (MaxStartups)" : "");
        return tl_remedy(err, "The server may be busy (MaxStartups in its sshd_config) or turn "
                              "this address away; trying again later may help");
    }
    text_safe(shown, sizeof(shown), raw->data, raw->size < 60 ? raw->size : 60);
    tl_fail(err, TL_HANDSHAKE, "%s: not an SSH server: it sent \"%s\"", session->label, shown);
    return tl_remedy(err, "Check ssh_host and ssh_port");
}

static enum tl_status foreign_banner(const struct ssh_session *session, struct tl_error *err)
{
    const struct buf *banner = &session->greeting.banner;
    char shown[120];

    text_safe(shown, sizeof(shown), banner->data, banner->size);
    tl_fail(err, TL_HANDSHAKE, "%s: the server's banner is \"%s\", of another version of SSH",
            session->label, shown);
    return tl_remedy(err,
                     "Version 2.0 is spoken here, as by every server of the last 20 years: "
                     "check ssh_host and ssh_port, or renew the server");
}

enum tl_status algorithms_fail(struct ssh_session *session, int rc, struct tl_error *err)
{
    if (session->end == SSH_END_STOPPED)
        return pump_fail(session, TL_HANDSHAKE, rc, "exchanging keys", err);
    if (session->greeting.banner.size == 0)
        return no_banner(session, rc, err);
    if (!ssh_greeting_is_spoken(&session->greeting))
        return foreign_banner(session, err);
    if (explain(session, err))
        return TL_HANDSHAKE;
    return pump_fail(session, TL_HANDSHAKE, rc, "exchanging keys", err);
}
