/** The way of a product, from MedStack to Aptible and Azure by one file. */
import { type Shape, writeSvg } from "./svg.ts";

const [ink, grey] = ["#1f2328", "#57606a"];

interface Box {
	at: readonly [x: number, y: number, width: number, height: number];
	fill: string;
	stroke: string;
	title: string;
	lines: readonly string[];
	isCode?: boolean;
}

const boxes: readonly Box[] = [
	{
		at: [24, 76, 196, 128],
		fill: "#f6f8fa",
		stroke: "#8c959f",
		title: "MedStack",
		lines: ["Docker Swarm on Azure:", "services, databases,", "files, domains"],
	},
	{
		at: [338, 76, 212, 128],
		fill: "#ddf4ff",
		stroke: "#0969da",
		title: "Pulumi.prod.yaml",
		isCode: true,
		lines: ["one file for each stage,", "reviewed in pull requests", "with effects and costs"],
	},
	{
		at: [668, 132, 228, 128],
		fill: "#dafbe1",
		stroke: "#1a7f37",
		title: "Aptible",
		lines: ["environment, databases,", "apps, endpoints, drains,", "permissions, backups"],
	},
	{
		at: [668, 24, 228, 86],
		fill: "#fff8c5",
		stroke: "#9a6700",
		title: "Azure",
		lines: ["object storage, DNS records"],
	},
];

const arrows = ["M220 140 H332", "M550 122 C604 122 604 67 662 67", "M550 158 C604 158 604 196 662 196"];
/** Around the file: the data never passes through it. */
const data = "M122 204 V300 H782 V266";

const labels: readonly Shape[] = [
	{ text: "npm run import", x: 276, y: 128, size: 12, colour: grey, isCode: true, isCentred: true },
	{ text: "pulumi up", x: 612, y: 144, size: 12, colour: grey, isCode: true, isCentred: true },
	{ text: "npm run move", x: 452, y: 290, size: 12, colour: grey, isCode: true, isCentred: true },
	{
		text: "rehearsed, copied in one night, proven equal, and back if need be",
		x: 452,
		y: 320,
		size: 13,
		colour: grey,
		isCentred: true,
	},
];

export const title =
	"MedStack's services become one stage file by npm run import; pulumi up makes Aptible and Azure of it; npm run move copies the data and proves both sides equal";

export function drawWay(): string {
	const shapes: Shape[] = boxes.flatMap(({ at, fill, stroke, title: name, lines, isCode = false }) => {
		const [x, y, width] = at;
		const centre = x + width / 2;
		return [
			{ box: at, fill, stroke },
			{ text: name, x: centre, y: y + 34, size: 17, colour: ink, isBold: true, isCode, isCentred: true },
			...lines.map((text, row) => ({ text, x: centre, y: y + 62 + row * 21, size: 14, colour: ink, isCentred: true })),
		];
	});
	const lines = [...arrows, data].map((arrow) => ({ arrow, colour: grey }));
	return writeSvg({ title, width: 920, height: 340, background: "#ffffff" }, [...shapes, ...lines, ...labels]);
}
