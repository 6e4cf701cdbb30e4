package io.smartrouter.api;

import io.smartrouter.api.ApiKeys.Caller;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.Numbers;
import io.smartrouter.pool.RoutingConfigurations;
import io.smartrouter.web.Fields;
import io.smartrouter.web.JsonBody;
import io.smartrouter.web.Problem;
import io.smartrouter.web.ProblemCode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;

/**
 * {@code /numbers}: which merchant a dialled number, or all numbers with a prefix, belong to. A number is named by its
 * digits; the + before them may be there or not. No number is ever logged: only whose it is.
 */
@ApiController
class NumberController {
    private static final Logger log = LoggerFactory.getLogger(NumberController.class);
    private static final Pattern AFTER = Pattern.compile("[+ ]?([0-9]{0,15})"); // a + that nobody encoded is a space
    private static final Problem UNKNOWN = Problem.of(
            ProblemCode.UNKNOWN_NUMBER, "Exactly this number or prefix is not configured; GET /numbers lists them.");

    private final RoutingConfigurations configurations;

    NumberController(RoutingConfigurations configurations) {
        this.configurations = configurations;
    }

    record Body(@Nullable String merchantId) implements JsonBody.Configuring {}

    record Answer(String number, String merchantId) implements JsonBody {}

    /**
     * A page of numbers.
     *
     * @param numbers number as it is configured → merchant, sorted by digits as text
     * @param configured how many there are on all pages
     * @param nextAfter digits to ask for the next page with, or null
     */
    record ListAnswer(
            Map<String, String> numbers,
            int configured,
            @Nullable String nextAfter) implements JsonBody {}

    record Changed(boolean success, String number) implements JsonBody {}

    @GetMapping("/numbers")
    ResponseEntity<?> numbers(
            @RequestParam(name = "after", defaultValue = "") String after,
            @RequestParam(name = "limit", defaultValue = "100") int limit) {
        Page.requireLimit(limit);
        var from = AFTER.matcher(after);
        if (!from.matches()) {
            throw new InvalidInputException("after", "must be the next_after of the page before");
        }
        var all = configurations.current().numbers().entries();
        var page = Page.of(all, Numbers.Entry::digits, from.group(1), limit);
        Map<String, String> views = new LinkedHashMap<>();
        page.items().forEach(entry -> views.put(entry.number(), entry.merchant()));
        return ResponseEntity.ok(new ListAnswer(views, all.size(), page.nextAfter()));
    }

    @GetMapping("/numbers/{number}")
    ResponseEntity<?> number(@PathVariable String number) {
        Optional<Numbers.Entry> entry = configurations.current().numbers().entry(Numbers.require(number));
        return entry.isEmpty()
                ? UNKNOWN.answer()
                : ResponseEntity.ok(new Answer(entry.get().number(), entry.get().merchant()));
    }

    @PutMapping(path = "/numbers/{number}", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<?> put(
            @PathVariable String number,
            @RequestBody Body body,
            @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        String merchant = Fields.required("merchant_id", body.merchantId());
        configurations.putNumber(number, merchant);
        log.info("number configured merchant={} key={}", merchant, caller.id());
        return ResponseEntity.ok(new Changed(true, number));
    }

    @DeleteMapping("/numbers/{number}")
    ResponseEntity<?> delete(@PathVariable String number, @RequestAttribute(ApiKeyInterceptor.CALLER) Caller caller) {
        Optional<String> merchant = configurations.deleteNumber(number);
        if (merchant.isEmpty()) {
            return UNKNOWN.answer();
        }
        log.info("number removed merchant={} key={}", merchant.get(), caller.id());
        return ResponseEntity.ok(new Changed(true, number));
    }
}
