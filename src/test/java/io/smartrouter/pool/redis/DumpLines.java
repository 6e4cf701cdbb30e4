package io.smartrouter.pool.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A dump's records in the words of {@link Model#lines()}. */
final class DumpLines {
    private DumpLines() {}

    static List<String> of(RedisDump dump, String prefix) {
        List<String> lines = new ArrayList<>();
        for (String sid : dump.names(dump.hashes(), prefix + ":call:", "")) {
            Map<String, String> c = dump.hashes().get(prefix + ":call:" + sid);
            Double until = dump.zset(prefix + ":calls").get(sid);
            lines.add(
                    "call %s %s pod=%s inc=%s pool=%s lease=%s provider=%s account=%s merchant=%s at=%s by=%s until=%s why=%s continues=%s streamEnded=%s"
                            .formatted(
                                    sid,
                                    c.get("state"),
                                    text(c, "pod"),
                                    text(c, "incarnation"),
                                    text(c, "pool"),
                                    text(c, "lease"),
                                    text(c, "provider"),
                                    text(c, "account"),
                                    text(c, "merchant"),
                                    text(c, "allocated_at"),
                                    text(c, "connect_by"),
                                    until == null ? "" : until.longValue(),
                                    text(c, "end_reason"),
                                    c.getOrDefault("continues", "0"),
                                    c.containsKey("stream_ended_at")));
        }
        for (String sid : dump.names(dump.hashes(), prefix + ":waiter:", "")) {
            Map<String, String> w = dump.hashes().get(prefix + ":waiter:" + sid);
            Double until = dump.zset(prefix + ":waiting").get(sid);
            lines.add("waiter %s since=%s until=%s pools=%s provider=%s account=%s merchant=%s"
                    .formatted(
                            sid,
                            text(w, "since"),
                            until == null ? "" : until.longValue(),
                            text(w, "pools"),
                            text(w, "provider"),
                            text(w, "account"),
                            text(w, "merchant")));
        }
        for (String name : dump.names(dump.hashes(), prefix + ":pod:", "")) {
            Map<String, String> p = dump.hashes().get(prefix + ":pod:" + name);
            if ("gone".equals(p.get("state"))) {
                lines.add("pod %s gone object=%s version=%s"
                        .formatted(name, text(p, "incarnation").substring(0, 16), p.get("version")));
                continue;
            }
            lines.add(
                    "pod %s %s inc=%s version=%s pool=%s next=%s cap=%s %s k8s=%s drained=%s probe=%s/%s unconnected=%s quarantine=%s calls=%s"
                            .formatted(
                                    name,
                                    p.get("state"),
                                    p.get("incarnation"),
                                    p.get("version"),
                                    p.get("pool"),
                                    p.get("moves_to"),
                                    p.get("capacity"),
                                    p.get("placement"),
                                    p.get("kubernetes"),
                                    "1".equals(p.get("drained")),
                                    p.get("probe_failures"),
                                    p.get("probe_failed_until"),
                                    p.getOrDefault("unconnected", "0"),
                                    p.get("quarantined_until"),
                                    dump.set(prefix + ":pod:" + name + ":calls")));
        }
        return lines;
    }

    private static String text(Map<String, String> record, String field) {
        return record.getOrDefault(field, "");
    }
}
