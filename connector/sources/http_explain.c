/* An http stream in the words of ssh and curl. */
#include "sources/http_explain.h"

#include <curl/curl.h>
#include <string.h>

#include "base/text.h"
#include "script.h"
#include "sources/http_call.h"
#include "sources/http_pages.h"
#include "sources/http_place.h"

/* What the parts of a script have in common. */
struct explaining {
    const struct source_way *way;
    struct http_values values;
    struct http_settings settings; /* with variables in place of the secrets */
    struct script_secret secret;   /* memory of values' */
    struct script_secret password, token, api_key, login_body;
    struct buf *out;
    struct buf *demands; /* what must be set before anything is begun */
};

/* One that is put together from {{config.NAME}} shows itself what is secret in it. */
static const char *masked(struct script_secret *memory, const char *name, const char *text)
{
    return text == NULL || strstr(text, "{{config.") != NULL ? text
                                                             : script_secret(memory, name);
}

static void take_settings(struct explaining *self, const struct http_settings *settings)
{
    self->settings = *settings;
    self->settings.password = masked(&self->password, "password", settings->password);
    self->settings.token = masked(&self->token, "token", settings->token);
    self->settings.api_key = masked(&self->api_key, "api_key", settings->api_key);
    self->settings.login_body = masked(&self->login_body, "login_body", settings->login_body);
}

static void append_word(struct explaining *self, const char *text)
{
    script_demand_secrets(self->demands, text);
    script_word(self->out, text);
}

static void append_option(struct explaining *self, const char *option, const char *text)
{
    buf_printf(self->out, " \\\n  %s", option);
    append_word(self, text);
}

static bool is_usual(const struct http_request *request)
{
    return strcmp(request->method, request->body != NULL ? "POST" : "GET") == 0;
}

/* curl --unix-socket ... URL, without the line's end. */
static enum tl_status append_curl(struct explaining *self, const struct http_call *call,
                                  struct tl_error *err)
{
    const struct http_settings *settings = &self->settings;
    const struct http_request *request = &call->request;
    struct buf pair = BUF_INIT(HTTP_URL_MAX_BYTES);
    enum tl_status status = TL_OK;

    buf_append_string(self->out, "curl -sS --fail-with-body --globoff --compressed "
                                 "--unix-socket ./towline.sock");
    if (settings->ca_file != NULL) {
        buf_append_string(self->out, " --cacert");
        script_word(self->out, settings->ca_file);
    }
    if (!is_usual(request))
        buf_printf(self->out, " -X %s", request->method);
    if (settings->auth == HTTP_AUTH_BASIC) {
        status = http_expand(&self->values, settings->username, HTTP_RAW, &pair, NULL, err);
        buf_append_char(&pair, ':');
        if (status == TL_OK)
            status = http_expand(&self->values, settings->password, HTTP_RAW, &pair, NULL, err);
        append_option(self, "-u", buf_text(&pair));
    }
    for (const struct curl_slist *line = request->headers; line != NULL; line = line->next)
        append_option(self, "-H", line->data);
    if (request->body != NULL)
        append_option(self, "--data-raw", request->body);
    append_option(self, "--url", request->url);
    buf_free(&pair);
    return status;
}

/* "/data/token" is getpath(["data","token"]) to jq. */
static void append_pointer(struct buf *out, const char *pointer)
{
    struct buf filter = BUF_INIT(4096);

    buf_append_string(&filter, "getpath([");
    for (pointer += *pointer == '/'; *pointer != '\0';) {
        size_t size = strcspn(pointer, "/");
        text_append_json(&filter, pointer, size);
        pointer += size;
        if (*pointer == '/' && *++pointer != '\0')
            buf_append_char(&filter, ',');
    }
    buf_append_string(&filter, "])");
    script_word(out, buf_text(&filter));
    buf_free(&filter);
}

/* The session's token becomes a variable of the script. */
static enum tl_status append_login(struct explaining *self, struct tl_error *err)
{
    struct http_call call;
    enum tl_status status;

