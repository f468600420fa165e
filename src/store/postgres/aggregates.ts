/**
 * The statistics of a column that SQL may call, as functions of the schema: the same arithmetic in the same order as in
 * src/stats, so that the numbers are the same to the bit.
 */
import { tTailQuantile } from "../../stats/student-t.js";

/** What they are called: a store knows these and no others. */
export const AGGREGATE_NAMES: readonly string[] = [
  ...["std", "sd", "stddev_samp", "mcse"],
  ...["quantile", "ci_low", "ci_high"],
];

const OF_VALUES = "(x double precision[]) returns double precision language plpgsql immutable parallel safe as";

/**
 * Student's t is not written anew in SQL: a query is asked twice where it wants quantiles, once to hear which they are
 * and once with their values. Both stand in settings of the transaction.
 */
export const T_KNOWN = "gmm_sweep.t_known";
export const T_WANTED = "gmm_sweep.t_wanted";

/** How many states have set values aside, and what the names of those begin with. */
const STATES = "gmm_sweep.states";
const ASIDE = "gmm_sweep.aside_";

const OF_A_COLUMN = `
create function mean_of${OF_VALUES} $$
declare
  n integer := cardinality(x);
  first double precision := 0;
  rest double precision := 0;
  value double precision;
begin
  if n = 0 then return 'NaN'; end if;
  foreach value in array x loop first := first + value; end loop;
  first := first / n;
  if first in ('NaN', 'Infinity', '-Infinity') then return first; end if;
  foreach value in array x loop rest := rest + (value - first); end loop;
  return first + rest / n;
end $$;

create function squares_of${OF_VALUES} $$
declare
  center double precision := mean_of(x);
  total double precision := 0;
  rest double precision := 0;
  distance double precision;
  value double precision;
begin
  foreach value in array x loop
    distance := value - center;
    -- A smaller square is 0, which PostgreSQL refuses to say.
    if abs(distance) > 1.57e-162 then total := total + distance * distance; end if;
    rest := rest + distance;
  end loop;
  if abs(rest) > 1.57e-162 then total := total - (rest * rest) / cardinality(x); end if;
  -- What rounding left below 0 has no root.
  return case when total < 0 then 'NaN' else total end;
end $$;

create function std_of${OF_VALUES} $$
declare own double precision[] := array_remove(x, null);
begin
  if cardinality(own) = 0 then return null; end if;
  return nullif(sqrt(squares_of(own) / cardinality(own)), 'NaN');
end $$;

create function sd_of${OF_VALUES} $$
declare own double precision[] := array_remove(x, null);
begin
  if cardinality(own) < 2 then return null; end if;
  return nullif(sqrt(squares_of(own) / (cardinality(own) - 1)), 'NaN');
end $$;

create function mcse_of${OF_VALUES} $$
begin
  return sd_of(x) / sqrt(cardinality(array_remove(x, null)));
end $$;

${["std", "sd", "mcse"]
  .map(
    (name) =>
      `create aggregate ${name} (double precision) (sfunc = array_append, stype = double precision[], finalfunc = ${name}_of, initcond = '{}', parallel = safe);`,
  )
  .join("\n")}
create aggregate stddev_samp (double precision) (sfunc = array_append, stype = double precision[], finalfunc = sd_of, initcond = '{}', parallel = safe);

create function given_otherwise(first double precision, other double precision) returns double precision[]
language plpgsql immutable parallel safe as $$
begin
  raise exception 'an aggregate takes one value beside the column for all rows of a group, got % and %', first, other;
end $$;

create function t_quantile(level double precision, df integer) returns double precision language plpgsql volatile as $$
declare
  key text := level || ' ' || df;
  known text := current_setting('${T_KNOWN}', true);
  found double precision;
begin
  if coalesce(known, '') = '' then raise exception 'ci_low and ci_high are answered by gmm-sweep query alone'; end if;
  found := cast(cast(known as json) ->> key as double precision);
  if found is null then
    perform set_config('${T_WANTED}', concat(current_setting('${T_WANTED}', true), key, E'\\n'), true);
  end if;
  return found;
end $$;
`;

const HELD = 2048; // values, 16 KB

/**
 * Of several arguments no function that PostgreSQL lets everybody use grows an array in place: each row copies its state.
 * So a state holds some values, and what is more stands aside, in settings of the transaction: its first item is what is
 * given beside the column, then by which number its settings go (0: it has none), and how many they are.
 */
