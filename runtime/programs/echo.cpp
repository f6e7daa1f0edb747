// echo.cpp - a client and a server that says everything back, at the two ends of a socket pair.
//
// Who reads before there is something parks, as at an empty channel: its M does not wait in the kernel but runs others,
// and epoll tells the scheduler when the goroutine can go on.

#include "go.hpp"

static void serve(os::File conn) {
    char buf[64];
    for (;;) {
        auto [n, err] = conn.Read(buf, sizeof buf);
        if (err) break;  // io::EOF: the client has left
        conn.Write(buf, n);
    }
    conn.Close();
}

void main_main() {
    auto [client, server, err] = net::Socketpair();
    if (err) {
        fmt::Println("no sockets:", err);
        return;
    }
    go([conn = server] { serve(conn); });

    char buf[64];
    const char* const words[] = {"hello", "anybody there?", "goodbye"};
    for (const char* word : words) {
        client.WriteString(word);
        os::result got = client.Read(buf, sizeof buf);
        fmt::Println("echo:", gostring{buf, got.n});
    }
    client.Close();  // the server reads no more: its Read says io::EOF
}
