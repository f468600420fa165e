/** `npm run ulp`: the largest error of each kernel's exp and log over every float32 of their range; exit code 1 above 2 ulp. */
import { kernelReports } from "../src/engine/fused/fused.js";
import type { Kernel } from "../src/engine/fused/kernel.js";
import { alignedTable } from "../src/report/table.js";

const ALLOWED_ULP = 2;
const CHUNK = 1 << 20; // values at a time
const MANTISSA_BITS = 23;
const LEAST_EXPONENT = -126; // of a normal float32; below, the unit in the last place stays what it is there

/** A function with the float32 values it is for, as a range of their bits, both ends included. */
interface Subject {
  readonly name: string;
  readonly bits: readonly [from: number, to: number];
  /** In float64, whose own error is 2⁻²⁹ of a float32's last place. */
  readonly exact: (x: number) => number;
  readonly of: (kernel: Kernel) => (values: Float64Array) => void;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: "exp on [-104, -0]",
    bits: [bitsOf(-0), bitsOf(-104)],
    exact: Math.exp,
    of: (kernel) => (values) => kernel.exponential("f32", values),
  },
  {
    name: "log on the normal numbers above 0",
    bits: [bitsOf(2 ** LEAST_EXPONENT), bitsOf(Infinity) - 1],
    exact: Math.log,
    of: (kernel) => (values) => kernel.logarithm("f32", values),
  },
];

function bitsOf(x: number): number {
  return new Uint32Array(Float32Array.of(x).buffer)[0];
}

/** The float32 values whose bits are `first` and what follows. */
function valuesFrom(first: number, count: number): Float64Array {
  const bits = Uint32Array.from({ length: count }, (_, i) => first + i);
  return Float64Array.from(new Float32Array(bits.buffer));
}

/** 1 / the unit in the last place of each value as a float32. */
function unitsOf(exact: Float64Array): Float64Array {
  const words = new Uint32Array(exact.buffer);
  return exact.map((_, i) => {
    const exponent = ((words[2 * i + 1] >>> 20) & 0x7ff) - 1023; // little-endian: the upper half comes second
    return 2 ** (MANTISSA_BITS - Math.max(exponent, LEAST_EXPONENT));
  });
}

interface Worst {
  ulp: number;
  at: number;
}

function worstErrors({ bits: [from, to], exact, of }: Subject, kernels: readonly Kernel[]): Worst[] {
  const worst = kernels.map((): Worst => ({ ulp: 0, at: Number.NaN }));
  for (let first = from; first <= to; first += CHUNK) {
    const values = valuesFrom(first, Math.min(CHUNK, to - first + 1));
    const truth = values.map(exact);
    const perUnit = unitsOf(truth);
    for (const [k, kernel] of kernels.entries()) {
      const computed = values.slice();
      of(kernel)(computed);
      for (let i = 0; i < values.length; i++) {
        const ulp = Math.abs(computed[i] - truth[i]) * perUnit[i];
        if (!(ulp <= worst[k].ulp)) worst[k] = { ulp, at: values[i] };
      }
    }
  }
  return worst;
}

const kernels = kernelReports().flatMap((report) => ("kernel" in report ? [report.kernel] : []));
const rows = SUBJECTS.flatMap((subject) => {
  process.stderr.write(`${subject.name}\n`);
  const count = (subject.bits[1] - subject.bits[0] + 1).toLocaleString("en");
  return worstErrors(subject, kernels).map(({ ulp, at }, k) => [subject.name, count, kernels[k].isa, ulp, at] as const);
});
process.stdout.write(
  alignedTable(
    ["function", "values", "kernel", "largest error in ulp", "at"],
    rows.map(([name, count, isa, ulp, at]) => [name, count, isa, Number(ulp.toFixed(3)), at]),
  ),
);
process.exitCode = rows.every(([, , , ulp]) => ulp <= ALLOWED_ULP) ? 0 : 1;
