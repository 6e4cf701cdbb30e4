package io.smartrouter.pool.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PreludeTest {
    private static final Prelude PRELUDE = new Prelude("""
        -- What is shared.
        local limit = 3 -- of all

        local function one() return limit end

        -- Uses one.
        local function two(a)
          if a then
            return one()
          end
        end
        local function three() return two(true) end
        """);

    @Test
    void aScriptGetsWhatItUsesInTheOrderOfThePrelude() {
        assertThat(PRELUDE.before("return two(false)")).isEqualTo("""
            local limit = 3 -- of all
            local function one() return limit end
            local function two(a)
              if a then
                return one()
              end
            end
            return two(false)\
            """);
    }

    @Test
    void aScriptThatUsesNothingStandsAlone() {
        assertThat(PRELUDE.before("return 1 -- as two would")).isEqualTo("return 1 -- as two would");
    }

    @Test
    void whatIsNoDefinitionIsRefused() {
        assertThatThrownBy(() -> new Prelude("redis.call('PING')")).hasMessageContaining("redis.call");
        assertThatThrownBy(() -> new Prelude("local function f()\n  return 1\n"))
                .hasMessageContaining("no end");
    }
}
