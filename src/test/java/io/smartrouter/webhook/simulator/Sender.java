package io.smartrouter.webhook.simulator;

import static io.smartrouter.webhook.plivo.PlivoSigner.encode;
import static io.smartrouter.webhook.plivo.PlivoSigner.pairs;

import io.smartrouter.webhook.plivo.PlivoSigner;
import io.smartrouter.webhook.twilio.TwilioSigner;
import io.smartrouter.webhook.vonage.VonageSigner;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/** A provider that proves whatever text it sends, as the genuine one does with a caller's. */
public enum Sender {
    PLIVO(
            "CallUUID",
            "From To Direction CallStatus Event ForwardedFrom CallerName RequestUUID ALegUUID ParentAuthID StreamID"
                    + " Timestamp HangupCause Duration X-PH-a") {
        @Override
        public List<String[]> call(String sid) {
            return pairs("CallUUID", sid, "From", "+4915112345678", "CallStatus", "ringing", "Direction", "inbound");
        }

        @Override
        public List<String[]> hangup(String sid) {
            return pairs("CallUUID", sid, "Event", "Hangup", "CallStatus", "completed");
        }

        @Override
        public Request request(
                String publicUrl, String method, String path, List<String[]> query, List<String[]> fields) {
            Form form = Form.of(method, query, fields);
            String signature =
                    PlivoSigner.sign(PlivoSigner.TOKEN, "7", method, publicUrl + path, form.query, form.body);
            return form.request(path, Map.of("X-Plivo-Signature-V3", signature, "X-Plivo-Signature-V3-Nonce", "7"));
        }
    },
    TWILIO(
            "CallSid",
            "AccountSid From To CallStatus ApiVersion Direction ForwardedFrom CallerName StreamSid StreamEvent"
                    + " SequenceNumber Timestamp SipHeader_X-a") {
        @Override
        public List<String[]> call(String sid) {
            return pairs(
                    "CallSid",
                    sid,
                    "AccountSid",
                    "AC1",
                    "From",
                    "+4915112345678",
                    "CallStatus",
                    "ringing",
                    "Direction",
                    "inbound");
        }

        @Override
        public List<String[]> hangup(String sid) {
            return pairs("CallSid", sid, "AccountSid", "AC1", "CallStatus", "completed");
        }

        @Override
        public Request request(
                String publicUrl, String method, String path, List<String[]> query, List<String[]> fields) {
            Form form = Form.of(method, query, fields);
            String signature = TwilioSigner.sign(TwilioSigner.TOKEN, publicUrl + form.target(path), form.body);
            return form.request(path, Map.of("X-Twilio-Signature", signature));
        }
    },
    EXOTEL(
            "CallSid",
            "From CallFrom To CallTo Direction CallType CustomField EventType Status CallStatus digits Stream"
                    + " Stream[Status] Stream[StreamUrl] StreamUrl Stream[DisconnectedBy] Legs[0][Status]") {
        @Override
        public List<String[]> call(String sid) {
            return pairs("CallSid", sid, "CallFrom", "+911", "CallTo", "+918000000001");
        }

        @Override
        public List<String[]> hangup(String sid) {
            return pairs("CallSid", sid, "Status", "completed", "EventType", "terminal");
        }

        // Its proof is the path's.
        @Override
        public Request request(
                String publicUrl, String method, String path, List<String[]> query, List<String[]> fields) {
            return Form.of(method, query, fields).request(path, Map.of());
        }

        @Override
        public String path(String endpoint) {
            return "/exotel/" + EXOTEL_SECRET + "/" + endpoint;
        }
    },
    VONAGE(
            "uuid",
            "call_uuid conversation_uuid from to from_user status direction reason region_url SipHeader_X-a"
                    + " headers.call_sid payload.call_sid payload.lease payload.merchant_id original_request.url") {
        @Override
        public List<String[]> call(String sid) {
            return pairs("uuid", sid, "conversation_uuid", "CON-1", "from", "447700900001", "to", "442079460000");
        }

        @Override
        public List<String[]> hangup(String sid) {
            return pairs("uuid", sid, "conversation_uuid", "CON-1", "status", "completed", "direction", "inbound");
        }

        // Its requests are POSTs alone, and the URL is not proven.
        @Override
        public Request request(
                String publicUrl, String method, String path, List<String[]> query, List<String[]> fields) {
            String body = json(fields);
            String proof = VonageSigner.bearer(VonageSigner.SECRET, VonageSigner.KEY, Instant.now(), body);
            return new Request(
                    "POST",
                    path + (query.isEmpty() ? "" : "?" + encode(query)),
                    Map.of("Content-Type", "application/json", "Authorization", proof),
                    body);
        }
    };

