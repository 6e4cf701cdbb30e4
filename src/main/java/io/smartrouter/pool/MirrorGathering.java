package io.smartrouter.pool;

/** What a settlement needs of the routers' mirrors. */
@FunctionalInterface
interface MirrorGathering {
    /**
     * Has all routers join their mirrors under this settlement, and waits for them, bounded.
     *
     * @param token the settlement's
     */
    void gather(String token);
}
