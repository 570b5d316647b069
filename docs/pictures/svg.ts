/** Pictures as SVG, which GitHub shows without JavaScript. */

/** Text, a box or an arrow. */
export type Shape =
	| {
			text: string;
			x: number;
			y: number;
			size: number;
			colour: string;
			isBold?: boolean;
			isCode?: boolean;
			isCentred?: boolean;
	  }
	| { box: readonly [x: number, y: number, width: number, height: number]; fill: string; stroke: string }
	| { arrow: string; colour: string };

export interface Picture {
	/** What it shows, for whoever does not see it. */
	title: string;
	width: number;
	height: number;
	background: string;
}

const fonts = {
	code: "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace",
	plain: "-apple-system,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif",
};

export function writeSvg({ title, width, height, background }: Picture, shapes: readonly Shape[]): string {
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
		`<title>${quote(title)}</title>`,
		`<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 10 5 0 10z" fill="#57606a"/></marker></defs>`,
		`<rect width="${width}" height="${height}" rx="8" fill="${background}"/>`,
		...shapes.map(draw),
		"</svg>\n",
	].join("\n");
}

function draw(shape: Shape): string {
	if ("arrow" in shape) {
		return `<path d="${shape.arrow}" fill="none" stroke="${shape.colour}" stroke-width="2" marker-end="url(#head)"/>`;
	}
	if ("box" in shape) {
		const [x, y, width, height] = shape.box;
		return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${shape.fill}" stroke="${shape.stroke}" stroke-width="1.5"/>`;
	}
	const { text, x, y, size, colour, isBold, isCode, isCentred } = shape;
	const how = [isBold ? ' font-weight="600"' : "", isCentred ? ' text-anchor="middle"' : ""].join("");
	const font = isCode ? fonts.code : fonts.plain;
	return `<text x="${x}" y="${y}" font-family="${font}" font-size="${size}" fill="${colour}"${how} xml:space="preserve">${quote(text)}</text>`;
}

/** Text between tags. */
export function quote(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
