package io.smartrouter.ops;

/** This router has seen Redis with an open data set, and the whole cluster, for the first time: it is ready. */
public record FirstOpening() {}
