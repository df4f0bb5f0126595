/* Logging in by keyboard-interactive (RFC 4256): a server's questions answered without anybody
 * at the keyboard. */
#include <string.h>

#include "base/text.h"
#include "ssh/auth_ways.h"

/* A server that goes on asking would be answered without end. */
enum { ROUNDS_MAX = 8 };

/* By these a question is known to be for the password; PAM asks in the server's language. Only
 * of ASCII letters the case is ignored, so a first letter that is none is left out. */
static const char *const password_words[] = {
    "pass",
    "kennwort",
    "contrase",
    "senha",
    "has\xc5\x82o",
    "wachtwoord",
    "l\xc3\xb6senord",
    "\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb",
    "\xe5\xaf\x86\xe7\xa0\x81",
    "\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89",
};

/* One that asks for a new password, or for a code, is not for the one that is configured. */
static const char *const other_words[] = {"new ",     "code",     "token",
                                          "passcode", "one-time", "otp"};

/* By these the account wants a new password first. */
static const char *const expired_words[] = {"new password", "change your password", "expired"};

static bool has_word(const char *question, size_t size, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        for (size_t at = 0; at + length <= size; at++)
            if (strncasecmp(question + at, words[i], length) == 0)
                return true;
    }
    return false;
}

#define HAS_WORD(question, size, words)                                                        \
    has_word((question), (size), (words), sizeof(words) / sizeof((words)[0]))

static bool asks_for_password(const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt)
{
    const char *question = (const char *)prompt->text;

    return !prompt->echo && HAS_WORD(question, prompt->length, password_words) &&
           !HAS_WORD(question, prompt->length, other_words);
}

/* The library frees the answers. */
static void give(struct ssh_session *session, LIBSSH2_USERAUTH_KBDINT_RESPONSE *response,
                 const char *text)
{
    size_t size = strlen(text);

    response->text = ssh_memory_alloc(&session->memory, size + 1);
    response->length = 0;
    if (response->text == NULL)
        return;
    memcpy(response->text, text, size + 1);
    response->length = (unsigned)size;
}

/* The password answers the question that is for it, once; every other gets an empty answer: a
 * server that asks for more is not to learn anything. */
static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer)
{
    struct ssh_session *session = *abstract;
    struct ssh_questions *questions = session->questions;

    (void)name, (void)name_len, (void)instruction, (void)instruction_len;
    if (++questions->rounds > ROUNDS_MAX)
        session->end = SSH_END_FLOODED;
    for (int i = 0; i < num_prompts; i++) {
        bool fits = !questions->password_given && asks_for_password(&prompts[i]);
        give(session, &responses[i], fits ? questions->password : "");
        questions->password_given |= fits;
        if (!fits && questions->unanswered[0] == '\0')
            text_safe(questions->unanswered, sizeof(questions->unanswered),
                      (const char *)prompts[i].text, prompts[i].length);
    }
}

enum tl_status auth_by_keyboard(struct ssh_session *session, const struct auth_means *means,
                                struct buf *tried, struct tl_error *err)
{
    const struct ssh_options *options = means->options;
    struct ssh_questions questions = {.password = options->password};
    int rc;

    buf_append_string(tried, "keyboard-interactive");
    session->questions = &questions;
    pump_slice(session);
    do {
        rc = libssh2_userauth_keyboard_interactive_ex(session->ssh, options->user,
                                                      (unsigned)strlen(options->user), answer);
    } while (pump_repeat(session, rc));
    session->questions = NULL;
    if (rc == 0)
        return TL_OK;
    if (questions.unanswered[0] != '\0')
        buf_printf(tried, " (which asked \"%s\")", questions.unanswered);
    if (session->end == SSH_END_NONE &&
        HAS_WORD(questions.unanswered, strlen(questions.unanswered), expired_words)) {
        tl_fail(err, TL_AUTHENTICATION, "%s: the password has expired", session->label);
        return tl_remedy(err, "Log in by hand and change it, then change ssh_password");
    }
    if (questions.rounds > ROUNDS_MAX)
        return tl_fail(err, TL_AUTHENTICATION, "%s: the server asks without end",
                       session->label);
    return auth_way_result(session, rc, err);
}
