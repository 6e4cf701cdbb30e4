package io.smartrouter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

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
            .resideOutsideOfPackages("io.smartrouter.pool.redis..", "io.smartrouter.dev..", "io.smartrouter.ops..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework.data.redis..", "io.lettuce..");

    @ArchTest
    static final ArchRule THE_STORE_IS_PACKAGE_PRIVATE = classes()
            .that()
            .resideInAPackage("io.smartrouter.pool.redis..")
            .should()
            .notBePublic();

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
            .resideOutsideOfPackage("io.smartrouter.webhook.plivo..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.smartrouter.webhook.plivo..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule PRODUCTION_KNOWS_NOTHING_OF_DEV = noClasses()
            .that()
            .resideOutsideOfPackage("io.smartrouter.dev..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.smartrouter.dev..", "redis.embedded..", "io.fabric8.mockwebserver..");

    @ArchTest
    static final ArchRule NO_CIRCLES =
            slices().matching("io.smartrouter.(*)..").should().beFreeOfCycles();
}
