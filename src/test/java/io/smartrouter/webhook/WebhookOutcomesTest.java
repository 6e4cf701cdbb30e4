package io.smartrouter.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smartrouter.InvalidSettingException;
import io.smartrouter.pool.AllocateReply;
import io.smartrouter.pool.AllocationOutcome;
import io.smartrouter.pool.CallId;
import io.smartrouter.pool.PodFacts;
import io.smartrouter.pool.PodSource;
import io.smartrouter.pool.PodWord;
import io.smartrouter.pool.PoolFixture;
import io.smartrouter.pool.PoolProperties;
import io.smartrouter.pool.PoolStore;
import io.smartrouter.pool.ReleaseOutcome;
import io.smartrouter.pool.ReleaseRequest;
import io.smartrouter.pool.SettlementStore;
import io.smartrouter.pool.StoreUnavailableException;
import io.smartrouter.webhook.WebhookAnswer.Busy;
import io.smartrouter.webhook.WebhookAnswer.Noted;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.ComponentScan;

/** Which answer each outcome becomes, and which settings refuse the start; on a store that answers as a test says. */
@ExtendWith(OutputCaptureExtension.class)
class WebhookOutcomesTest {
    private static final String TOKEN = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4";
    private static final String ACCOUNT = "router.providers.plivo.accounts[0]";
    private static final String PUBLIC_URL = "router.public-url=https://voice.example.com";

    private static final WebhookProperties NOTHING_SET = new WebhookProperties(null, null, Map.of());
    private static final Busy BUSY = new Busy(null, null);

    private volatile Supplier<Object> reply = () -> new AssertionError("not asked for");
    private volatile Object asked = "";
    private final PoolFixture pool =
            new PoolFixture(fake(PoolStore.class), fake(SettlementStore.class), properties(), new PodSource() {
                @Override
                public boolean isComplete() {
                    return true;
                }

                @Override
                public List<PodFacts> pods() {
                    return List.of();
                }

                @Override
                public PodWord ask(String pod, Duration atMost) {
                    return new PodWord.Silent();
                }
            });

    @ComponentScan("io.smartrouter.webhook.plivo")
    @ConfigurationPropertiesScan("io.smartrouter.webhook")
    static class Parts {}

    @Test
    void everyOutcomeWithoutAPodBecomesTheMessage() {
        for (AllocationOutcome outcome : List.of(
                new AllocationOutcome.Exhausted(List.of("gold"), null),
                new AllocationOutcome.MerchantLimit("acme", 1),
                new AllocationOutcome.NotOwner(),
                new AllocationOutcome.CallEnded(Instant.EPOCH, "hangup"))) {
            reply = () -> new AllocateReply.Decided(outcome);
            assertThat(answered()).as(outcome.toString()).isEqualTo(BUSY);
        }
    }

    @Test
    void aStoreThatIsAwayAndAFaultOfOurOwnBecomeTheMessage(CapturedOutput output) {
        reply = () -> {
            throw new StoreUnavailableException("away");
        };
        assertThat(answered()).isEqualTo(BUSY);
        assertThat(output)
                .contains("provider=plivo sid=c1 outcome=store_unavailable pod=-")
                .doesNotContain("\tat ");
        reply = () -> {
            throw new IllegalStateException("a fault");
        };
        assertThat(answered()).isEqualTo(BUSY);
        assertThat(output).contains("call answer failed provider=plivo sid=c1");
    }

    @Test
    void everyReleaseIsNotedAndWhatCouldNotBeStoredIsKept() {
        for (ReleaseOutcome outcome : List.of(
                new ReleaseOutcome.Released("voice-agent-0", "gold", false),
                new ReleaseOutcome.AlreadyEnded(null, null, Instant.EPOCH),
                new ReleaseOutcome.UnknownCall(),
                new ReleaseOutcome.NotOwner())) {
            reply = () -> outcome;
            assertThat(hungUp()).isEqualTo(new Noted());
        }
        assertThat(pool.deferred().size()).isZero();
        reply = () -> {
            throw new StoreUnavailableException("away");
        };
        assertThatThrownBy(this::hungUp).isInstanceOf(RefusedException.class);
        assertThat(pool.deferred().size()).isEqualTo(1);
    }

    @Test
    void aReleaseIsTheProvenOwnersForAFixedReason() {
        reply = ReleaseOutcome.UnknownCall::new;
        hungUp();
        assertThat(asked)
                .isEqualTo(
                        new ReleaseRequest(new CallId("c1"), new ReleaseRequest.Right.Owner("plivo", "MA1"), "hangup"));
    }

    @Test
    void settingsThatWouldBelieveAnybodyRefuseTheStart() {
        refuses("router.providers.plivo.unverified", "router.providers.plivo.unverified=true");
        refuses("router.public-url", ACCOUNT + ".id=MA1", ACCOUNT + ".tokens=" + TOKEN);
        refuses("router.public-url", "router.public-url=voice.example.com");
        refuses("router.public-url", "router.public-url=https://voice.example.com/?a=b");
        refuses("router.providers.plvo", "router.providers.plvo.unverified=false");
    }

