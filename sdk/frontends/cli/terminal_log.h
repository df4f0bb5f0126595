/* The log on standard error: text for people, JSON for machines, and one line of progress that
 * stays below the others on a terminal. */
#ifndef CLI_TERMINAL_LOG_H
#define CLI_TERMINAL_LOG_H

#include <pthread.h>
#include <stdbool.h>

#include "base/log.h"

struct terminal_log {
    struct log_sink sink;
    pthread_mutex_t lock; /* of the terminal */
    bool json;
    bool terminal; /* one that understands escape sequences */
    bool colour;
    char status[256]; /* the line of progress that is shown */
};

/* Takes the log over; the log lends it until log_set_sink. */
void terminal_log_init(struct terminal_log *log, bool json, enum tl_log_level level);

/* Shows the line of progress in place of the last one; "" takes it away. Only on a terminal. */
void terminal_log_status(struct terminal_log *log, const char *line);

/* Logs the error that ends the program: message and remedy; with JSON also status and exit
 * code; at debug level its trace. */
void terminal_log_error(struct terminal_log *log, const struct tl_error *err);

#endif
