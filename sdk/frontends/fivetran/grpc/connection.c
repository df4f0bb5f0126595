/* One HTTP/2 connection and the gRPC calls on it. nghttp2 knows HTTP/2; this file knows which
 * headers and frames of it gRPC wants. All of it runs on the server's thread. */
#include "frontends/fivetran/grpc/connection.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "towline/log.h"

enum {
    MAX_STREAMS = 100,      /* on one connection */
    WINDOW_BYTES = 1 << 20, /* for requests */
    READ_BYTES = 64 * 1024,
    WRITE_BYTES = 128 * 1024, /* what is taken from nghttp2 before it is written */
    PATH_BYTES = 256
};

/* A stream of the connection, from its first header to its close. */
struct exchange {
    struct exchange *next;
    int32_t id;
    char path[PATH_BYTES];
    bool is_post, is_grpc;
    enum frame_encoding encoding;
    int64_t deadline_ms;
    struct grpc_call *call; /* NULL: before the headers are complete, or refused */
    bool started;           /* the call has its thread */
    bool answered;          /* the answer's headers are on their way */
};

struct grpc_connection {
    int fd;
    struct grpc_hub *hub;
    nghttp2_session *session;
    struct exchange *exchanges;
    struct buf out; /* frames not yet written */
    bool greeted;   /* the first bytes have been looked at */
    bool draining;
    bool broken; /* nothing more can be read or written */
};

static struct exchange *find(struct grpc_connection *connection, int32_t id)
{
    return nghttp2_session_get_stream_user_data(connection->session, id);
}

/* Answers. */

#define HEADER(text_name, text, text_size)                                                     \
    {                                                                                          \
        .name = (uint8_t *)(uintptr_t)(text_name), .value = (uint8_t *)(uintptr_t)(text),      \
        .namelen = sizeof(text_name) - 1, .valuelen = (text_size),                             \
    }
#define FIXED(text_name, text) HEADER(text_name, text, sizeof(text) - 1)

/* Headers that end a call: alone they are a whole answer, after data they are its trailers. */
static int submit_status(struct grpc_connection *connection, struct exchange *exchange,
                         const struct grpc_status *status)
{
    struct buf message = BUF_INIT(8192);
    char code[16];
    int code_size = snprintf(code, sizeof(code), "%d", (int)status->code), result;
    size_t skip = exchange->answered ? 2 : 0, count = 4;

    frame_append_message(&message, status->message ? status->message : "");
    const nghttp2_nv headers[] = {
        FIXED(":status", "200"),
        FIXED("content-type", "application/grpc"),
        HEADER("grpc-status", code, (size_t)code_size),
        FIXED("grpc-accept-encoding", FRAME_ENCODINGS),
        HEADER("grpc-message", buf_text(&message), message.size),
    };
    count += message.size > 0;
    if (exchange->answered)
        result = nghttp2_submit_trailer(connection->session, exchange->id, headers + skip,
                                        count - skip);
    else
        result =
            nghttp2_submit_response(connection->session, exchange->id, headers, count, NULL);
    exchange->answered = true;
    buf_free(&message);
    return result;
}

/* An answer to what is not a call of ours: HTTP's own status, no body. */
static int submit_http_status(struct grpc_connection *connection, struct exchange *exchange,
                              const char *code)
{
    const nghttp2_nv headers[] = {HEADER(":status", code, strlen(code))};

    exchange->answered = true;
    return nghttp2_submit_response(connection->session, exchange->id, headers, 1, NULL);
}

