package io.smartrouter;

/** A setting is missing or wrong: the start is refused with one line that says how to mend it. */
public final class InvalidSettingException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final String setting;

    /**
     * @param setting the setting's name, as an operator writes it
     * @param mend what is wrong and what to write instead; never holds a secret
     */
    public InvalidSettingException(String setting, String mend) {
        super(setting + ": " + mend);
        this.setting = setting;
    }

    /** Returns the setting's name. */
    public String setting() {
        return setting;
    }
}
