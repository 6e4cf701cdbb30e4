package io.smartrouter.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseMirrorTest {
    private static final List<String> STATES = List.of("allocated", "connected", "lost", "ended", "withdrawn");

    @ParameterizedTest(name = "{0}@{1} and {2}@{3}: {4}@{5}")
    @CsvSource({
        "allocated, 5, ended, 7, ended, 7",
        "ended, 5, allocated, 7, allocated, 7",
        "allocated, 5, connected, 5, connected, 5",
        "lost, 5, connected, 5, lost, 5",
        "ended, 5, lost, 5, ended, 5",
        "withdrawn, 6, connected, 5, withdrawn, 6",
        "connected, 10, ended, 9, connected, 10",
    })
    void theHigherSeqWinsAndOfEqualOnesTheLaterState(
            String one, long oneSeq, String other, long otherSeq, String winner, long winnerSeq) {
        LeaseMirror mirror = mirror(List.of(call("a", one, oneSeq), call("a", other, otherSeq)));
        assertThat(mirror.call("a")).hasValueSatisfying(copy -> {
            assertThat(copy.fields()).containsEntry("state", winner);
            assertThat(copy.seq()).isEqualTo(winnerSeq);
        });
    }

    /** Whatever the order, whatever is repeated, and however it is split among routers. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 0x5EED})
    void joiningIsCommutativeAssociativeAndIdempotent(long seed) {
        long tried = seed == 0x5EED ? System.nanoTime() : seed;
        Random random = new Random(tried);
        for (int round = 0; round < 500; round++) {
            List<Copy> copies = IntStream.range(0, random.nextInt(1, 30))
                    .mapToObj(i -> any(random))
                    .toList();
            Set<Copy> expected = new HashSet<>(mirror(copies).all());
            List<Copy> shuffled = new ArrayList<>(copies);
            Collections.shuffle(shuffled, random);
            int cut = random.nextInt(copies.size() + 1);
            LeaseMirror one = mirror(shuffled.subList(0, cut));
            LeaseMirror two = mirror(shuffled.subList(cut, shuffled.size()));
            LeaseMirror both = mirror(List.of());
            two.all().forEach(both::put);
            one.all().forEach(both::put);
            two.all().forEach(both::put);
            two.all().forEach(one::put);
            assertThat(one.all()).as("seed %d", tried).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(both.all()).as("seed %d", tried).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    @Test
    void aSnapshotEndsLiveCallsThatItLacksAndKeepsEndsPodsAndWhatIsLater() {
        LeaseMirror mirror = mirror(List.of(
                call("gone", "allocated", 5),
                call("own", "allocated", 11),
                call("ended", "ended", 4),
                new Copy(Copy.Kind.POD, "p", Map.of("state", "drained", "seq", "3"))));
        LeaseMirror next = mirror(List.of(call("live", "connected", 9)));
        next.takeOver(mirror, 10);
        assertThat(next.all()).extracting(Copy::name).containsExactlyInAnyOrder("own", "ended", "p", "live");
    }

    @Test
    void ofVeryManyEndsThoseThatASnapshotShowsAreTheNewest() {
        LeaseMirror mirror = new LeaseMirror();
        for (int i = 0; i < LeaseMirror.MOST_ENDS; i++) {
            mirror.put(ended("old-" + i, 1_000_000 + i));
        }
        LeaseMirror next = mirror(List.of(ended("new-1", 1_100_000), ended("new-2", 1_100_001)));
        next.takeOver(mirror, 0);
        assertThat(next.forget()).containsExactly("old-0", "old-1");
        assertThat(next.size()).isEqualTo(LeaseMirror.MOST_ENDS);
    }

    @Test
    void endsAreForgottenAfterTenMinutesAndGonePodsAfterAnHour() {
        LeaseMirror mirror = mirror(List.of(
                ended("old", 1_000_000),
                ended("young", 1_500_000),
                gone("pod", 1_000_000),
                call("live", "connected", 1),
                ended("now", 1_700_000)));
        mirror.forget();
        assertThat(mirror.all()).extracting(Copy::name).containsExactlyInAnyOrder("young", "pod", "live", "now");
        mirror.put(ended("later", 5_000_000));
        mirror.forget();
        assertThat(mirror.all()).extracting(Copy::name).containsExactlyInAnyOrder("live", "later");
    }

    @Test
    void anOutcomeFromBeforeTheMirrorWasHandedOverIsRefused() {
        RouterMirror mirror = new RouterMirror(Ticker.system());
        long begun = mirror.generation();
        mirror.took(begun, call("told", "allocated", 1));
        assertThat(mirror.handOver().copies()).hasSize(1);
        assertThatExceptionOfType(UnsettledException.class)
                .isThrownBy(() -> mirror.took(begun, call("late", "allocated", 2)));
        assertThatExceptionOfType(UnsettledException.class)
                .isThrownBy(() -> mirror.tookEnd(begun, "told", Map.of("seq", "3"), release("told")));
        mirror.took(mirror.generation(), call("asked again", "allocated", 2));
        assertThat(mirror.handOver().copies()).hasSize(2);
    }

    @Test
    void anEndIsAskedAgainWhereAnotherDataSetTakesItsCallForLive() {
        RouterMirror mirror = new RouterMirror(Ticker.system());
        for (String sid : List.of("ended", "live", "given")) {
            mirror.tookEnd(mirror.generation(), sid, Map.of("seq", "7", "ended_at", "1000"), release(sid));
        }
        LeaseMirror snapshot = mirror(
                List.of(call("live", "connected", 20), call("given", "allocated", 21), call("other", "allocated", 22)));
        assertThat(mirror.renew("set", 22, snapshot)).containsExactlyInAnyOrder(release("live"), release("given"));
        mirror.follow("set", 24, 24, List.of(ended("newer", 700_000_000)));
        assertThat(mirror.renew("set", 24, mirror(List.of()))).isEmpty();
        assertThat(mirror.renew("set", 25, mirror(List.of(call("ended", "connected", 25)))))
                .as("an end of long ago is forgotten")
                .isEmpty();
    }

    private static ReleaseRequest release(String sid) {
        return new ReleaseRequest(new CallId(sid), new ReleaseRequest.Right.Operator(null), "released");
    }

    @Test
    void aMirrorIsWholeOnlyOnceItHasReadWhatHappenedWhileItsPagesWereRead() {
        RouterMirror mirror = new RouterMirror(Ticker.system());
        mirror.renew("set", 10, mirror(List.of(call("a", "allocated", 5))));
        assertThat(mirror.handOver().wholeUpTo()).isEmpty();
        mirror.follow("set", 12, 13, List.of(call("b", "allocated", 12)));
        assertThat(mirror.isWhole()).isFalse();
        mirror.follow("set", 13, 13, List.of());
        assertThat(mirror.handOver().wholeUpTo()).hasValue(13);
        mirror.broke();
        assertThat(mirror.handOver().wholeUpTo()).isEmpty();
        assertThat(mirror.handOver().copies()).hasSize(2);
    }

    private static LeaseMirror mirror(List<Copy> copies) {
        LeaseMirror mirror = new LeaseMirror();
        copies.forEach(mirror::put);
        return mirror;
    }

    private static Copy any(Random random) {
        String name = "n" + random.nextInt(4);
        long seq = random.nextInt(6);
        if (random.nextInt(4) == 0) {
            String state = List.of("drained", "undrained", "gone").get(random.nextInt(3));
            return new Copy(Copy.Kind.POD, name, Map.of("state", state, "seq", Long.toString(seq)));
        }
        String state = STATES.get(random.nextInt(STATES.size()));
        return new Copy(
                Copy.Kind.CALL,
                name,
                random.nextBoolean()
                        ? Map.of("state", state, "seq", Long.toString(seq), "pod", "p" + random.nextInt(2))
                        : Map.of("state", state, "seq", Long.toString(seq)));
    }

    @Test
    void ofVeryManyEndsTheNewestAreKeptAndEveryLiveCall() {
        LeaseMirror mirror = mirror(List.of(call("live", "connected", 1)));
        for (int i = 0; i < LeaseMirror.MOST_ENDS + 10; i++) {
            mirror.put(ended("over-" + i, 1_000_000 + i));
        }
        mirror.forget();
        assertThat(mirror.size()).isEqualTo(LeaseMirror.MOST_ENDS + 1);
        assertThat(mirror.call("live")).isPresent();
        assertThat(mirror.call("over-9")).isEmpty();
        assertThat(mirror.call("over-10")).isPresent();
    }

    /** Most are: an own outcome says less than the record that the mirror reads afterwards. */
    @Test
    void anEndThatIsToldTwiceCountsOnce() {
        LeaseMirror mirror = mirror(List.of());
        for (int i = 0; i < LeaseMirror.MOST_ENDS; i++) {
            Copy end = ended("over-" + i, 1_000_000 + i);
            Map<String, String> more = new HashMap<>(end.fields());
            more.put("pod", "p");
            mirror.put(end);
            mirror.put(new Copy(Copy.Kind.CALL, end.name(), more));
            assertThat(mirror.forget()).isEmpty();
        }
        assertThat(mirror.size()).isEqualTo(LeaseMirror.MOST_ENDS);
        mirror.put(ended("newer", 1_100_000));
        assertThat(mirror.forget()).containsExactly("over-0");
    }

    private static Copy call(String sid, String state, long seq) {
        return new Copy(Copy.Kind.CALL, sid, Map.of("state", state, "seq", Long.toString(seq)));
    }

    private static Copy ended(String sid, long at) {
        return new Copy(Copy.Kind.CALL, sid, Map.of("state", "ended", "seq", "1", "ended_at", Long.toString(at)));
    }

    private static Copy gone(String pod, long at) {
        return new Copy(Copy.Kind.POD, pod, Map.of("state", "gone", "seq", "1", "ended_at", Long.toString(at)));
    }
}
