/* What the tap can do and which settings it has. */
#include "frontends/singer/about.h"

#include <string.h>

#include "base/text.h"
#include "frontends/platform/form.h"

static const char *const capabilities[] = {
    "catalog", "discover", "state", "about", "test", "properties", "activate-version", NULL};

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static void append_json(struct buf *out, const struct platform *platform)
{
    const struct tl_connector *connector = platform->connector;
    const struct tl_option *const tables[] = {connector->options, platform_runtime_options(),
                                              NULL};

    buf_append_string(out, "{\"name\":");
    append_string(out, platform->name);
    buf_append_string(out, ",\"description\":");
    append_string(out, connector->summary);
    buf_append_string(out, ",\"version\":");
    append_string(out, connector->version);
    buf_append_string(out, ",\"capabilities\":[");
    for (size_t i = 0; capabilities[i] != NULL; i++)
        buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", capabilities[i]);
    buf_append_string(out, "],\"settings\":{");
    form_append(out, tables, FORM_SINGER);
    buf_append_string(out, "}}\n");
}

static void append_settings(struct buf *out, const struct tl_option *row, bool markdown)
{
    for (; row->name != NULL; row++) {
        buf_printf(out, markdown ? "| %s | %s | %s | %s |\n" : "  %s (%s%s%s)\n", row->name,
                   form_meltano_kind(row), row->fallback ? (markdown ? "" : ", default ") : "",
                   row->fallback ? row->fallback : "");
        if (!markdown)
            buf_printf(out, "      %s\n", row->help);
    }
}

static void append_text(struct buf *out, const struct platform *platform, bool markdown)
{
    const struct tl_connector *connector = platform->connector;

    buf_printf(out, markdown ? "# %s %s\n\n%s\n\n## Capabilities\n\n" : "%s %s\n%s\n\n",
               platform->name, connector->version, connector->summary);
    if (!markdown)
        buf_append_string(out, "Capabilities:\n");
    for (size_t i = 0; capabilities[i] != NULL; i++)
        buf_printf(out, markdown ? "* `%s`\n" : "  %s\n", capabilities[i]);
    buf_append_string(out, markdown ? "\n## Settings\n\n| setting | kind | | default |\n"
                                      "|---|---|---|---|\n"
                                    : "\nSettings:\n");
    append_settings(out, connector->options, markdown);
    append_settings(out, platform_runtime_options(), markdown);
}

void about_append(struct buf *out, const struct platform *platform, const char *format)
{
    if (strcmp(format, "json") == 0)
        append_json(out, platform);
    else
        append_text(out, platform, strcmp(format, "markdown") == 0);
}
