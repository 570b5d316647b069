/** A note in a PNG: what it was made of, by which a test sees that it is no longer that. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

const keyword = "Source";
/** Length, type and checksum of a chunk. */
const frame = 12;
const [signature, header] = [8, 13 + frame];

/** Puts the note behind the header. */
export function noteSource(png: Buffer, source: string): Buffer {
	const data = Buffer.from(`tEXt${keyword}\0${hash(source)}`, "latin1");
	const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
	length.writeUInt32BE(data.length - 4);
	sum.writeUInt32BE(crc32(data));
	const at = signature + header;
	return Buffer.concat([png.subarray(0, at), length, data, sum, png.subarray(at)]);
}

/** Whether a picture was made of this text. */
export function isMadeOf(png: Buffer, source: string): boolean {
	return png.includes(Buffer.from(`tEXt${keyword}\0${hash(source)}`, "latin1"));
}

const hash = (source: string) => createHash("sha256").update(source).digest("hex");
