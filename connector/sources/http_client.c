/* HTTP requests over channels of an SSH session. */
#include "sources/http_client.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "sources/http_fault.h"
#include "sources/http_place.h"
#include "sources/http_unpack.h"
#include "ssh/local_user.h"
#include "towline/log.h"
#include "tunnel/forwarder.h"

enum {
    PLACES_MAX = 8,
    URL_BYTES = 64 * 1024,
    RECEIVE_BYTES = 128 * 1024,
    TLS_TRY_MS = 5000,      /* before it is taken that a server speaks no TLS */
    READY_MS = 1000,        /* how often a full sync is asked again at the latest */
    HEAD_BYTES = 256 * 1024 /* of all headers of an answer, and of those before it (1xx) */
};

/* Where requests have gone, and how they get there. */
struct door {
    struct http_place place;
    const char *path;                                  /* of the Unix socket; the forwarder's */
    enum { DOOR_UNTRIED, DOOR_TLS, DOOR_CLEAR } found; /* what it speaks, if not required */
};

struct http_client {
    const struct http_settings *settings;
    struct tl_sync *sync;
    struct ssh_session *session;
    struct forwarder *forwarder;
    CURLM *multi;
    CURL *easy;
    struct http_unpack *unpack;
    struct door doors[PLACES_MAX];
    size_t n_doors;

    /* The request under way. */
    const struct http_request *request;
    struct http_answer *answer;
    struct door *door;
    bool busy, trying_tls, paused;
    bool dead; /* the session has ended */
    int64_t start_ms, last_byte_ms;
    size_t head_bytes;
    struct tl_error failure; /* of a callback */
    char why[CURL_ERROR_SIZE];
};

/* What callbacks fail with is kept for http_client_finish. */
static size_t stop(struct http_client *client, const struct tl_error *err)
{
    client->failure = *err;
    return 0;
}

static size_t take_header(char *line, size_t one, size_t size, void *user)
{
    struct http_client *client = user;
    struct tl_error err = {0};

    client->last_byte_ms = clock_now_ms();
    client->head_bytes += size;
    if (client->head_bytes > HEAD_BYTES) {
        (void)http_fault_head(&err);
        return stop(client, &err);
    }
    http_answer_take_header(client->answer, line, size);
    return one * size;
}

static enum tl_status check_size(const struct http_client *client, struct tl_error *err)
{
    const struct http_answer *answer = client->answer;

    if (answer->taken <= client->settings->max_body_bytes ||
        (client->request->feed && !answer->packed))
        return TL_OK;
    (void)tl_fail(err, TL_DATA, "the answer%s has more than max_body_bytes (%" PRIu64 ")",
                  answer->packed ? ", unpacked," : "", client->settings->max_body_bytes);
    return tl_remedy(err, "Ask for smaller pages, or raise max_body_bytes");
}

/* Whether the body, which begins so, is not what the stream's rows may be in. CSV that is not
 * asked for is taken where its type says so, unless pages are found by what JSON says. */
static bool is_foreign(const struct http_client *client, const char *data, size_t size)
{
    const struct http_settings *settings = client->settings;
    enum tl_format format = tl_sync_stream(client->sync)->format;

    if (client->request->is_list)
        return http_answer_is_foreign(client->answer, data, size);
    if (format == TL_FORMAT_AUTO && !http_settings_look_into_body(settings) &&
        http_answer_is_good(client->answer) && http_answer_is_csv(client->answer)) {
        format = TL_FORMAT_CSV;
        tl_sync_format(client->sync, format);
    }
    return format == TL_FORMAT_CSV ? http_answer_is_page(client->answer, data, size)
                                   : http_answer_is_foreign(client->answer, data, size);
}

/* Takes some of the body, unpacked. */
static enum tl_status take_plain(struct http_client *client, const char *data, size_t size,
                                 struct tl_error *err)
{
    struct http_answer *answer = client->answer;

    if (answer->taken == 0)
        answer->foreign = is_foreign(client, data, size);
    answer->taken += size;
    if (!http_answer_is_good(answer) || answer->foreign)
        http_answer_keep(answer, data, size);
    else if (check_size(client, err) != TL_OK)
        return err->status;
    else if (!client->request->feed)
        buf_append(&answer->body, data, size);
    else if (answer->fed = true, tl_feed(client->sync, data, size, err) != TL_OK)
        return err->status;
    return buf_check(&answer->body, "the answer", err);
}

static enum tl_status take_packed(struct http_client *client, const char *data, size_t size,
                                  struct tl_error *err)
{
    const char *piece;
    size_t piece_size;

