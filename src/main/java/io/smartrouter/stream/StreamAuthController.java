package io.smartrouter.stream;

import io.smartrouter.pool.Admission;
import io.smartrouter.pool.LeaseClaim;
import io.smartrouter.pool.PoolManager;
import io.smartrouter.web.StreamSide;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/**
 * What a proxy asks before it lets a stream through (nginx: {@code auth_request}). The answer to a good one names the
 * address to connect to; the proxy must take that and no host made from the path. Everything else is 403, the one
 * refusal that {@code auth_request} passes on, and a forged token is refused without a question to Redis.
 */
@RestController
@StreamSide
class StreamAuthController {
    private static final Logger log = LoggerFactory.getLogger(StreamAuthController.class);
    private static final Pattern STREAM = Pattern.compile("(?:/[^?#]*)?/agent/([^/?#]+)/([^/?#]+)/([^/?#]+)");
    private static final int LONGEST_URI = 4_096;

    private final StreamToken tokens;
    private final PoolManager pool;

    StreamAuthController(StreamToken tokens, PoolManager pool) {
        this.tokens = tokens;
        this.pool = pool;
    }

    /**
     * Whether the stream may go through.
     *
     * @param uri path of the stream's request as the provider sent it
     */
    @GetMapping({"/stream/authorize", "/api/v1/stream/authorize"})
    ResponseEntity<Void> authorize(@RequestHeader(name = "X-Original-URI", defaultValue = "") String uri) {
        Optional<LeaseClaim> claim = claim(uri);
        if (claim.isEmpty()) {
            log.info("stream refused reason=no_genuine_token");
            return refused();
        }
        return switch (pool.admit(claim.get())) {
            case Admission.Admitted admitted ->
                ResponseEntity.ok()
                        .header(HttpHeaders.CACHE_CONTROL, "no-store")
                        .header("X-Agent-Address", admitted.address())
                        .build();
            case Admission.Refused refused -> {
                log.info(
                        "stream refused sid={} pod={} reason={}",
                        claim.get().call(),
                        claim.get().pod(),
                        refused.why());
                yield refused();
            }
        };
    }

    /** The token's claim, if it is genuine and of the call and pod in the path. */
    private Optional<LeaseClaim> claim(String uri) {
        Matcher path = STREAM.matcher(uri.length() > LONGEST_URI ? "" : uri);
        return path.matches()
                ? tokens.verify(path.group(3))
                        .filter(claim -> claim.pod().equals(path.group(1)))
                        .filter(claim -> claim.call().value().equals(path.group(2)))
                : Optional.empty();
    }

    private static ResponseEntity<Void> refused() {
        return ResponseEntity.status(HttpStatus.FORBIDDEN)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .build();
    }
}
