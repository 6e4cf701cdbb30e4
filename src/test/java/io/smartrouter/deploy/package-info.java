/** What is shipped beside the router: nginx' configuration, the chart, the image, the files of compose. */
@NullMarked
package io.smartrouter.deploy;

import org.jspecify.annotations.NullMarked;
