/* The health file of a tunnel: one JSON object, replaced as a whole, for whoever watches. */
#ifndef COMMANDS_HEALTH_H
#define COMMANDS_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "tunnel/forwarder.h"

struct health {
    const char *path;  /* NULL: none is kept */
    const char *host;  /* "user@host" */
    const char *state; /* "connecting", "up", "waiting", "stopped" */
    int64_t since_utc_us;
    uint64_t reconnects;
    struct tl_error last_error; /* TL_OK: there was none */
    int64_t last_error_utc_us;
    int64_t write_after_ms; /* on the monotonic clock */
    bool failed;            /* to write: said once */
};

/* Enters a state; `error`, or NULL, is why. */
void health_enter(struct health *health, const char *state, const struct tl_error *error);

/* Notes what did not end the tunnel. */
void health_note(struct health *health, const struct tl_error *error);

/* Writes the file, if its time has come or `now`. TL_CONFIGURATION if it cannot be written. */
TL_NODISCARD enum tl_status health_write(struct health *health,
                                         const struct forwarder_counts *counts, bool now,
                                         struct tl_error *err);

#endif
