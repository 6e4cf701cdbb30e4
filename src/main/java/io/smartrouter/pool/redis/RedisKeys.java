package io.smartrouter.pool.redis;

import io.smartrouter.pool.CallId;

/**
 * The names of all keys. The scripts make the same names in {@code prelude.lua}, from the prefix of the epoch's key; a
 * test holds the two against each other.
 *
 * @param prefix what all keys begin with; in a Redis Cluster a hash tag, {@code {voice}}
 */
record RedisKeys(String prefix) {
    /** Hash: this data set, its state, its last seq. */
    String epoch() {
        return prefix + ":epoch";
    }

    /** Hash: one call's record; an hour longer than the call. */
    String call(CallId call) {
        return prefix + ":call:" + call;
    }

    /** The same for a sid that an index holds, which may be none. */
    String call(String sid) {
        return prefix + ":call:" + sid;
    }

    /** Sorted set: live sids by the time (ms) by which they must have ended. */
    String calls() {
        return prefix + ":calls";
    }

    /** Set: live sids that only mirrors brought into the settlement that is under way. */
    String callsJoined() {
        return prefix + ":calls:joined";
    }

    /** Set: a merchant's live sids. */
    String merchantCalls(String merchant) {
        return prefix + ":merchant:" + merchant + ":calls";
    }

    /** String: the sid of the call that a request began; as long as the call's record. */
    String request(String id) {
        return prefix + ":request:" + id;
    }

    /** Sorted set: sids that wait for a pod by the time (ms) by which they must have asked again. */
    String waiting() {
        return prefix + ":waiting";
    }

    /** Sorted set: sids that wait for a pod of the pool, in order of arrival. */
    String waiting(String pool) {
        return prefix + ":waiting:" + pool;
    }

    /** Hash: what a waiting call is, and in which queues it stands. */
    String waiter(CallId call) {
        return prefix + ":waiter:" + call;
    }

    /** String: since when a call waited that is in no queue any more, and its place if it keeps it; two minutes. */
    String waited(CallId call) {
        return prefix + ":waited:" + call;
    }

    /** The same for a sid that a queue holds, which may be none. */
    String waiter(String sid) {
        return prefix + ":waiter:" + sid;
    }

    /** Set: names of all pods that are not gone. */
    String pods() {
        return prefix + ":pods";
    }

    /** Sorted set: pods by the time (ms) at which their state changes by time alone. */
    String podsDue() {
        return prefix + ":pods:due";
    }

    /** Hash: one pod's facts and state; an hour longer than the pod. */
    String pod(String pod) {
        return prefix + ":pod:" + pod;
    }

    /** Set: live sids on a pod. */
    String podCalls(String pod) {
        return prefix + ":pod:" + pod + ":calls";
    }

    /** Set: a pool's pods. */
    String poolPods(String pool) {
        return prefix + ":pool:" + pool + ":pods";
    }

    /** Sorted set: a pool's ready pods with a free slot, the one to take first. */
    String poolAvailable(String pool) {
        return prefix + ":pool:" + pool + ":available";
    }

    /** Sorted set: a pool's pods that a failed probe keeps from calls, by the time (ms) until when. */
    String poolProbeFailed(String pool) {
        return prefix + ":pool:" + pool + ":probe_failed";
    }

    /** String: JSON of the tiers, as operators write it. */
    String tierConfig() {
        return prefix + ":tier:config";
    }

    /** Hash: merchant to JSON, as operators write it. */
    String merchantConfig() {
        return prefix + ":merchant:config";
    }

    /** Hash: dialled number or prefix to merchant, as operators write it. */
    String numberConfig() {
        return prefix + ":number:config";
    }

    /** Hash: the numbers that are written back after a loss, until they are complete. */
    String numberRestore(String id) {
        return prefix + ":number:restore:" + id;
    }

    /** Hash: the last valid configuration, compiled for the scripts. */
    String configApplied() {
        return prefix + ":config:applied";
    }

    /** String: token of the request that works on a call in more than one step. */
    String callLock(CallId call) {
        return prefix + ":lock:call:" + call;
    }

    /** String: token of the router that does a task. */
    String taskLock(String task) {
        return prefix + ":lock:task:" + task;
    }

    /** Channel, no key: what routers say to each other about their mirrors. */
    String mirrorChannel() {
        return prefix + ":mirrors";
    }

    /** Stream: every transition with its seq. */
    String events() {
        return prefix + ":events";
    }
}
