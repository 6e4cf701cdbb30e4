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

    private final MirrorStore store = (MirrorStore) Proxy.newProxyInstance(
            MirrorStore.class.getClassLoader(), new Class<?>[] {MirrorStore.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("join")) {
                    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
                    return new MirrorStore.Joined(1, 0);
                }
                return null; // only that joining begins
            });
    private final RouterMirror mirror = new RouterMirror(ticker);
    private final MirrorExchange exchange = new MirrorExchange(mirror, store, channel, ticker, () -> "self");

    /** Its own join took longer than others are waited for: they began at the same time, and end a little later. */
    @Test
    void othersAreWaitedForAfterALongJoinOfItsOwn() {
        mirror.took(
                mirror.generation(),
                new Copy(Copy.Kind.CALL, "a", Map.of("state", "connected", "seq", "1", "deadline", "1")));
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
        CountDownLatch gathered = gather();

        heard("joined " + TOKEN + " self");
        heard("joined " + TOKEN + " self");
        heard("joined of-another-settlement other");
        waitsStill(gathered, "one is missing");
        heard("joined " + TOKEN + " other");
        isDone(gathered);
    }

    /** Its connection comes back meanwhile, and it did not hear the first word. */
    @Test
    void whoJoinsIsAskedAgainUntilAllHave() throws Exception {
        exchange.hello();
        heard("hello other");
        CountDownLatch gathered = gather();

        awaitSettlesSaid(1);
        listening = OptionalInt.of(3); // and a third one is back
        awaitSettlesSaid(2);
        heard("joined " + TOKEN + " other");
        heard("joined " + TOKEN + " self");
        waitsStill(gathered, "the third is missing");
        heard("joined " + TOKEN + " third");
        isDone(gathered);
    }

    @Test
    void whoIsHeardForTheFirstTimeMeanwhileIsWaitedForAsWell() throws Exception {
        listening = OptionalInt.of(1); // at this node of a cluster
        CountDownLatch gathered = gather();
        heard("here other");
        heard("joined " + TOKEN + " self");
        waitsStill(gathered, "the other is missing");
        heard("joined " + TOKEN + " other");
        isDone(gathered);
    }

    /** Nobody knows then who listens. */
    @Test
    void aWordThatCannotBeSaidIsWaitedForAsLongAsAnyOther() throws Exception {
        listening = OptionalInt.empty();
        CountDownLatch gathered = gather();
        heard("joined " + TOKEN + " self");
        waitsStill(gathered, "nobody knows who is missing");
        awaitSettlesSaid(1); // so its time counts
        nanos.addAndGet(Duration.ofMillis(301).toNanos());
        isDone(gathered);
    }

    @Test
    void whoHasJustComeIsGreetedOnce() {
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
        exchange.hello();
        heard("hello other");
        nanos.addAndGet(Duration.ofSeconds(40).toNanos());
        CountDownLatch gathered = gather();
        waitsStill(gathered, "the other is missing");
        heard("joined " + TOKEN + " other");
        isDone(gathered);
    }

    /** Where many come at once, the own greetings that come back make nobody unknown. */
    @Test
    void greetingsAreNoHellos() throws Exception {
        listening = OptionalInt.of(1);
        exchange.hello();
        heard("hello other");
        for (int i = 0; i < 10; i++) {
            heard("here self");
        }
        CountDownLatch gathered = gather();
        heard("joined " + TOKEN + " self");
        waitsStill(gathered, "the other is missing");
        heard("joined " + TOKEN + " other");
        isDone(gathered);
    }

    private void heard(String message) {
        listeners.getFirst().accept(message);
    }

    private long settlesSaid() {
        return said.stream().filter(("settle " + TOKEN)::equals).count();
    }

    /** Waits until it was said so many times more than by now. */
    private void awaitSettlesSaid(int more) {
        long now = settlesSaid();
        Awaitility.await().until(() -> settlesSaid() >= now + more);
    }

    private static void waitsStill(CountDownLatch gathered, String why) throws InterruptedException {
        assertThat(gathered.await(100, TimeUnit.MILLISECONDS)).as(why).isFalse();
    }

    private static void isDone(CountDownLatch gathered) throws InterruptedException {
        assertThat(gathered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    /** It gathers, and has said so; the latch tells that it has done. */
    private CountDownLatch gather() {
        CountDownLatch gathered = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            exchange.gather(TOKEN);
            gathered.countDown();
        });
        awaitSettlesSaid(1);
        return gathered;
    }
}
