/* Requests of the platform: read from their bytes, and as what the runtime wants of them. */
#ifndef FIVETRAN_REQUESTS_H
#define FIVETRAN_REQUESTS_H

#include <requests.pb-c.h> /* generated from requests.proto */

#include "frontends/fivetran/grpc/call.h"
#include "frontends/platform/selection.h"
#include "towline/connector.h"
#include "towline/log.h"

/* A configuration as the platform has it, a flat map of texts. */
struct order {
    struct tl_config *config;
    uint64_t fingerprint; /* equal configurations have equal ones */
    bool open;            /* its secrets are known to the log */
};

/* Reads the map: empty values are as good as none, of a key given twice the last counts, and
 * uploaded files come in base64. TL_CONFIGURATION naming the key. */
TL_NODISCARD enum tl_status order_init(struct order *order, Fivetran__Text **entries,
                                       size_t n_entries, const struct tl_connector *connector,
                                       struct tl_error *err);

/* With the last order the log forgets the secrets of all. Does nothing to one of zero. */
void order_reset(struct order *order);

/* What of tables and columns is wanted; selection NULL: everything. */
TL_NODISCARD enum tl_status order_selection(const Fivetran__Selection *selection,
                                            struct selection *out, struct tl_error *err);

/* Ends the call with the error: as a status whose message has the remedy, too. Secrets are
 * masked and control characters made harmless. */
void order_fail(struct grpc_call *call, const struct tl_error *err);

/* Logs that the stream has failed. Messages about output quote it, and the platform's log is no
 * place for customers' data: of these it has the kind, and the call's answer has the rest. */
void order_log_failure(enum tl_log_level level, const char *stream, const struct tl_error *err);

/* The error in one text, masked and harmless. */
void order_append_error(struct buf *out, const struct tl_error *err);

#endif
