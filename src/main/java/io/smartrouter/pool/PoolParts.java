package io.smartrouter.pool;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Time and randomness of the core, as beans so that tests can replace them. */
@Configuration(proxyBeanMethods = false)
class PoolParts {
    @Bean
    Tokens tokens() {
        return Tokens.secure();
    }

    @Bean
    Ticker ticker() {
        return Ticker.system();
    }
}
