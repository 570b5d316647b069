import { rmSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = "medstack-to-aptible-certificate-";
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Lends a certificate and its key to one call of the CLI, which takes them as files only. They lie in a folder of their own that
 * nobody else may enter, and go when the call ends or this process is told to.
 */
export async function withCertificateFiles<T>(
	certificate: { chain: string; key: string },
	use: (files: { certificateFile: string; privateKeyFile: string }) => Promise<T>,
): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
	const clear = () => rmSync(folder, { recursive: true, force: true });
	const onSignal = (signal: NodeJS.Signals) => {
		clear();
		stop();
		process.kill(process.pid, signal);
	};
	const stop = () => {
		process.off("exit", clear);
		for (const signal of signals) process.off(signal, onSignal);
	};
	process.on("exit", clear);
	for (const signal of signals) process.on(signal, onSignal);
	try {
		const files = {
			certificateFile: join(folder, "certificate.pem"),
			privateKeyFile: join(folder, "private-key.pem"),
		};
		await writeFile(files.certificateFile, certificate.chain, { mode: 0o600, flag: "wx" });
		await writeFile(files.privateKeyFile, certificate.key, { mode: 0o600, flag: "wx" });
		return await use(files);
	} finally {
		clear();
		stop();
	}
}

/** Removes the folders of processes that were killed while they lent a certificate. */
export async function sweepCertificateFiles(): Promise<void> {
	const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
	const left = names.filter((name) => !isAlive(Number(name.slice(prefix.length).split("-")[0])));
	// Another user's folder cannot be removed, and need not be.
	await Promise.all(left.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})));
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
