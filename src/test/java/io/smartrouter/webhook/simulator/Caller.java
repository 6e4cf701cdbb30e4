package io.smartrouter.webhook.simulator;

import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One call at its provider: what the provider asks and tells about it, at the URLs that our documents named, or at
 * those that an operator configures there. A caller is one thread's.
 */
final class Caller {
    private final SimulatorRig rig;
    private final Sender provider;
    private final String sid;
    private final List<String[]> call;
    private final String merchant;
    private @Nullable Document connected;

    /** A call that arrives. */
    Caller(SimulatorRig rig, Sender provider, String sid) {
        this(rig, provider, sid, provider.call(sid), "");
    }

    /**
     * A call.
     *
     * @param call what the provider tells of it at the answer URL
     * @param merchant the tenant in that URL, or an empty text
     */
    Caller(SimulatorRig rig, Sender provider, String sid, List<String[]> call, String merchant) {
        this.rig = rig;
        this.provider = provider;
        this.sid = sid;
        this.call = call;
        this.merchant = merchant;
    }

    String sid() {
        return sid;
    }

    Sender provider() {
        return provider;
    }

    /** The provider asks what to do with the call. */
    Document answer() {
        return took(
                ask(provider.path("allocate"), merchant.isEmpty() ? pairs() : pairs("merchant_id", merchant), call));
    }

    /** A held call's round is over: the provider asks where the document says. */
    Document asksAgain(Document held) {
        if (provider == Sender.EXOTEL) {
            Document branch = passthru("bot");
            return branch.kind() == Document.Kind.BACK ? answer() : branch;
        }
        return took(at(held.next(), with(goingOn(), held.repeats())));
    }

    /** The stream is over, and not by the caller: the provider asks what comes next. */
    Document goesOn() {
        if (provider == Sender.EXOTEL) {
            Document branch = passthru("bot");
            return branch.kind() == Document.Kind.BACK && connected != null ? answer() : branch;
        }
        Document last = connected;
        return last == null
                ? took(ask(provider.path("continue"), pairs(), goingOn()))
                : took(at(last.next(), with(goingOn(), last.repeats())));
    }

    /** Exotel's applet after the stream; the stream's URL is repeated in it. */
    private Document passthru(String disconnectedBy) {
        List<String[]> fields = new ArrayList<>(call);
        if (connected != null) {
            fields.addAll(pairs(
                    "Stream[Status]",
                    "completed",
                    "Stream[DisconnectedBy]",
                    disconnectedBy,
                    "Stream[StreamUrl]",
                    String.valueOf(connected.stream())));
        }
        return ask(provider.path("continue"), pairs(), fields);
    }

    /** The provider tells that the call is over. */
    void hangUp() {
        hangUp(provider.hangup(sid));
    }

    void hangUp(List<String[]> fields) {
        ask(provider.path("hangup"), pairs(), fields);
    }

    /** Asks our proxy's question for the stream: the address of the agent that may be connected, if any. */
    Optional<String> admitted() {
        return connected == null ? Optional.empty() : rig.authorize(path(String.valueOf(connected.stream())));
    }

    /** Path of the call's present stream. */
    String streamPath() {
        return path(stream());
    }

    /** URL of the call's present stream, or an empty text while the provider was told none. */
    String stream() {
        return connected == null ? "" : String.valueOf(connected.stream());
    }

    private static String path(String url) {
        return URI.create(url).getRawPath();
    }

    /** How often the provider tries a WebSocket that failed once more, before it goes on in the document. */
    int retriesOfStream() {
        return switch (provider) {
            case PLIVO -> 2;
            case EXOTEL -> 1;
            case TWILIO, VONAGE -> 0;
        };
    }

    /** The provider tells that audio flows. Exotel tells it nobody. */
    void streamStarted() {
        switch (provider) {
            case PLIVO -> streamEvent(pairs("CallUUID", sid, "Event", "StartStream", "StreamID", "s-1"));
            case TWILIO ->
                streamEvent(pairs(
                        "CallSid", sid, "AccountSid", "AC1", "StreamEvent", "stream-started", "StreamSid", "MZ1"));
            case EXOTEL -> {}
            case VONAGE -> streamEvent(webSocketLeg("answered"));
        }
    }

    /** The provider tells that audio flows no more. */
    void streamStopped() {
        switch (provider) {
            case PLIVO -> streamEvent(pairs("CallUUID", sid, "Event", "StopStream", "StreamID", "s-1"));
            case TWILIO ->
                streamEvent(pairs(
                        "CallSid", sid, "AccountSid", "AC1", "StreamEvent", "stream-stopped", "StreamSid", "MZ1"));
            case EXOTEL -> {}
            case VONAGE -> streamEvent(webSocketLeg("completed"));
        }
    }

    /** The WebSocket is a leg of its own, and its events repeat what our document wrote into its headers. */
    private List<String[]> webSocketLeg(String status) {
        return pairs("uuid", "ws-" + sid, "conversation_uuid", "CON-1", "status", status, "headers.call_sid", sid);
    }

    private void streamEvent(List<String[]> fields) {
        if (connected == null) {
            ask(provider.path("stream"), pairs(), fields);
        } else {
            at(connected.events(), fields);
        }
    }

    private List<String[]> goingOn() {
        return switch (provider) {
            case PLIVO ->
                pairs("CallUUID", sid, "From", "+4915112345678", "CallStatus", "in-progress", "Direction", "inbound");
            case TWILIO ->
                pairs("CallSid", sid, "AccountSid", "AC1", "CallStatus", "in-progress", "Direction", "inbound");
            case EXOTEL -> call;
            case VONAGE -> pairs("uuid", sid, "conversation_uuid", "CON-1");
        };
    }

    private static List<String[]> with(List<String[]> fields, List<String[]> more) {
        List<String[]> all = new ArrayList<>(fields);
        all.addAll(more);
        return all;
    }

    private Document took(Document document) {
        if (document.stream() != null) {
            connected = document;
        }
        return document;
    }

    private Document at(@Nullable String url, List<String[]> fields) {
        URI uri = URI.create(String.valueOf(url));
        assertThat(uri.getScheme() + "://" + uri.getHost()).isEqualTo(SimulatorRig.PUBLIC);
        List<String[]> query = new ArrayList<>();
        for (String pair : String.valueOf(uri.getRawQuery()).split("&", -1)) {
            query.add(pair.split("=", 2));
        }
        return ask(uri.getRawPath(), query, fields);
    }

    private Document ask(String path, List<String[]> query, List<String[]> fields) {
        SimulatorRig.Answer answer = rig.send(provider.request(SimulatorRig.PUBLIC, "POST", path, query, fields));
        assertThat(answer.status()).as("%s %s: %s", sid, path, answer.body()).isIn(200, 302);
        return Document.of(provider, answer.status(), answer.body());
    }
}
