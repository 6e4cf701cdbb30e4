package io.smartrouter.ops;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * Says why the start is refused in one line, where an operator can mend it: {@code router.x: what is wrong, how to mend
 * it}. Everything else is left to Spring Boot's own reporters.
 */
@Order(0)
final class OneLineFailure implements SpringBootExceptionReporter {
    private static final Logger log = LoggerFactory.getLogger(OneLineFailure.class);

    private final @Nullable Environment environment;

    OneLineFailure(@Nullable ConfigurableApplicationContext context) {
        this.environment = context == null ? null : context.getEnvironment();
    }

    @Override
    public boolean reportException(Throwable failure) {
        var line = StartFailure.line(failure, name -> environment == null ? null : environment.getProperty(name));
        line.ifPresent(text -> log.error("start refused: {}", text));
        return line.isPresent();
    }
}