/* nghttp2 asks for data while windows have room. */
static ssize_t read_data(nghttp2_session *session, int32_t id, uint8_t *out, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct exchange *exchange = source->ptr;
    struct grpc_status status;

    (void)session;
    (void)id;
    switch (grpc_call_progress(exchange->call)) {
    case GRPC_PROGRESS_WAIT:
        return NGHTTP2_ERR_DEFERRED;
    case GRPC_PROGRESS_DATA:
        return (ssize_t)grpc_call_read(exchange->call, out, size);
    case GRPC_PROGRESS_END:
        break;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    status = grpc_call_status(exchange->call);
    return submit_status(context, exchange, &status) == 0
               ? 0
               : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int submit_answer(struct grpc_connection *connection, struct exchange *exchange)
{
    static const nghttp2_nv headers[] = {FIXED(":status", "200"),
                                         FIXED("content-type", "application/grpc")};
    const nghttp2_data_provider provider = {.source = {.ptr = exchange},
                                            .read_callback = read_data};

    exchange->answered = true;
    return nghttp2_submit_response(connection->session, exchange->id, headers, 2, &provider);
}

/* Passes on what the call has: messages, or its end. */
static void pass_on(struct grpc_connection *connection, struct exchange *exchange)
{
    struct grpc_status status;

    if (!exchange->started)
        return;
    if (exchange->answered) {
        /* Fails where nothing was deferred, which is fine. */
        if (grpc_call_progress(exchange->call) != GRPC_PROGRESS_WAIT)
            (void)nghttp2_session_resume_data(connection->session, exchange->id);
        return;
    }
    switch (grpc_call_progress(exchange->call)) {
    case GRPC_PROGRESS_WAIT:
        break;
    case GRPC_PROGRESS_DATA:
        (void)submit_answer(connection, exchange);
        break;
    case GRPC_PROGRESS_END:
        status = grpc_call_status(exchange->call);
        (void)submit_status(connection, exchange, &status);
        break;
    }
}

/* Answers at once; the rest of the request is passed over. A RST_STREAM would end it sooner,
 * but clients take that for the answer. */
static void refuse(struct grpc_connection *connection, struct exchange *exchange,
                   enum grpc_code code, const char *message)
{
    const struct grpc_status status = {.code = code, .message = message};

    (void)submit_status(connection, exchange, &status);
    grpc_call_release(exchange->call);
    exchange->call = NULL;
}

/* Requests. */

static int begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct grpc_connection *connection = context;
    struct exchange *exchange;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    exchange->id = frame->hd.stream_id;
    exchange->deadline_ms = CLOCK_NEVER;
    exchange->next = connection->exchanges;
    connection->exchanges = exchange;
    return nghttp2_session_set_stream_user_data(session, exchange->id, exchange);
}

/* "application/grpc", also with "+proto" or parameters. */
static bool is_grpc_type(const char *value, size_t size)
{
    static const char type[] = "application/grpc";
    size_t length = sizeof(type) - 1;

    if (size < length || memcmp(value, type, length) != 0)
        return false;
    value += length;
    size -= length;
    if (size >= 6 && memcmp(value, "+proto", 6) == 0) {
        value += 6;
        size -= 6;
    }
    return size == 0 || *value == ';';
}

static bool is_named(const uint8_t *name, size_t size, const char *wanted)
{
    return strlen(wanted) == size && memcmp(name, wanted, size) == 0;
}

static int take_header(nghttp2_session *session, const nghttp2_frame *frame,
                       const uint8_t *name, size_t name_size, const uint8_t *text, size_t size,
                       uint8_t flags, void *context)
{
    struct exchange *exchange =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    const char *value = (const char *)text;

    (void)flags;
    (void)context;
    if (exchange == NULL)
        return 0;
    if (is_named(name, name_size, ":path")) /* one that is too long is none of ours */
        (void)snprintf(exchange->path, sizeof(exchange->path), "%.*s", (int)size, value);
    else if (is_named(name, name_size, ":method"))
        exchange->is_post = size == 4 && memcmp(value, "POST", 4) == 0;
    else if (is_named(name, name_size, "content-type"))
        exchange->is_grpc = is_grpc_type(value, size);
    else if (is_named(name, name_size, "grpc-encoding"))
        exchange->encoding = frame_encoding_of(value, size);
    else if (is_named(name, name_size, "grpc-timeout")) {
        int64_t timeout_ms = frame_timeout_ms(value, size);
        exchange->deadline_ms = timeout_ms < 0 ? CLOCK_NEVER : clock_now_ms() + timeout_ms;
    }
    return 0;
}

static const struct grpc_method *find_method(const struct grpc_service *service,
                                             const char *path)
{
    const struct grpc_method *method = service->methods;

    while (method->path != NULL && strcmp(method->path, path) != 0)
        method++;
    return method->path != NULL ? method : NULL;
}

/* The headers are complete. */
static void open_call(struct grpc_connection *connection, struct exchange *exchange)
{
    const struct grpc_method *method = find_method(connection->hub->service, exchange->path);

    if (!exchange->is_post) {
        (void)submit_http_status(connection, exchange, "405");
    } else if (!exchange->is_grpc) {
        (void)submit_http_status(connection, exchange, "415");
    } else if (method == NULL) {
        refuse(connection, exchange, GRPC_UNIMPLEMENTED, "there is no such method");
    } else {
        exchange->call = grpc_call_new(connection->hub, method, exchange->encoding);
        if (exchange->call == NULL)
            refuse(connection, exchange, GRPC_RESOURCE_EXHAUSTED, "too many calls");
    }
}

static int take_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                     size_t size, void *context)
{
    struct grpc_connection *connection = context;
    struct exchange *exchange = find(connection, id);
    const char *why;

    (void)session;
    (void)flags;
    if (exchange != NULL && exchange->call != NULL && !exchange->started &&
        !grpc_call_append(exchange->call, data, size, &why))
        refuse(connection, exchange, GRPC_RESOURCE_EXHAUSTED, why);
    return 0;
}

