package io.smartrouter.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A network between a client and a server on loopback that a test can break: it carries bytes, and stops to in the ways
 * that networks do. A mode holds for open connections and for new ones, until the next mode.
 */
public final class TcpProxy implements AutoCloseable {
    private static final int CHUNK_BYTES = 64 * 1024;

    private enum Mode {
        FORWARD,
        RESET,
        REFUSE,
        HANG,
        SWALLOW_REPLIES
    }

    private final int targetPort;
    private final int port;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong requestBytes = new AtomicLong();
    private final AtomicLong swallowedBytes = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile Mode mode = Mode.FORWARD;
    private volatile Duration delay = Duration.ZERO;
    private volatile boolean closed;
    private @Nullable ServerSocket server;

    private TcpProxy(int targetPort) {
        this.targetPort = targetPort;
        this.port = listen(0);
    }

    /** Carries everything to this port on loopback. */
    public static TcpProxy to(int port) {
        return new TcpProxy(port);
    }

    /** The port that clients connect to. */
    public int port() {
        return port;
    }

    /** How many connections were taken since the start, also those that were reset at once; a refused one is none. */
    public int connections() {
        return connections.get();
    }

    /** How many connections are open. */
    public int open() {
        return links.size();
    }

    /** How many bytes of requests reached the server. */
    public long requestBytes() {
        return requestBytes.get();
    }

    /** How many bytes of replies were swallowed. */
    public long swallowedBytes() {
        return swallowedBytes.get();
    }

    /**
     * Carries again. Connections that hung go on with what was on its way, as after a partition that heals; one that
     * lost a reply is ended, for nobody could make sense of what follows.
     */
    public void forward() {
        set(Mode.FORWARD);
        links.stream().filter(link -> link.swallowed).forEach(Link::end);
        delay = Duration.ZERO;
        listen(port);
    }

    /** Ends all connections; new ones are carried. */
    public void cut() {
        links.forEach(Link::end);
    }

    /** Ends all connections, and each new one as soon as it was taken. */
    public void reset() {
        set(Mode.RESET);
        cut();
    }

    /** Ends all connections and listens no more. */
    public void refuse() {
        set(Mode.REFUSE);
        unlisten();
        cut();
    }

    /** Carries nothing in either direction, in silence: connections stay open, and new ones are taken. */
    public void hang() {
        set(Mode.HANG);
    }

    /** From now on nothing arrives on the connections that are open, and nobody is told; new ones are carried. */
    public void silence() {
        links.forEach(link -> link.silent = true);
    }

    /** How many of these are open. */
    public long silent() {
        return links.stream().filter(link -> link.silent).count();
    }

    /** Requests reach the server; what it replies never arrives. */
    public void swallowReplies() {
        set(Mode.SWALLOW_REPLIES);
    }

    /** Carries, but each piece of a reply this much later. */
    public void delay(Duration each) {
        delay = each;
    }

    private void set(Mode next) {
        lock.lock();
        try {
            mode = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private int listen(int atPort) {
        lock.lock();
        try {
            if (server == null) {
                ServerSocket made = new ServerSocket();
                made.setReuseAddress(true);
                made.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), atPort), 512);
                server = made;
                Thread.ofVirtual().name("proxy-accept").start(() -> accept(made));
            }
            return server.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            lock.unlock();
        }
    }

    private void unlisten() {
        lock.lock();
        try {
            if (server != null) {
                server.close();
                server = null;
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            lock.unlock();
        }
    }

    private void accept(ServerSocket from) {
        while (!from.isClosed()) {
            try {
                Socket client = from.accept();
                connections.incrementAndGet();
                if (mode == Mode.RESET || mode == Mode.REFUSE) {
                    abort(client);
                } else {
                    Thread.ofVirtual().name("proxy-link").start(() -> carry(client));
                }
            } catch (IOException e) {
                // no longer listening, or a client that went before it was taken
            }
        }
    }

    private void carry(Socket client) {
        Link link = null;
        try {
            link = new Link(client, new Socket(InetAddress.getLoopbackAddress(), targetPort));
            links.add(link);
            Link made = link;
            Thread.ofVirtual().name("proxy-replies").start(() -> made.pump(made.server, made.client, true));
            if (mode == Mode.RESET || mode == Mode.REFUSE || closed) {
                link.end(); // the mode changed while it was made
            }
            link.pump(link.client, link.server, false);
        } catch (IOException e) {
            abort(client); // the server itself does not listen
        }
    }

    /** Ends it by a reset, as a network does, not by an orderly end. */
    private static void abort(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // it is closed already
        }
    }

    private final class Link {
        private final Socket client;
        private final Socket server;
        private volatile boolean ended;
        private volatile boolean swallowed;
        private volatile boolean silent;

        Link(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        void end() {
            lock.lock();
            try {
                ended = true;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            abort(client);
            abort(server);
            links.remove(this);
        }

        void pump(Socket from, Socket to, boolean replies) {
            byte[] chunk = new byte[CHUNK_BYTES];
            try (InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                to.setTcpNoDelay(true); // it must not keep back what neither side would
                for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                    if (!awaitTurn(replies)) {
                        break;
                    }
                    if (silent) {
                        continue;
                    }
                    if (replies && mode == Mode.SWALLOW_REPLIES) {
                        swallowed = true;
                        swallowedBytes.addAndGet(read);
                        continue;
                    }
                    out.write(chunk, 0, read);
                    out.flush();
                    if (!replies) {
                        requestBytes.addAndGet(read);
                    }
                }
                awaitTurn(false); // in silence not even an end arrives
            } catch (IOException e) {
                // one side ended
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            end();
        }

        /** Waits while everything hangs, and for the delay; false if the connection ended meanwhile. */
        private boolean awaitTurn(boolean replies) throws InterruptedException {
            lock.lock();
            try {
                long left = replies ? delay.toNanos() : 0;
                while (!ended && (mode == Mode.HANG || left > 0)) {
                    if (left > 0) {
                        left = changed.awaitNanos(left);
                    } else {
                        changed.await();
                    }
                }
                return !ended;
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        refuse();
    }
}
