package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class MirrorExchangeTest {
    private static final String TOKEN = "settlement";

    /** A clock that a test moves. */
    private final AtomicLong nanos = new AtomicLong();

    private final Ticker ticker = new Ticker() {
        @Override
        public long nanos() {
            return nanos.get();
        }

        @Override
        public void pause(Duration time) {
            nanos.addAndGet(time.toNanos());
        }
    };

    private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
    private final List<String> said = new CopyOnWriteArrayList<>();
    private volatile int listening;
    private final MirrorChannel channel = new MirrorChannel() {
        @Override
        public int say(String message) {
            said.add(message);
            return listening;
        }

        @Override
        public void listen(Consumer<String> to) {
            listeners.add(to);
        }
    };

    /** Its own join took longer than others are waited for: they began at the same time, and end a little later. */
    @Test
    void othersAreWaitedForAfterALongJoinOfItsOwn() {
        RouterMirror mirror = new RouterMirror(ticker);
        mirror.took(
                mirror.generation(),
                new Copy(Copy.Kind.CALL, "a", Map.of("state", "connected", "seq", "1", "deadline", "1")));
        MirrorExchange exchange = exchange(mirror);
        exchange.hello();
        listeners.getFirst().accept("hello other");
        AtomicBoolean joined = new AtomicBoolean();
        Thread.ofVirtual().start(() -> {
            Ticker.system().pause(Duration.ofMillis(50));
            joined.set(true);
            listeners.getFirst().accept("joined " + TOKEN + " other");
        });

        exchange.gather(TOKEN);

        assertThat(joined).as("the other one had joined").isTrue();
        assertThat(said).contains("settle " + TOKEN);
    }

    /** Redis tells how many hear of the settlement, and this router, which has just come, has not heard of one of them. */
    @Test
    void asManyAreWaitedForAsListen() throws InterruptedException {
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        listening = 2;
        CountDownLatch gathered = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            exchange.gather(TOKEN);
            gathered.countDown();
        });
        Awaitility.await().until(() -> said.contains("settle " + TOKEN));
        Consumer<String> itself = listeners.getFirst();

        itself.accept("joined " + TOKEN + " self");
        itself.accept("joined " + TOKEN + " self");
        itself.accept("joined of-another-settlement other");
        assertThat(gathered.await(50, TimeUnit.MILLISECONDS))
                .as("one is missing")
                .isFalse();
        itself.accept("joined " + TOKEN + " other");
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoHasJustComeIsGreetedOnce() {
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        exchange.hello();
        listeners.getFirst().accept("hello self");
        assertThat(said).containsExactly("hello self");
        listeners.getFirst().accept("hello other");
        listeners.getFirst().accept("hello other");
        Awaitility.await().until(() -> said.size() == 2);
        assertThat(said).containsExactly("hello self", "hello self");
    }

    private MirrorExchange exchange(RouterMirror mirror) {
        MirrorStore store = (MirrorStore) Proxy.newProxyInstance(
                MirrorStore.class.getClassLoader(), new Class<?>[] {MirrorStore.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("join")) {
                        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
                        return new MirrorStore.Joined(1, 0);
                    }
                    return null; // only that joining begins
                });
        return new MirrorExchange(mirror, store, channel, ticker, () -> "self");
    }
}