static int frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct grpc_connection *connection = context;
    struct exchange *exchange;

    (void)session;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    exchange = find(connection, frame->hd.stream_id);
    if (exchange == NULL)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        open_call(connection, exchange);
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0 || exchange->call == NULL ||
        exchange->started)
        return 0;
    exchange->started = grpc_call_start(exchange->call);
    if (!exchange->started)
        refuse(connection, exchange, GRPC_RESOURCE_EXHAUSTED, "too many calls");
    return 0;
}

static void free_exchange(struct exchange *exchange)
{
    grpc_call_release(exchange->call);
    free(exchange);
}

static int stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *context)
{
    struct grpc_connection *connection = context;
    struct exchange *exchange = find(connection, id), **at = &connection->exchanges;

    (void)session;
    (void)code;
    if (exchange == NULL)
        return 0;
    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
    free_exchange(exchange);
    return 0;
}

/* The connection. */

static nghttp2_session *new_session(struct grpc_connection *connection)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 16 * 1024},
    };
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_session *session = NULL;

    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, take_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, take_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    if (nghttp2_session_server_new(&session, callbacks, connection) != 0)
        session = NULL;
    nghttp2_session_callbacks_del(callbacks);
    if (session == NULL || nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
                                                   sizeof(settings) / sizeof(settings[0])) == 0)
        return session;
    nghttp2_session_del(session);
    return NULL;
}

enum tl_status grpc_connection_new(int fd, struct grpc_hub *hub, struct grpc_connection **out,
                                   struct tl_error *err)
{
    struct grpc_connection *connection = calloc(1, sizeof(*connection));

    if (connection != NULL) {
        *connection = (struct grpc_connection){
            .fd = fd, .hub = hub, .out = BUF_INIT(WRITE_BYTES + READ_BYTES)};
        connection->session = new_session(connection);
    }
    if (connection == NULL || connection->session == NULL) {
        free(connection);
        (void)close(fd);
        return tl_fail(err, TL_MEMORY, "out of memory for a connection");
    }
    (void)nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0,
                                                WINDOW_BYTES);
    *out = connection;
    return TL_OK;
}

void grpc_connection_free(struct grpc_connection *connection)
{
    if (connection == NULL)
        return;
    while (connection->exchanges != NULL) {
        struct exchange *next = connection->exchanges->next;
        free_exchange(connection->exchanges);
        connection->exchanges = next;
    }
    nghttp2_session_del(connection->session);
    buf_free(&connection->out);
    (void)close(connection->fd);
    free(connection);
}

short grpc_connection_events(const struct grpc_connection *connection)
{
    return (short)(connection->out.size > 0 ? POLLIN | POLLOUT : POLLIN);
}

int grpc_connection_fd(const struct grpc_connection *connection)
{
    return connection->fd;
}

bool grpc_connection_is_idle(const struct grpc_connection *connection)
{
    return connection->exchanges == NULL && connection->out.size == 0;
}

int64_t grpc_connection_deadline_ms(const struct grpc_connection *connection)
{
    int64_t first = CLOCK_NEVER;

    for (const struct exchange *at = connection->exchanges; at != NULL; at = at->next)
        first = clock_earlier(first, at->deadline_ms);
    return first;
}

