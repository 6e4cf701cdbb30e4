package io.smartrouter.bench;

import io.smartrouter.webhook.plivo.PlivoSigner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Plivo's requests of many calls, signed before the load begins. */
final class SignedCalls {
    private SignedCalls() {}

    /** A file with a line for each call: sid, answer and its signature, hangup and its signature. */
    static Path write(String publicUrl, String batch, int calls) throws IOException {
        List<String> lines = new ArrayList<>(calls);
        for (int call = 0; call < calls; call++) {
            String sid = batch + "-" + call;
            lines.add(String.join("\t", sid, answer(publicUrl, sid), hangup(publicUrl, sid)));
        }
        return Files.write(Files.createTempFile("bench", ".txt"), lines);
    }

    private static String answer(String publicUrl, String sid) {
        return signed(publicUrl + "/plivo/allocate", sid, "ringing", "StartApp");
    }

    private static String hangup(String publicUrl, String sid) {
        return signed(
                publicUrl + "/plivo/hangup",
                sid,
                "completed",
                "Hangup",
                "HangupCause",
                "NORMAL_CLEARING",
                "Duration",
                "31");
    }

    private static String signed(String url, String sid, String status, String event, String... more) {
        List<String> fields = new ArrayList<>(List.of(
                "CallUUID",
                sid,
                "From",
                "919800000001",
                "To",
                "918000000001",
                "Direction",
                "inbound",
                "CallStatus",
                status,
                "Event",
                event));
        fields.addAll(List.of(more));
        List<String[]> form = PlivoSigner.pairs(fields.toArray(String[]::new));
        return PlivoSigner.encode(form) + "\t" + PlivoSigner.sign(PlivoSigner.TOKEN, sid, "POST", url, List.of(), form);
    }
}
