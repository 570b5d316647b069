import process from "node:process";
import { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";

// A program of its own, which download.ts can stop; the version installed is the SDK's.
try {
	await PulumiCommand.install({ root: process.argv[2] ?? "" });
} catch (error) {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