    @Test
    void malformedAccountsRefuseTheStartWithoutSayingTheToken() {
        String setting = "router.providers.plivo.accounts[0]";
        refuses(setting, PUBLIC_URL, ACCOUNT + ".id=MA1");
        refuses(setting, PUBLIC_URL, ACCOUNT + ".id=MA 1", ACCOUNT + ".tokens=" + TOKEN);
        refuses(setting, PUBLIC_URL, ACCOUNT + ".id=MA1", ACCOUNT + ".tokens=short");
        refuses(setting, PUBLIC_URL, ACCOUNT + ".id=MA1", ACCOUNT + ".tokens=" + TOKEN + "," + TOKEN + "1," + TOKEN);
        refuses(setting + ".token-files", PUBLIC_URL, ACCOUNT + ".id=MA1", ACCOUNT + ".token-files=/no/such/file");
        refuses(
                "router.providers.plivo.accounts[1]",
                PUBLIC_URL,
                ACCOUNT + ".id=MA1",
                ACCOUNT + ".tokens=" + TOKEN,
                "router.providers.plivo.accounts[1].id=MA2",
                "router.providers.plivo.accounts[1].tokens=" + TOKEN);
        refuses("router.providers.plivo.content-type", "router.providers.plivo.content-type=audio/mpeg");
        refuses("router.busy-message", "router.busy-message=a\u0001b");
    }

    @Test
    void aTokenMayStandInAFile(@TempDir Path directory) throws java.io.IOException {
        Path file = Files.writeString(directory.resolve("token"), TOKEN + "\n");
        runner().withPropertyValues(PUBLIC_URL, ACCOUNT + ".id=MA1", ACCOUNT + ".token-files=" + file)
                .run(context -> assertThat(
                                context.getBean(ProviderAdapter.class).hasAccounts())
                        .isTrue());
    }

    @Test
    void onlyDevBelievesWithoutProofAndSaysSoAndOnlyWithoutAccounts(CapturedOutput output) {
        String[] dev = {"spring.profiles.active=dev", "router.providers.plivo.unverified=true"};
        runner().withPropertyValues(dev).run(context -> {
            ProviderAdapter plivo = context.getBean(ProviderAdapter.class);
            assertThat(context.getBean(Providers.class).isBelieved(plivo)).isTrue();
        });
        assertThat(output).containsOnlyOnce("provider is believed without proof");
        runner().withPropertyValues(dev)
                .withPropertyValues(PUBLIC_URL, ACCOUNT + ".id=MA1", ACCOUNT + ".tokens=" + TOKEN)
                .run(context -> {
                    ProviderAdapter plivo = context.getBean(ProviderAdapter.class);
                    assertThat(context.getBean(Providers.class).isBelieved(plivo))
                            .isFalse();
                });
        assertThat(output).containsOnlyOnce("provider is believed without proof");
    }

    @Test
    void withoutAMessageTheCallerHearsABusyTone() {
        runner().run(context -> {
            WebhookDocument document = context.getBean(ProviderAdapter.class).render(Endpoint.ALLOCATE, BUSY);
            assertThat(document.text())
                    .isEqualTo("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                            + "<Response><Hangup reason=\"busy\"/></Response>");
        });
    }

    private WebhookAnswer answered() {
        return calls().take("plivo", "MA1", new CallEvent.Answer(new CallId("c1"), null, null));
    }

    private WebhookAnswer hungUp() {
        return calls().take("plivo", "MA1", new CallEvent.Hangup(new CallId("c1")));
    }

    @SuppressWarnings("NullAway") // no outcome here has a stream
    private WebhookCalls calls() {
        return new WebhookCalls(
                pool.manager(), null, new PublicUrl(NOTHING_SET), new Tenants(pool.configurations()), NOTHING_SET);
    }

    private static void refuses(String setting, String... settings) {
        runner().withPropertyValues(settings).run(context -> {
            assertThat(context).hasFailed();
            assertThat(context.getStartupFailure())
                    .rootCause()
                    .isInstanceOfSatisfying(InvalidSettingException.class, refusal -> {
                        assertThat(refusal.setting()).isEqualTo(setting);
                        assertThat(refusal.getMessage()).doesNotContain(TOKEN).doesNotContain("\n");
                    });
        });
    }

    private static ApplicationContextRunner runner() {
        return new ApplicationContextRunner()
                .withUserConfiguration(Parts.class)
                .withBean(PublicUrl.class)
                .withBean(Providers.class);
    }

    private static PoolProperties properties() {
        return new Binder(new MapConfigurationPropertySource(Map.of())).bindOrCreate("router", PoolProperties.class);
    }

    private <T> T fake(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (!method.getName().equals("allocate")
                            && !method.getName().equals("release")) {
                        throw new AssertionError("not asked for: " + method);
                    }
                    asked = arguments[0];
                    return reply.get();
                }));
    }
}
