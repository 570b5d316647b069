import { createSocket } from "node:dgram";
import { inSandbox } from "./sandbox.ts";

/** Records of the DNS that the sandbox's programs ask, by name in lower case. */
type Records = Record<string, { cname?: string; a?: string }>;

const A = 1;
const CNAME = 5;
const NAME_ERROR = 3;
const TTL_S = 60;

/** Makes a record, as the owner of a domain does. */
export function setDnsRecord(dir: string, name: string, record: { cname?: string; a?: string }): void {
	inSandbox(dir, (store) => {
		const records: Records = JSON.parse(store.meta("dns") ?? "{}");
		store.setMeta("dns", JSON.stringify({ ...records, [name.toLowerCase()]: record }));
	});
}

/** Answers questions for A and CNAME records over UDP on a free local port; whatever was not set does not exist. */
export async function startDns(dir: string): Promise<{ address: string; close(): Promise<void> }> {
	const socket = createSocket("udp4");
	socket.on("message", (query, from) => {
		const records: Records = inSandbox(dir, (store) => JSON.parse(store.meta("dns") ?? "{}"));
		socket.send(answerTo(query, records), from.port, from.address);
	});
	await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
	// Nobody is to be kept waiting for the end of it.
	socket.unref();
	return {
		address: `127.0.0.1:${socket.address().port}`,
		close: () => new Promise((resolve) => socket.close(() => resolve())),
	};
}

/** RFC 1035: the header, the question once more, and at most one record that points back to its name. */
function answerTo(query: Buffer, records: Records): Buffer {
	const labels: string[] = [];
	let at = 12;
	for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
		labels.push(query.toString("latin1", at + 1, at + 1 + length));
		at += 1 + length;
	}
	const question = query.subarray(12, at + 5);
	const type = query.readUInt16BE(at + 1);
	const record = records[labels.join(".").toLowerCase()];
	const data = record === undefined ? undefined : dataOf(record, type);
	const header = Buffer.alloc(12);
	query.copy(header, 0, 0, 2);
	header.writeUInt16BE(0x8180 | (record === undefined ? NAME_ERROR : 0), 2);
	header.writeUInt16BE(1, 4);
	if (data === undefined) return Buffer.concat([header, question]);
	header.writeUInt16BE(1, 6);
	const answer = Buffer.alloc(12);
	answer.writeUInt16BE(0xc00c, 0);
	answer.writeUInt16BE(data.type, 2);
	answer.writeUInt16BE(1, 4);
	answer.writeUInt32BE(TTL_S, 6);
	answer.writeUInt16BE(data.bytes.length, 10);
	return Buffer.concat([header, question, answer, data.bytes]);
}

function dataOf({ cname, a }: Records[string], type: number): { type: number; bytes: Buffer } | undefined {
	if (cname !== undefined && (type === CNAME || type === A)) return { type: CNAME, bytes: encodeName(cname) };
	if (a !== undefined && type === A) return { type: A, bytes: Buffer.from(a.split(".").map(Number)) };
	return undefined;
}

function encodeName(name: string): Buffer {
	const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
	return Buffer.concat([...labels, Buffer.from([0])]);
}
