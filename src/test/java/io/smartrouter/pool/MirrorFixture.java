package io.smartrouter.pool;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A router's mirror without Spring: it follows, and takes part in settlements, from {@link #begin()} on. */
public final class MirrorFixture implements AutoCloseable {
    private final RouterMirror mirror;
    private final MirrorStore store;
    private final MirrorExchange exchange;
    private final MirrorFollower follower;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Runnable beforeTaking = () -> {};
    private volatile boolean stopped;
    private volatile boolean begun;
    private final Semaphore mayStep = new Semaphore(1, true);
    private final AtomicLong moved = new AtomicLong();
    private @Nullable Thread thread;

    /** Puts it together; nothing runs yet. */
    public MirrorFixture(
            Tokens tokens,
            MirrorStore store,
            MirrorChannel channel,
            DeferredReleases releases,
            PoolProperties properties) {
        this.store = store;
        Ticker ticker = new Ticker() {
            @Override
            public long nanos() {
                return System.nanoTime() + moved.get();
            }

            @Override
            public void pause(Duration time) {
                Ticker.system().pause(time);
            }
        };
        mirror = new RouterMirror(ticker) {
            @Override
            @SuppressWarnings("UnsynchronizedOverridesSynchronized") // the hook must not hold the mirror
            public void took(long generation, Copy copy) {
                beforeTaking.run();
                super.took(generation, copy);
            }
        };
        exchange = new MirrorExchange(mirror, store, channel, ticker, tokens);
        follower = new MirrorFollower(mirror, store, exchange, releases, ticker, properties);
    }

    /** Follows from now on. */
    public void begin() {
        begun = true;
        exchange.hello();
        thread = Thread.ofPlatform().daemon().name("follow").start(() -> {
            while (!stopped) {
                mayStep.acquireUninterruptibly();
                try {
                    follower.step();
                } catch (StoreUnavailableException e) {
                    Thread.onSpinWait(); // Redis is away: again
                } finally {
                    mayStep.release();
                }
            }
            ended.countDown();
        });
    }

    /** The follower follows no further, or goes on. */
    public void hold(boolean hold) {
        if (hold) {
            mayStep.acquireUninterruptibly();
        } else {
            mayStep.release();
        }
    }

    /** Makes the mirror's clock run ahead. */
    public void pass(Duration time) {
        moved.addAndGet(time.toNanos());
    }

    /** What a settlement asks for; before {@link #begin()} there are no mirrors. */
    public void gather(String token) {
        if (begun) {
            exchange.gather(token);
        }
    }

    /** Says again that it is there. */
    public void hello() {
        exchange.hello();
    }

    /** The mirror. */
    public RouterMirror mirror() {
        return mirror;
    }

    /** The store of mirrors. */
    public MirrorStore store() {
        return store;
    }

    /** The exchange. */
    public MirrorExchange exchange() {
        return exchange;
    }

    /** What happens when an answer is there and its outcome is not in the mirror yet. */
    public void beforeTaking(Runnable hook) {
        beforeTaking = hook;
    }

    /** Whether it was handed to the settlement that the last opening was. */
    public boolean handedOver() {
        return mirror.generation() > 0 && store.calls("").dataSet().equals(mirror.contributedTo());
    }

    /** Up to which seq it is whole, or -1. */
    public long wholeUpTo() {
        return mirror.isWhole() ? mirror.upTo() : -1;
    }

    /** How many live calls it holds. */
    public int live() {
        return mirror.held().size();
    }

    @Override
    public void close() {
        stopped = true;
        mayStep.release(); // if it is held
        if (thread != null) {
            try {
                ended.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
