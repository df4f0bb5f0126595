/* What the Fivetran front end does with bytes from outside before it acts on them: frames,
 * compression, requests, configurations, selections, states. The first byte is the encoding. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/fivetran/requests.h"
#include "frontends/fivetran/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tl_option options[] = {
    {.name = "ssh_host", .kind = TL_OPTION_TEXT, .help = "the host"},
    {.name = "key", .kind = TL_OPTION_TEXT, .help = "a key", .upload = ".pem"},
    {.name = "streams", .kind = TL_OPTION_TEXT, .help = "what to sync"},
    {.name = NULL},
};

static const struct tl_connector connector = {.name = "fuzz", .options = options};

static void take_configuration(Fivetran__Text **entries, size_t n_entries)
{
    struct order order = {0};
    struct tl_error err = {0};

    if (order_init(&order, entries, n_entries, &connector, &err) != TL_OK &&
        (err.status == TL_OK || err.message[0] == '\0'))
        abort(); /* a failure has a reason */
    order_reset(&order);
}

static void take_update(const Fivetran__UpdateRequest *request)
{
    struct selection selection = {0};
    struct sink sink;
    struct tl_error err = {0};

    if (request->optional_selection_case ==
            FIVETRAN__UPDATE_REQUEST__OPTIONAL_SELECTION_SELECTION &&
        order_selection(request->selection, &selection, &err) == TL_OK)
        (void)selection_has_table(&selection, "users");
    selection_reset(&selection);
    if (request->optional_state_case == FIVETRAN__UPDATE_REQUEST__OPTIONAL_STATE_STATE_JSON) {
        (void)!sink_init(&sink, NULL, &selection, request->state_json, &err);
        sink_reset(&sink);
    }
    take_configuration(request->configuration, request->n_configuration);
}

static void take_message(const struct buf *message)
{
    const uint8_t *bytes = (const uint8_t *)buf_text(message);
    Fivetran__TestRequest *test = fivetran__test_request__unpack(NULL, message->size, bytes);
    Fivetran__UpdateRequest *update =
        fivetran__update_request__unpack(NULL, message->size, bytes);

    if (test != NULL)
        take_configuration(test->configuration, test->n_configuration);
    if (update != NULL)
        take_update(update);
    if (test != NULL)
        fivetran__test_request__free_unpacked(test, NULL);
    if (update != NULL)
        fivetran__update_request__free_unpacked(update, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf body = BUF_INIT(1 << 24), message = BUF_INIT(1 << 24);

    if (size == 0)
        return 0;
    buf_append(&body, data + 1, size - 1);
    if (frame_unpack(&body, (enum frame_encoding)(data[0] % 4), &message).code == GRPC_OK)
        take_message(&message);
    (void)frame_timeout_ms((const char *)data, size);
    buf_free(&body);
    buf_free(&message);
    return 0;
}
