package io.smartrouter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;

/** Which way the arrows between packages point. */
@AnalyzeClasses(packages = "io.smartrouter", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule THE_CORE_IMPORTS_NO_OTHER_FEATURE = noClasses()
            .that()
            .resideInAPackage("io.smartrouter.pool..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.smartrouter.api..",
                    "io.smartrouter.web..",
                    "io.smartrouter.webhook..",
                    "io.smartrouter.stream..",
                    "io.smartrouter.podwatch..",
                    "io.smartrouter.agent..",
                    "io.smartrouter.reconcile..",
                    "io.smartrouter.ops..",
                    "io.smartrouter.dev..");

    @ArchTest
    static final ArchRule THE_CORE_KNOWS_NEITHER_HTTP_NOR_KUBERNETES = noClasses()
            .that()
            .resideInAPackage("io.smartrouter.pool..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.fabric8..",
                    "java.net.http..",
                    "jakarta.servlet..",
                    "org.springframework.web..",
                    "org.springframework.http..");

    @ArchTest
    static final ArchRule REDIS_IS_KNOWN_IN_ONE_PACKAGE_AND_TO_WHO_WATCHES_OVER_IT = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "io.smartrouter.pool.redis..",
                    "io.smartrouter.dev..",
                    "io.smartrouter.ops..",
                    "io.smartrouter.bench..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework.data.redis..", "io.lettuce..");

    @ArchTest
    static final ArchRule THE_STORE_IS_PACKAGE_PRIVATE = classes()
            .that()
            .resideInAPackage("io.smartrouter.pool.redis..")
            .should()
            .notBePublic();

    /** So a router whose clock is wrong harms no lease: deadlines are Redis' time, and durations are monotonic. */
    @ArchTest
    static final ArchRule NO_ROUTERS_CLOCK_DECIDES_ABOUT_A_LEASE = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.smartrouter.pool..",
                    "io.smartrouter.stream..",
                    "io.smartrouter.reconcile..",
                    "io.smartrouter.agent..")
            .should()
            .dependOnClassesThat()
            .areAssignableTo(Clock.class)
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Instant.class, "now");

    @ArchTest
    static final ArchRule NOTHING_DEPENDS_ON_THE_EDGES = noClasses()
            .that()
            .resideOutsideOfPackages("io.smartrouter.api..", "io.smartrouter.webhook..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.smartrouter.api..", "io.smartrouter.webhook..");

    @ArchTest
    static final ArchRule A_PROVIDER_IS_KNOWN_TO_NOBODY_ELSE = noClasses()
            .that()
            .resideOutsideOfPackage("io.smartrouter.webhook.*..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.smartrouter.webhook.*..");

    @ArchTest
    static final ArchRule PROVIDERS_DO_NOT_KNOW_EACH_OTHER =
            slices().matching("io.smartrouter.webhook.(*)..").should().notDependOnEachOther();

    @ArchTest
    static final ArchRule PRODUCTION_KNOWS_NOTHING_OF_DEV = noClasses()
            .that()
            .resideOutsideOfPackage("io.smartrouter.dev..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.smartrouter.dev..", "redis.embedded..", "io.fabric8.mockwebserver..");

    @ArchTest
    static final ArchRule PRODUCTION_KNOWS_NOTHING_OF_THE_BENCHMARK = noClasses()
            .that()
            .resideOutsideOfPackage("io.smartrouter.bench..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.smartrouter.bench..");

    @ArchTest
    static final ArchRule NO_CIRCLES =
            slices().matching("io.smartrouter.(*)..").should().beFreeOfCycles();
}
