package io.smartrouter.podwatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.smartrouter.pool.Incarnation;
import io.smartrouter.pool.InvalidInputException;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodFacts.Readiness;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PodTranslationTest {
    private static final Incarnation FIRST = Incarnation.of("agent-0", "u1", "containerd://c1");

    private static PodFacts facts(Pod pod, @Nullable String container) {
        return new PodTranslation(new PodsProperties(null, "app=voice-agent", container, 8080, Duration.ofMinutes(3)))
                .facts(pod);
    }

    private static PodFacts expected(
            Incarnation incarnation,
            Readiness readiness,
            @Nullable String address,
            boolean running,
            @Nullable String pool) {
        return new PodFacts("agent-0", incarnation, "7", readiness, address, running, "rev-1", pool);
    }

    private static Arguments row(String name, UnaryOperator<PodBuilder> change, PodFacts facts) {
        return Arguments.of(name, change, facts);
    }

    static Stream<Arguments> pods() {
        Incarnation unknown = Incarnation.of("agent-0", "u1", "");
        PodFacts plain = expected(FIRST, Readiness.READY, "127.0.0.7:9000", true, "gold");
        PodFacts stopped = expected(FIRST, Readiness.NOT_READY, "127.0.0.7:9000", false, "gold");
        return Stream.of(
                row("ready", p -> p, plain),
                row(
                        "not ready",
                        p -> p.editStatus()
                                .editFirstCondition()
                                .withStatus("False")
                                .endCondition()
                                .endStatus(),
                        expected(FIRST, Readiness.NOT_READY, "127.0.0.7:9000", true, "gold")),
                row(
                        "no condition yet",
                        p -> p.editStatus().withConditions().endStatus(),
                        expected(FIRST, Readiness.NOT_READY, "127.0.0.7:9000", true, "gold")),
                row(
                        "being deleted though ready",
                        p -> p.editMetadata()
                                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                                .endMetadata(),
                        expected(FIRST, Readiness.DELETING, "127.0.0.7:9000", true, "gold")),
                row(
                        "container waits, its old id known, condition lags",
                        p -> p.editStatus()
                                .editFirstContainerStatus()
                                .withNewState()
                                .withNewWaiting()
                                .endWaiting()
                                .endState()
                                .endContainerStatus()
                                .endStatus(),
                        stopped),
                row(
                        "container terminated",
                        p -> p.editStatus()
                                .editFirstContainerStatus()
                                .withNewState()
                                .withNewTerminated()
                                .endTerminated()
                                .endState()
                                .endContainerStatus()
                                .endStatus(),
                        stopped),
                row(
                        "container id missing",
                        p -> p.editStatus()
                                .editFirstContainerStatus()
                                .withContainerID(null)
                                .endContainerStatus()
                                .endStatus(),
                        expected(unknown, Readiness.READY, "127.0.0.7:9000", true, "gold")),
                row(
                        "no container status yet",
                        p -> p.editStatus().withContainerStatuses().endStatus(),
                        expected(unknown, Readiness.NOT_READY, "127.0.0.7:9000", false, "gold")),
                row(
                        "no address yet",
                        p -> p.editStatus().withPodIP(null).endStatus(),
                        expected(FIRST, Readiness.READY, null, true, "gold")),
                row(
                        "IPv6",
                        p -> p.editStatus().withPodIP("fd00::1").endStatus(),
                        expected(FIRST, Readiness.READY, "[fd00::1]:9000", true, "gold")),
                row(
                        "no container port",
                        p -> p.editSpec()
                                .editFirstContainer()
                                .withPorts()
                                .endContainer()
                                .endSpec(),
                        expected(FIRST, Readiness.READY, "127.0.0.7:8080", true, "gold")),
                row(
                        "the port named ws wins over the first",
                        p -> p.editSpec()
                                .editFirstContainer()
                                .addToPorts(new ContainerPortBuilder()
                                        .withName("ws")
                                        .withContainerPort(9100)
                                        .build())
                                .endContainer()
                                .endSpec(),
                        expected(FIRST, Readiness.READY, "127.0.0.7:9100", true, "gold")),
                row(
                        "a UDP port is none",
                        p -> p.editSpec()
                                .editFirstContainer()
                                .withPorts(new ContainerPortBuilder()
                                        .withProtocol("UDP")
                                        .withContainerPort(5000)
                                        .build())
                                .endContainer()
                                .endSpec(),
                        expected(FIRST, Readiness.READY, "127.0.0.7:8080", true, "gold")),
                row(
                        "merchant wins over tier",
                        p -> p.editMetadata()
                                .addToLabels(PodTranslation.MERCHANT_LABEL, "acme")
                                .endMetadata(),
                        expected(FIRST, Readiness.READY, "127.0.0.7:9000", true, "merchant:acme")),
                row(
                        "empty tier label",
                        p -> p.editMetadata()
                                .addToLabels(PodTranslation.TIER_LABEL, "")
                                .endMetadata(),
                        expected(FIRST, Readiness.READY, "127.0.0.7:9000", true, null)),
                row(
                        "an init container that runs is not the agent",
                        p -> p.editSpec()
                                .addNewInitContainer()
                                .withName("mesh")
                                .endInitContainer()
                                .endSpec()
                                .editStatus()
                                .withContainerStatuses()
                                .addNewInitContainerStatus()
                                .withName("mesh")
                                .withContainerID("containerd://m")
                                .withNewState()
                                .withNewRunning()
                                .endRunning()
                                .endState()
                                .endInitContainerStatus()
                                .endStatus(),
                        expected(unknown, Readiness.NOT_READY, "127.0.0.7:9000", false, "gold")),
                row(
                        "a sidecar whose status comes first is not the agent",
                        p -> p.editSpec()
                                .addNewContainer()
                                .withName("mesh")
                                .endContainer()
                                .endSpec()
                                .editStatus()
                                .addNewContainerStatusLike(
                                        p.buildStatus().getContainerStatuses().getFirst())
                                .withName("mesh")
                                .withContainerID("containerd://m")
                                .endContainerStatus()
                                .endStatus(),
                        plain));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pods")
    void translates(String name, UnaryOperator<PodBuilder> change, PodFacts facts) {
        Pod pod = change.apply(new PodBuilder(Pods.running("agent-0", "u1", "7", "containerd://c1")))
                .build();
        assertThat(facts(pod, null)).as(name).isEqualTo(facts);
    }

    @Test
    void aNamedContainerThatThePodLacksCannotBeRegistered() {
        PodFacts facts = facts(Pods.running("agent-0", "u1", "7", "containerd://c1"), "other");
        assertThat(facts.isRegistrable()).isFalse();
        assertThat(facts.incarnation().isComplete()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "abc", "07", "-1"})
    void refusesAnOddVersion(String version) {
        Pod pod = Pods.running("agent-0", "u1", version, "containerd://c1");
        assertThatThrownBy(() -> facts(pod, null)).isInstanceOf(InvalidInputException.class);
    }
}
