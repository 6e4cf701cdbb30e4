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
import java.util.concurrent.locks.LockSupport;

/**
 * The way from a router to Redis: a port on loopback behind which stands the primary of the day. It can be slow, and it
 * can lead to another server from one moment to the next, as the name of a primary does after a failover.
 */
public final class RedisLink implements AutoCloseable {
    private static final int CHUNK = 65_536;

    private final ServerSocket door;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile int target;
    private volatile Duration delay = Duration.ZERO;

    private RedisLink(ServerSocket door, int target) {
        this.door = door;
        this.target = target;
    }

    /** Opens one that leads to this server. */
    public static RedisLink to(TestRedis redis) {
        try {
            RedisLink link = new RedisLink(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), redis.port());
            Thread.ofVirtual().start(link::accept);
            return link;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What is sent to Redis at once comes this much later. */
    public void delay(Duration time) {
        delay = time;
    }

    /** Leads to another server from now on; what is connected is cut. */
    public void leadTo(TestRedis redis) {
        target = redis.port();
        cut();
    }

    /** Ends all connections; new ones are let through. */
    public void cut() {
        sockets.forEach(RedisLink::close);
        sockets.clear();
    }

    /** The port to connect to. */
    public int port() {
        return door.getLocalPort();
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                Socket from = door.accept();
                Socket to = new Socket();
                sockets.add(from);
                sockets.add(to);
                Thread.ofVirtual().start(() -> {
                    try {
                        to.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 1_000);
                        Thread.ofVirtual().start(() -> copy(to, from, false));
                        copy(from, to, true);
                    } catch (IOException e) {
                        close(from); // nobody listens there
                    }
                });
            } catch (IOException e) {
                // closed, or the caller left before it was let in
            }
        }
    }

    private void copy(Socket from, Socket to, boolean late) {
        try {
            from.setTcpNoDelay(true);
            to.setTcpNoDelay(true);
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[CHUNK];
            int read = in.read(buffer);
            while (read >= 0) {
                if (late && !delay.isZero()) {
                    LockSupport.parkNanos(delay.toNanos()); // what is tested is a slow network
                }
                out.write(buffer, 0, read);
                read = in.read(buffer);
            }
        } catch (IOException e) {
            // cut
        } finally {
            close(from);
            close(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            door.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        cut();
    }
}
