/**
 * Test files, each a suite of one process: their hooks are of their suite. What a file changes in the environment is as it was for the next one.
 * The files are named in `FILES`, one a line.
 */
import path from "node:path";
import process from "node:process";
import { after, suite } from "node:test";

const files = (process.env.FILES ?? "").split("\n").filter((file) => file !== "");
const former = { ...process.env };

for (const file of files) {
	suite(file, async () => {
		await import(path.resolve(file));
		after(() => {
			for (const name of Object.keys(process.env)) if (!Object.hasOwn(former, name)) delete process.env[name];
			for (const [name, value] of Object.entries(former)) if (process.env[name] !== value) process.env[name] = value;
		});
	});
}
