package io.smartrouter.dev;

import io.smartrouter.ops.FirstOpening;
import java.io.PrintStream;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.server.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.event.EventListener;

/** The last words of a start: three lines to paste, as soon as they work. */
final class DevBanner {
    private final PrintStream out;
    private final int redisPort;
    private int port;
    private boolean started;
    private boolean open;

    DevBanner(PrintStream out, int redisPort) {
        this.out = out;
        this.redisPort = redisPort;
    }

    @EventListener
    synchronized void listening(ServletWebServerInitializedEvent event) {
        if (event.getApplicationContext().getServerNamespace() == null) {
            port = event.getWebServer().getPort();
        }
    }

    @EventListener(ApplicationReadyEvent.class)
    synchronized void started() {
        started = true;
        print();
    }

    @EventListener(FirstOpening.class)
    synchronized void opened() {
        open = true;
        print();
    }

    private void print() {
        if (started && open) {
            out.print(text(port, redisPort));
            out.flush();
        }
    }

    static String text(int port, int redisPort) {
        String base = "http://127.0.0.1:" + port;
        return """

            The Smart Router runs with a Redis, a cluster and voice agents of its own, all on this machine.
            Allocate a pod for a call (the WebSocket URL in the answer echoes), look, and release it:

              curl -sS %1$s/allocate -H 'Content-Type: application/json' -d '{"call_sid":"call-1","provider":"plivo"}'
              curl -sS %1$s/status
              curl -sS %1$s/release -H 'Content-Type: application/json' -d '{"call_sid":"call-1","reason":"done"}'

            What Redis holds: redis-cli -p %2$d. Ctrl-C ends all of it.

            """.formatted(base, redisPort);
    }
}
