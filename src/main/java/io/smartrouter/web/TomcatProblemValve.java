package io.smartrouter.web;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;

/**
 * Tomcat's last word on a request that broke HTTP itself (a bad request line, a bad header): a problem instead of a
 * page. Public, for Tomcat makes it by its name.
 */
public final class TomcatProblemValve extends ErrorReportValve {
    @Override
    protected void report(Request request, Response response, Throwable throwable) {
        int status = response.getStatus();
        if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        try {
            ProblemWriter.write(Problems.ofStatus(status), response.getResponse());
        } catch (IOException | IllegalStateException e) {
            container.getLogger().debug("client went before the answer", e);
        }
    }
}
