import { rmSync } from "node:fs";
import { chown, mkdtemp, readdir, rm, stat, statfs } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { isAlive, UNPRIVILEGED } from "./server-process.ts";

/** Linux's file system in memory. */
const MEMORY = "/dev/shm";
/** Its type, TMPFS_MAGIC of linux/magic.h. */
const TMPFS = 0x01021994;
/** Bytes that must be free for data to be kept there: of forty servers of 100 MB, which is more than the tests run at once. */
const ROOM = 4 * 2 ** 30;
const PREFIX = "medstack-to-aptible-server-";
/** No test takes longer; what is older and whose process is gone was left by a run that was killed. */
const LEFT_MS = 3_600_000;

/**
 * Makes a folder for the data of a server that goes with its test: in memory where there is room, as a server makes and removes
 * thousands of files, which on a disk is most of what a test costs; else, and where TMPDIR says so, where temporary files go.
 */
export async function makeServerFolder(kind: string): Promise<string> {
	const parent = process.env.TMPDIR || !(await isRoomInMemory()) ? os.tmpdir() : MEMORY;
	await removeLeftovers(parent);
	return mkdtemp(path.join(parent, `${PREFIX}${process.pid}-${kind}-`));
}

/** Removes such a folder: a thousand files, for which this takes half the CPU of its asynchronous form. */
export function removeServerFolder(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
}

async function isRoomInMemory(): Promise<boolean> {
	const { type, bavail, bsize } = await statfs(MEMORY).catch(() => ({ type: 0, bavail: 0, bsize: 0 }));
	return type === TMPFS && Math.min(bavail * bsize, process.availableMemory()) >= ROOM;
}

async function removeLeftovers(parent: string): Promise<void> {
	for (const name of await readdir(parent)) {
		const [, pid] = name.startsWith(PREFIX) ? (/^(\d+)-/.exec(name.slice(PREFIX.length)) ?? []) : [];
		if (pid === undefined || isAlive(Number(pid))) continue;
		const left = path.join(parent, name);
		const { mtimeMs } = await stat(left).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
		if (Date.now() - mtimeMs > LEFT_MS) await rm(left, { recursive: true, force: true });
	}
}

/** Gives a file, or a folder and all that is in it, to the user whom servers run as. */
export async function giveToServer(place: string): Promise<void> {
	if (UNPRIVILEGED === undefined) return;
	const { uid, gid } = UNPRIVILEGED;
	const names = (await stat(place)).isDirectory() ? await readdir(place, { recursive: true }) : [];
	for (const name of ["", ...names]) await chown(path.join(place, name), uid, gid);
}
