/**
 * Measures (`mvn verify -Pbench`): the packaged router as a process with production's settings, a real Redis, and a load
 * tool, all on this machine. Figures are compared with others of the same run only.
 */
package io.smartrouter.bench;
