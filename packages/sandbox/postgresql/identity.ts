import { randomBytes } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import path from "node:path";

/** Where a segment's first page says whose it is: behind the page's header of 24 bytes (xlog_internal.h, XLogLongPageHeaderData). */
const OWNER_IN_SEGMENT = 24;

/**
 * Gives a copied cluster, whose server does not run, a system identifier of its own, as every cluster has that `initdb` made: by that a
 * mover tells servers apart. It stands in the control file, which ends with its CRC-32C, and in the write-ahead log.
 *
 * @throws where the control file is not one of a server on a little-endian machine
 */
export async function giveIdentity(data: string): Promise<void> {
	const own = randomBytes(8);
	// As SQL shows it, it is a number with a sign.
	own[7] = (own[7] ?? 0) & 0x7f;
	const control = path.join(data, "global", "pg_control");
	const former = await replaceBytes(control, 0, 512, (bytes) => {
		const end = endOf(bytes);
		if (end === undefined) throw new Error(`${control} is no control file of PostgreSQL; remove ${data}`);
		own.copy(bytes, 0);
		bytes.writeUInt32LE(crc32c(bytes.subarray(0, end)), end);
	});
	const log = path.join(data, "pg_wal");
	for (const name of await readdir(log)) {
		if (!/^[0-9A-F]{24}$/.test(name)) continue;
		await replaceBytes(path.join(log, name), OWNER_IN_SEGMENT, own.length, (bytes) => {
			// A segment that waits for its use holds anything.
			if (bytes.equals(former.subarray(0, own.length))) own.copy(bytes, 0);
		});
	}
}

/** Changes some bytes of a file, and gives what they were. */
async function replaceBytes(
	file: string,
	from: number,
	length: number,
	change: (bytes: Buffer) => void,
): Promise<Buffer> {
	const handle = await open(file, "r+");
	try {
		const former = Buffer.alloc(length);
		await handle.read(former, 0, length, from);
		const bytes = Buffer.from(former);
		change(bytes);
		await handle.write(bytes, 0, length, from);
		return former;
	} finally {
		await handle.close();
	}
}

/** Where a control file's checksum is, which is another place in each major version: where it is that of all before it. */
function endOf(bytes: Buffer): number | undefined {
	for (let end = 64; end + 4 <= bytes.length; end += 4) {
		if (bytes.readUInt32LE(end) === crc32c(bytes.subarray(0, end))) return end;
	}
	return undefined;
}

/** The CRC of Castagnoli (RFC 3720), which node:zlib has not. */
function crc32c(bytes: Buffer): number {
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
	}
	return ~crc >>> 0;
}
