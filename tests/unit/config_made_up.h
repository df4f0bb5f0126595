/* A made-up configuration: its options, and what they accept and refuse. */
#ifndef TESTS_UNIT_CONFIG_MADE_UP_H
#define TESTS_UNIT_CONFIG_MADE_UP_H

#include <stdio.h>
#include <string.h>

#include "config/config.h"

static const struct tl_option auth_options[] = {
    {.name = "url", .kind = TL_OPTION_TEXT, .help = "where", .flags = TL_OPTION_REQUIRED},
    {.name = "user", .kind = TL_OPTION_TEXT, .help = "who"},
    {.name = "tries", .kind = TL_OPTION_INTEGER, .fallback = "3", .help = "x", .max = 9},
    {.name = "codes", .kind = TL_OPTION_LIST, .fallback = "0", .help = "x"},
    {.name = NULL},
};

static const struct tl_option stream_options[] = {
    {.name = "table", .kind = TL_OPTION_TEXT, .help = "the table", .flags = TL_OPTION_REQUIRED},
    {.name = "command", .kind = TL_OPTION_TEXT, .help = "the command"},
    {.name = "primary_key", .kind = TL_OPTION_LIST, .help = "the key"},
    {.name = "columns", .kind = TL_OPTION_COLUMNS, .help = "types"},
    {.name = "headers", .kind = TL_OPTION_MAP, .help = "headers"},
    {.name = "auth",
     .kind = TL_OPTION_OBJECTS,
     .help = "one",
     .flags = TL_OPTION_ONE,
     .fields = auth_options},
    {.name = "body", .kind = TL_OPTION_JSON, .help = "body"},
    {.name = "ordered", .kind = TL_OPTION_BOOLEAN, .fallback = "false", .help = "in order"},
    {.name = "token", .kind = TL_OPTION_TEXT, .help = "token", .flags = TL_OPTION_SECRET},
    {.name = NULL},
};

static const struct tl_option jump_options[] = {
    {.name = "ssh_host", .kind = TL_OPTION_TEXT, .help = "where", .flags = TL_OPTION_REQUIRED},
    {.name = "ssh_port", .kind = TL_OPTION_INTEGER, .fallback = "22", .help = "x", .max = 99},
    {.name = NULL},
};

static const struct tl_option options[] = {
    {.name = "ssh_host",
     .alias = "bastion_host",
     .kind = TL_OPTION_TEXT,
     .help = "where",
     .flags = TL_OPTION_REQUIRED},
    {.name = "ssh_port",
     .kind = TL_OPTION_INTEGER,
     .fallback = "22",
     .help = "port",
     .min = 1,
     .max = 65535},
    {.name = "ssh_password", .kind = TL_OPTION_TEXT, .help = "x", .flags = TL_OPTION_SECRET},
    {.name = "key",
     .kind = TL_OPTION_TEXT,
     .help = "x",
     .flags = TL_OPTION_SECRET | TL_OPTION_MULTILINE},
    {.name = "idle_timeout",
     .kind = TL_OPTION_SECONDS,
     .fallback = "300",
     .help = "x",
     .min = 1,
     .max = 86400},
    {.name = "command_timeout", .kind = TL_OPTION_SECONDS, .fallback = "none", .help = "x"},
    {.name = "compress", .kind = TL_OPTION_BOOLEAN, .fallback = "false", .help = "x"},
    {.name = "policy",
     .kind = TL_OPTION_CHOICE,
     .fallback = "strict",
     .help = "x",
     .choices = "strict|accept-new|relaxed"},
    {.name = "codes", .kind = TL_OPTION_LIST, .fallback = "0", .help = "x"},
    {.name = "jump",
     .kind = TL_OPTION_OBJECTS,
     .help = "x",
     .flags = TL_OPTION_SHORTHAND,
     .fields = jump_options},
    {.name = "streams", .kind = TL_OPTION_OBJECTS, .help = "x", .fields = stream_options},
    {.name = NULL},
};

static struct tl_config *config;
static struct tl_error err;

static const struct tl_option *const tables[] = {options, config_runtime_options, NULL};

static inline enum tl_status parse(const char *json)
{
    config_free(config);
    config = NULL;
    err = (struct tl_error){0};
    return config_parse(json, strlen(json), tables, &config, &err);
}

static inline void accept(const char *json)
{
    if (parse(json) != TL_OK)
        fail_msg("%s: %s", json, err.message);
}

static inline void refuse(const char *json, const char *message)
{
    assert_int_equal(parse(json), TL_CONFIGURATION);
    assert_string_equal(err.message, message);
    assert_null(config);
}

/* The members after "ssh_host". */
static inline void accept_with(const char *members)
{
    char json[4096];
    (void)snprintf(json, sizeof(json), "{\"ssh_host\": \"h\", %s}", members);
    accept(json);
}

static inline void refuse_with(const char *members, const char *message)
{
    char json[4096];
    (void)snprintf(json, sizeof(json), "{\"ssh_host\": \"h\", %s}", members);
    refuse(json, message);
}

#endif
