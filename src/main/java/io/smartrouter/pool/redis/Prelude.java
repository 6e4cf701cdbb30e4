package io.smartrouter.pool.redis;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What scripts share, given to each script as far as it uses it: Lua makes every function anew each time that a script
 * runs, and the whole prelude costs Redis more than the shortest scripts do.
 */
final class Prelude {
    private static final Pattern DEFINITION = Pattern.compile("^local (?:function )?(\\w+)");
    private static final Pattern WORD = Pattern.compile("\\w+");
    private static final Pattern COMMENT = Pattern.compile("--.*");

    private final Map<String, String> definitions = new LinkedHashMap<>();

    /**
     * Takes it apart.
     *
     * @param text definitions alone, each of which begins with `local` in the first column, and ends in that line or
     *     with the next `end` in the first column
     */
    Prelude(String text) {
        StringBuilder definition = new StringBuilder();
        String name = "";
        for (String line : text.lines().toList()) {
            Matcher begin = DEFINITION.matcher(line);
            if (definition.isEmpty()) {
                if (!begin.find()) {
                    if (!COMMENT.matcher(line).replaceAll("").isBlank()) {
                        throw new IllegalStateException("no definition in the prelude: " + line);
                    }
                    continue;
                }
                name = begin.group(1);
            }
            definition.append(line).append('\n');
            boolean whole = definition.indexOf("\n") == definition.length() - 1
                    && (!line.startsWith("local function") || line.endsWith(" end"));
            if (whole || line.equals("end")) {
                definitions.put(name, definition.toString());
                definition.setLength(0);
            }
        }
        if (!definition.isEmpty()) {
            throw new IllegalStateException("no end in the prelude: " + name);
        }
    }

    /** The script after all that it uses, and that those use. */
    String before(String script) {
        Set<String> used = new HashSet<>();
        Deque<String> texts = new ArrayDeque<>(Set.of(script));
        while (!texts.isEmpty()) {
            Matcher words = WORD.matcher(COMMENT.matcher(texts.pop()).replaceAll(""));
            while (words.find()) {
                String definition = definitions.get(words.group());
                if (definition != null && used.add(words.group())) {
                    texts.push(definition);
                }
            }
        }
        StringBuilder whole = new StringBuilder();
        definitions.forEach((name, definition) -> {
            if (used.contains(name)) {
                whole.append(definition);
            }
        });
        return whole.append(script).toString();
    }
}
