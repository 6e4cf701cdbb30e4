package io.smartrouter.web;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.converter.HttpMessageConverters;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Puts the strict reading of JSON before Spring's own, for the bodies that ask for it, and a bound before every handler. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({StopProperties.class, OverloadProperties.class})
class WebConfiguration implements WebMvcConfigurer {
    private static final int AFTER_KEYS = 100;

    private final InFlightInterceptor inFlight;

    WebConfiguration(InFlightInterceptor inFlight) {
        this.inFlight = inFlight;
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(inFlight).order(AFTER_KEYS);
    }

    @Override
    public void configureMessageConverters(HttpMessageConverters.ServerBuilder converters) {
        converters.addCustomConverter(new StrictJsonConverter());
    }
}
