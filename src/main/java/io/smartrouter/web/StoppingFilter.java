package io.smartrouter.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** While the router stops, each answer is the last one on its connection. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class StoppingFilter extends OncePerRequestFilter {
    private final Stopping stopping;

    StoppingFilter(Stopping stopping) {
        this.stopping = stopping;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (stopping.hasBegun()) {
            response.setHeader("Connection", "close");
        }
        chain.doFilter(request, response);
    }
}
