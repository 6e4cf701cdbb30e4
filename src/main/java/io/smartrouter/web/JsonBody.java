package io.smartrouter.web;

/**
 * A body of the JSON API: read strictly and written in snake_case by {@link StrictJsonConverter}. Components of a
 * request's body are nullable, since JSON can leave out any; fields that it does not know are ignored.
 */
public interface JsonBody {
    /** A body that configures: fields that it does not know are refused, for a misspelt one would change nothing. */
    interface Configuring extends JsonBody {}
}