    public static final String EXOTEL_SECRET = "exotel-path-secret_0123456789abcdef";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String call;
    private final String fields;

    Sender(String call, String fields) {
        this.call = call;
        this.fields = fields;
    }

    /** A call that arrives. */
    public abstract List<String[]> call(String sid);

    /** A call that is over. */
    public abstract List<String[]> hangup(String sid);

    /** A genuine request; pairs are {name, value}, decoded. */
    public abstract Request request(
            String publicUrl, String method, String path, List<String[]> query, List<String[]> fields);

    public String path(String endpoint) {
        return "/" + word() + "/" + endpoint;
    }

    /** The name that the router has for it. */
    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The field that names the call. */
    public String callField() {
        return call;
    }

    /** The names of the other fields that its documentation has, and of one that a caller may add. */
    public List<String> fields() {
        return List.of(fields.split(" ", -1));
    }

    /** The field that says at an endpoint what happened. */
    public String whatHappened(String endpoint) {
        return switch (this) {
            case PLIVO -> endpoint.equals("stream") ? "Event" : "CallStatus";
            case TWILIO -> "CallStatus";
            case EXOTEL -> "Status";
            case VONAGE -> "status";
        };
    }

    /** Whether its requests may be GETs. */
    public boolean gets() {
        return this != VONAGE;
    }

    /** Settings of a router that knows all of them. */
    public static Map<String, Object> settings(String publicUrl) {
        Map<String, Object> settings = new TreeMap<>(Map.of("router.public-url", publicUrl));
        Map.of(
                        PLIVO, List.of("MA1", PlivoSigner.TOKEN),
                        TWILIO, List.of("AC1", TwilioSigner.TOKEN),
                        EXOTEL, List.of("EX1", EXOTEL_SECRET),
                        VONAGE, List.of(VonageSigner.KEY, VonageSigner.SECRET))
                .forEach((sender, account) -> {
                    String at = "router.providers." + sender.word() + ".accounts[0].";
                    settings.put(at + "id", account.getFirst());
                    settings.put(at + "tokens", account.getLast());
                });
        return settings;
    }

    /** Pairs as one object; {@code a.b} is the field b of an object a. A name that stands twice stands there twice. */
    private static String json(List<String[]> fields) {
        List<String> entries = new ArrayList<>();
        Map<String, List<String>> nested = new LinkedHashMap<>();
        for (String[] field : fields) {
            String[] name = field[0].split("\\.", 2);
            boolean inner = List.of("headers", "payload", "original_request").contains(name[0]) && name.length == 2;
            String entry =
                    JSON.writeValueAsString(inner ? name[1] : field[0]) + ":" + JSON.writeValueAsString(field[1]);
            (inner ? nested.computeIfAbsent(name[0], object -> new ArrayList<>()) : entries).add(entry);
        }
        nested.forEach((name, object) -> entries.add("\"" + name + "\":{" + String.join(",", object) + "}"));
        return "{" + String.join(",", entries) + "}";
    }

    /** A request, ready to be sent. */
    public record Request(String method, String target, Map<String, String> headers, String body) {
        /** The same with more headers. */
        public Request with(Map<String, String> more) {
            Map<String, String> all = new LinkedHashMap<>(headers);
            all.putAll(more);
            return new Request(method, target, all, body);
        }
    }

    /** Fields in the query of a GET, or the form of a POST. */
    private record Form(String method, List<String[]> query, List<String[]> body) {
        static Form of(String method, List<String[]> query, List<String[]> fields) {
            if (method.equals("POST")) {
                return new Form(method, query, fields);
            }
            List<String[]> both = new ArrayList<>(query);
            both.addAll(fields);
            return new Form(method, both, List.of());
        }

        String target(String path) {
            return path + (query.isEmpty() ? "" : "?" + encode(query));
        }

        Request request(String path, Map<String, String> proof) {
            Map<String, String> headers = new LinkedHashMap<>(proof);
            if (method.equals("POST")) {
                headers.put("Content-Type", "application/x-www-form-urlencoded");
            }
            return new Request(method, target(path), headers, encode(body));
        }
    }
}
