/**
 * Node's modules `http` and `https`. An import of theirs reads every export, and with `WebSocket` loads all that is behind `fetch`, which
 * takes 0.05 s of CPU in each Command.
 */
export const http = process.getBuiltinModule("node:http");
export const https = process.getBuiltinModule("node:https");
