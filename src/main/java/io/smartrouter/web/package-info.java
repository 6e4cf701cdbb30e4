/**
 * What every HTTP edge shares: problem details with stable codes, strictly read JSON bodies, and bounds. Uses
 * {@code pool} for the outcomes that it puts into words; knows no path but {@code /error}.
 */
@NullMarked
package io.smartrouter.web;

import org.jspecify.annotations.NullMarked;