const WITH_GIVEN = `
create function exactly(x double precision[]) returns text language sql stable set extra_float_digits = 3
return trim('{}' from cast(x as text));

create function set_aside(state double precision[], x double precision) returns double precision[] language plpgsql volatile as $$
declare
  number integer := state[2];
begin
  if number = 0 then
    number := coalesce(nullif(current_setting('${STATES}', true), ''), '0')::integer + 1;
    perform set_config('${STATES}', number::text, true);
  end if;
  perform set_config('${ASIDE}' || number || '_' || cast(state[3] as integer), exactly(state[4:]), true);
  return array[state[1], number, state[3] + 1, x];
end $$;

-- No PL/pgSQL for each row, which would take an array apart and put it together.
create function gathered(state double precision[], x double precision, given double precision) returns double precision[]
language sql stable
return case
  when state is null then case when x is null then array[given, 0, 0] else array[given, 0, 0, x] end
  when state[1] is distinct from given then given_otherwise(state[1], given)
  when x is null then state
  when cardinality(state) < ${3 + HELD} then array_cat(state, array[x])
  else set_aside(state, x)
end;

create function values_of(state double precision[]) returns double precision[] language plpgsql volatile as $$
declare
  before text;
begin
  if state[3] = 0 then return state[4:]; end if;
  select string_agg(current_setting('${ASIDE}' || cast(state[2] as integer) || '_' || i), ',' order by i) into before
  from generate_series(0, cast(state[3] as integer) - 1) i;
  return array_cat(cast('{' || before || '}' as double precision[]), state[4:]);
end $$;

create function quantile_of(state double precision[]) returns double precision language plpgsql volatile strict as $$
declare
  q double precision := state[1];
  sorted double precision[];
  own double precision[] := values_of(state);
  n integer := cardinality(own);
  at double precision;
  below integer;
  share double precision;
begin
  if not coalesce(q between 0 and 1, false) then raise exception 'q must be from 0 to 1, got %', coalesce(q::text, 'null'); end if;
  if n = 0 then return null; end if;
  sorted := array(select value from unnest(own) value order by value);
  at := (n - 1) * q;
  below := floor(at);
  if below >= n - 1 then return nullif(sorted[n], 'NaN'); end if;
  share := at - below;
  if share = 0 then return nullif(sorted[below + 1], 'NaN'); end if;
  return nullif(sorted[below + 1] + share * (sorted[below + 2] - sorted[below + 1]), 'NaN');
end $$;

create function end_of(state double precision[], sign integer) returns double precision language plpgsql volatile as $$
declare
  level double precision := state[1];
  own double precision[] := values_of(state);
  n integer := cardinality(own);
  estimate double precision;
  error double precision;
begin
  if not coalesce(level > 0 and level < 1, false) then raise exception 'level must be between 0 and 1, got %', coalesce(level::text, 'null'); end if;
  if n < 2 then return null; end if;
  estimate := mean_of(own);
  error := sqrt(squares_of(own) / (n - 1) / n);
  if error = 0 then return estimate; end if;
  return nullif(estimate + sign * (error * t_quantile(level, n - 1)), 'NaN');
end $$;

create function low_of(state double precision[]) returns double precision language plpgsql volatile strict as $$
begin return end_of(state, -1); end $$;

create function high_of(state double precision[]) returns double precision language plpgsql volatile strict as $$
begin return end_of(state, 1); end $$;

${[
  ["quantile", "quantile_of"],
  ["ci_low", "low_of"],
  ["ci_high", "high_of"],
]
  .map(
    ([name, final]) =>
      `create aggregate ${name} (double precision, double precision) (sfunc = gathered, stype = double precision[], finalfunc = ${final});`,
  )
  .join("\n")}
`;

export const AGGREGATES: string = OF_A_COLUMN + WITH_GIVEN;

/** What makes those of version 2 the present ones: each row copied all that came before it. */
export const AGGREGATES_FROM_2 = `
drop aggregate quantile (double precision, double precision), ci_low (double precision, double precision), ci_high (double precision, double precision);
drop function gathered, quantile_of, low_of, high_of, end_of;
${WITH_GIVEN}`;

/** The quantiles that were wanted, by what they are wanted for: each line of \`wanted\` is a level and degrees of freedom. */
export function quantilesOf(wanted: string): Record<string, number> {
  const keys = new Set(wanted.split("\n").filter((key) => key !== ""));
  return Object.fromEntries(
    [...keys].map((key) => {
      const [level, df] = key.split(" ").map(Number);
      return [key, tTailQuantile((1 - level) / 2, df)];
    }),
  );
}
