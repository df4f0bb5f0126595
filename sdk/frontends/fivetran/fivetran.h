/* The front end for Fivetran: a gRPC server of fivetran_sdk.v2.SourceConnector. */
#ifndef FRONTENDS_FIVETRAN_H
#define FRONTENDS_FIVETRAN_H

#include "frontends/fivetran/memory.h"
#include "frontends/fivetran/requests.h"
#include "frontends/frontend.h"

extern const struct frontend fivetran_frontend;

struct fivetran {
    struct grpc_service base;
    const struct tl_connector *connector;
    struct memory memory;
    int64_t checkpoint_ms; /* at least so long lies between two checkpoints */
};

/* Setup tests: the steps of a check. */
void fivetran_test(struct grpc_service *service, struct grpc_call *call);

/* Tables, columns and keys, from a look at the first rows of each stream. */
void fivetran_schema(struct grpc_service *service, struct grpc_call *call);

/* The sync. */
void fivetran_update(struct grpc_service *service, struct grpc_call *call);

/* Sends the one message of a call that went well, and ends the call. */
void fivetran_answer(struct grpc_call *call, struct buf *frame);

#endif
