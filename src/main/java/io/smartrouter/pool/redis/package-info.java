/**
 * The store on Redis: one Lua script per transition, and the keys in one place. The only package that knows Redis;
 * nothing outside it sees more than the interfaces of {@code pool}: {@code PoolStore}, {@code SettlementStore}, {@code MirrorStore}.
 */
@NullMarked
package io.smartrouter.pool.redis;

import org.jspecify.annotations.NullMarked;
