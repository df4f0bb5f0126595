/* What every platform's protocol needs of the program. */
#include "frontends/platform/platform.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/document.h"
#include "frontends/platform/environment.h"
#include "frontends/signals.h"
#include "towline/log.h"

static void stop_for_broken_output(void)
{
    signals_stop(TL_DESTINATION);
}

enum tl_status platform_init(struct platform *out, const struct tl_connector *connector,
                             const char *name, struct tl_error *err)
{
    *out = (struct platform){.connector = connector, .name = name, .stop_fd = -1};
    emitter_init(&out->emitter, STDOUT_FILENO);
    out->emitter.failed = stop_for_broken_output;
    return signals_open(&out->stop_fd, err);
}

void platform_reset(struct platform *platform)
{
    config_free(platform->config);
    emitter_reset(&platform->emitter);
}

const char *platform_name(const struct tl_connector *connector, const char *prefix, char *out,
                          size_t out_size)
{
    (void)snprintf(out, out_size, "%s%s", prefix,
                   connector->source ? connector->source : connector->name);
    return out;
}

bool platform_is_called(const char *program, const char *prefix)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;

    return strncmp(name, prefix, strlen(prefix)) == 0 && name[strlen(prefix)] != '\0';
}

static enum tl_status parse(struct platform *platform, const char *json, size_t size,
                            struct tl_error *err)
{
    const struct tl_option *const tables[] = {platform->connector->options,
                                              config_runtime_options, NULL};
    return config_parse(json, size, tables, &platform->config, err);
}

static enum tl_status read_object(const char *path, cJSON **out, struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = config_read_argument(path, &text, err);

    if (status == TL_OK) {
        status = document_parse(buf_text(&text), text.size, out, err);
        if (status == TL_OK && !cJSON_IsObject(*out))
            status =
                tl_fail(err, TL_CONFIGURATION, "it is %s: not an object", document_kind(*out));
        if (status == TL_OK)
            status = document_check_keys(*out, "", err);
        if (status != TL_OK)
            (void)tl_context(err, "%s", path);
    }
    buf_wipe(&text);
    return status;
}

/* Moves the members of `later` into `whole`, where they win. */
static void merge(cJSON *whole, cJSON *later)
{
    while (later->child != NULL) {
        cJSON *member = cJSON_DetachItemViaPointer(later, later->child);
        cJSON *before = cJSON_DetachItemFromObjectCaseSensitive(whole, member->string);
        document_free(before);
        cJSON_AddItemToArray(whole, member); /* an object's members keep their names */
    }
}

/* The word ENV instead of a file; what stands there wins over files. */
static bool is_environment(const char *path)
{
    return strcmp(path, "ENV") == 0;
}

static enum tl_status merge_files(cJSON *whole, const char *const *paths, struct tl_error *err)
{
    for (; *paths != NULL; paths++) {
        cJSON *later = NULL;
        enum tl_status status =
            is_environment(*paths) ? TL_OK : read_object(*paths, &later, err);
        if (later != NULL && status == TL_OK)
            merge(whole, later);
        document_free(later);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static enum tl_status merge_environment(cJSON *whole, const struct platform *platform,
                                        const char *const *paths, struct tl_error *err)
{
    const struct tl_option *const tables[] = {platform->connector->options,
                                              config_runtime_options};

    while (*paths != NULL && !is_environment(*paths))
        paths++;
    for (size_t i = 0; *paths != NULL && i < 2; i++) {
        cJSON *later = environment_settings(platform->name, tables[i]);
        if (later == NULL)
            return tl_fail(err, TL_MEMORY, "out of memory for the configuration");
        merge(whole, later);
        document_free(later);
    }
    return TL_OK;
}

enum tl_status platform_configure(struct platform *platform, const char *const *paths,
                                  struct tl_error *err)
{
    cJSON *whole = cJSON_CreateObject();
    char *text = NULL;
    enum tl_status status = whole ? merge_files(whole, paths, err) : TL_MEMORY;

    if (status == TL_OK)
        status = merge_environment(whole, platform, paths, err);
    if (status == TL_OK)
        text = cJSON_PrintUnformatted(whole);
    if (status == TL_OK && text != NULL)
        status = parse(platform, text, strlen(text), err);
    else if (status == TL_OK || status == TL_MEMORY)
        status = tl_fail(err, TL_MEMORY, "out of memory for the configuration");
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    cJSON_free(text);
    document_free(whole);
    return status;
}

enum tl_status platform_finish(struct platform *platform, enum tl_status status,
                               struct tl_error *err)
{
    if (status != TL_OK && !emitter_is_broken(&platform->emitter))
        return status;
    (void)emitter_begin(&platform->emitter);
    return emitter_end(&platform->emitter, true, err);
}

const struct tl_option *platform_runtime_options(void)
{
    return config_runtime_options + 1;
}

struct run_options platform_run_options(const struct platform *platform,
                                        struct destination *opened,
                                        struct run_observer *observer)
{
    return (struct run_options){
        .connector = platform->connector,
        .config = platform->config,
        .mode = DESTINATION_WRITE,
        .opened = opened,
        .stop_fd = platform->stop_fd,
        .stopped = signals_status,
        .retry_attempts = tl_config_integer(platform->config, "retry_attempts"),
        .observer = observer,
    };
}
