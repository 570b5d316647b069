/** `volumes` of a service in their short and long syntax (compose-spec 05-services.md, volumes). */
import { type Field, fieldAt, textOf } from "./source.ts";

export interface Mount {
	kind: "volume" | "bind" | "tmpfs" | "other";
	/** Name of a volume, or path on the host; empty for an anonymous one. */
	source: string;
	target: string;
	isReadOnly: boolean;
}

export function readMount(item: Field): Mount {
	if (item.value.kind === "map") {
		const text = (key: string) => textOf(fieldAt(item, key)) ?? "";
		const type = text("type");
		const kind = type === "volume" || type === "bind" || type === "tmpfs" ? type : "other";
		return { kind, source: text("source"), target: text("target"), isReadOnly: text("read_only") === "true" };
	}
	const parts = (textOf(item) ?? "").split(":");
	// A drive letter of Windows is no volume, and with no path behind its own it is a volume of one letter.
	const isDrive = /^[a-z]$/i.test(parts[0] ?? "") && /^[\\/]/.test(parts[1] ?? "") && /^\//.test(parts[2] ?? "");
	if (isDrive) parts.splice(0, 2, `${parts[0]}:${parts[1]}`);
	const [source = "", target, mode = ""] = parts;
	if (target === undefined) return { kind: "volume", source: "", target: source, isReadOnly: false };
	const kind = /^[./~\\]|^[a-z]:/i.test(source) ? "bind" : "volume";
	return { kind, source, target, isReadOnly: mode.split(",").includes("ro") };
}
