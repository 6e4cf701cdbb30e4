package io.smartrouter.dev;

import io.smartrouter.pool.LeaseClaim;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.ServerWebSocket;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream at a simulated voice agent. It echoes what the caller says, tells the router that it lives, and ends when
 * either side does: a router that says the lease is over closes it with 1000, and a caller who goes is reported. A
 * router that does not answer ends nothing.
 */
final class DevCall {
    private static final Logger log = LoggerFactory.getLogger(DevCall.class);
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    private static final short NORMAL = 1000;
    private static final short GOING_AWAY = 1001;

    private final Vertx vertx;
    private final RouterClient router;
    private final LeaseClaim claim;
    private final String token;
    private final ServerWebSocket socket;
    private final Promise<Void> reported = Promise.promise();

    DevCall(Vertx vertx, RouterClient router, LeaseClaim claim, String token, ServerWebSocket socket) {
        this.vertx = vertx;
        this.router = router;
        this.claim = claim;
        this.token = token;
        this.socket = socket;
    }

    /**
     * Serves the stream.
     *
     * @param atEnd runs once, when the stream is closed
     */
    void begin(Runnable atEnd) {
        log.info("stream opened sid={} pod={}", claim.call(), claim.pod());
        socket.textMessageHandler(text -> socket.writeTextMessage(text));
        socket.binaryMessageHandler(bytes -> socket.writeBinaryMessage(bytes));
        long timer = vertx.setPeriodic(HEARTBEAT.toMillis(), id -> tell("heartbeat"));
        socket.closeHandler(closed -> {
            vertx.cancelTimer(timer);
            atEnd.run();
            log.info("stream closed sid={} pod={} code={}", claim.call(), claim.pod(), socket.closeStatusCode());
            router.ended(claim.call(), token).onComplete(answer -> reported.complete());
        });
        tell("connected");
    }

    /** Closes the stream because the agent stops; done when the router was told. */
    Future<Void> goAway() {
        socket.close(GOING_AWAY);
        return reported.future();
    }

    private void tell(String event) {
        router.tell(claim.call(), event, token).onSuccess(verdict -> {
            if (verdict == RouterClient.Verdict.OVER && !socket.isClosed()) {
                log.info("lease is over sid={} pod={}", claim.call(), claim.pod());
                socket.close(NORMAL);
            }
        });
    }
}
