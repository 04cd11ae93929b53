import { barPercent, SPARK, sparkline } from "./layout";
import classes from "./top.module.css";

export function Spark({ history }: { history: readonly number[] }) {
  return (
    <svg
      className={classes.spark}
      width={SPARK.width}
      height={SPARK.height}
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      aria-hidden="true"
    >
      <polyline points={sparkline(history)} fill="none" stroke="currentColor" strokeWidth="1.2" strokeLinejoin="round" />
    </svg>
  );
}

export function Bar({ value, highest, text }: { value: number; highest: number; text: string }) {
  return (
    <span className={classes.bar}>
      <span className={classes.fill} style={{ width: `${barPercent(value, highest)}%` }} />
      <span className={classes.value}>{text}</span>
    </span>
  );
}
