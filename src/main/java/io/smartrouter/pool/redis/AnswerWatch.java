package io.smartrouter.pool.redis;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a connection on which Redis owes an answer and says nothing for too long: the driver makes another one, where
 * Sentinel or the Cluster by then knows another primary. A node that lost its power, and a network that drops what it
 * should carry, end no connection; the kernel repeats what was sent for a quarter of an hour before it gives up, and for a
 * process that hangs it never does.
 */
final class AnswerWatch extends IdleStateHandler {
    private static final Logger log = LoggerFactory.getLogger(AnswerWatch.class);

    private final long longest;
    private boolean owed; // this and the next one are the event loop's
    private long owedSince;

    /** For one connection. It takes up to twice that long, and hardly less where the connection is in use. */
    AnswerWatch(Duration longest) {
        super(longest.toNanos(), 0, 0, TimeUnit.NANOSECONDS);
        this.longest = longest.toNanos();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        if (!owed) {
            owed = true;
            owedSince = System.nanoTime();
        }
        super.write(context, message, promise);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        owed = false;
        super.channelRead(context, message);
    }

    @Override
    protected void channelIdle(ChannelHandlerContext context, IdleStateEvent nothingRead) {
        if (owed && System.nanoTime() - owedSince >= longest) {
            log.warn(
                    "connection ended, Redis owes an answer on it redis={}",
                    context.channel().remoteAddress());
            var _ = context.close();
        }
    }
}
