/** Uses a part of the folder that it is given, with a child that takes a second to end, and waits to be killed. */
import { spawn } from "node:child_process";
import process from "node:process";
import { usePart } from "../in-use.ts";
import { endWithThis } from "../watchdog.ts";

await usePart(process.argv[2] ?? "", "night");
const script = "trap 'sleep 1; exit' TERM; echo used; while :; do sleep 0.1; done";
endWithThis(spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "inherit", "ignore"] }), "SIGTERM");