    http_call_init(&call);
    status = http_call_compose_login(&call, &self->settings, &self->values, err);
    if (status == TL_OK) {
        buf_append_string(self->out, "SESSION_TOKEN=$(");
        status = append_curl(self, &call, err);
        buf_append_string(self->out, " | jq -r");
        append_pointer(self->out, self->settings.login_token);
        buf_append_string(self->out, ")\n");
    }
    http_call_reset(&call);
    return status;
}

static enum tl_status append_page(struct explaining *self, struct tl_error *err)
{
    struct http_settings settings = self->settings;
    const struct http_asked asked = {.first = true};
    struct script_secret session;
    struct http_pages pages;
    struct http_call call;
    enum tl_status status;

    if (settings.auth == HTTP_AUTH_BASIC) /* -u says it, so that its secret can be a variable */
        settings.auth = HTTP_AUTH_NONE;
    http_pages_init(&pages, &settings);
    self->values.next = http_pages_next(&pages);
    http_call_init(&call);
    status = http_call_compose(&call, &settings, &self->values, &asked,
                               script_variable(&session, "session_token"), err);
    if (status == TL_OK)
        status = append_curl(self, &call, err);
    buf_append_string(self->out, settings.paging == HTTP_PAGING_NONE
                                     ? "\n"
                                     : "\n# and so on, page by page, as `pagination` says\n");
    http_call_reset(&call);
    http_pages_reset(&pages);
    return status;
}

/* All that is asked of one place: the list of for_each, or the rows. */
static enum tl_status append_requests(struct explaining *self,
                                      const struct http_settings *settings,
                                      struct tl_error *err)
{
    take_settings(self, settings);
    if (settings->is_list)
        buf_append_string(self->out, "# the list, for each of whose rows the rest is asked\n");
    if (settings->auth == HTTP_AUTH_SESSION && append_login(self, err) != TL_OK)
        return err->status;
    return append_page(self, err);
}

static enum tl_status append_tunnel(struct explaining *self,
                                    const struct http_settings *settings, struct tl_error *err)
{
    struct buf url = BUF_INIT(HTTP_URL_MAX_BYTES), word = BUF_INIT(HTTP_URL_MAX_BYTES);
    struct http_place place = {0};
    enum tl_status status =
        http_expand(&self->values, settings->url, HTTP_IN_URL, &url, NULL, err);

    if (status == TL_OK)
        status = settings->connect_to != NULL
                     ? http_place_of_pair(settings->connect_to, &place, err)
                     : http_place_of(buf_text(&url), &place, err);
    buf_append_string(&word, "./towline.sock:");
    script_host(&word, place.host);
    buf_printf(&word, ":%u", place.port);
    buf_append_string(self->out, "ssh -f -N -T -M -S ./towline.ctl -o ExitOnForwardFailure=yes "
                                 "-o StreamLocalBindUnlink=yes");
    script_ssh_options(self->out, self->way->ssh, self->way->plain);
    buf_append_string(self->out, " -L");
    script_word(self->out, buf_text(&word));
    script_ssh_target(self->out, self->way->ssh);
    buf_append_char(self->out, '\n');
    buf_free(&url);
    buf_free(&word);
    return status;
}

enum tl_status http_explain(const struct source_way *way, const struct stream *stream,
                            const struct tl_config *config, struct tl_sync *sync,
                            struct buf *out, struct tl_error *err)
{
    struct buf text = BUF_INIT(SCRIPT_MAX_BYTES);
    struct explaining self = {
        .way = way, .values = {.sync = sync, .config = config}, .out = &text, .demands = out};
    enum tl_status status;

    self.values.secret = &self.secret;
    status = append_tunnel(&self, stream->http, err);
    if (status == TL_OK && stream->http->each != NULL)
        status = append_requests(&self, stream->http->each, err);
    if (status == TL_OK)
        status = append_requests(&self, stream->http, err);
    buf_append_string(&text, "ssh -S ./towline.ctl -O exit");
    script_word(&text, way->ssh->host);
    buf_append_char(&text, '\n');
    buf_append(out, buf_text(&text), text.size);
    out->failed = out->failed || text.failed;
    buf_free(&text);
    return status;
}
