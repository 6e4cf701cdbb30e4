package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
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
    private volatile OptionalInt listening = OptionalInt.of(0);
    private final MirrorChannel channel = new MirrorChannel() {
        @Override
        public OptionalInt say(String message) {
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
        heard("hello other");
        AtomicBoolean joined = new AtomicBoolean();
        Thread.ofVirtual().start(() -> {
            Ticker.system().pause(Duration.ofMillis(50));
            joined.set(true);
            heard("joined " + TOKEN + " other");
        });

        exchange.gather(TOKEN);

        assertThat(joined).as("the other one had joined").isTrue();
        assertThat(said).contains("settle " + TOKEN);
    }

    /** Redis tells how many hear of the settlement, and this router, which has just come, has not heard of one of them. */
    @Test
    void asManyAreWaitedForAsListen() throws Exception {
        listening = OptionalInt.of(2);
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        CountDownLatch gathered = gather(exchange);

        heard("joined " + TOKEN + " self");
        heard("joined " + TOKEN + " self");
        heard("joined of-another-settlement other");
        assertThat(gathered.await(100, TimeUnit.MILLISECONDS))
                .as("one is missing")
                .isFalse();
        heard("joined " + TOKEN + " other");
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Its connection comes back meanwhile, and it did not hear the first word. */
    @Test
    void whoJoinsIsAskedAgainUntilAllHave() throws Exception {
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        exchange.hello();
        heard("hello other");
        CountDownLatch gathered = gather(exchange);
        long first = settlesSaid();

        Awaitility.await().until(() -> settlesSaid() > first);
        listening = OptionalInt.of(3); // and a third one is back
        Awaitility.await().until(() -> settlesSaid() > first + 2);
        heard("joined " + TOKEN + " other");
        heard("joined " + TOKEN + " self");
        assertThat(gathered.await(100, TimeUnit.MILLISECONDS))
                .as("the third is missing")
                .isFalse();
        heard("joined " + TOKEN + " third");
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoIsHeardForTheFirstTimeMeanwhileIsWaitedForAsWell() throws Exception {
        listening = OptionalInt.of(1); // at this node of a cluster
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        CountDownLatch gathered = gather(exchange);
        heard("here other");
        heard("joined " + TOKEN + " self");
        assertThat(gathered.await(100, TimeUnit.MILLISECONDS)).isFalse();
        heard("joined " + TOKEN + " other");
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Nobody knows then who listens. */
    @Test
    void aWordThatCannotBeSaidIsWaitedForAsLongAsAnyOther() throws Exception {
        listening = OptionalInt.empty();
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        CountDownLatch gathered = gather(exchange);
        heard("joined " + TOKEN + " self");
        assertThat(gathered.await(100, TimeUnit.MILLISECONDS)).isFalse();
        nanos.addAndGet(Duration.ofMillis(301).toNanos());
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoHasJustComeIsGreetedOnce() {
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        exchange.hello();
        heard("hello self");
        heard("here greeting");
        heard("hello other");
        heard("hello other");
        Awaitility.await().until(() -> said.contains("here self"));
        heard("hello another");
        Awaitility.await().until(() -> said.size() > 2);
        assertThat(said).containsExactly("hello self", "here self", "here self");
    }

    /** Of which nobody heard anything, this router neither; Redis does not count the other one, which is about to return. */
    @Test
    void anOutageMakesNobodyUnknown() throws Exception {
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        exchange.hello();
        heard("hello other");
        nanos.addAndGet(Duration.ofSeconds(40).toNanos());
        CountDownLatch gathered = gather(exchange);
        assertThat(gathered.await(100, TimeUnit.MILLISECONDS)).isFalse();
        heard("joined " + TOKEN + " other");
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Where many come at once, the own greetings that come back make nobody unknown. */
    @Test
    void greetingsAreNoHellos() throws Exception {
        listening = OptionalInt.of(1);
        MirrorExchange exchange = exchange(new RouterMirror(ticker));
        exchange.hello();
        heard("hello other");
        for (int i = 0; i < 10; i++) {
            heard("here self");
        }
        CountDownLatch gathered = gather(exchange);
        heard("joined " + TOKEN + " self");
        assertThat(gathered.await(100, TimeUnit.MILLISECONDS)).isFalse();
        heard("joined " + TOKEN + " other");
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    private void heard(String message) {
        listeners.getFirst().accept(message);
    }

    private long settlesSaid() {
        return said.stream().filter(("settle " + TOKEN)::equals).count();
    }

    /** It gathers, and has said so; the latch tells that it has done. */
    private CountDownLatch gather(MirrorExchange exchange) {
        CountDownLatch gathered = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            exchange.gather(TOKEN);
            gathered.countDown();
        });
        Awaitility.await().until(() -> settlesSaid() > 0);
        return gathered;
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