    do {
        if (http_unpack_some(client->unpack, &data, &size, &piece, &piece_size, err) != TL_OK)
            return err->status;
        if (piece_size > 0 && take_plain(client, piece, piece_size, err) != TL_OK)
            return err->status;
    } while (piece_size > 0);
    return TL_OK;
}

static size_t take_body(char *data, size_t one, size_t size, void *user)
{
    struct http_client *client = user;
    struct http_answer *answer = client->answer;
    struct tl_error err = {0};

    (void)one;
    client->last_byte_ms = clock_now_ms();
    (void)curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (client->request->feed && http_answer_is_good(answer) && !answer->foreign &&
        !tl_sync_ready(client->sync)) {
        client->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if ((answer->packed ? take_packed : take_plain)(client, data, size, &err) != TL_OK)
        return stop(client, &err);
    return size;
}

static bool set_authorities(const struct http_client *client)
{
    const char *ca_file = client->settings->ca_file;
    char *path = ca_file != NULL ? local_user_path(ca_file) : NULL;
    bool ok = ca_file == NULL || (path != NULL && curl_easy_setopt(client->easy, CURLOPT_CAINFO,
                                                                   path) == CURLE_OK);

    free(path);
    return ok;
}

/* Nothing of the surroundings counts: no proxy, no netrc, no protocol but these two. */
static bool set_constants(struct http_client *client)
{
    CURL *easy = client->easy;

    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           set_authorities(client) &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "towline/" TOWLINE_VERSION) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->why) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, client) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, client) == CURLE_OK;
}

static enum tl_status open_forwarder(struct http_client *client, struct ssh_session *session,
                                     struct tl_error *err)
{
    struct forwarder_options options;

    forwarder_options_init(&options);
    if (client->settings->connect_timeout_ms > 0)
        options.open_timeout_ms = (int)client->settings->connect_timeout_ms;
    if (forwarder_open(&options, &client->forwarder, err) != TL_OK)
        return err->status;
    return forwarder_carry(client->forwarder, session, err);
}

/* Several hosts may be read from at once, each in a thread of its own. */
static pthread_once_t initialised = PTHREAD_ONCE_INIT;

static void initialise(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* if it fails, so does curl_easy_init */
}

enum tl_status http_client_open(struct ssh_session *session,
                                const struct http_settings *settings, struct tl_sync *sync,
                                struct http_client **out, struct tl_error *err)
{
    struct http_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for an HTTP client");
    client->settings = settings;
    client->sync = sync;
    client->session = session;
    client->start_ms = clock_now_ms();
    (void)pthread_once(&initialised, initialise);
    client->multi = curl_multi_init();
    client->easy = curl_easy_init();
    client->unpack = http_unpack_new();
    if (client->multi == NULL || client->easy == NULL || client->unpack == NULL ||
        !set_constants(client))
        (void)tl_fail(err, TL_INTERNAL, "libcurl cannot be used as it should");
    else if (open_forwarder(client, session, err) == TL_OK) {
        *out = client;
        return TL_OK;
    }
    http_client_close(client);
    return err->status;
}

static void end_request(struct http_client *client)
{
    if (client->busy)
        (void)curl_multi_remove_handle(client->multi, client->easy);
    client->busy = false;
}

void http_client_close(struct http_client *client)
{
    if (client == NULL)
        return;
    end_request(client);
    curl_easy_cleanup(client->easy);
    curl_multi_cleanup(client->multi);
    http_unpack_free(client->unpack);
    forwarder_close(client->forwarder);
    free(client);
}

static enum tl_status find_door(struct http_client *client, const struct http_place *place,
                                struct tl_error *err)
{
    const char *connect_to = client->settings->connect_to;
    struct http_place target = *place;
    struct door *door;

    for (size_t i = 0; i < client->n_doors; i++) {
        door = &client->doors[i];
        if (door->place.port == place->port && strcasecmp(door->place.host, place->host) == 0) {
            client->door = door;
            return TL_OK;
        }
    }
    if (client->n_doors == PLACES_MAX)
        return tl_fail(err, TL_DATA, "requests lead to more than %d places", PLACES_MAX);
    if (connect_to != NULL && http_place_of_pair(connect_to, &target, err) != TL_OK)
        return err->status;
    door = &client->doors[client->n_doors];
    *door = (struct door){.place = *place};
    if (forwarder_listen_unix(client->forwarder, target.host, target.port, &door->path, err) !=
        TL_OK)
        return err->status;
    client->n_doors++;
    client->door = door;
    return TL_OK;
}

