package io.smartrouter.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A controller of the JSON API: each of its paths also answers under {@code /api/v1}, and each needs an API key
 * ({@link ApiKeyInterceptor} looks for this annotation). What the client accepts is asked before anything is done.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@RestController
@RequestMapping(
        path = {"", "/api/v1"},
        produces = MediaType.APPLICATION_JSON_VALUE)
@interface ApiController {}