static void check_deadlines(struct grpc_connection *connection, int64_t now_ms)
{
    for (struct exchange *at = connection->exchanges; at != NULL; at = at->next) {
        if (at->deadline_ms > now_ms)
            continue;
        at->deadline_ms = CLOCK_NEVER;
        if (at->call == NULL)
            continue;
        grpc_call_end(at->call, GRPC_DEADLINE_EXCEEDED, "the call's deadline has passed");
        grpc_call_stop(at->call, GRPC_STOP_DEADLINE);
    }
}

/* What a client that speaks something else first says, and what it understands in return. */
static void greet_stranger(struct grpc_connection *connection, const uint8_t *bytes,
                           size_t size)
{
    static const char tls_alert[] = "\x15\x03\x01\x00\x02\x02\x46"; /* protocol_version */
    static const char http_answer[] =
        "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\n"
        "Content-Type: text/plain\r\nContent-Length: 40\r\n\r\n"
        "gRPC over HTTP/2 without TLS lives here\n";
    bool is_tls = size > 1 && bytes[0] == 0x16 && bytes[1] == 3;

    tl_log(TL_LOG_WARNING,
           "a client that speaks %s was turned away: this port takes gRPC "
           "over HTTP/2 without TLS",
           is_tls ? "TLS" : "something else");
    if (is_tls)
        (void)!send(connection->fd, tls_alert, sizeof(tls_alert) - 1, MSG_NOSIGNAL);
    else
        (void)!send(connection->fd, http_answer, sizeof(http_answer) - 1, MSG_NOSIGNAL);
}

static void take_bytes(struct grpc_connection *connection, const uint8_t *bytes, size_t size)
{
    ssize_t taken = nghttp2_session_mem_recv(connection->session, bytes, size);

    if (taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC && !connection->greeted)
        greet_stranger(connection, bytes, size);
    else if (taken < 0)
        tl_log(TL_LOG_WARNING, "a connection was closed: %s", nghttp2_strerror((int)taken));
    connection->greeted = true;
    connection->broken |= taken < 0;
}

static void read_socket(struct grpc_connection *connection)
{
    static uint8_t bytes[READ_BYTES]; /* the server has one thread */
    ssize_t size = recv(connection->fd, bytes, sizeof(bytes), 0);

    if (size > 0)
        take_bytes(connection, bytes, (size_t)size);
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        connection->broken = true;
}

/* Frames are small and many: they are gathered before they are written. */
static void gather(struct grpc_connection *connection)
{
    while (connection->out.size < WRITE_BYTES) {
        const uint8_t *bytes;
        ssize_t size = nghttp2_session_mem_send(connection->session, &bytes);
        if (size <= 0) {
            connection->broken |= size < 0;
            return;
        }
        buf_append(&connection->out, bytes, (size_t)size);
    }
}

static void write_socket(struct grpc_connection *connection)
{
    do {
        ssize_t size = 0;
        gather(connection);
        if (connection->out.size > 0)
            size =
                send(connection->fd, connection->out.data, connection->out.size, MSG_NOSIGNAL);
        if (size < 0) {
            connection->broken |= errno != EAGAIN && errno != EINTR;
            return;
        }
        buf_consume(&connection->out, (size_t)size);
    } while (connection->out.size == 0 && nghttp2_session_want_write(connection->session) &&
             !connection->broken);
}

bool grpc_connection_serve(struct grpc_connection *connection, bool readable, int64_t now_ms)
{
    if (readable)
        read_socket(connection);
    if (connection->broken)
        return false;
    check_deadlines(connection, now_ms);
    for (struct exchange *at = connection->exchanges, *next; at != NULL; at = next) {
        next = at->next;
        pass_on(connection, at);
    }
    write_socket(connection);
    if (connection->broken || connection->out.size > 0)
        return !connection->broken;
    return nghttp2_session_want_read(connection->session) &&
           !(connection->draining && connection->exchanges == NULL);
}

void grpc_connection_drain(struct grpc_connection *connection)
{
    if (connection->draining)
        return;
    connection->draining = true;
    (void)nghttp2_submit_goaway(connection->session, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(connection->session),
                                NGHTTP2_NO_ERROR, NULL, 0);
}

void grpc_connection_stop(struct grpc_connection *connection)
{
    for (struct exchange *at = connection->exchanges; at != NULL; at = at->next)
        if (at->call != NULL)
            grpc_call_stop(at->call, GRPC_STOP_SHUTDOWN);
}