/* How long connecting may take, TLS included; 0: as long as libcurl thinks fit. */
static long connect_ms(const struct http_client *client)
{
    if (client->trying_tls)
        return TLS_TRY_MS;
    return client->settings->connect_timeout_ms > 0
               ? 2 * (long)client->settings->connect_timeout_ms
               : 0;
}

static bool set_request(struct http_client *client, const char *url)
{
    const struct http_request *request = client->request;
    CURL *easy = client->easy;
    bool body = request->body != NULL;

    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->door->path) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
           (!body || (curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK &&
                      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                       (curl_off_t)request->body_size) == CURLE_OK)) &&
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(client)) == CURLE_OK;
}

/* Where TLS is not required it is tried all the same, once for each place. */
static enum tl_status start(struct http_client *client, struct tl_error *err)
{
    bool optional = client->settings->tls == HTTP_TLS_IF_SPOKEN;
    struct buf url = BUF_INIT(URL_BYTES);
    enum tl_status status = TL_OK;
    bool tls;

    client->trying_tls = optional && client->door->found == DOOR_UNTRIED;
    tls = optional ? client->door->found != DOOR_CLEAR : client->door->place.tls;
    http_answer_clear(client->answer);
    http_unpack_reset(client->unpack);
    client->failure = (struct tl_error){0};
    client->why[0] = '\0';
    client->paused = false;
    client->head_bytes = 0;
    client->last_byte_ms = clock_now_ms();
    status = http_url_with_tls(client->request->url, tls, &url, err);
    if (status == TL_OK && (!set_request(client, buf_text(&url)) ||
                            curl_multi_add_handle(client->multi, client->easy) != CURLM_OK))
        status = tl_fail(err, TL_INTERNAL, "libcurl does not take the request");
    client->busy = status == TL_OK;
    buf_wipe(&url);
    return status;
}

/* Moves what can be moved now. */
static enum tl_status turn(struct http_client *client, int *running, struct tl_error *err)
{
    if (client->paused && tl_sync_ready(client->sync)) {
        client->paused = false;
        client->last_byte_ms = clock_now_ms();
        (void)curl_easy_pause(client->easy, CURLPAUSE_CONT);
    }
    if (curl_multi_perform(client->multi, running) != CURLM_OK)
        return tl_fail(err, TL_INTERNAL, "libcurl fails");
    client->dead = forwarder_step(client->forwarder, err) != TL_OK ||
                   ssh_session_check(client->session, err) != TL_OK;
    return client->dead ? err->status : TL_OK;
}

enum tl_status http_client_begin(struct http_client *client, const struct http_request *request,
                                 struct http_answer *answer, struct tl_error *err)
{
    struct http_place place;
    int running;

    end_request(client);
    client->request = request;
    client->answer = answer;
    if (http_place_of(request->url, &place, err) != TL_OK ||
        http_place_check(&place, client->settings, err) != TL_OK ||
        find_door(client, &place, err) != TL_OK)
        return err->status;
    client->door->place.tls = place.tls;
    if (start(client, err) != TL_OK)
        return err->status;
    return turn(client, &running, err);
}

bool http_client_is_busy(const struct http_client *client)
{
    return client->busy;
}

/* Until when something must happen; fails if that is past. While the sync is full, nobody is to
 * blame. */
static enum tl_status check_time(const struct http_client *client, int64_t *until_ms,
                                 struct tl_error *err)
{
    const struct http_settings *settings = client->settings;
    int64_t now_ms = clock_now_ms(), idle_ms = settings->idle_timeout_ms;

    if (client->paused) {
        *until_ms = clock_earlier(*until_ms, now_ms + READY_MS);
        return TL_OK;
    }
    if (idle_ms > 0) {
        if (now_ms - client->last_byte_ms >= idle_ms)
            return http_fault_silent(settings, err);
        *until_ms = clock_earlier(*until_ms, client->last_byte_ms + idle_ms);
    }
    if (settings->command_timeout_ms > 0) {
        if (now_ms - client->start_ms >= settings->command_timeout_ms)
            return http_fault_too_slow(settings, err);
        *until_ms = clock_earlier(*until_ms, client->start_ms + settings->command_timeout_ms);
    }
    return TL_OK;
}

/* Waits until there is something to do. */
static enum tl_status wait_turn(struct http_client *client, struct tl_error *err)
{
    int64_t until_ms = forwarder_wake_ms(client->forwarder);
    struct curl_waitfd more[3] = {
        {.fd = forwarder_fd(client->forwarder), .events = CURL_WAIT_POLLIN},
        {.fd = tl_sync_stop_fd(client->sync), .events = CURL_WAIT_POLLIN},
    };
    unsigned n_more = more[1].fd >= 0 ? 2 : 1;

