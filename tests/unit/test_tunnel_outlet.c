/* A target with several addresses: the first that answers is taken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tunnel/outlet.h"

static int listen_somewhere(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)address, size), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

static struct addrinfo info(struct sockaddr_in *address, struct addrinfo *next)
{
    return (struct addrinfo){.ai_family = AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_addr = (struct sockaddr *)address,
                             .ai_addrlen = sizeof(*address),
                             .ai_next = next};
}

/* A connection on its way to the first of the addresses. */
static struct connection *connecting(const struct addrinfo *address, int epoll_fd)
{
    static const struct outlet outlet = {.target = "db port 5432"};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct connection *connection = connection_new(fd, NULL);

    assert_non_null(connection);
    (void)connect(fd, address->ai_addr, address->ai_addrlen);
    connection->state = CONNECTION_CONNECTING;
    connection->outlet = &outlet;
    connection->address = address;
    assert_true(connection_watch(connection, epoll_fd));
    return connection;
}

/* Steps until it is connected, or cannot be. */
static enum tl_status step_to_end(struct connection *connection, int epoll_fd,
                                  struct tl_error *err)
{
    enum tl_status status = TL_OK;

    while (status == TL_OK && connection->state == CONNECTION_CONNECTING) {
        struct epoll_event event;
        assert_int_equal(epoll_wait(epoll_fd, &event, 1, 10000), 1);
        connection->watch.ready(event.data.ptr, event.events);
        status = outlet_step(connection, epoll_fd, err);
    }
    return status;
}

static void the_next_address_is_tried(void **state)
{
    struct sockaddr_in closed, open;
    struct addrinfo third = info(&open, NULL), second = info(&open, &third),
                    first = info(&closed, &second);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC), listener = listen_somewhere(&open), accepted;
    struct tl_error err = {0};
    struct connection *connection;

    (void)state;
    second.ai_family = AF_MAX; /* that the machine does not have */
    close(listen_somewhere(&closed));
    connection = connecting(&first, epoll_fd);
    assert_int_equal(step_to_end(connection, epoll_fd, &err), TL_OK);
    assert_int_equal(connection->state, CONNECTION_OPEN);
    accepted = accept(listener, NULL, NULL);
    assert_true(accepted >= 0);
    close(accepted);
    connection_free(connection);
    close(listener);
    close(epoll_fd);
}

static void none_that_answers_is_an_error_that_names_the_target(void **state)
{
    struct sockaddr_in closed;
    struct addrinfo second = info(&closed, NULL), first = info(&closed, &second);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct tl_error err = {0};
    struct connection *connection;

    (void)state;
    close(listen_somewhere(&closed));
    connection = connecting(&first, epoll_fd);
    assert_int_equal(step_to_end(connection, epoll_fd, &err), TL_CONNECT);
    assert_non_null(strstr(err.message, "db port 5432: Connection refused"));
    connection_free(connection);
    close(epoll_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_address_is_tried),
        cmocka_unit_test(none_that_answers_is_an_error_that_names_the_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
