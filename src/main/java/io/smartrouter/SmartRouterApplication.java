package io.smartrouter;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The router as a process. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class SmartRouterApplication {
    /**
     * Starts the router.
     *
     * @param args Spring Boot's command line
     */
    public static void main(String[] args) {
        SpringApplication.run(SmartRouterApplication.class, args);
    }
}