    if (check_time(client, &until_ms, err) != TL_OK)
        return err->status;
    if (client->paused)
        more[n_more++] = (struct curl_waitfd){.fd = tl_sync_ready_fd(client->sync),
                                              .events = CURL_WAIT_POLLIN};
    if (curl_multi_poll(client->multi, more, n_more, clock_remaining_ms(until_ms), NULL) !=
        CURLM_OK)
        return tl_fail(err, TL_INTERNAL, "libcurl cannot wait");
    return TL_OK;
}

static CURLcode outcome(struct http_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            return message->data.result;
    return CURLE_GOT_NOTHING;
}

static enum tl_status complete(struct http_client *client, struct tl_error *err)
{
    struct http_answer *answer = client->answer;
    char *location = NULL;
    curl_off_t wait_s = 0;

    (void)curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    (void)curl_easy_getinfo(client->easy, CURLINFO_RETRY_AFTER, &wait_s);
    (void)curl_easy_getinfo(client->easy, CURLINFO_REDIRECT_URL, &location);
    if (wait_s > 0)
        answer->wait_ms = wait_s > INT64_MAX / 1000 ? INT64_MAX : (int64_t)wait_s * 1000;
    if (location != NULL)
        buf_append_string(&answer->location, location);
    if (answer->location.failed || answer->link.failed)
        return tl_fail(err, TL_DATA, "a header of the answer is too long");
    return TL_OK;
}

/* The server does not answer in TLS: from now on it is spoken to in clear text. */
static enum tl_status fall_back(struct http_client *client, struct tl_error *err)
{
    const struct http_place *place = &client->door->place;

    client->door->found = DOOR_CLEAR;
    tl_warn(client->sync,
            "%s:%u speaks no TLS: what is sent to it from the SSH host on is clear text "
            "(require_tls_through_tunnel is false)",
            place->host, place->port);
    return start(client, err);
}

static enum tl_status run_to_end(struct http_client *client, CURLcode *code,
                                 struct tl_error *err)
{
    enum tl_status status = TL_OK;
    int running = 1;

    client->last_byte_ms = clock_now_ms(); /* nobody has listened since the request was sent */
    while (status == TL_OK) {
        status = turn(client, &running, err);
        if (status == TL_OK && running == 0)
            break;
        if (status == TL_OK)
            status = wait_turn(client, err);
    }
    *code = status == TL_OK ? outcome(client) : CURLE_ABORTED_BY_CALLBACK;
    end_request(client);
    return status;
}

/* Whether what failed may be for want of TLS, and not for want of a connection. */
static bool lacks_tls(const struct http_client *client, CURLcode code)
{
    return client->trying_tls && client->answer->status == 0 &&
           (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_OPERATION_TIMEDOUT);
}

static enum tl_status explain(const struct http_client *client, CURLcode code,
                              struct tl_error *err)
{
    const struct http_fault fault = {.settings = client->settings,
                                     .host = client->door->place.host,
                                     .taken = client->answer->taken,
                                     .connect_ms = connect_ms(client),
                                     .code = (int)code,
                                     .why = client->why};

    return http_fault_explain(&fault, err);
}

enum tl_status http_client_finish(struct http_client *client, struct tl_error *err)
{
    CURLcode code;

    for (;;) {
        if (run_to_end(client, &code, err) != TL_OK)
            return err->status;
        if (client->failure.status != TL_OK) {
            *err = client->failure;
            return err->status;
        }
        if (code != CURLE_OK && forwarder_refusal(client->forwarder, err))
            return err->status;
        if (!lacks_tls(client, code))
            break;
        if (fall_back(client, err) != TL_OK)
            return err->status;
    }
    if (code != CURLE_OK)
        return explain(client, code, err);
    if (http_answer_is_good(client->answer) && !http_unpack_is_whole(client->unpack))
        return http_fault_cut_short(client->answer->taken, err);
    if (client->trying_tls)
        client->door->found = DOOR_TLS;
    return complete(client, err);
}

bool http_client_is_alive(const struct http_client *client)
{
    return !client->dead;
}

enum tl_status http_client_wait(struct http_client *client, int64_t until_ms,
                                struct tl_error *err)
{
    return forwarder_run(client->forwarder, until_ms, tl_sync_stop_fd(client->sync), err);
}

enum tl_status http_client_wait_ready(struct http_client *client, struct tl_error *err)
{
    while (!tl_sync_ready(client->sync))
        if (forwarder_run(client->forwarder, clock_now_ms() + READY_MS,
                          tl_sync_ready_fd(client->sync), err) != TL_OK ||
            ssh_session_check(client->session, err) != TL_OK)
            return err->status;
    return TL_OK;
}
