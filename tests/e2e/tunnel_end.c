/* Opens a tunnel as a source or destination would, prints its end, and holds it until its
 * standard input ends; then prints why a connection failed, if one did.
 *
 *   tunnel_end KIND HOST PORT ENDPOINT ENDPOINT_PORT WANTS_PORT SSH_HOST SSH_PORT KEY
 * KNOWN_HOSTS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tunnel/tunnel.h"

static uint16_t port(const char *text)
{
    return (uint16_t)atoi(text);
}

static const char *text(const char *word)
{
    return word[0] != '\0' ? word : NULL;
}

static enum tunnel_kind kind(const char *word)
{
    static const char *const words[] = {"direct", "private", "ssh", "reverse"};
    int i = 0;

    while (i < 3 && strcmp(words[i], word) != 0)
        i++;
    return (enum tunnel_kind)i;
}

static void show(const struct tunnel_end *end)
{
    printf("%s\n%s\n%s\n%u\n%s\n", end->path != NULL ? end->path : "",
           end->folder != NULL ? end->folder : "", end->address != NULL ? end->address : "",
           end->port, end->verify);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct ssh_options ssh;
    struct tunnel_options options = {.ssh = &ssh};
    struct tunnel *tunnel = NULL;
    struct tl_error err = {0};

    if (argc != 11)
        return 2;
    ssh_options_init(&ssh);
    ssh.host = text(argv[7]);
    ssh.port = port(argv[8]);
    ssh.private_key_path = argv[9];
    ssh.known_hosts_paths = (const char *const[]){argv[10], NULL};
    if (ssh.host == NULL)
        options.ssh = NULL;
    options.kind = kind(argv[1]);
    options.host = text(argv[2]);
    options.port = port(argv[3]);
    options.endpoint = text(argv[4]);
    options.endpoint_port = port(argv[5]);
    options.wants_port = argv[6][0] == '1';
    if (tunnel_open(&options, &tunnel, &err) != TL_OK) {
        fprintf(stderr, "%s\n", err.message);
        return tl_status_exit_code(err.status);
    }
    show(tunnel_end(tunnel));
    while (getchar() != EOF)
        continue;
    if (tunnel_failure(tunnel, &err))
        printf("%s\n", err.message);
    tunnel_close(tunnel);
    return 0;
}
