package io.smartrouter.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A method that also answers the stream token of the call in its path ({@code {sid}}), instead of an API key. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@interface OwnStreamToken {
    /** Request attribute with the token's {@code LeaseClaim}; absent where an API key let the request in. */
    String CLAIM = "io.smartrouter.api.claim";
}
