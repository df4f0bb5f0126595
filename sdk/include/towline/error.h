/* What went wrong: status codes and the error that travels up with its context. */
#ifndef TOWLINE_ERROR_H
#define TOWLINE_ERROR_H

#include <stdbool.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define TL_NODISCARD           __attribute__((warn_unused_result))
#else
#define TL_PRINTF(text, first)
#define TL_NODISCARD
#endif

/* Every status once: name, text, exit code of the process, whether the same attempt may succeed
 * later, and who must act. Airbyte's failure types and Fivetran's tasks derive from the last
 * two. */
#define TL_STATUS_MAP(X)                                                                       \
    X(OK, "done", 0, false, NOBODY)                                                            \
    X(INTERNAL, "internal error", 1, false, DEVELOPER)                                         \
    X(MEMORY, "out of memory", 1, false, OPERATOR)                                             \
    X(USAGE, "wrong usage", 2, false, USER)                                                    \
    X(CONFIGURATION, "wrong configuration", 2, false, USER)                                    \
    X(RESOLVE, "name lookup failed", 3, false, USER)                                           \
    X(CONNECT, "cannot connect", 3, true, OPERATOR)                                            \
    X(HANDSHAKE, "SSH handshake failed", 3, false, USER)                                       \
    X(LOST, "connection lost", 3, true, OPERATOR)                                              \
    X(FORWARD, "forwarding refused", 3, false, OPERATOR)                                       \
    X(TLS, "TLS not trusted", 3, false, USER)                                                  \
    X(HOST_KEY, "host key not trusted", 4, false, USER)                                        \
    X(AUTHENTICATION, "authentication refused", 5, false, USER)                                \
    X(KEY, "private key not usable", 5, false, USER)                                           \
    X(COMMAND, "remote command failed", 6, false, USER)                                        \
    X(COMMAND_TIMEOUT, "remote command timed out", 6, false, USER)                             \
    X(DATA, "output not as configured", 7, false, USER)                                        \
    X(DESTINATION, "destination failed", 8, false, OPERATOR)                                   \
    X(LOCKED, "destination in use", 9, false, OPERATOR)                                        \
    X(PARTIAL, "partly done", 10, false, USER)                                                 \
    X(TASK, "user action needed", 2, false, USER)                                              \
    X(INTERRUPTED, "interrupted", 130, false, NOBODY)                                          \
    X(TERMINATED, "terminated", 143, false, NOBODY)

enum tl_status {
#define X(name, text, exit_code, transient, actor) TL_##name,
    TL_STATUS_MAP(X)
#undef X
};

enum tl_actor { TL_ACTOR_NOBODY, TL_ACTOR_USER, TL_ACTOR_OPERATOR, TL_ACTOR_DEVELOPER };

/* An error under construction: callers pass one down, the place that fails fills it, the
 * callers above add where it happened. All text is bounded and NUL-terminated; nothing is
 * allocated. Initialise with `struct tl_error err = {0};`. */
struct tl_error {
    enum tl_status status;
    char message[1024]; /* what failed, where, why; one line */
    char remedy[512];   /* what to do; may be empty */
    char trace[512];    /* how it came about, innermost first: "file:line < file:line" */
};

const char *tl_status_name(enum tl_status status);
const char *tl_status_text(enum tl_status status);
int tl_status_exit_code(enum tl_status status);
bool tl_status_is_transient(enum tl_status status);
enum tl_actor tl_status_actor(enum tl_status status);

/* Fills *err (which may be NULL) and returns status, so that a failure is one statement:
 *     return tl_fail(err, TL_DATA, "row %" PRIu64 ": ...", row);
 * Whatever err held before is replaced. */
#define tl_fail(err, status, ...) tl_error_set((err), (status), __FILE__, __LINE__, __VA_ARGS__)

/* Puts "<text>: " before the message and returns err->status: context added on the way up. */
#define tl_context(err, ...) tl_error_prepend((err), __FILE__, __LINE__, __VA_ARGS__)

enum tl_status tl_error_set(struct tl_error *err, enum tl_status status, const char *file,
                            int line, const char *format, ...) TL_PRINTF(5, 6);
enum tl_status tl_error_prepend(struct tl_error *err, const char *file, int line,
                                const char *format, ...) TL_PRINTF(4, 5);

/* Says what to do about the error; returns err->status. */
enum tl_status tl_remedy(struct tl_error *err, const char *format, ...) TL_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
